"""A comparison as one JSON object, all numbers in the metrics' own units (shares, where a table has per cent)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts_bench.compare import Comparison, Row
from tts_bench.comparing.paper import Published
from tts_bench.comparing.words import why
from tts_bench.types import Json


def as_json(comparison: Comparison, strict: bool = False) -> dict[str, Json]:
    return {
        "base": comparison.base,
        "head": comparison.head,
        "verdict": comparison.verdict,
        "exit_code": comparison.exit_code(strict),
        "family": comparison.family,
        "level": comparison.level,
        "rows": [_row(row) for row in comparison.rows],
        "apart": [
            {"suite": each.suite, "submission": each.submission, "why": each.why, "warns": each.warns}
            for each in comparison.apart
        ],
    }


def paper_json(found: Sequence[Published], label: str) -> dict[str, Json]:
    """`theirs` and `difference` in the unit of the published number: points, where the metric is in per cent."""
    rows: list[Any] = [
        {
            "suite": each.suite, "source": each.source, "submission": each.submission, "result": each.own,
            "number": each.column, "metric": each.metric.name, "percent": each.metric.percent,
            "ours": each.ours.as_json(), "theirs": each.theirs, "difference": each.difference, "inside": each.inside,
        }
        for each in found
    ]  # fmt: skip
    return {"base": "paper", "head": label, "rows": rows}


def _row(row: Row) -> dict[str, Json]:
    return {
        "suite": row.suite,
        "submission": row.submission,
        "metric": row.metric.name,
        "lower": row.metric.lower,
        "base": row.base,
        "head": row.head,
        "difference": row.difference.as_json(),
        "seen_4_in_5": row.seen,
        "min_effect": row.min_effect,
        "identical": row.identical,
        "verdict": row.verdict,
        "why": why(row),
    }
