"""What all figures keep: colours that stay apart for colour-blind eyes, letters that stay legible in a column, SVG."""

from __future__ import annotations

import io
import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from tests.fake_results import fake_board
from tests.report.fake_grid import fake_grid
from tests.report.suite import METRICS
from tts_bench.report import plot as plot_module
from tts_bench.report.board import make_boards
from tts_bench.report.comparison import compare
from tts_bench.report.families import find_panels
from tts_bench.report.marks import ALL
from tts_bench.report.plot import INK, NAME, WIDTH, Plot, line_label, png
from tts_bench.report.plots import NAMES, board_plots, search_plots
from tts_bench.report.scaling import BASELINE, ORACLE, PALETTE

COLUMN, LEGIBLE = 3.3, 6.0  # inches of a paper's column, points
APART = 12.0  # in CIELAB: about five times what is just seen
# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour: str, eyes: str) -> np.ndarray:
    """CIELAB (D65) of what such eyes see."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(EYES[eyes]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    x, y, z = np.cbrt(xyz / [0.9505, 1.0, 1.089])  # exact above 0.9 % of white, which all of these are
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colours: Sequence[str]) -> float:
    """The least distance between two of them, whoever looks."""
    pairs = itertools.combinations(sorted(set(colours)), 2)
    return min(float(np.linalg.norm(lab(a, eyes) - lab(b, eyes))) for a, b in pairs for eyes in EYES)


def test_lab_of_known_colours() -> None:
    assert lab("#ffffff", "all cones") == pytest.approx([100, 0, 0], abs=0.1)
    assert lab("#ff0000", "all cones") == pytest.approx([53.2, 80.1, 67.2], abs=0.3)
    assert lab("#808080", "deuteranopia") == pytest.approx(lab("#808080", "all cones"), abs=0.1), "greys stay grey"


def test_colours_that_meet_stay_apart_for_colour_blind_eyes() -> None:
    assert nearest([*PALETTE, INK]) > APART
    assert nearest([mark.colour for mark in ALL]) > APART
    assert nearest(["#d62728", "#2ca02c", "#8c564b"]) < APART, "matplotlib's own red, green and brown do not"


def test_what_is_not_ranked_differs_in_more_than_colour() -> None:
    assert len({mark.marker for mark in ALL}) == len(ALL)
    assert ORACLE["linestyle"] != "-" and BASELINE["linestyle"] != "-" and ORACLE["linestyle"] != BASELINE["linestyle"]


class Drawn(NamedTuple):
    plot: Plot
    figure: Figure


def edges(content: bytes) -> np.ndarray:
    """What is drawn in the first and last column and row of pixels, where only paper should be."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("L"))
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Drawn]:
    """All figures of a board and of a grid."""
    kept: list[Figure] = []
    patch, real = pytest.MonkeyPatch(), plot_module.png

    patch.setattr(plot_module, "png", lambda figure: kept.append(figure) or real(figure))
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    plots = board_plots(board, rows, ["single", "two"], "A title that is longer than the width of one column's figure")
    grid, grid_rows = fake_grid(("random", "racing"), ("appeal",), (64, 128), n=14)
    searched = make_boards(grid, grid_rows, METRICS)[0]
    plots |= search_plots(searched, compare(searched, find_panels(searched), grid_rows), "Title")
    patch.undo()
    return {name: Drawn(plots[name], figure) for name, figure in zip(plots, kept, strict=True)}


def test_every_board_has_these_figures(drawn: dict[str, Drawn]) -> None:
    results, rows = fake_board()
    [board] = make_boards(results, rows, METRICS)
    names = ["scaling", "frontier", "categories", "verifiers", "hacking"]
    assert list(board_plots(board, rows, ["single"], "t")) == [name for name in names if name != "categories"]
    assert list(drawn) == [*names, "search-scaling", "search-hacking"]
    assert list(drawn) == [name for name in NAMES if name != "sets"], "sets are of other suites"


