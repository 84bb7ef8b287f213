"""The program as a user meets it: output, exit codes, and nothing else where JSON is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tts_bench import cli

SMALL = ["--limit", "2", "--workers", "1", "--search", "random:candidates=2", "--verifier", "chance"]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from tts_bench.cli import main; main()"
    return subprocess.run([sys.executable, "-c", program, *arguments], cwd=folder, capture_output=True, text=True)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a small evaluation has been run with --json."""
    path = tmp_path_factory.mktemp("cli")
    done = run(path, "evaluate", "--suite", "shapes", *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    (path / "stdout.json").write_text(done.stdout)
    assert done.stderr == ""
    return path


def test_json_is_one_object_of_the_promised_form(folder: Path) -> None:
    answer = json.loads((folder / "stdout.json").read_text())
    assert set(answer) == {"suite", "rows", "files", "nfe_run", "nfe_charged"}
    (row,) = answer["rows"]
    assert set(row) == {"submission", "model", "search", "verifier", "nfe", "metrics", "ledger"}
    assert (row["submission"], row["search"], row["verifier"]) == ("random2-chance", "random", "chance")
    assert set(row["metrics"]["accuracy"]) == {"value", "low", "high", "n", "unscored"}
    assert answer["nfe_charged"] == answer["nfe_run"] == 2 * row["nfe"]
    assert all(Path(folder, path).exists() for path in answer["files"].values())


def test_without_json_a_table_and_where_the_files_are(folder: Path) -> None:
    done = run(folder, "evaluate", "--suite", "shapes", *SMALL)
    assert done.returncode == 0
    assert "random2-chance" in done.stdout
    assert "run now 0" in done.stdout
    assert "shapes.md" in done.stdout


def test_a_leaderboard_needs_neither_torch_nor_the_store(folder: Path) -> None:
    program = (
        "import sys; from tts_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "assert 'torch' not in sys.modules and 'tts_bench.engine' not in sys.modules"
    )
    command = [sys.executable, "-c", program, "leaderboard", "--suite", "shapes", "--out", "boards"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("shapes.md", "shapes.csv", "shapes-scaling.png", "shapes-verifiers.png"):
        assert (folder / "boards" / name).read_bytes() == (folder / "out" / "leaderboards" / name).read_bytes()


def test_the_store_is_looked_after(folder: Path) -> None:
    store = str(folder / ".tts-bench" / "store.sqlite")
    assert "whole (4 states" in " ".join(invoke("store", "verify", "--store", store).stdout.split())
    assert json.loads(invoke("store", "stats", "--store", store, "--json").stdout)["images"] == 4
    results = str(folder / "out" / "results")
    assert "freed" in invoke("store", "prune", "--keep", "picks", "--store", store, "--results", results).stdout
    assert json.loads(invoke("store", "stats", "--store", store, "--json").stdout)["images"] == 2


def test_plan_list_and_doctor_answer(folder: Path) -> None:
    plan = run(folder, "plan", "--suite", "shapes", *SMALL, "--json")
    assert json.loads(plan.stdout)["nfe_charged"] == 48
    names = {(e["kind"], e["name"]) for e in json.loads(invoke("list", "--json").stdout)["entries"]}
    assert {("suite", "shapes"), ("model", "shapes"), ("search", "random"), ("scorer", "checker")} <= names
    assert invoke("doctor").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "--suite", "shapse"], "did you mean 'shapes'"),
        (["evaluate", "--suite", "shapes", "--limit", "100000"], "the suite has 252 prompts"),
        (["evaluate", "--suite", "shapes", "--submission", "absent.toml"], "absent.toml"),
        (["evaluate", "--suite", "shapes", "--verifier", "checker"], "also give --search"),
        (["evaluate", "--suite", "shapes", "--search", "randm", "--verifier", "checker"], "did you mean 'random'"),
        (["evaluate", "--suite", "shapes", "--search", "random", "--verifier", "chekcer"], "did you mean 'checker'"),
        (["evaluate", "--suite", "shapes", *SMALL, "--budget", "3"], "spent"),
        (["store", "verify", "--store", "absent.sqlite"], "no such store"),
        (["store", "prune", "--keep", "everything"], "use one of images, picks, scores"),
        (["leaderboard", "--suite", "shapes", "--results", "absent"], "absent"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_help_shows_worked_examples() -> None:
    assert "tts-bench evaluate --suite shapes --submission mine.toml" in invoke("evaluate", "--help").stdout


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['tts-bench', '--help']\n"
        "from tts_bench.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'numpy', 'pandas', 'diffusers', 'transformers', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
