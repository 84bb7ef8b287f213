"""FAULTS row 16 for `tts-bench compare`: 60 payloads in every field of every output, parsed back by another parser.

Whatever stands in a field, the output has the structure that a harmless word there gives it, and reads back as the text
that was meant. Each sink's broken twin must fail the same check.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from tests.faults.payloads import HARMLESS, PAYLOADS
from tts_bench.compare import Comparison, Row
from tts_bench.comparing import objects
from tts_bench.comparing.junit import junit, junit_paper
from tts_bench.comparing.markdown import markdown
from tts_bench.comparing.pairing import Apart
from tts_bench.comparing.paper import Published
from tts_bench.comparing.terminal import plain, terminal
from tts_bench.comparing.words import paper_report, report
from tts_bench.report import escape
from tts_bench.report.board import MetricInfo
from tts_bench.stats import Estimate

METRIC = MetricInfo("accuracy", "share right", True, True, ("checker",))
DIFFERENCE = Estimate(-0.1, -0.2, -0.05, 84, 0)
ROW = Row("suite", "mine", METRIC, 0.5, 0.4, DIFFERENCE, 0.06, 0.05, False, "regressed")
UNTOLD = replace(ROW, verdict="cannot tell", hindrance="for a reason", submission="other")
STORY = Comparison("base", "head", [ROW, UNTOLD], [Apart("suite", "gone", "HEAD has no result of it")], 2, 0.975)
NUMBER = Published("suite", "a source", "none", "mine", "colour", METRIC, Estimate(0.5, 0.4, 0.6, 84, 0), 55.0)
ACTING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\u200b\ud800]")
Told = tuple[Comparison, Published]


def _row(text: str, **changes: Any) -> Told:
    return replace(STORY, rows=[replace(ROW, **changes), UNTOLD]), NUMBER


def _metric(text: str) -> Told:
    metric = replace(METRIC, name=text)
    return _row(text, metric=metric)[0], replace(NUMBER, metric=metric)


FIELDS: dict[str, Callable[[str], Told]] = {
    "base": lambda text: (replace(STORY, base=text), NUMBER),
    "head": lambda text: (replace(STORY, head=text), NUMBER),
    "suite": lambda text: (replace(STORY, rows=[replace(ROW, suite=text)], apart=[]), replace(NUMBER, suite=text)),
    "submission": lambda text: (_row(text, submission=text)[0], replace(NUMBER, submission=text)),
    "metric": _metric,
    "reason": lambda text: (replace(STORY, rows=[replace(UNTOLD, hindrance=text)]), NUMBER),
    "apart": lambda text: (replace(STORY, apart=[Apart("suite", "gone", text)]), NUMBER),
    "apart's name": lambda text: (replace(STORY, apart=[Apart("suite", text, "gone")]), NUMBER),
    "source": lambda text: (STORY, replace(NUMBER, source=text)),
    "our name": lambda text: (STORY, replace(NUMBER, own=text)),
    "column": lambda text: (STORY, replace(NUMBER, column=text)),
}


def markdown_structure(told: Told) -> tuple[list[str], str]:
    text = markdown(report(told[0])) + "\n" + markdown(paper_report([told[1]], told[0].head))
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    inner = [child for token in tokens for child in token.children or []]
    structure = [f"{token.type} {token.tag}" for token in tokens] + [f"{child.type} {child.attrs}" for child in inner]
    return structure, " ".join(child.content for child in inner if child.type == "text")


def terminal_structure(told: Told) -> tuple[list[str], str]:
    """Marks and lines of what is printed."""
    reports = [report(told[0])] if told[0] is not STORY else []
    reports += [paper_report([told[1]], told[0].head)] if told[1] is not NUMBER or not reports else []
    stream = io.StringIO()
    console = Console(file=stream, width=2000, force_terminal=True, color_system="truecolor", legacy_windows=False)
    for each in reports:
        console.print(*terminal(each), sep="\n", highlight=False)
    marks = re.findall(r"\x1b\[[0-9;]*m", stream.getvalue())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    assert not (acting := ACTING.findall(shown)), f"acting characters {acting!r}"
    return [*marks, str(shown.count("\n"))], shown


def junit_structure(told: Told) -> tuple[list[str], str]:
    structure, texts = [], []
    for document in (junit(told[0]), junit_paper([told[1]], told[0].head)):
        tree = ElementTree.fromstring(document.encode("utf-8"))
        for element in tree.iter():
            structure.append(f"{element.tag} {sorted(element.attrib)}")
            texts += [*element.attrib.values(), element.text or ""]
    return structure, " ".join(texts)


def json_structure(told: Told) -> tuple[list[str], str]:
    found: list[str] = []
    texts: list[str] = []

    def walk(value: Any) -> None:
        found.append(f"{type(value).__name__} {sorted(value) if isinstance(value, dict) else ''}")
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            walk(inner)
        texts.extend([value] if isinstance(value, str) else [])

    for value in (objects.as_json(told[0]), objects.paper_json([told[1]], told[0].head)):
        written = json.dumps(value, allow_nan=False)
        assert written.isascii() and written.isprintable()
        walk(json.loads(written))
    return found, escape.visible(" ".join(texts))


SINKS = {
    "markdown": markdown_structure, "terminal": terminal_structure, "junit": junit_structure, "json": json_structure,
}  # fmt: skip
UNSEEN = {"junit": {"our name"}}


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def check_sink(sink: str) -> int:
    checked = 0
    for field, put in FIELDS.items():
        expected, _ = SINKS[sink](put(HARMLESS))
        for payload in PAYLOADS:
            structure, shown = SINKS[sink](put(payload))
            assert structure == expected, f"{payload!r} in {field} changed the structure of {sink}"
            if field not in UNSEEN.get(sink, ()):
                assert squeezed(escape.visible(payload)) in squeezed(shown), f"{payload!r} in {field} of {sink}"
            checked += 1
    return checked


@pytest.mark.parametrize("sink", SINKS)
def test_no_payload_changes_the_structure_of_an_output(sink: str) -> None:
    assert check_sink(sink) == len(PAYLOADS) * len(FIELDS) >= 60 * len(FIELDS)


def test_no_payload_acts_in_the_plain_text_of_a_file() -> None:
    for payload in PAYLOADS:
        shown = plain(report(FIELDS["submission"](payload)[0]), 2000)
        assert not ACTING.search(shown) and squeezed(escape.visible(payload)) in squeezed(shown)


def as_is(text: str) -> str:
    return text.replace("\ud800", "")


def pipes_only(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("\r", " ")


@pytest.mark.parametrize(
    ("sink", "place", "twin"),
    [
        ("markdown", "tts_bench.report.escape.markdown_cell", pipes_only),
        ("terminal", "tts_bench.comparing.terminal.visible", as_is),
        ("junit", "tts_bench.comparing.junit.xml", as_is),
    ],
)
def test_the_check_catches_an_output_that_escapes_too_little(
    sink: str, place: str, twin: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, twin)
    with pytest.raises((AssertionError, ElementTree.ParseError)):
        check_sink(sink)


def test_what_xml_cannot_hold_is_left_out() -> None:
    text = "a\ufffe\uffff\U0001ffffb\x00\x0b\ud800c&<>\"'"
    found = ElementTree.fromstring(junit(replace(STORY, base=text)).encode("utf-8")).get("name") or ""
    assert "ab c&<>\"'," in found
