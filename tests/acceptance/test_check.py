"""The command `check`: which folders it looks at, what it prints, how it ends; in a pull request as docs has it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.acceptance.repository import NEW, commit, make
from tests.acceptance.world import NAME, ROOT, cell, copied, put
from tests.workflows import steps
from tts_bench.acceptance.check import result_folders
from tts_bench.cli import app
from tts_bench.commands_share import _harmless
from tts_bench.errors import BadInput


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def test_good_results_are_named_one_a_line_and_that_is_all(tmp_path: Path) -> None:
    for name in ("none", NAME):
        copied(tmp_path, name)
    done = run(str(tmp_path))
    assert done.exit_code == 0, done.output
    assert [line.split("/")[-1] for line in done.stdout.splitlines()] == [
        f"{name}: nothing is wrong with it" for name in ("none", NAME)
    ]


def test_every_problem_of_every_result_is_a_line_and_the_end_is_bad_input(tmp_path: Path) -> None:
    for name in ("none", NAME):
        put(copied(tmp_path, name), "submission/digest", "0" * 64)
    (tmp_path / "shapes" / "none" / "more").write_text("x")
    done = run(str(tmp_path))
    assert isinstance(done.exception, BadInput) and "problems: 3, in results looked at: 2" in str(done.exception)
    assert len(done.stdout.splitlines()) == 3
    told = json.loads(run(str(tmp_path), "--json").stdout)
    assert [len(result["problems"]) for result in told["results"]] == [2, 1]


def test_it_needs_neither_torch_nor_engine_nor_store(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    program = (
        "import sys; from pathlib import Path; from tts_bench.acceptance.result import inspect\n"
        f"assert inspect(Path({str(folder)!r})).problems == []\n"
        "sys.exit(', '.join({'torch', 'tts_bench.engine', 'tts_bench.store', 'datasets'} & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_folder_with_a_file_is_looked_at_though_it_is_no_result(tmp_path: Path) -> None:
    copied(tmp_path)
    (tmp_path / "shapes" / "empty").mkdir()
    (tmp_path / "shapes" / "half").mkdir()
    (tmp_path / "shapes" / "half" / "rows.parquet").write_bytes(b"")
    assert [folder.name for folder in result_folders(tmp_path)] == ["half", NAME]


def test_a_card_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    for name in ("none", NAME):
        copied(tmp_path, name)
    done = run(str(tmp_path), "--suite", "nowhere.toml")
    assert isinstance(done.exception, BadInput) and "nowhere.toml" in str(done.exception) and done.stdout == ""


@pytest.mark.parametrize("arguments", [[], ["nowhere"], ["."]])
def test_a_call_that_names_no_result_is_refused(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(run(*arguments).exception, BadInput)


@pytest.mark.parametrize(
    "text",
    [
        "a ##[add-mask]x",
        "::set-output name=x::y",
        ":::::set-output name=x::y",
        "  ::set-output name=x::y",
        "\x1b[31mred",
        "a\nb",
    ],
)
def test_a_strangers_text_is_no_command_to_the_log_it_stands_in(text: str, tmp_path: Path) -> None:
    folder = copied(tmp_path)
    cell(folder, "text", 0, text)
    lines = run(str(folder)).stdout.splitlines()
    assert lines and all(
        line.isprintable() and "##[" not in line and not line.lstrip().startswith("::") for line in lines
    )
    shown = _harmless(text)
    assert shown.isprintable() and "##[" not in shown and not shown.lstrip().startswith("::")


@pytest.mark.parametrize("honest", [True, False])
def test_the_workflow_of_the_documents_lets_an_honest_submission_through_and_no_other(
    honest: bool, tmp_path: Path
) -> None:
    """Its last step as it stands in the file, in folders laid out as its first steps do."""
    merged = make(tmp_path / "merged")
    copied(merged / "results", NEW)
    if not honest:
        (merged / "README.md").write_text("x")
        put(merged / "results" / "shapes" / NEW, "metrics/accuracy/value", 0.9)
    commit(merged)
    (tmp_path / "tool" / ".venv").mkdir(parents=True)
    (tmp_path / "tool" / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    step = next(step for step in steps(ROOT / "docs" / "submission.yml") if step.get("name") == "Check")
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=tmp_path / step["working-directory"], capture_output=True, text=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}, check=False,
    )  # fmt: skip
    assert done.returncode == (0 if honest else 2), done.stderr
    found = re.findall(r"(README\.md|metrics\.accuracy\.value)", done.stdout)
    assert set(found) == (set() if honest else {"README.md", "metrics.accuracy.value"})
