"""The command, from its words to a text and an exit code: reads both sides and the suites' cards."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tts_bench.boards import metric_infos
from tts_bench.compare import Asked, Comparison, compare
from tts_bench.comparing import junit, objects
from tts_bench.comparing.markdown import markdown
from tts_bench.comparing.pairing import Side
from tts_bench.comparing.paper import Published, beside_paper
from tts_bench.comparing.places import read_place
from tts_bench.comparing.revision import at_revision
from tts_bench.comparing.terminal import plain
from tts_bench.comparing.words import Report, paper_report, report
from tts_bench.counterparts import counterparts
from tts_bench.errors import BadInput
from tts_bench.plaintext import did_you_mean
from tts_bench.report.board import MetricInfo
from tts_bench.suite import Suite, find_suite
from tts_bench.types import Json

PAPER = "paper"
Format: TypeAlias = Literal["terminal", "markdown", "junit", "json"]


@dataclass(frozen=True)
class Done:
    """`texts` by format, each made when asked for; `report` for a screen; `summary` in one line."""

    report: Report
    texts: Mapping[Format, Callable[[], str]]
    summary: str
    exit_code: int
    warning: str = ""


def compare_places(
    base: str, head: str, cards: Sequence[str], metrics: Sequence[str], effects: Sequence[str], strict: bool
) -> Done:
    """`base`, `head`: a path, REV, REV:path; `cards`: of suites not found by name; `effects`: NAME=NUMBER."""
    with _side(base, head) as ours, _side(head, base) as theirs:
        suites = _suites([*ours.suites, *theirs.suites], cards)
        infos = {name: metric_infos(suite) for name, suite in suites.items()}
        asked = Asked(min_effects(effects, infos, metrics), chosen(metrics, infos))
        done = compare(ours, theirs, infos, asked)
    return _of_comparison(done, strict)


def compare_paper(head: str, cards: Sequence[str], metrics: Sequence[str]) -> Done:
    """The result of `head` beside the numbers that its suites' cards publish; BadInput where none has a counterpart."""
    with _side(head, PAPER) as side:
        suites = _suites(list(side.suites), cards)
        infos = {name: metric_infos(suite) for name, suite in suites.items()}
        only = chosen(metrics, infos)
        found: list[Published] = []
        for name, suite in suites.items():
            same = counterparts(suite.submissions, [each.result for each in side.suites[name].values()])
            found += beside_paper(name, side.suites[name], suite.published, same, infos[name])
    found = [each for each in found if not only or each.metric.name in only]
    if not found:
        fix = "no published number is of a submission of these, by its search, verifier, model and budget"
        raise BadInput.at("command line", PAPER, head, fix)
    return _of_paper(found, side.label)


def min_effects(
    flags: Sequence[str], infos: Mapping[str, Sequence[MetricInfo]], only: Collection[str] = ()
) -> dict[str, float]:
    """`NAME=NUMBER`, of per cent metrics in points, in the metrics' own units; BadInput for what is not one, for a
    metric that is not judged (`only` says which are, if any), and for an effect that no result could have."""
    found: dict[str, float] = {}
    known = {metric.name: metric for of_suite in infos.values() for metric in of_suite}
    for flag in flags:
        name, equals, number = flag.partition("=")
        if name not in known:
            fix = f"no such metric; {did_you_mean(name, known)}"
            raise BadInput.at("command line", "--min-effect", flag, fix)
        value = _number(number) if equals else None
        if value is None or name in found:
            fix = "say it once, as NAME=NUMBER with a number of 0 or more (points, where the metric is in per cent)"
            raise BadInput.at("command line", "--min-effect", flag, fix)
        if only and name not in only:
            raise BadInput.at(
                "command line", "--min-effect", flag, "is not judged: add it to --metric, or leave it out"
            )
        if known[name].percent and value >= 100:
            fix = "no metric in per cent can fall by so many points; say fewer than 100"
            raise BadInput.at("command line", "--min-effect", flag, fix)
        found[name] = value / 100 if known[name].percent else value
    return found


def chosen(names: Sequence[str], infos: Mapping[str, Sequence[MetricInfo]]) -> list[str]:
    known = {metric.name: metric for of_suite in infos.values() for metric in of_suite}
    for name in names:
        if name not in known:
            raise BadInput.at("command line", "--metric", name, f"no such metric; {did_you_mean(name, known)}")
    return list(dict.fromkeys(names))


@contextmanager
def _side(text: str, other: str) -> Iterator[Side]:
    """A path comes before a revision of that name."""
    if _is_path(text):
        yield read_place(Path(text), text)
        return
    with at_revision(text, other) as (folder, label):
        try:
            side = read_place(folder, label)
        except BadInput as error:
            raise BadInput(str(error).replace(str(folder), label)) from error
    yield side


def _is_path(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # too long, or a NUL in it
        return False


def _suites(names: Sequence[str], cards: Sequence[str]) -> dict[str, Suite]:
    given = {suite.name: suite for suite in map(find_suite, cards)}
    return {name: given[name] if name in given else find_suite(name) for name in dict.fromkeys(names)}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e300 else None


def _of_comparison(done: Comparison, strict: bool) -> Done:
    told = report(done)
    texts: dict[Format, Callable[[], str]] = {
        "terminal": lambda: plain(told),
        "markdown": lambda: markdown(told),
        "junit": lambda: junit.junit(done, strict),
        "json": lambda: _text(objects.as_json(done, strict)),
    }
    untold = "something could not be told" if done.verdict == "cannot tell" else ""
    return Done(told, texts, f"{done.verdict}: {told.lines[1]}", done.exit_code(strict), untold)


def _of_paper(found: Sequence[Published], label: str) -> Done:
    told = paper_report(found, label)
    texts: dict[Format, Callable[[], str]] = {
        "terminal": lambda: plain(told),
        "markdown": lambda: markdown(told),
        "junit": lambda: junit.junit_paper(found, label),
        "json": lambda: _text(objects.paper_json(found, label)),
    }
    return Done(told, texts, told.lines[0], 0)


def _text(value: Mapping[str, Json]) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"
