"""The Markdown page, the terminal's table and the CSV hold the same numbers as the results."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from tests.fake_results import CATEGORIES, fake_board, fake_result
from tests.report.fake_grid import fake_grid
from tests.report.suite import METRICS
from tts_bench.report.board import make_boards
from tts_bench.report.markdown import page
from tts_bench.report.table import MetricInfo, terminal_table
from tts_bench.report.tidy import spreadsheet
from tts_bench.results import Result

Made = tuple[list[Result], dict[str, pd.DataFrame]]


@pytest.fixture(scope="module")
def made() -> Made:
    results, rows = fake_board()
    other, other_rows = fake_result("few-prompts", "appeal", n=40)
    return [*results, other], rows | {other.name: other_rows}


def markdown(made: Made) -> str:
    results, rows = made
    groups = {"category": list(CATEGORIES), "split": ["seen", "unseen"]}
    return page(make_boards(results, rows, METRICS), groups, "Embedded world", "shapes", figures=["scaling"])


def tables(text: str) -> list[list[list[str]]]:
    blocks = re.findall(r"(?:^\|.*\|\n?)+", text, flags=re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in block.splitlines()] for block in blocks]


def terminal(made: Made, width: int = 100) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    console.print(terminal_table(*made, METRICS, "shapes", width))
    return stream.getvalue()


def test_metric_info_is_public_in_table():
    assert MetricInfo is type(METRICS[0])


def test_the_main_table_shows_every_result_with_its_interval(made: Made):
    ranked, unranked, compute, by_category, by_split, apart, compute_apart = tables(markdown(made))
    assert ranked[0] == [
        "rank", "submission", "model", "search", "verifier", "NFE", "accuracy (%)", "attributes (%)", "dual_encoder",
        "appeal", "gain in accuracy",
    ]  # fmt: skip
    by_name = {result.name: result for result in made[0]}
    for row in ranked[2:] + unranked[2:] + apart[2:]:
        result = by_name[row[1].split(" ")[0]]
        estimate = result.metrics["accuracy"]
        assert estimate.value is not None and estimate.low is not None and estimate.high is not None
        numbers = f"{100 * estimate.value:.1f} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"
        assert row[6].replace("**", "").removesuffix(" †") == numbers
        assert row[5] == f"{result.nfe:g}"
    assert [row[0] for row in ranked[2:]] == ["1 [1, 1]", "2 [2, 3]", "2 [2, 4]", "4 [3, 5]", "4 [4, 5]"]
    assert compute[0] == ["submission", "accuracy (%)", "NFE", "in search", "seconds"], "what any of them has"
    assert len(compute) == len(ranked) + len(unranked) - 2 and len(compute_apart) == 3
    assert compute[3][1:] == [ranked[3][6], "192", "192", "0.500"]
    assert [row[0] for row in unranked[2:]] == ["oracle"]
    assert [row[:2] for row in apart[2:]] == [["–", "few-prompts"]]
    assert "none (baseline)" in [row[1] for row in ranked]
    assert by_category[0] == ["submission", *[f"{name} (n = 12)" for name in CATEGORIES]]
    assert by_split[0] == ["submission", "seen (n = 56)", "unseen (n = 28)"]
    assert len(by_category) == len(by_split) == 2 + 6


def test_group_tables_show_each_groups_estimate(made: Made):
    *_, by_category, _, _, _ = tables(markdown(made))
    by_name = {result.name: result for result in made[0]}
    for name, *cells in by_category[2:]:
        for category, cell in zip(CATEGORIES, cells, strict=True):
            estimate = by_name[name.split(" ")[0]].groups["category"][category]["accuracy"]
            assert estimate.value is not None and cell.startswith(f"{100 * estimate.value:.1f} [")


def test_bold_is_the_best_ranked_value_and_never_ones_own_metric(made: Made):
    ranked, unranked, _, _, _, apart, _ = tables(markdown(made))
    for column, metric in enumerate(METRICS, start=6):
        bold = [row for row in ranked[2:] if "**" in row[column]]
        own = [row for row in ranked[2:] if "†" in row[column]]
        assert len(bold) == 1 and bold[0] not in own
        others = [row for row in ranked[2:] if row not in own]
        values = [float(row[column].replace("**", "").split(" ")[0]) for row in others]
        assert float(bold[0][column].replace("**", "").split(" ")[0]) == max(values)
        assert {row[1] for row in own} == ({f"random16-{metric.name}"} if "random16-" + metric.name else set()) & {
            "random16-dual_encoder", "random16-appeal",
        }  # fmt: skip
    assert "**" not in str(unranked) + str(apart)
    assert unranked[2][6].endswith("†") and unranked[2][7].endswith("†") and not unranked[2][8].endswith("†")


def test_the_page_explains_itself_and_names_what_stands_apart(made: Made):
    text = markdown(made)
    assert "## Apart: 40 prompts" in text
    assert "![Score against charged NFE](shapes-scaling.png)" in text
    for word in ("NFE", "95 % interval", "Wilson", "paired interval", "Seeds", "†", "oracle", "unscored"):
        assert word in text[text.index("## How to read this") :]
    for metric in METRICS:
        assert metric.title in text


def test_unscored_prompts_are_counted_in_the_cell(made: Made):
    results, rows = made
    estimate = replace(results[0].metrics["accuracy"], n=81, unscored=3)
    changed = [replace(results[0], metrics={**results[0].metrics, "accuracy": estimate}), *results[1:]]
    assert "(3 unscored)" in markdown((changed, rows)) and "(3 unscored)" not in markdown(made)
    assert "(3 unscored)" in terminal((changed, rows))


def test_the_terminal_shows_the_pages_numbers(made: Made):
    shown, text = terminal(made), markdown(made)
    numbers = set(re.findall(r"[+-]?\d+\.\d+", shown))
    assert len(numbers) > 30
    assert numbers <= set(re.findall(r"[+-]?\d+\.\d+", text))
    assert "…" not in shown and "oracle" in shown and "few-prompts" not in shown


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_terminal_table_fits_and_cuts_no_number(made: Made, width: int):
    lines = terminal(made, width).splitlines()
    assert max(map(len, lines)) <= width and "…" not in "".join(lines)
    board = make_boards(*made, METRICS)[0]
    for line in board.ranked:
        assert line.gain is None or f"{100 * (line.gain.value or 0):+.1f}" in "".join(lines)


@pytest.mark.parametrize("width", [66, 80, 90, 100, 160])
def test_the_terminal_says_how_many_metrics_it_has_no_room_for(made: Made, width: int):
    text = " ".join(terminal(made, width).split())
    there = sum(metric.name in text.partition("random16")[0] for metric in METRICS)
    lacking = len(METRICS) - there
    said = re.findall(r"(\d+) more metrics? in leaderboards/shapes\.md", text)
    assert said == ([str(lacking)] if lacking else [])
    assert (lacking > 0) == (width < 100), "both are seen here"


def test_the_csv_is_tidy_and_exact(made: Made):
    boards = make_boards(*made, METRICS)
    frame = pd.read_csv(io.StringIO(spreadsheet(boards, METRICS)))
    assert list(frame.columns[:15]) == [
        "suite", "submission", "model", "search", "verifier", "flags", "rank", "rank_low", "rank_high", "card",
        "prompts", "n", "images", "seed", "nfe",
    ]  # fmt: skip
    assert list(frame.columns[15:23]) == [
        "search_nfe", "final_nfe", "guidance_nfe", "decodes", "backward", "gflops", "seconds", "scorer_calls",
    ]  # fmt: skip
    assert list(frame.columns[23:26]) == ["gain", "gain_low", "gain_high"]
    assert list(frame.columns[26:31]) == [
        "accuracy", "accuracy_low", "accuracy_high", "accuracy_n", "accuracy_unscored",
    ]  # fmt: skip
    by_name = {result.name: result for result in made[0]}
    assert sorted(frame["submission"]) == sorted(by_name)
    for _, row in frame.iterrows():
        result = by_name[row["submission"]]
        assert (row["n"], row["seed"], row["nfe"]) == (result.suite.n, result.suite.seed, result.nfe)
        calls = result.ledger.get("scorer_calls")
        assert pd.isna(row["scorer_calls"]) if calls is None else row["scorer_calls"] == sum(calls.values())  # type: ignore[union-attr]
        gain = next(line.gain for board in boards for line in board.lines if line.result is result)
        told = [row[name] for name in ("gain", "gain_low", "gain_high")]
        assert np.isnan(told).all() if gain is None else told == [gain.value, gain.low, gain.high]
        for part in ("search_nfe", "final_nfe", "gflops", "seconds"):
            assert pd.isna(row[part]) if part not in result.ledger else row[part] == result.ledger[part]
        for metric in METRICS:
            for part in ("low", "high", "n", "unscored"):
                assert row[f"{metric.name}_{part}"] == getattr(result.metrics[metric.name], part)
            assert row[metric.name] == result.metrics[metric.name].value
    assert frame.set_index("submission")["rank"].isna().to_dict() == {
        name: name in ("random16-checker", "few-prompts") for name in by_name
    }


def test_a_metric_that_a_result_lacks_is_an_empty_cell(made: Made):
    results, rows = made
    lacking = replace(results[1], metrics={"accuracy": results[1].metrics["accuracy"]})
    boards = make_boards([results[0], lacking], rows, METRICS)
    row = next(row for row in csv.DictReader(io.StringIO(spreadsheet(boards, METRICS))) if row["rank"] != "")
    assert row["attributes"] != ""
    [row] = [r for r in csv.DictReader(io.StringIO(spreadsheet(boards, METRICS))) if r["submission"] == lacking.name]
    assert (row["attributes"], row["attributes_low"], row["attributes_n"]) == ("", "", "0")
    assert " – " in page(boards, {}, "t", "shapes")


def test_the_terminal_shows_a_grid_in_a_few_rows():
    results, rows = fake_grid(n=14)
    stream = io.StringIO()
    Console(file=stream, width=100).print(terminal_table(results, rows, METRICS, "shapes", 100))
    shown = stream.getvalue()
    assert len(shown.splitlines()) < 40 and shown.count("1,020") >= 3 and "oracle" in shown
    assert re.search(r"2\d\d more \(searches at several budgets\)", shown)
