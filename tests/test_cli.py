"""The program as a user meets it: output, exit codes, and nothing else where JSON is asked for."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tts_bench import cli, commands
from tts_bench.registry import SEARCHES
from tts_bench.types import Search, Task, search

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


def test_a_plan_has_a_line_a_submission(folder: Path) -> None:
    flags = ["--search", "random", "--verifier", "chance", "--budget", "24,48", "--limit", "2", "--workers", "1"]
    done = run(folder, "plan", "--suite", "shapes", *flags, "--store", str(folder / "absent"))
    lines = [line.split() for line in done.stdout.splitlines()]
    assert next(line for line in lines if "random-chance-24" in line)[:3] == ["random-chance-24", "24", "48"]
    # Half of its candidates are those of the smaller budget.
    assert next(line for line in lines if "random-chance-48" in line)[:3] == ["random-chance-48", "48", "48"]
    assert "the first that needs it" in done.stdout


def test_a_grid_is_one_run_and_one_small_table(tmp_path: Path) -> None:
    grid = ["--grid", "--search", "random", "--verifier", "chance", "--verifier", "chance+appeal", "--budget", "24,36"]
    done = run(tmp_path, "evaluate", "--suite", "shapes", *grid, "--limit", "2", "--workers", "1")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out" / "grid" / "results" / "shapes").iterdir()}
    searched = {f"random-{verifier}-{budget}" for verifier in ("chance", "chance-appeal") for budget in (24, 36)}
    assert names == {"none", *searched}
    assert not any(name in done.stdout for name in searched)
    shown = [line.split() for line in done.stdout.splitlines()]
    assert ["chance", "24", "36"] in shown and ["chance", "+", "appeal", "(rank)", "24", "36"] in shown
    assert [line[0] for line in shown if line].count("random") == 2
    # Every submission's candidates are among the three of the dearest.
    assert f"NFE charged {2 * (12 + 2 * (24 + 36))}, run now {2 * 36}" in done.stdout


def planned(*arguments: str) -> dict[str, int]:
    done = invoke("plan", "--suite", "shapes", "--workers", "1", "--store", "absent.sqlite", "--json", *arguments)
    assert done.exit_code == 0, done.exception
    answer = json.loads(done.stdout)
    return {name: answer[name] for name in ("submissions", "prompts", "nfe_charged")}


def test_flags_that_are_repeated_make_a_submission_for_each_combination() -> None:
    flags = ["--search", "random", "--search", "none", "--verifier", "chance", "--verifier", "appeal"]
    nfe = 12 + 2 * (24 + 48)
    assert planned(*flags, "--budget", "24,48", "--limit", "2") == {
        "submissions": 5, "prompts": 2, "nfe_charged": 2 * nfe,
    }  # fmt: skip


def test_a_grid_has_the_prompts_that_its_card_says() -> None:
    flags = ["--grid", "--search", "random", "--verifier", "chance", "--budget", "12"]
    assert planned(*flags) == {"submissions": 2, "prompts": 42, "nfe_charged": 42 * 24}
    assert planned(*flags, "--limit", "3")["prompts"] == 3


@search("climb", needs=("gradient",))
def climb(task: Task) -> Search:
    """A search that needs a gradient."""
    yield []
    return ""


def test_what_a_grid_leaves_out_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SEARCHES.targets, "climb", f"{__name__}:climb")
    flags = ["--grid", "--search", "climb", "--verifier", "chance", "--budget", "12", "--limit", "1"]
    done = invoke("plan", "--suite", "shapes", "--workers", "1", "--store", "absent.sqlite", "--json", *flags)
    assert json.loads(done.stdout)["submissions"] == 1
    assert done.stderr == "note: climb needs a verifier with a gradient; left out with chance\n"


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
        (["evaluate", "--suite", "shapes", *SMALL, "--budget", "64,x"], "--budget = 'x': write whole numbers"),
        (["evaluate", "--suite", "shapes", *SMALL, "--budget", "0"], "budget.nfe = 0"),
        (["evaluate", "--suite", "shapes", "--budget", "64"], "also give --search"),
        (["evaluate", "--suite", "shapes", "--grid", "--search", "randm"], "did you mean 'random'"),
        (
            ["plan", "--suite", "shapes", "--grid", "--search", "random", "--verifier", "x+"],
            "verifier.scorers[0] = 'x'",
        ),
        (["store", "verify", "--store", "absent.sqlite"], "no such store"),
        (["store", "prune", "--keep", "everything"], "use one of images, picks, scores"),
        (["leaderboard", "--suite", "shapes", "--results", "absent"], "absent"),
        (["evaluate", "--suite", "shapes", *SMALL, "--device", "foo"], "device = 'foo'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_api_needs_no_main_guard(tmp_path: Path) -> None:
    """A plain script with two workers: spawned processes must not run it again."""
    script = (
        "import sys, tts_bench as tb\n"
        "submission = tb.read_submission(sys.argv[1])\n"
        "print(len(tb.evaluate('shapes', [submission], limit=2, workers=2)))\n"
    )
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\nmodel = {name = "shapes", steps = 2}\nsearch = {name = "random", candidates = 2}\n'
        'verifier = {scorers = ["chance"]}\n'
    )
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "script.py", "mine.toml"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_workers_end_with_the_process_that_asked_for_them(tmp_path: Path) -> None:
    arguments = ["evaluate", "--suite", "shapes", "--limit", "84", "--workers", "2"]
    program = "from tts_bench.cli import main; main()"
    parent = subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=tmp_path, stderr=subprocess.DEVNULL)

    def processes() -> dict[int, int]:
        """Every process that a spawn started, and its parent."""
        table = subprocess.run(["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
        spawned = [line.split(None, 2) for line in table.splitlines() if "spawn_main" in line]
        return {int(pid): int(parent_pid) for pid, parent_pid, _ in spawned}

    def workers() -> set[int]:
        return {pid for pid, parent_pid in processes().items() if parent_pid == parent.pid}

    def wait_until(done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not done() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert done()

    wait_until(lambda: len(workers()) == 2)
    ours = workers()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not ours & set(processes()))


def test_help_shows_worked_examples() -> None:
    assert "tts-bench evaluate --suite shapes --submission mine.toml" in invoke("evaluate", "--help").stdout


def test_the_examples_of_the_help_are_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their flags, that is: every search and scorer in them is one."""
    wanted: list[commands.Wanted] = []
    monkeypatch.setattr(commands, "evaluate", lambda given, *rest: wanted.append(given))
    monkeypatch.setattr(commands, "plan", lambda given, *rest: wanted.append(given))
    epilogs = "\n".join(str(command.epilog) for command in cli.app.registered_commands)
    examples = re.findall(r"tts-bench ((?:evaluate|plan) .*?)(?: >.*)?$", epilogs, re.MULTILINE)
    assert len(examples) >= 8
    for example in examples:
        assert invoke(*example.split()).exit_code == 0, example
        wanted.pop().submissions(commands.Settings())


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
