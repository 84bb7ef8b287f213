"""What a prompt of GenEval asks for, from its metadata: clauses that must hold, and clauses that must not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tts_bench.checks import Check, choice, integer, text
from tts_bench.detections.coco import spelt
from tts_bench.errors import BadInput
from tts_bench.tables import Table
from tts_bench.types import Prompt

COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white")
Relation: TypeAlias = Literal["left of", "right of", "above", "below"]
RELATIONS: tuple[Relation, ...] = ("left of", "right of", "above", "below")
_OWN = {"mouse": "computer mouse", "remote": "tv remote", "keyboard": "computer keyboard"}  # COCO's word: GenEval's


@dataclass(frozen=True, slots=True)
class Clause:
    """At least `count` objects of `kind`, of a colour, in a relation to what an earlier clause `target` found.

    Of an excluded clause, fewer than `count`.
    """

    kind: str
    count: int
    color: str | None = None
    relation: Relation | None = None
    target: int = 0


@dataclass(frozen=True, slots=True)
class Clauses:
    """All of `include` must hold and none of `exclude`."""

    include: tuple[Clause, ...]
    exclude: tuple[Clause, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Each once, in the order in which they are asked for."""
        return tuple(dict.fromkeys(clause.kind for clause in (*self.include, *self.exclude)))


def kind_of(label: str) -> str:
    """GenEval's word for a detector's label: three of COCO's 80 kinds have another name there."""
    return _OWN.get(spelt(label), spelt(label))


def read_clauses(prompt: Prompt) -> Clauses | None:
    """None for a prompt without metadata of GenEval's; BadInput for a clause that is none, or that nothing can meet."""
    place = f"prompt {prompt.id}"
    table = Table({key: prompt.metadata.get(key) for key in ("include", "exclude")}, place, "metadata")
    include = [_clause(inner, i) for i, inner in enumerate(table.tables("include"))]
    exclude = [Clause(inner.take("class", _kind), inner.take("count", _COUNT)) for inner in table.tables("exclude")]
    table.done()
    return Clauses(tuple(include), tuple(exclude)) if include or exclude else None


_COUNT = integer(1, 1000)
_RELATION: Check[Relation] = choice(*RELATIONS)


def _kind(value: Any, file: str, key: str) -> str:
    return kind_of(text(100)(value, file, key))


def _clause(table: Table, place: int) -> Clause:
    relation, target = table.take("position", _position(place), (None, 0))
    color = table.take("color", choice(*COLORS), None)
    return Clause(table.take("class", _kind), table.take("count", _COUNT), color, relation, target)


def _position(place: int) -> Check[tuple[Relation, int]]:
    """A check for [relation, index of a clause before this one]; of a later one the official code would crash."""

    def check(value: Any, file: str, key: str) -> tuple[Relation, int]:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise BadInput.at(file, key, value, 'must be [relation, index of the target\'s clause], ["left of", 0]')
        if place == 0:
            raise BadInput.at(file, key, value, "is in the first clause; put the target's clause before it")
        return _RELATION(value[0], file, f"{key}[0]"), integer(0, place - 1)(value[1], file, f"{key}[1]")

    return check
