"""docs/tutorial.md, run as a reader would: every block in order, in one folder, and what the text says of it seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pandas
import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|python|sh install)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
STANDS_IN = 'exec "{python}" -c "from tts_bench.cli import main; main()" "$@"'


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder, and an environment of its own to install into, which sees this one's packages."""
    home = tmp_path_factory.mktemp("reader")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "env")], check=True)
    [site] = (home / "env").glob("lib/python*/site-packages")
    (site / "this.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    command = home / "env" / "bin" / "tts-bench"
    command.write_text("#!/bin/sh\n" + STANDS_IN.format(python=home / "env" / "bin" / "python"))
    command.chmod(0o755)
    env = {**os.environ, "VIRTUAL_ENV": str(home / "env"), "UV_OFFLINE": "1", "HF_HUB_OFFLINE": "1"}
    env["PATH"] = f"{home / 'env' / 'bin'}:{env['PATH']}"
    (home / "work").mkdir()
    return home / "work", env


def run(block: str, kind: str, reader: tuple[Path, dict[str, str]]) -> str:
    folder, env = reader
    command = ["bash", "-eo", "pipefail", "-c", block] if kind == "sh" else ["python", "-c", block]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_the_installation_is_the_one_that_ci_makes() -> None:
    [(_, block), *others] = BLOCKS
    assert BLOCKS[0][0] == "sh install" and all(kind != "sh install" for kind, _ in others)
    made = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "pip install" in block and "uv sync" in block and re.search("pip install .* uv\nuv sync", made)


def test_every_block_runs_in_order_and_does_what_the_page_says(reader: tuple[Path, dict[str, str]]) -> None:
    said = {block: run(block, kind, reader) for kind, block in BLOCKS[1:-1]}  # the second run of the first is kept
    out = reader[0] / "out"
    assert "run now 0" in said[BLOCKS[2][1]], "nothing is computed twice"
    table = pandas.read_csv(out / "leaderboards" / "shapes.csv").set_index("submission")
    assert {"none", "climb", "random16-checker", "funnel-dual_encoder-96"} <= set(table.index)
    assert table.loc["climb", "nfe"] == table.loc["random16-dual_encoder", "nfe"] == 192
    assert table.loc["random16-checker", "flags"].split()[0] == "oracle"
    assert (out / "leaderboards" / "shapes-search-scaling.png").exists()
    [checked] = [text for block, text in said.items() if "tts-bench check" in block]
    assert checked.count("nothing is wrong with it") == len(list((out / "results" / "shapes").iterdir()))
    pages = list((reader[0] / "page" / "prompts").glob("*.html"))
    assert len(pages) == 7 and all("zero_order" in page.read_text("utf-8") for page in pages)
    run(BLOCKS[-1][1], BLOCKS[-1][0], reader)


def test_a_block_that_fails_is_seen(reader: tuple[Path, dict[str, str]]) -> None:
    with pytest.raises(AssertionError, match="no such"):
        run("tts-bench evaluate --suite nothing\ntrue", "sh", reader)
