"""Scorers that run in a worker: the contract, cards, folders of weights, and what is asked of the user."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.test_scorers import World, check_promises
from tests.scorers import tiny
from tests.workers import stand_in
from tts_bench import keys
from tts_bench.doctor import check_all
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.registry import SCORERS
from tts_bench.types import Prompt
from tts_bench.user_folder import VARIABLE as HOME
from tts_bench.workers.environment import T2V_METRICS, Environment
from tts_bench.workers.repositories import Needed

NAMES = [name for name in SCORERS.builtin if name.startswith("t2v_")] + ["image_reward_reference"]


@pytest.fixture
def photos() -> World:
    """The contract's pictures, with texts."""
    prompts, pictures = tiny.photos()
    return World([Prompt(p.id, f"a picture of {i} things") for i, p in enumerate(prompts)], pictures)


@pytest.mark.parametrize("name", NAMES)
def test_a_scorer_in_a_worker_keeps_every_scorer_s_promises(name: str, photos: World) -> None:
    scorer = SCORERS.load(name)(**stand_in.OPTIONS[name]())
    check_promises(scorer, photos)
    assert "/" not in keys.canonical(dict(scorer.card)) and scorer.card["scorer"] == name
    found = scorer.score(photos.pictures[:1], photos.prompts[:1], ["k"])
    assert found == [{"score": pytest.approx(stand_in.expected(photos.pictures[0], photos.prompts[0].text))}]
    scorer.worker.close()


def test_what_asks_nothing_or_holds_the_package_s_own_mark_is_unscored(world: Environment, weights: Path) -> None:
    texts = ["a cat", "", "  ", "an <image> of it", "two"]
    found = stand_in.scorer(world, weights).score(tiny.pictures(5), [Prompt("a", text) for text in texts], ["k"] * 5)
    assert [values["score"] is None for values in found] == [False, True, True, True, False]
    assert found[4]["score"] == pytest.approx(stand_in.expected(tiny.pictures(5)[4], "two"))


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the real environment had been made."""
    monkeypatch.setenv(HOME, str(tmp_path / "home"))
    T2V_METRICS.python.parent.mkdir(parents=True)
    T2V_METRICS.python.touch()
    (T2V_METRICS.folder / "whole.json").write_text(json.dumps({"pins": T2V_METRICS.digest}))


@pytest.mark.parametrize("name", NAMES)
def test_each_says_first_what_to_make_then_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, name: str
) -> None:
    monkeypatch.setenv(HOME, str(tmp_path / "none"))
    with pytest.raises(NeedsFiles, match=rf"^scorer {name}: .*run `tts-bench setup t2v-metrics`"):
        SCORERS.load(name)()
    request.getfixturevalue("whole")
    with pytest.raises(
        NeedsFiles, match=rf"^scorer {name}: weights is missing: give --weights {name}=FOLDER; make it with"
    ):
        SCORERS.load(name)()
    with pytest.raises(BadInput, match=rf"^scorer {name}: weights = '.*': lacks .*; make it with") as caught:
        SCORERS.load(name)(weights=tmp_path)
    assert not isinstance(caught.value, NeedsFiles)


def test_the_doctor_says_which_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME, str(tmp_path))
    found = {check.name: check for check in check_all() if check.name in (*NAMES, "t2v-metrics")}
    assert set(found) == {*NAMES, "t2v-metrics"}
    assert all(check.ok and "tts-bench setup t2v-metrics" in check.state for check in found.values())


def test_a_card_follows_every_byte_of_the_weights_and_the_list(world: Environment, tmp_path: Path) -> None:
    folder = stand_in.weights(tmp_path / "w")
    cards = [dict(stand_in.scorer(world, folder).card)]
    (folder / "owner" / "name" / "spiece.model").write_bytes(b"\x00")
    cards.append(dict(stand_in.scorer(world, folder).card))
    (folder / "owner" / "name" / ".cache").mkdir()
    (folder / "owner" / "name" / ".cache" / "fetched").write_text("by hf download")
    (folder / "README.md").write_text("beside it")
    assert dict(stand_in.scorer(world, folder).card) == cards[1]
    (world.pins.parent / "more.txt").write_text(stand_in.PINS + "numpy==2.1.1\n")
    other = Environment("stand-in", world.pins.parent / "more.txt", (), ("t2v-metrics",))
    cards.append(dict(stand_in.scorer(other, folder).card))
    assert len({keys.digest(card) for card in cards}) == 3
    assert cards[0]["environment"] == {"pins": world.digest, "t2v-metrics": "1.2"}


def test_a_pin_holds_the_folder(tmp_path: Path) -> None:
    folder, needed = stand_in.weights(tmp_path / "w"), Needed("a", (stand_in.MODEL,))
    found = needed.find(folder, None).identity
    assert needed.find(folder, f"sha256:{found}").identity == found
    with pytest.raises(BadInput, match="which pins it"):
        _ = needed.find(folder, f"sha256:{'0' * 64}").identity
    with pytest.raises(BadInput, match=r"revision = 'main': a folder is pinned by sha256"):
        needed.find(folder, "main")


def test_a_folder_is_shown_as_the_hub_s_own_client_looks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held against huggingface_hub: the files are found by repository and name, offline."""
    from huggingface_hub import try_to_load_from_cache

    folder, home = stand_in.weights(tmp_path / "w"), tmp_path / "home"
    (folder / "loose.pt").touch()
    (folder / "THUDM" / "ImageReward").mkdir(parents=True)
    (folder / "THUDM" / "ImageReward" / "ImageReward.pt").write_text("w")
    home.mkdir()
    needed = Needed("a", (stand_in.MODEL, "loose.pt", "THUDM/ImageReward/ImageReward.pt"))
    cache = needed.find(folder, None).show(home)
    found = try_to_load_from_cache("owner/name", "config.json", cache_dir=cache)
    assert isinstance(found, str) and Path(found).samefile(folder / stand_in.MODEL)
    assert try_to_load_from_cache("owner/name", "other.json", cache_dir=cache) is None
    assert (cache / "loose.pt").samefile(folder / "loose.pt")
    assert (home / ".cache" / "ImageReward" / "ImageReward.pt").read_text() == "w"
    assert not (home / ".cache" / "ImageReward").is_symlink(), "a package may write there, not into the user's folder"
