"""FAULTS row 16: 60 payloads in every field that a stranger writes, through every sink, parsed back by another parser.

Whatever stands in a field, the output must have the structure that a harmless word there gives it, and must read back
as the text that was meant. Each sink's broken twin must fail the same check.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from markdown_it import MarkdownIt
from matplotlib.cbook import is_math_text
from rich.console import Console
from rich.errors import MarkupError

from tests.fake_results import fake_result
from tests.faults.data_sinks import boards_of, html_structure, json_structure, latex_structure
from tests.faults.payloads import ESC, FIELDS, HARMLESS, PAYLOADS, Story
from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.report import escape
from tts_bench.report.markdown import page
from tts_bench.report.table import terminal_table
from tts_bench.report.tidy import spreadsheet


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(*fake_result("random4-appeal", "appeal", n=6, candidates=4, flags=[]))


# --- one structure and one text for each sink; text in fields of a known place reads back


def markdown_structure(story: Story) -> tuple[list[str], str]:
    groups = {kind: [str(value) for value in story.rows[kind].unique()] for kind in ("category", "split")}
    text = page(boards_of(story), groups, story.title, "shapes")
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    inner = [child for token in tokens for child in token.children or []]
    structure = [f"{token.type} {token.tag}" for token in tokens] + [f"{child.type} {child.attrs}" for child in inner]
    shown = " ".join(child.content for child in inner if child.type == "text")
    assert not re.search(r"(?i)\bwww\.|https?://|[$@#][a-z0-9]|:[a-z0-9_+-]+:", text.replace("&#", "")), "GitHub's own"
    return structure, shown


def csv_structure(story: Story) -> tuple[list[str], str]:
    text = spreadsheet(boards_of(story), [story.metric])
    assert text.count("\n") == 2 and "\r" not in text and "\t" not in text
    rows = list(csv.reader(io.StringIO(text), strict=True))
    for cell in (cell for row in rows for cell in row):
        is_number = re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", cell)
        assert is_number or not re.match(r"\s*[=+\-@＝]", cell), f"a formula: {cell!r}"
    return [str(len(row)) for row in rows], " ".join(cell for row in rows for cell in row)


def terminal_structure(story: Story) -> tuple[list[str], str]:
    """The table, and under it every text as rich markup; the marks of rich's own styles are compared, not the text."""
    stream = io.StringIO()
    console = Console(file=stream, width=2000, force_terminal=True, color_system="truecolor", legacy_windows=False)
    console.print(terminal_table([story.result], {story.result.name: story.rows}, [story.metric], story.title))
    recipe: Any = story.result.recipe
    texts = [recipe["model"]["name"], *map(str, recipe["search"]), *map(str, recipe["search"].values())]
    texts += [*recipe["verifier"]["scorers"], recipe["verifier"]["combine"], *story.result.flags, story.title]
    texts += [story.metric.name, story.metric.title, *story.metric.scorers, str(story.rows["text"][0])]
    texts += [str(story.rows["category"][0]), str(story.rows["split"][0])]
    for text in texts:
        console.print(f"[bold]{escape.terminal(text)}[/bold] end", emoji=False, highlight=False, soft_wrap=True)
    marks = re.findall(r"\x1b\[[0-9;]*m", stream.getvalue())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    acting = re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\u200b\ud800]", shown)
    assert not acting, f"acting characters {acting!r}"
    return [*marks, str(shown.count("\n"))], shown


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(f"<{tag} {[name for name, _ in attrs]}>")
        self.texts += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!{data}>")

    handle_decl = handle_pi = unknown_decl = handle_comment


def snippet_structure(text: str) -> tuple[list[str], list[str]]:
    attribute = escape.html_attribute(text)
    parser = Tags()
    parser.feed(
        f"<td title=\"{attribute}\" lang='{attribute}' class={attribute}>{escape.html_text(text)}</td><p>end</p>"
    )
    parser.close()
    return parser.found, parser.texts


SINKS = {
    "markdown": markdown_structure, "csv": csv_structure, "terminal": terminal_structure, "latex": latex_structure,
    "json": json_structure, "html": html_structure,
}  # fmt: skip
# Where a field is not shown at all: prompts are in no table, the flags and titles in few.
SHOWN = {
    "markdown": set(FIELDS) - {"prompt text", "flag"},
    "csv": set(FIELDS) - {"prompt text", "category", "split", "title", "metric title", "metric scorer"},
    "terminal": set(FIELDS),
    "latex": set(FIELDS) - {"prompt text", "split", "flag", "metric title", "metric scorer"},
    "json": set(FIELDS) - {"prompt text"},
    "html": set(FIELDS) - {"flag"},
}


def check_sink(sink: str, story: Story, payloads: list[str]) -> int:
    """Every payload in every field: the harmless structure, and the payload's visible text in its place."""
    checked = 0
    for field, put in FIELDS.items():
        expected, _ = SINKS[sink](put(story, HARMLESS))
        for payload in payloads:
            structure, shown = SINKS[sink](put(story, payload))
            assert structure == expected, f"{payload!r} in {field} changed the structure of {sink}"
            if field in SHOWN[sink]:
                text = escape.visible(payload)
                assert squeezed(text) in squeezed(shown), f"{payload!r} in {field} does not read back from {sink}"
            checked += 1
    return checked


