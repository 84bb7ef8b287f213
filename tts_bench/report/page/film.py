"""A search as a filmstrip: every candidate with its value, in the order asked, the pick marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tts_bench.report import wording
from tts_bench.report.page.element import Child, Html, element, lines
from tts_bench.report.page.shown import NOT_KEPT, Frame, Picture

SMALL = 128  # pixels: what is smaller is shown larger, pixel by pixel


def film(frames: Sequence[Frame]) -> Html:
    return element("ol", {"class": "film"}, lines(_frame(frame, i) for i, frame in enumerate(frames, 1)))


def picture(shown: Picture | None, alt: str, lacking: str = NOT_KEPT) -> Html:
    """The image where it lies, loaded when it comes into view; a frame with the word `lacking` where there is none."""
    if shown is None:
        return element("span", {"class": "none", "role": "img", "aria-label": f"{alt}: {lacking}"}, lacking)
    size = {"width": shown.width, "height": shown.height}
    style = "small" if max(shown.width, shown.height) < SMALL else None
    return element("img", {"src": f"../{shown.file}", **size, "class": style, "alt": alt, "loading": "lazy"})


def told(value: float | None) -> str:
    """A verifier's value in four figures."""
    return wording.NOTHING if value is None else f"{value:.4g}"


def _frame(frame: Frame, number: int) -> Html:
    said: list[Child] = [element("span", {"class": "k"}, str(number)), " ", element("b", {}, told(frame.value))]
    if frame.level:
        said += [" ", element("span", {"class": "level"}, f"level {frame.level:.2g}")]
    if frame.picked:
        said += [" ", element("span", {"class": "badge pick"}, "pick")]
    parts = [" ", element("span", {"class": "parts"}, _parts(frame.scores))] if frame.scores else []
    kind = "estimate" if frame.level else "candidate"
    return element(
        "li", {"class": "picked" if frame.picked else None},
        picture(frame.picture, f"{kind} {number}"), element("span", {"class": "said"}, *said), *parts,
    )  # fmt: skip


def _parts(scores: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {told(value)}" for name, value in scores.items())
