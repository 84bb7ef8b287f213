"""What `tts-bench metrics` found, for a terminal: a row a metric, and the cards under which the numbers hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tts_bench.report.escape import visible
from tts_bench.types import Json

if TYPE_CHECKING:
    from rich.table import Table

    from tts_bench.measure import Report, Value

NOTHING = "–"
TITLES = {
    "frechet_distance": "FID", "frechet_distance_inf": "FID, n -> infinity", "kernel_distance": "KID",
    "kernel_distance_unsplit": "KID, unsplit",
    "inception_score": "IS, 10 splits", "inception_score_unsplit": "IS, unsplit",
    "inception_score_inf": "IS, n -> infinity",
}  # fmt: skip
INCEPTION, OTHER = "FID", "FD"


def terminal_table(report: Report) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("metric", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 % interval", justify="right", no_wrap=True)
    table.add_column("better", no_wrap=True)
    table.add_column("note", overflow="fold")
    for value in report.values:
        texts = (title(value, report), number(value.value), interval(value), "lower" if value.lower else "higher")
        table.add_row(*map(Text, texts), Text(visible(value.note), style="dim"))
    return table


def lines(report: Report) -> Iterator[str]:
    """What stands around the table: flags first."""
    yield from (f"flag: {flag}" for flag in report.flags)
    yield f"images     {summary(report.images)}"
    yield f"reference  {summary(report.reference)}"
    yield f"features   {summary(report.features)}"


def title(value: Value, report: Report) -> str:
    """The metric's usual name: FID is of Inception's features, on others' the same distance is FD-..."""
    name = TITLES.get(value.name, value.name)
    of = str(report.features.get("features", ""))
    return name if of in ("clean", "fidelity") else name.replace(INCEPTION, f"{OTHER}-{of}")


def number(value: float | None) -> str:
    """Four figures, and never more than four places."""
    if value is None:
        return NOTHING
    return f"{value:.1f}" if abs(value) >= 1000 else f"{value:.4g}" if abs(value) >= 0.001 else f"{value:.2e}"


def interval(value: Value) -> str:
    return "" if value.low is None else f"[{number(value.low)}, {number(value.high)}]"


def summary(card: Mapping[str, Json]) -> str:
    """A card on one line, with digests cut to twelve digits: `--json` has them whole."""
    return visible(", ".join(f"{key} {_short(value)}" for key, value in card.items()))


def _short(value: Json) -> str:
    if isinstance(value, Mapping):
        return f"({summary(value)})"
    text = str(value) if value is not None else "unknown"
    return text[:12] if len(text) == 64 else text
