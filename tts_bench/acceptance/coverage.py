"""Rows against prompts: exactly the suite's first n, each once, in their order, with their texts and categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tts_bench.errors import BadInput
from tts_bench.types import Prompt

if TYPE_CHECKING:
    import pandas as pd


def coverage_problems(rows: pd.DataFrame, prompts: Sequence[Prompt], file: str) -> Iterator[BadInput]:
    """`rows` is of images where the prompts are: of several images a prompt, each is asked by itself."""
    wanted = {prompt.draws: prompt for prompt in prompts}
    found = [str(value) for value in rows["prompt_id"]]
    missing = [name for name in wanted if name not in set(found)]
    extra = [name for name in found if name not in wanted]
    twice = [name for name, count in Counter(found).items() if count > 1]
    for names, what in (
        (missing, "is a prompt of the suite and has no row"),
        (extra, "is no prompt of the suite"),
        (twice, "occurs twice"),
    ):
        if names:
            yield BadInput.at(file, "prompt_id", names[0], f"{what}{_more(names)}; evaluate again")
    if not (missing or extra or twice) and found != list(wanted):
        place = next(i for i, (own, name) in enumerate(zip(found, wanted, strict=True)) if own != name)
        yield BadInput.at(file, "prompt_id", found[place], f"row {place} must be the prompt {list(wanted)[place]!a}")
    for column in ("text", "category", "split"):
        other = [
            (name, value)
            for name, value in zip(found, rows[column], strict=True)
            if name in wanted and value != getattr(wanted[name], column)
        ]
        if other:
            name, value = other[0]
            fix = f"the suite's prompt {name!a} has {getattr(wanted[name], column)!a}{_more(other)}"
            yield BadInput.at(file, column, value, fix)


def pick_problems(rows: pd.DataFrame, file: str, made_here: bool) -> Iterator[BadInput]:
    """The pick is the key of an image's recipe, of which the prompt is a part: no two images of ours share it."""
    picks = [str(value) for value in rows["pick"]]
    odd = [value for value in picks if len(value) != 64 or set(value) - set("0123456789abcdef")]
    if odd:
        yield BadInput.at(file, "pick", odd[0], f"must be a sha256 in 64 hex digits{_more(odd)}")
    elif made_here and len(set(picks)) < len(picks):
        twice = [pick for pick, count in Counter(picks).items() if count > 1]
        yield BadInput.at(file, "pick", twice[0], f"is the image of two prompts{_more(twice)}; evaluate again")


def _more(found: Sequence[object]) -> str:
    return f" ({len(found) - 1} more like it)" if len(found) > 1 else ""
