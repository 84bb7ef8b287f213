"""One prompt: the pick of every submission side by side, its numbers, and its whole search as a filmstrip."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tts_bench.report import wording
from tts_bench.report.board import MetricInfo
from tts_bench.report.grid import metric_header
from tts_bench.report.page.cells import OWN_WORDS, badges, hidden
from tts_bench.report.page.document import document
from tts_bench.report.page.element import Child, Html, element
from tts_bench.report.page.film import film, picture
from tts_bench.report.page.shown import NOT_KEPT, Asked, Entry, Shown

LONG = 96  # candidates of one film; a longer one has a page of its own, so that no page grows beyond reading


def film_place(prompt: Asked, entry: int, image: int) -> str:
    """Where the film of an entry's image lies if it is too long for the prompt's page: a file beside that."""
    return f"{prompt.key}-{entry + 1}-{image + 1}.html"


def prompt_page(
    prompt: Asked, entries: Sequence[Entry], metrics: Sequence[MetricInfo], suite: str,
    before: Asked | None = None, after: Asked | None = None, of: int = 1,
) -> dict[str, bytes]:  # fmt: skip
    """The prompt's page, and one for each film that is too long for it, by file name; they lie in one folder.

    `of` is how many prompts there are, `before` and `after` are its neighbours, `metrics` those of single images.
    """
    places = {metric.name: _places(metric, entries) for metric in metrics}
    cards = [_card(prompt, entry, i, metrics, places) for i, entry in enumerate(entries)]
    facts = [f"Prompt {prompt.number} of {of}", prompt.category, prompt.split, f"id {prompt.id}"]
    top = [
        element("nav", {"aria-label": "Prompts"}, *_links(before, after)),
        element("h1", {}, prompt.title),
        element("p", {"class": "muted"}, " · ".join(fact for fact in facts if fact)),
    ]
    page = document(f"{prompt.title}: {suite}", [element("div", {"class": "cards"}, *cards)], top, "to the picks")
    return {f"{prompt.key}.html": page, **_long_films(prompt, entries)}


def _links(before: Asked | None, after: Asked | None) -> list[Child]:
    parts: list[Child] = []
    if before:
        parts += [element("a", {"href": f"{before.key}.html", "rel": "prev"}, "← previous"), " "]
    parts += [element("a", {"href": "../index.html#prompts"}, "all prompts"), " "]
    return [*parts, element("a", {"href": f"{after.key}.html", "rel": "next"}, "next →")] if after else parts


def _card(prompt: Asked, entry: Entry, place: int, metrics: Sequence[MetricInfo], places: dict[str, int]) -> Html:
    result, several = entry.line.result, len(entry.images) > 1
    facts = [entry.model and f"model {entry.model}", wording.search(result), f"verifier {wording.verifier(result)}"]
    name = [
        element("h2", {}, result.name, badges(entry.line, entry.main)),
        element("p", {"class": "apart"}, f"Apart: {entry.apart}") if entry.apart else None,
        element("p", {"class": "muted"}, ", ".join(fact for fact in facts if fact)),
    ]
    parts: list[Child] = [*name] if several else []
    for i, shown in enumerate(entry.images):
        which = f"image {i + 1} of {len(entry.images)}" if several else "the pick"
        caption = element("figcaption", {}, which) if several else None
        image = picture(shown.picture, f"{which} of {result.name}", "no image" if shown.note else NOT_KEPT)
        parts += [
            element("figure", {}, image, caption),  # of one image alone first, so that all picks stand in line
            *([] if several else name),
            element("p", {"class": "note"}, shown.note) if shown.note else None,
            _numbers(entry, shown, metrics, places),
            _search(prompt, shown, place, i),
        ]
    ranked = entry.line.competes(entry.main) and not entry.apart
    return element("article", {"class": "card" if ranked else "card unranked"}, *parts)


def _numbers(entry: Entry, shown: Shown, metrics: Sequence[MetricInfo], places: dict[str, int]) -> Html:
    cells = []
    for metric in metrics:
        value = shown.metrics.get(metric.name, math.nan)
        text = wording.number(None if math.isnan(value) else value, metric, places[metric.name])
        own = entry.line.grades_itself(metric.name)
        style = "own" if own else "main" if metric.main else None
        said = element("dd", {}, text, hidden(f" ({OWN_WORDS})") if own else None)
        name = element("dt", {}, metric_header(metric))
        cells.append(element("div", {"class": style, "title": OWN_WORDS if own else None}, name, said))
    charged = element("div", {}, element("dt", {}, "NFE"), element("dd", {}, wording.nfe(shown.nfe)))
    return element("dl", {}, *cells, charged)


def _search(prompt: Asked, shown: Shown, entry: int, image: int) -> Html | None:
    count = len(shown.frames)
    if not count:
        return None
    words = f"The search: {count} candidate{'s' if count > 1 else ''}, in the order asked"
    if count > LONG:
        return element("p", {}, element("a", {"href": film_place(prompt, entry, image)}, words))
    return element("details", {}, element("summary", {}, words), film(shown.frames))


def _long_films(prompt: Asked, entries: Sequence[Entry]) -> dict[str, bytes]:
    found = {}
    for i, entry in enumerate(entries):
        for j, shown in enumerate(entry.images):
            if len(shown.frames) > LONG:
                name = entry.line.result.name
                back = element("a", {"href": f"{prompt.key}.html"}, "← all submissions on this prompt")
                told = f"{name}: {len(shown.frames)} candidates, in the order asked"
                top = [element("nav", {"aria-label": "Prompts"}, back), element("h1", {}, prompt.title)]
                page = document(f"{name}: {prompt.title}", [element("h2", {}, told), film(shown.frames)], top)
                found[film_place(prompt, i, j)] = page
    return found


def _places(metric: MetricInfo, entries: Sequence[Entry]) -> int:
    values = [shown.metrics.get(metric.name, math.nan) for entry in entries for shown in entry.images]
    return wording.decimals(metric, [value for value in values if not math.isnan(value)])
