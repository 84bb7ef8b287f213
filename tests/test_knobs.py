"""A search's parameters as checks: what each annotation allows, and which signatures are no search's."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Optional

import pytest

from tts_bench.errors import BadInput
from tts_bench.knobs import signature, take_knobs
from tts_bench.tables import Table
from tts_bench.types import Range, Search, Task, search


@search("toy")
def toy(
    task: Task,
    *,
    rounds: int,
    neighbours: Annotated[int, Range(1, 64)] = 2,
    cosine: Annotated[float, Range(0, 1)] = 1,
    limit: Annotated[int | None, Range(1, 9)] = None,
    scale: float | None = None,
    other: Optional[int] = None,  # noqa: UP045 - the old spelling must work too
    rule: Literal["a", "b"] = "a",
    greedy: bool = False,
    label: str = "x",
) -> Search:
    yield []
    return ""


DEFAULTS = {
    "rounds": 3, "neighbours": 2, "cosine": 1.0, "limit": None, "scale": None, "other": None, "rule": "a",
    "greedy": False, "label": "x",
}  # fmt: skip


def knobs(**given: Any) -> dict[str, Any]:
    table = Table({"rounds": 3, **given}, "f", "search")
    found = take_knobs(toy, table)
    table.done()
    return found


def test_defaults_are_filled_in_and_floats_are_floats() -> None:
    assert knobs() == DEFAULTS
    assert isinstance(knobs()["cosine"], float)  # the default 1 is the submission's 1.0
    assert isinstance(knobs(scale=2)["scale"], float)


@pytest.mark.parametrize(
    ("name", "value"),
    [("rounds", -5), ("neighbours", 64), ("cosine", 0), ("limit", 9), ("scale", -1.5), ("other", 0), ("rule", "b"),
     ("greedy", True), ("label", "y z")],
)  # fmt: skip
def test_what_an_annotation_allows_is_kept(name: str, value: object) -> None:
    assert knobs(**{name: value}) == {**DEFAULTS, name: value}


@pytest.mark.parametrize(
    ("name", "value"),
    [("rounds", 1.0), ("rounds", True), ("neighbours", 0), ("neighbours", 65), ("cosine", 1.01), ("cosine", "1"),
     ("limit", 0), ("limit", 10), ("limit", 2.5), ("scale", float("nan")), ("scale", float("inf")), ("scale", True),
     ("other", "1"), ("rule", "c"), ("rule", 1), ("greedy", 1), ("label", 3), ("label", ""), ("neighbors", 2)],
)  # fmt: skip
def test_what_an_annotation_forbids_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadInput, match=rf"^f: search.{name} = "):
        knobs(**{name: value})


def test_a_knob_without_default_must_be_given() -> None:
    with pytest.raises(BadInput, match=r"^f: search.rounds is missing"):
        take_knobs(toy, Table({}, "f", "search"))


def _positional(task: Task, rounds: int = 1) -> Search: ...  # type: ignore[empty-body]
def _keywords(task: Task, **knobs: int) -> Search: ...  # type: ignore[empty-body]
def _stars(task: Task, *knobs: int) -> Search: ...  # type: ignore[empty-body]
def _called_name(task: Task, *, name: str = "a") -> Search: ...  # type: ignore[empty-body]
def _no_annotation(task: Task, *, rounds=1) -> Search: ...  # type: ignore[empty-body]
def _no_json(task: Task, *, rounds: bytes = b"") -> Search: ...  # type: ignore[empty-body]
def _any_list(task: Task, *, rounds: list[int] = []) -> Search: ...  # type: ignore[empty-body] # noqa: B006
def _bad_default(task: Task, *, rounds: Annotated[int, Range(1, 2)] = 3) -> Search: ...  # type: ignore[empty-body]
def _unreadable(task: Task, *, rounds: Nowhere = 1) -> Search: ...  # type: ignore # noqa: F821
def _nothing() -> Search: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    "function",
    [_positional, _keywords, _stars, _called_name, _no_annotation, _no_json, _any_list, _bad_default, _unreadable,
     _nothing, 7],
)  # fmt: skip
def test_what_is_no_search_is_told_to_its_author(function: Any) -> None:
    with pytest.raises(BadInput, match=r"^search .*: .+ = .+: .+"):
        signature(function)
