"""FAULTS row 16 for figures: a stranger's text in titles, names and categories leaves an SVG a drawing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fake_results import fake_result
from tests.faults.payloads import FIELDS, HARMLESS, METRIC, PAYLOADS, Story
from tests.report.test_plots import check_svg
from tts_bench.report import escape
from tts_bench.report import plot as plot_module
from tts_bench.report.board import make_boards
from tts_bench.report.category_bars import category_plot
from tts_bench.report.frontier import frontier_plot
from tts_bench.report.plot import drawing, svg

ODD = ["$", "\\$x$", "--", "-->", "a--b--", "\ufffe\uffff", "$\\frac{1}{2}$", "]]>"]


def titled(payload: str) -> bytes:
    with drawing(4.9, 1.0, payload, payload) as figure:
        return svg(figure)


def check_payloads(payloads: list[str]) -> None:
    """As title and footnote one by one, and as categories, metric's title and its name many at once."""
    for payload in payloads:
        check_svg(titled(payload))
    result, rows = fake_result("one", "appeal", n=6, candidates=4, flags=[])
    for first in range(0, len(payloads), 20):
        some = [*payloads[first : first + 20], HARMLESS]
        groups = {"category": dict.fromkeys(some, result.metrics), "split": {}}
        board = make_boards([replace(result, groups=groups)], {"one": rows}, [METRIC])[0]
        plot = category_plot(board, some, some[0])
        assert plot is not None
        check_svg(plot.svg)
    for payload in payloads[::12]:
        story = FIELDS["metric title"](FIELDS["metric name"](Story(result, rows), payload), payload)
        board = make_boards([story.result], {"one": story.rows}, [story.metric])[0]
        plot = frontier_plot(board, payload)
        assert plot is not None
        check_svg(plot.svg)


@pytest.mark.filterwarnings("ignore:Glyph")
def test_no_payload_is_more_than_ink_in_an_svg() -> None:
    check_payloads([*PAYLOADS, *ODD])


def as_is(text: str) -> str:
    return text.replace("\ud800", "")


def with_comments(figure: object) -> bytes:
    import io

    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")  # type: ignore[attr-defined]
    return buffer.getvalue()


@pytest.mark.parametrize("twin", ["letters", "mathematics", "comments"])
def test_the_check_catches_a_figure_that_writes_text(twin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if twin == "letters":
        monkeypatch.setitem(plot_module.STYLE, "svg.fonttype", "none")
    elif twin == "mathematics":
        monkeypatch.setattr(escape, "figure", as_is)
    else:
        monkeypatch.setitem(globals(), "svg", with_comments)
    with pytest.raises((AssertionError, ValueError)):
        check_svg(titled("$x^2_{$"))
