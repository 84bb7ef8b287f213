"""What cannot be fetched is told before anything is made, and what nobody needs is not asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.models import tiny_pipelines
from tests.models.tiny import save_dit
from tests.scorers import tiny
from tts_bench import api, engine
from tts_bench.api import Settings
from tts_bench.errors import ServiceFailed
from tts_bench.models import dit
from tts_bench.protocols import ModelSpec
from tts_bench.registry import SCORERS
from tts_bench.score import run_score
from tts_bench.self_reported import Declared
from tts_bench.store import Store
from tts_bench.submission import Submission, from_flags

COMMIT = "0123456789abcdef0123456789abcdef01234567"
METRIC = '[[metrics]]\nname = "{0}"\nscorer = "{0}"\noutput = "score"\ntitle = "{0}"\n'
FETCHED = ("aesthetic", "clip_score", "hps", "image_reward", "pick_score", "clip_self_supervised", "clip_zero_shot")


@pytest.fixture
def card(tmp_path: Path) -> Callable[..., str]:
    """Two prompts for the embedded model, measured by these scorers."""
    lines = "".join(json.dumps({"id": name, "text": f"a {name} circle"}) + "\n" for name in ("red", "blue"))
    (tmp_path / "texts.jsonl").write_text(lines)
    sha256 = hashlib.sha256(lines.encode()).hexdigest()

    def write(*scorers: str) -> str:
        head = 'name = "texts"\ntitle = "Two"\ndescription = "For tests."\n'
        head += f'[prompts]\nfile = "texts.jsonl"\nsha256 = "{sha256}"\nlimit = 2\n[protocol]\nseed = 3\n'
        metrics = "".join(METRIC.format(scorer) + ("main = true\n" if scorer == "chance" else "") for scorer in scorers)
        own = '[[submissions]]\nname = "none"\nmodel = { name = "shapes" }\nsearch = { name = "none" }\n'
        (tmp_path / "texts.toml").write_text(head + 'model = "shapes"\n' + metrics + own)
        return str(tmp_path / "texts.toml")

    return write


class FakeHub:
    """Stands in for the hub's client: gives `folder` while `reached`, and counts what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reached, self.asked = folder, True, 0

    def __call__(self, repo: str, revision: str, allow_patterns: list[str]) -> str:
        self.asked += 1
        if not self.reached:
            raise OSError("no route")
        return str(self.folder)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    """It has a tiny CLIP."""
    found = FakeHub(tiny.save_clip(tmp_path / "clip"))
    monkeypatch.setattr("huggingface_hub.snapshot_download", found)
    return found


def run(card: str, place: Path, *submissions: Submission) -> api.Evaluation:
    return api.run_evaluation(card, submissions, Settings(store=place / "store", workers=1), place / "out")


def states(place: Path) -> int:
    with Store(place / "store") as store:
        return store.stats().states


def best_of(n: int, verifier: str) -> Submission:
    return from_flags("shapes:steps=2", f"random:candidates={n}", verifier, name=f"random{n}-{verifier}")


@pytest.mark.parametrize(("metrics", "verifier"), [(("chance",), "clip_score"), (("chance", "clip_score"), "appeal")])
def test_a_scorer_out_of_reach_is_told_before_an_image_is_made(
    metrics: tuple[str, ...], verifier: str, card: Callable[..., str], hub: FakeHub, tmp_path: Path
) -> None:
    hub.reached = False
    plain = from_flags("shapes:steps=2", "none", name="first")
    with pytest.raises(ServiceFailed, match="no route"):
        run(card(*metrics), tmp_path, plain, best_of(2, verifier))
    assert states(tmp_path) == 0


