"""A search that an LLM grader led: a page asks nobody, and is told of no grader on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.gallery.world import SUBMISSIONS, cards, film, results, run
from tests.grader.server import Judge
from tests.report.page.reading import find, text
from tts_bench.cli import app
from tts_bench.gallery import replay
from tts_bench.gallery.page import run_page
from tts_bench.grader.settings import GraderSettings
from tts_bench.settings import Settings

ONE = '[search]\nname = "random"\ncandidates = 2\n\n[verifier]\nscorers = ["llm_grader"]\n'
TWO = ONE.replace('["llm_grader"]', '["appeal", "llm_grader"]')


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, GraderSettings]:
    """A run, and its grader, whose server is gone."""
    folder = tmp_path_factory.mktemp("graded")
    with pytest.MonkeyPatch.context() as patch, Judge() as judge:
        patch.setitem(SUBMISSIONS, "graded", ONE)
        patch.setitem(SUBMISSIONS, "ensemble", TWO)
        run(folder, ("graded", "ensemble", "best"), grader=judge.settings())
        return folder, judge.settings()


@pytest.mark.parametrize("flag", [[], ["--remake"]], ids=["read", "remake"])
def test_the_command_says_in_one_line_that_it_cannot_be_replayed(
    graded: tuple[Path, GraderSettings], tmp_path: Path, flag: list[str]
):
    folder, _ = graded
    places = ["--results", str(results(folder)), "--store", str(folder / "store.sqlite"), "--out", str(tmp_path)]
    done = CliRunner().invoke(app, ["page", "--suite", "shapes", *places, *flag])
    assert done.exit_code == 0 and done.exception is None and "Traceback" not in done.output
    told = "its verifier is an LLM grader (llm_grader), whose model a page is not told"
    for name in ("graded", "ensemble"):
        assert f"{name}: {told}" in " ".join(done.output.split())
        card = cards(tmp_path)[name]
        assert [text(note) for note in find(card, "p", "note")] == [replay.CANNOT]
        assert not list(card.iter("img")) and "accuracy" in text(card)
    assert "--grader" not in done.output, "the command has no such flags"
    assert len(film(cards(tmp_path)["best"])) == 3, "the others are as ever"


def test_settings_that_name_the_grader_replay_it_from_the_store(graded: tuple[Path, GraderSettings], tmp_path: Path):
    folder, grader = graded
    settings = Settings(store=folder / "store.sqlite", grader=grader)
    assert not run_page("shapes", settings, results(folder), tmp_path / "page").notes
    assert len(film(cards(tmp_path / "page")["graded"])) == 2
    other = replace(settings, grader=replace(grader, model="another"))
    made = run_page("shapes", other, results(folder), tmp_path / "other")
    assert len(made.notes) == 2 and not list(cards(tmp_path / "other")["graded"].iter("img"))
