"""What `compare` does: settles which side is which, and prints or writes. Imports no torch."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tts_bench import console
from tts_bench.comparing.run import PAPER, Done, Format, compare_paper, compare_places
from tts_bench.comparing.terminal import terminal
from tts_bench.errors import BadInput
from tts_bench.files import write_together


@dataclass(frozen=True)
class Places:
    """The command's words."""

    base: str
    head: str | None
    to: str | None
    effects: Sequence[str]
    metrics: Sequence[str]
    cards: Sequence[str]


def compare(places: Places, strict: bool, format_: Format, out: Path | None) -> int:
    """The exit code: 1 for a regression, under `strict` also for what cannot be told."""
    done = _compare(places, strict)
    if out is not None:
        write_together(out.parent, {out.name: done.texts[format_]().encode("utf-8")})
        console.out().print(done.summary, highlight=False, markup=False, soft_wrap=True)
        console.out().print(f"  {format_}: {out}", highlight=False, markup=False, soft_wrap=True)
    elif format_ == "terminal":
        console.out().print(*terminal(done.report), sep="\n", highlight=False)
    else:
        sys.stdout.write(done.texts[format_]())
    if done.warning and not done.exit_code:
        console.err().print(f"warning: {done.warning}; --strict fails for it", highlight=False, markup=False)
    return done.exit_code


def _compare(places: Places, strict: bool) -> Done:
    base, head = places.base, places.head
    if places.to is not None:
        if head is not None:
            raise BadInput.at(
                "command line", "--to", places.to, "takes one place alone: tts-bench compare HEAD --to paper"
            )
        base, head = PAPER, base
    if head is None:
        raise BadInput.missing("command line", "HEAD", "name what is to be judged: tts-bench compare BASE HEAD")
    if head == PAPER:
        raise BadInput.at("command line", "HEAD", head, "is what others are held to: tts-bench compare paper HEAD")
    if base != PAPER:
        return compare_places(base, head, places.cards, places.metrics, places.effects, strict)
    if places.effects:
        fix = "there are no verdicts on a paper's numbers; leave it out"
        raise BadInput.at("command line", "--min-effect", places.effects[0], fix)
    return compare_paper(head, places.cards, places.metrics)