def test_without_that_look_images_would_have_been_made_in_vain(
    card: Callable[..., str], hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test of the test before."""
    monkeypatch.setattr(engine, "fetch", lambda part: None)
    hub.reached = False
    with pytest.raises(ServiceFailed):
        run(card("chance"), tmp_path, best_of(2, "clip_score"))
    assert states(tmp_path) > 0


def test_a_run_whose_scores_are_all_there_asks_for_nothing(
    card: Callable[..., str], hub: FakeHub, tmp_path: Path
) -> None:
    first = run(card("chance", "clip_score"), tmp_path, best_of(3, "clip_score"))
    hub.reached, hub.asked = False, 0
    assert run(card("chance", "clip_score"), tmp_path, best_of(3, "clip_score")).results == first.results
    run(card("chance"), tmp_path, best_of(2, "clip_score"), best_of(4, "appeal"))
    assert hub.asked == 0, "new images that CLIP has no part in, and old ones that it has seen"


def test_images_that_are_there_are_no_reason_to_ask_for_less(
    card: Callable[..., str], hub: FakeHub, tmp_path: Path
) -> None:
    run(card("chance"), tmp_path, best_of(2, "appeal"))
    made, hub.reached = states(tmp_path), False
    with pytest.raises(ServiceFailed):
        run(card("chance", "clip_score"), tmp_path, best_of(2, "appeal"), best_of(5, "appeal"))
    assert states(tmp_path) == made


def test_a_models_weights_are_asked_for_before_another_makes_an_image(
    card: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_pipelines.save(tmp_path / "flux", "flux")

    def configs_alone(repo: str, revision: str, allow_patterns: list[str]) -> str:
        if any("safetensors" in pattern for pattern in allow_patterns):
            raise OSError("no route")
        return str(tmp_path / "flux")

    monkeypatch.setattr("huggingface_hub.snapshot_download", configs_alone)
    far = from_flags(ModelSpec("flux", weights="owner/name", revision=COMMIT, search_steps=2), "none", name="far")
    with pytest.raises(ServiceFailed, match="no route"):
        run(card("chance"), tmp_path, from_flags("shapes:steps=2", "none", name="near"), far)
    assert states(tmp_path) == 0


def test_an_autoencoder_is_brought_with_its_transformer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is loaded last, when a batch has been denoised."""
    save_dit(tmp_path)
    asked: list[str] = []

    def download(repo: str, revision: str, allow_patterns: list[str]) -> str:
        asked.extend(allow_patterns)
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    model = dit.load(ModelSpec("dit", "owner/name", COMMIT))
    assert not any("safetensors" in pattern for pattern in asked)
    for _ in range(2):
        model.fetch()
    weights = [pattern for pattern in asked if "safetensors" in pattern]
    assert [pattern.partition("/")[0] for pattern in weights] == ["transformer", "vae"], "and once"


@pytest.mark.parametrize("name", FETCHED)
def test_every_scorer_with_weights_at_the_hub_can_bring_them_without_loading(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def far(*_: object, **__: object) -> str:
        raise OSError("no route")

    monkeypatch.setattr("huggingface_hub.snapshot_download", far)
    scorer = SCORERS.load(name)()
    with pytest.raises(ServiceFailed, match="no route"):
        scorer.fetch()


def test_images_brought_are_shown_to_no_scorer_before_all_can_be_had(
    card: Callable[..., str], hub: FakeHub, tmp_path: Path
) -> None:
    from PIL import Image

    (tmp_path / "images").mkdir()
    for name in ("red", "blue"):
        Image.new("RGB", (32, 32), name).save(tmp_path / "images" / f"{name}.png")
    hub.reached, settings = False, Settings(store=tmp_path / "store")
    with pytest.raises(ServiceFailed):
        run_score(card("chance", "clip_score"), tmp_path / "images", Declared("theirs", 1), settings, tmp_path)
    with Store(tmp_path / "store") as store:
        assert store.stats().scores == 0
    hub.reached = True
    done = run_score(card("chance", "clip_score"), tmp_path / "images", Declared("theirs", 1), settings, tmp_path)
    assert done.results[0].metrics["clip_score"].n == 2
