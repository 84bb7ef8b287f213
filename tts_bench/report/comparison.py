"""Everything that is read off one panel, made once for the page, the figures and the CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_bench.report.board import Board
from tts_bench.report.families import Panel
from tts_bench.report.hacking import Bend, bends, hackable
from tts_bench.report.scores import Scores
from tts_bench.report.standings import Front, Standing, fronts, standings

if TYPE_CHECKING:
    from tts_bench.board_rows import Rows


@dataclass(frozen=True)
class Comparison:
    """`bends` is empty where the verifier cannot be hacked, or nothing shows it."""

    panel: Panel
    standings: Sequence[Standing]
    fronts: Sequence[Front]
    bends: Sequence[Bend]


def compare(board: Board, panels: Sequence[Panel], rows: Mapping[str, Rows]) -> list[Comparison]:
    """One a panel, in their order; `rows` by submission name."""
    scores, main = Scores(board, rows), board.main
    return [
        Comparison(
            panel,
            standings(panel, scores, main),
            fronts(panel, scores, main),
            bends(panel, board, scores) if hackable(panel, board) else [],
        )
        for panel in panels
    ]
