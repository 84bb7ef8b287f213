"""A comparison as JUnit's XML: a suite of tests a suite, a test a metric of a submission.

Regressed is a failure. What cannot be told, or is not compared, is skipped, and under `strict` a failure too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as Xml

from tts_bench.compare import Comparison, Row
from tts_bench.comparing.paper import Published
from tts_bench.comparing.verdict import PASS, REGRESSED
from tts_bench.comparing.words import amount, why
from tts_bench.report.escape import xml
from tts_bench.report.wording import interval

Outcome = Literal["", "failure", "skipped"]


@dataclass(frozen=True)
class Case:
    """A test: its outcome "" is success."""

    suite: str
    submission: str
    name: str
    outcome: Outcome
    message: str
    told: str = ""


def junit(comparison: Comparison, strict: bool = False) -> str:
    cases = [_case(row, strict) for row in comparison.rows]
    untold: Outcome = "failure" if strict else "skipped"
    cases += [
        Case(
            each.suite, each.submission, "not compared" if each.warns else "new", untold if each.warns else "", each.why
        )
        for each in comparison.apart
    ]
    return document(cases, f"tts-bench compare: {comparison.base}, {comparison.head}")


def junit_paper(found: Sequence[Published], label: str) -> str:
    """Numbers beside a paper's: every test succeeds."""
    words = {True: "theirs lies in our interval", False: "theirs lies outside our interval", None: "no interval"}
    cases = [
        Case(
            each.suite, each.submission, each.column, "", "",
            f"ours {interval(each.ours, each.metric, 3)}, theirs {each.theirs:g}: {words[each.inside]}; {each.source}",
        )
        for each in found
    ]  # fmt: skip
    return document(cases, f"tts-bench compare: {label}, paper")


def document(cases: Sequence[Case], name: str) -> str:
    """The XML of tests in their suites, with its declaration."""
    root = Xml.Element("testsuites", {"name": xml(name), **_counts(cases)})
    for suite in dict.fromkeys(case.suite for case in cases):
        own = [case for case in cases if case.suite == suite]
        branch = Xml.SubElement(root, "testsuite", {"name": xml(suite), **_counts(own)})
        for case in own:
            place = f"{case.suite}.{case.submission}" if case.submission else case.suite
            test = Xml.SubElement(branch, "testcase", classname=xml(place), name=xml(case.name), time="0")
            if case.outcome:
                Xml.SubElement(test, case.outcome, message=xml(case.message))
            if told := case.told or ("" if case.outcome else case.message):
                Xml.SubElement(test, "system-out").text = xml(told)
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _case(row: Row, strict: bool) -> Case:
    told = f"HEAD - BASE {interval(row.difference, row.metric, 4, '+')} at n = {row.difference.n}"
    if row.seen is not None:
        told += f"; {amount(row.seen, row)} would be seen 4 times in 5"
    outcome: Outcome = "skipped"
    if row.verdict == PASS:
        outcome = ""
    elif row.verdict == REGRESSED or (strict and row.verdict is not None):
        outcome = "failure"
    message = why(row) if row.verdict is None else f"{row.verdict}: {why(row)}"
    return Case(row.suite, row.submission, row.metric.name, outcome, message, told)


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    counted = {"failures": "failure", "skipped": "skipped"}
    numbers = {name: str(sum(case.outcome == outcome for case in cases)) for name, outcome in counted.items()}
    return {"tests": str(len(cases)), "errors": "0", "time": "0", **numbers}