def squeezed(text: str) -> str:
    """Without white space, and without the backslashes that rich doubles at an end."""
    return re.sub(r"[\s\\]+", "", text)


def check_html(payloads: list[str]) -> int:
    expected, _ = snippet_structure(HARMLESS)
    for payload in payloads:
        structure, texts = snippet_structure(payload)
        assert structure == expected, f"{payload!r} made other tags or attributes"
        assert texts == [escape.visible(payload)] * 4 + ["end"], f"{payload!r} does not read back"
    return len(payloads)


def test_there_are_at_least_60_payloads_and_none_is_invisible():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60
    assert all(escape.visible(payload) for payload in PAYLOADS)


@pytest.mark.parametrize("sink", SINKS)
def test_no_payload_changes_the_structure_of_a_sink(sink: str, story: Story):
    assert check_sink(sink, story, PAYLOADS) == len(PAYLOADS) * len(FIELDS)


def test_no_payload_makes_a_tag_or_an_attribute():
    assert check_html(PAYLOADS) >= 60


def pipes_only(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("\r", " ")


def tags_only(text: str) -> str:
    return html.escape(escape.visible(text)).replace("|", "&#124;")


def quoted_only(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").replace("\t", " ")


def equals_only(text: str) -> str:
    return f"'{escape.visible(text)}" if text.startswith("=") else escape.visible(text)


def as_is(text: str) -> str:
    return text.replace("\ud800", "")


def markup_only(text: str) -> str:
    return as_is(text).replace("[", "\\[")


def specials_only(text: str) -> str:
    return re.sub(r"([#$%&_{}])", r"\\\1", escape.visible(text))


def ampersands_only(text: str) -> str:
    return escape.visible(text).replace("&", "&amp;")


def angles_only(text: str) -> str:
    return html.escape(escape.visible(text), quote=False)


TWINS = [
    ("markdown", "markdown_cell", pipes_only), ("markdown", "markdown_cell", tags_only),
    ("csv", "csv_cell", quoted_only), ("csv", "csv_cell", equals_only), ("csv", "csv_cell", as_is),
    ("terminal", "terminal", markup_only), ("terminal", "terminal", escape.visible), ("terminal", "visible", as_is),
    ("latex", "latex", specials_only), ("latex", "latex", escape.visible),
    ("html", "html_text", as_is), ("html", "html_text", ampersands_only), ("html", "html_attribute", as_is),
    ("html", "html_attribute", angles_only),
]  # fmt: skip


@pytest.mark.parametrize(("sink", "function", "twin"), TWINS)
def test_the_check_catches_a_sink_that_escapes_too_little(
    sink: str, function: str, twin: Callable[[str], str], story: Story, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(escape, function, twin)
    with pytest.raises((AssertionError, MarkupError)):
        check_sink(sink, story, PAYLOADS)


def forgets_ampersands(text: str) -> str:
    return escape.visible(text).replace("<", "&lt;")


def forgets_quotes(text: str) -> str:
    return html.escape(escape.visible(text), quote=False)


@pytest.mark.parametrize(
    ("function", "twin"),
    [
        ("html_text", as_is),
        ("html_text", forgets_ampersands),
        ("html_attribute", as_is),
        ("html_attribute", forgets_quotes),
    ],
)  # fmt: skip
def test_the_html_check_catches_helpers_that_escape_too_little(
    function: str, twin: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(escape, function, twin)
    with pytest.raises(AssertionError):
        check_html(PAYLOADS)


def check_figures(function: Callable[[str], str]) -> None:
    for payload in [*PAYLOADS, "$x$", r"\$x\$", r"\\$x$", "a $ b", "$a$ and $b$"]:
        assert not is_math_text(function(payload)), payload
        # What matplotlib does with text that is no mathematics.
        assert function(payload).replace(r"\$", "$") == escape.visible(payload)


def test_no_payload_is_read_as_mathematics_in_a_figure():
    check_figures(escape.figure)
    with pytest.raises(AssertionError):
        check_figures(escape.visible)


def test_no_payload_can_be_the_name_of_a_submission_a_suite_or_a_metric():
    for payload in PAYLOADS:
        with pytest.raises(BadInput) as caught:
            keys.check_name(payload, "result.json", "submission.name")
        assert "\n" not in str(caught.value) and ESC not in str(caught.value)


def test_harmless_text_is_left_as_it_is():
    for text in ("random16-dual_encoder", "random(candidates=16)", "a share of 50 %, or more", "Größe, красный, 赤"):
        for function in (escape.markdown_cell, escape.csv_cell, escape.terminal, escape.html_text, escape.figure):
            assert function(text) == text
    for number in ("-5", "+1.5", "-1e-5", "-.5", "12"):
        assert escape.csv_cell(number) == number