def smallest(figure: Figure) -> float:
    """Points of the smallest letters where the figure is as wide as a column."""
    return min(text.get_fontsize() for text in texts(figure)) * min(1.0, COLUMN / figure.get_figwidth())


def test_letters_are_legible_in_a_column(drawn: dict[str, Drawn]) -> None:
    for name, each in drawn.items():
        assert smallest(each.figure) >= LEGIBLE, name
    wide = Figure(figsize=(2 * WIDTH, 3))
    wide.text(0, 0, "x", fontsize=9)
    assert smallest(wide) < LEGIBLE


def test_nothing_is_cut_off_at_the_edge(drawn: dict[str, Drawn]) -> None:
    for name, each in drawn.items():
        assert edges(each.plot.png).min() == 255, name
    cut = Figure()
    cut.text(0.9, 0.5, "a text that goes on")
    assert edges(png(cut)).min() < 255


def test_labels_say_who_does_not_compete_and_leave_room_for_the_figure() -> None:
    results, rows = fake_board()
    theirs = {"random16-chance": "their-method_with.guidance-" * 2, "random16-appeal": "theirs"}
    for old, new in theirs.items():
        rows[new] = rows[old]
    results = [replace(r, name=theirs[r.name], flags=["self_reported"]) if r.name in theirs else r for r in results]
    [board] = make_boards(results, rows, METRICS)
    labels = {line.result.name: line_label(line) for line in board.lines}
    assert labels["theirs"] == "theirs (self-reported)"
    assert labels["none"] == "none (baseline)" and labels["random16-checker"] == "random16-checker (oracle)"
    long = labels[theirs["random16-chance"]]
    assert (
        long.startswith("their-meth")
        and long.endswith("ance- (self-reported)")
        and len(long) <= NAME + len(" (baseline)")
    )
    for name, plot in board_plots(board, rows, ["single", "two"], "Title").items():
        assert edges(plot.png).min() == 255, name


# --- SVG


def check_svg(content: bytes) -> None:
    """Well formed, a drawing and nothing else: no script, no text, no address of anything but itself."""
    root = ElementTree.fromstring(content)
    names = {element.tag.partition("}")[2] for element in root.iter()}
    known = {"svg", "g", "path", "defs", "use", "clipPath", "rect", "style", "image", "pattern"}
    known |= {"metadata", "RDF", "Work"}
    assert names <= known, names - known
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), name
            if name.endswith("href"):
                assert value.startswith(("#", "data:image/png;base64,")), value
        assert not (element.text or "").strip() or element.tag.endswith("style")
    assert b"<!--" not in content and b"javascript" not in content.lower() and b"\x1b" not in content


def test_svg_is_a_drawing_of_moderate_size(drawn: dict[str, Drawn]) -> None:
    for name, (plot, _) in drawn.items():
        check_svg(plot.svg)
        assert 5_000 < len(plot.svg) < 200_000, name
        assert b"Matplotlib" not in plot.svg and b"date" not in plot.svg


@pytest.mark.parametrize(
    "bad",
    [b"<svg><script/></svg>", b"<svg onload='x'/>", b"<svg><a/></svg>", b"<svg><g>text</g></svg>",
     b"<svg><!-- x --></svg>", b"<svg xmlns:l='l'><use l:href='http://e.com/x'/></svg>"],
)  # fmt: skip
def test_the_svg_check_catches_what_acts(bad: bytes) -> None:
    with pytest.raises(AssertionError):
        check_svg(bad.replace(b"<svg", b"<svg xmlns='s'", 1))


def test_svg_and_png_are_the_same_bytes_in_another_process() -> None:
    program = (
        "import hashlib; from tests.fake_results import fake_board; from tests.report.suite import METRICS;"
        "from tts_bench.report.board import make_boards; from tts_bench.report.frontier import frontier_plot;"
        "p = frontier_plot(make_boards(*fake_board(), METRICS)[0], 'T');"
        "print(hashlib.sha256(p.png + p.svg).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
