"""`tts-bench compare` as a user meets it: sides, formats, exit codes, errors of one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from tests.workflows import steps
from tts_bench import cli
from tts_bench.errors import BadInput

ROOT = Path(__file__).parent.parent
SHAPES = str(ROOT / "results" / "shapes")
BETTER, WORSE = f"{SHAPES}/random16-dual_encoder", f"{SHAPES}/random16-appeal"


WHO = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["compare", *arguments], env={"COLUMNS": "100"})


def refused(*arguments: str) -> str:
    done = invoke(*arguments)
    assert isinstance(done.exception, BadInput) and done.exception.exit_code == 2 and not done.stdout
    return str(done.exception)


def test_the_same_pass_a_fall_is_regressed_and_a_rise_passes() -> None:
    codes = {pair: invoke(*pair).exit_code for pair in [(SHAPES, SHAPES), (BETTER, WORSE), (WORSE, BETTER)]}
    assert list(codes.values()) == [0, 1, 0]


def test_what_cannot_be_told_is_a_warning_and_strict_fails_for_it() -> None:
    pair = (f"{SHAPES}/none", f"{SHAPES}/random16-chance", "--metric", "accuracy")
    plain, strict = invoke(*pair), invoke(*pair, "--strict")
    assert (plain.exit_code, strict.exit_code) == (0, 1)
    assert "warning:" in plain.stderr and "warning:" not in strict.stderr
    assert invoke(*pair, "--strict", "--min-effect", "accuracy=10").exit_code == 0


def test_the_terminal_says_what_could_be_seen_and_how_many_prompts_it_would_take() -> None:
    done = invoke(BETTER, WORSE, "--min-effect", "accuracy=2")
    text = " ".join(done.stdout.split())
    found = re.search(r"at n = 252 a drop of ([0-9.]+) points in accuracy would be seen 4 times in 5", text)
    needed = re.search(r"for one of 2.0 points n would have to be about ([0-9,]+)", text)
    assert found and needed
    assert int(needed[1].replace(",", "")) == pytest.approx(252 * (float(found[1]) / 2) ** 2, rel=0.02)


def test_every_format_tells_the_same(tmp_path: Path) -> None:
    told = json.loads(invoke(BETTER, WORSE, "--format", "json").stdout)
    assert (told["verdict"], told["exit_code"]) == ("regressed", 1)
    by_metric = {row["metric"]: row["verdict"] for row in told["rows"]}
    markdown = invoke(BETTER, WORSE, "--format", "markdown").stdout
    cells = [line.split("|") for line in markdown.splitlines() if line.startswith("| random16")]
    shown = {cell[2].split()[0]: cell[-2].strip().removesuffix(" †") for cell in cells}
    assert shown == {metric: verdict or "not judged" for metric, verdict in by_metric.items()}
    path = tmp_path / "c.xml"
    done = invoke(BETTER, WORSE, "--format", "junit", "--out", str(path))
    assert done.exit_code == 1 and done.stdout.startswith("regressed: ") and str(path) in done.stdout
    tree = ElementTree.parse(path)
    failed = {case.get("name") for case in tree.iter("testcase") if case.find("failure") is not None}
    assert failed == {metric for metric, verdict in by_metric.items() if verdict == "regressed"}


def test_the_same_command_gives_the_same_bytes() -> None:
    for form in ("terminal", "markdown", "junit", "json"):
        first, second = (invoke(BETTER, WORSE, "--format", form).stdout for _ in range(2))
        assert first == second and first


def test_a_swap_turns_the_signs() -> None:
    there, back = (json.loads(invoke(*pair, "--format", "json").stdout) for pair in ((BETTER, WORSE), (WORSE, BETTER)))
    for one, other in zip(there["rows"], back["rows"], strict=True):
        assert one["difference"]["value"] == pytest.approx(-other["difference"]["value"])


@pytest.mark.parametrize("flags", [("--to", "paper"), ()])
def test_a_paper_s_numbers_stand_beside_ours(flags: tuple[str, ...]) -> None:
    place = str(ROOT / "results" / "shapes_compbench")
    words = [place, *flags] if flags else ["paper", place]
    told = json.loads(invoke(*words, "--format", "json").stdout)
    assert len(told["rows"]) == 30 and {row["number"] for row in told["rows"]} >= {"color", "complex"}
    for row in told["rows"]:
        assert row["inside"] == (row["ours"]["low"] <= row["theirs"] <= row["ours"]["high"])
        assert row["difference"] == pytest.approx(row["ours"]["value"] - row["theirs"])
    for form in ("terminal", "markdown", "junit"):
        assert invoke(*words, "--format", form).exit_code == 0


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        ((SHAPES,), "name what is to be judged"),
        ((SHAPES, "nowhere:results"), "neither a path here nor a revision"),
        ((SHAPES, SHAPES, "--metric", "acuracy"), "did you mean 'accuracy'?"),
        ((SHAPES, SHAPES, "--min-effect", "acuracy=1"), "did you mean 'accuracy'?"),
        ((SHAPES, SHAPES, "--min-effect", "accuracy"), "as NAME=NUMBER"),
        ((SHAPES, SHAPES, "--min-effect", "accuracy=-1"), "0 or more"),
        ((SHAPES, SHAPES, "--min-effect", "accuracy=nan"), "0 or more"),
        ((SHAPES, SHAPES, "--min-effect", "accuracy=1", "--min-effect", "accuracy=2"), "say it once"),
        ((SHAPES, str(ROOT / "results" / "digits")), "share no result"),
        ((SHAPES, str(ROOT / "docs")), "holds no result"),
        ((SHAPES, SHAPES, "--to", "paper"), "takes one place alone"),
        ((SHAPES, "--to", "paper"), "no published number"),
        ((SHAPES, SHAPES, "--min-effect", "accuracy=100"), "fewer than 100"),
        ((SHAPES, SHAPES, "--min-effect", "accuracy=1", "--metric", "audited"), "is not judged: add it to --metric"),
        ((SHAPES, "--to", "paper", "--min-effect", "accuracy=1"), "no verdicts"),
        ((SHAPES, "paper"), "is what others are held to"),
    ],
)
def test_a_wrong_word_is_one_line(words: tuple[str, ...], fix: str) -> None:
    message = refused(*words)
    assert fix in message and "\n" not in message


def test_it_needs_neither_torch_nor_the_store() -> None:
    program = (
        "import sys; from tts_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "bad = {'torch', 'tts_bench.engine', 'tts_bench.store'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", program, "compare", SHAPES, SHAPES], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_s_workflow_compares_and_fails_for_a_fall(tmp_path: Path) -> None:
    """Its own script, in a checkout whose last commit puts another result in the place of the base's."""
    merged, shapes = tmp_path / "merged", tmp_path / "merged" / "results" / "shapes"
    shutil.copytree(Path(SHAPES) / "none", shapes / "none")
    (tmp_path / "tool" / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "tool" / ".venv" / "bin" / "tts-bench").symlink_to(Path(sys.executable).parent / "tts-bench")
    for words in (["init", "-q", "-b", "main"], ["add", "results"], ["commit", "-qm", "base"]):
        subprocess.run([*WHO, *words], cwd=merged, check=True)
    shutil.rmtree(shapes / "none")
    shutil.copytree(WORSE, shapes / "random16-appeal")
    for words in (["add", "results"], ["commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run([*WHO, *words], cwd=merged, check=True)
    env = {**os.environ, "RESULTS": "results", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    [step] = [step for step in steps(ROOT / "docs" / "compare.yml") if step.get("name") == "Compare"]
    command = ["bash", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=tmp_path / step["working-directory"], env=env, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "tts-bench compare:" in (tmp_path / "summary.md").read_text("utf-8")
    assert (tmp_path / "compare.xml").read_bytes().startswith(b"<?xml")


def shell_commands(page: Path) -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = " ".join("".join(blocks).replace("\\\n", " ").split("\n")).split("tts-bench ")[1:]
    return [line.split("#")[0].split() for line in lines]


def test_every_command_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a repository of their own, in which main is one commit behind."""
    for suite in ("shapes", "shapes_compbench"):
        shutil.copytree(ROOT / "results" / suite, tmp_path / "results" / suite)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "old"]):
        subprocess.run([*WHO, *words], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    commands = [words for words in shell_commands(ROOT / "docs" / "compare.md") if words[0] == "compare"]
    assert len(commands) >= 4
    for words in commands:
        done = CliRunner().invoke(cli.app, words)
        assert done.exit_code in (0, 1) and not isinstance(done.exception, BadInput), (words, done.exception)
