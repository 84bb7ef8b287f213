"""Several repositories of the hub: from a folder, or at commits; by content, held to a pin, and what is said if not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.scorers.asking import refused
from tts_bench.errors import NeedsFiles
from tts_bench.scorers.parts import Part, Parts

ONE, TWO = "1" * 40, "2" * 40
FIRST = Part("a/large", None, ("config.json", "*.bin"), ("config.json",), ("a/small",))
SECOND = Part("b/words", TWO, ("vocab.txt",), ("vocab.txt",))
PARTS = Parts("toy", {"model": FIRST, "words": SECOND})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("a/small/config.json", "{}"), ("a/small/w.bin", "w"), ("b/words/vocab.txt", "x")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_folder_is_known_by_what_may_be_read(folder: Path) -> None:
    found = PARTS.find(folder, None)
    assert found.folder("model") == folder / "a/small" and found.folder("words") == folder / "b/words"
    (folder / "a/small/README.md").write_text("beside it")
    assert PARTS.find(folder, f"sha256:{found.identity}").identity == found.identity
    (folder / "a/small/w.bin").write_text("v")
    assert "restore" in refused(lambda: PARTS.find(folder, f"sha256:{found.identity}").identity)
    assert "must be sha256:" in refused(lambda: PARTS.find(folder, ONE))


def test_the_first_of_two_that_serve_is_taken(folder: Path) -> None:
    (folder / "a/large").mkdir()
    (folder / "a/large/config.json").write_text("{}")
    assert PARTS.find(folder, None).folder("model") == folder / "a/large"


def test_a_folder_that_lacks_a_file_is_told_what_gets_it(folder: Path) -> None:
    (folder / "b/words/vocab.txt").unlink()
    line = refused(lambda: PARTS.find(folder, None))
    assert "'vocab.txt': is missing" in line and "hf download b/words vocab.txt --local-dir FOLDER/b/words" in line


def test_without_a_commit_the_user_is_asked_for_files() -> None:
    with pytest.raises(NeedsFiles) as error:
        PARTS.find(None, None)
    assert "`hf download a/large --local-dir FOLDER/a/large` and `hf download b/words vocab.txt" in str(error.value)
    assert "or toy=a/large@<40 hex digits>" in str(error.value)
    assert PARTS.find(None, ONE).identity == f"a/large@{ONE} + b/words@{TWO}"


def test_the_hub_is_asked_for_each_part_when_it_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def download(repo: str, revision: str, allow_patterns: list[str]) -> str:
        asked.append((repo, revision, *allow_patterns))
        return str(folder / repo)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    found = PARTS.find(Path("a/small"), ONE)
    assert found.identity == f"a/small@{ONE} + b/words@{TWO}" and not asked
    assert found.folder("model") == folder / "a/small"
    assert asked == [("a/small", ONE, "config.json", "*.bin")]


@pytest.mark.parametrize(("weights", "revision"), [("a/small", None), ("a/small", "main"), ("./none", ONE), ("a", ONE)])
def test_a_place_that_can_move_or_is_not_there_is_refused(weights: str, revision: str | None) -> None:
    assert "a branch can move" in refused(lambda: PARTS.find(Path(weights), revision))


def test_making_every_scorer_of_texts_imports_nothing_heavy() -> None:
    program = (
        "import sys\nfrom tts_bench.scorers import aesthetic, clip_score, hps, image_reward, pick_score, vqa_score\n"
        "made = [m.load() for m in (aesthetic, clip_score, hps, image_reward, pick_score)]\n"
        f"made.append(vqa_score.load(None, {ONE!r}))\n"
        "cards = [scorer.card for scorer in made]\n"
        "heavy = {'torch', 'transformers', 'torchvision', 'open_clip', 'huggingface_hub', 'sentencepiece', 'scipy'}\n"
        "sys.exit(', '.join(sorted(set(sys.modules) & heavy)) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
