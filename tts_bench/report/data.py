"""The leaderboard as JSON, for programs: every board with its lines, numbers as measured, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tts_bench.report import wording
from tts_bench.report.board import Board, Line, MetricInfo
from tts_bench.report.notes import notes
from tts_bench.types import Json

FORMAT = 1


def data(boards: Sequence[Board], title: str, suite: str, published: Sequence[Mapping[str, Any]] = ()) -> str:
    """Keys are sorted, so that the same results are the same bytes; shares are from 0 to 1."""
    whole: dict[str, Any] = {
        "format": FORMAT, "suite": suite, "title": title, "boards": [_board(board) for board in boards],
        "published": [dict(block) for block in published],
    }  # fmt: skip
    return json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def _board(board: Board) -> dict[str, Any]:
    suite = board.lines[0].result.suite
    return {
        "apart": board.reason, "notes": notes(board), "metrics": [_metric(metric) for metric in board.metrics],
        "protocol": {name: getattr(suite, name) for name in ("card", "prompts", "n", "images", "seed")},
        "lines": [_line(board, line) for line in board.lines],
    }  # fmt: skip


def _metric(metric: MetricInfo) -> dict[str, Any]:
    return {
        "name": metric.name, "title": metric.title, "main": metric.main, "percent": metric.percent,
        "lower_is_better": metric.lower, "of_set": metric.of_set, "macro": metric.macro,
        "scorers": list(metric.scorers),
    }  # fmt: skip


def _line(board: Board, line: Line) -> dict[str, Any]:
    """`rank` is null with the reason why, `gain` null for the baseline."""
    result, everyone = line.result, [other.result for other in board.lines]
    gain: Json = line.gain.as_json() if line.gain else None
    return {
        "submission": result.name, "rank": line.rank, "rank_low": line.rank_low, "rank_high": line.rank_high,
        "not_ranked": line.hindrance(board.main.name),
        "baseline": line.is_baseline, "flags": list(result.flags), "digest": result.digest,
        "model": wording.model(result, everyone), "search": wording.search(result),
        "verifier": wording.verifier(result) if result.recipe["verifier"] is not None else None,
        "nfe": result.nfe, "ledger": dict(result.ledger), "gain": gain,
        "metrics": {name: estimate.as_json() for name, estimate in result.metrics.items()},
        "groups": {
            kind: {group: {name: e.as_json() for name, e in of.items()} for group, of in groups.items()}
            for kind, groups in result.groups.items()
        },
    }  # fmt: skip
