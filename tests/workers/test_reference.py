"""Nightly: the real environment, made with uv from the network, and scores of real classes with random weights.

Each is held against a second way to the same number: this project's newer libraries, or the package without a worker.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from tests.scorers import tiny
from tests.workers.save_tiny import TEXTS
from tts_bench.errors import BadInput
from tts_bench.protocols import Scorer
from tts_bench.registry import SCORERS
from tts_bench.scorers.worker import InWorker, make
from tts_bench.types import Image, Prompt
from tts_bench.workers import setup
from tts_bench.workers.environment import T2V_METRICS
from tts_bench.workers.repositories import Needed

pytestmark = pytest.mark.nightly
MEAN, STD = np.array([0.48145466, 0.4578275, 0.40821073]), np.array([0.26862954, 0.26130258, 0.27577711])
SAVE = Path(__file__).with_name("save_tiny.py")
VIT_B_32 = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K/open_clip_pytorch_model.bin"
PORTED = {"vqa_score": 1e-6, "image_reward": 1e-5}  # a probability; standardised, mostly -2 to 2
IMAGES, PROMPTS = tiny.pictures(4), [Prompt(text, text) for text in TEXTS]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function from the kind of network to its folder; the environment is made where it was not."""
    setup.make(T2V_METRICS)
    folder = tmp_path_factory.mktemp("tiny")

    def saved(kind: str) -> Path:
        if not (folder / kind).exists():
            subprocess.run([T2V_METRICS.python, "-I", SAVE, folder / kind, kind], check=True, capture_output=True)
        return folder / kind

    return saved


def scores(scorer: Scorer, images: list[Image] = IMAGES, prompts: list[Prompt] = PROMPTS) -> np.ndarray:
    found = scorer.score(images, prompts, ["k"] * len(images))
    return np.array([values["score"] for values in found], dtype=np.float64)


def check_scorer(scorer: InWorker, reference: np.ndarray, tolerance: float) -> None:
    found = scores(scorer)
    assert np.ptp(found) > 100 * tolerance, "the check could not tell one image from another"
    print(f"\n{scorer.worker.scorer}: {found}, largest difference {np.abs(found - reference).max():.1e}")
    assert np.abs(found - reference).max() <= tolerance
    assert found[:1] == scores(scorer, IMAGES[:1], PROMPTS[:1]), "batch of one"
    scorer.worker.close()


def pixels(image: Image, side: int, pad: bool) -> torch.Tensor:
    """CLIP's preprocessing by Pillow and numpy alone: (1, 3, side, side)."""
    picture = Picture.fromarray(image)
    if pad:
        square = Picture.new("RGB", (max(picture.size),) * 2, tuple(int(x * 255) for x in MEAN))
        square.paste(picture, ((square.width - picture.width) // 2, (square.height - picture.height) // 2))
        picture = square
    short = min(picture.size)
    size = [int(side * length / short) for length in picture.size]
    picture = picture.resize((size[0], size[1]), Picture.Resampling.BICUBIC)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    array = np.asarray(picture.crop((left, top, left + side, top + side))) / 255.0
    return torch.from_numpy(((array - MEAN) / STD).transpose(2, 0, 1)).float()[None]


def vqascore(folder: Path, head: str = "lm_head.weight") -> np.ndarray:
    """P(Yes) of CLIP-FlanT5 with this project's transformers: tower, projection, T5's two stacks, the untied head."""
    from safetensors.torch import load_file
    from transformers import CLIPVisionModel, T5Config, T5Model

    tower = CLIPVisionModel.from_pretrained(folder / "openai" / "clip-vit-large-patch14-336").bfloat16().float()
    place, tokens = folder / "zhiqiulin" / "clip-flant5-xxl", json.loads((folder / "tokens.json").read_text())
    state = {name: value.bfloat16().float() for name, value in load_file(place / "model.safetensors").items()}
    settings = json.loads((place / "config.json").read_text())
    kept = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads", "feed_forward_proj")
    network = T5Model(T5Config(**{name: settings[name] for name in kept})).eval()
    lacking = network.load_state_dict({n: v for n, v in state.items() if n.startswith(("shared", "enc", "dec"))}, False)
    assert {name.rpartition(".")[0] for name in lacking.missing_keys} <= {
        "encoder.embed_tokens",
        "decoder.embed_tokens",
    }
    found = []
    for image, after in zip(IMAGES, tokens["after"], strict=True):
        seen = tower(pixels(image, 32, pad=True), output_hidden_states=True).hidden_states[-2][:, 1:]
        for layer, act in ((0, torch.nn.functional.gelu), (2, torch.nn.Identity())):
            seen = act(seen @ state[f"mm_projector.{layer}.weight"].T + state[f"mm_projector.{layer}.bias"])
        before, rest = (network.shared(torch.tensor([ids])) for ids in (tokens["before"], after))
        memory = network.encoder(inputs_embeds=torch.cat([before, seen, rest], dim=1)).last_hidden_state
        asked = torch.tensor([[0, *tokens["yes"][:-1]]])
        hidden = network.decoder(input_ids=asked, encoder_hidden_states=memory).last_hidden_state
        logs = (hidden[0] @ state[head].T).log_softmax(dim=-1)
        found.append(float(logs[range(len(tokens["yes"])), tokens["yes"]].mean().exp()))
    return np.array(found)


@torch.no_grad()
def test_vqascore_is_what_transformers_5_gives(weights: Any) -> None:
    folder = weights("vqascore")
    reference = vqascore(folder)
    tied = vqascore(folder, head="shared.weight")  # transformers 5 ties the head to the embeddings without a word
    assert np.abs(tied - reference).max() > 1e-4, "the check would not see a tied head"
    check_scorer(SCORERS.load("t2v_vqascore")(weights=folder), reference, 1e-7)


@torch.no_grad()
def test_pickscore_is_what_transformers_5_gives(weights: Any) -> None:
    from transformers import CLIPModel, CLIPTokenizer

    folder = weights("pickscore")
    network = CLIPModel.from_pretrained(folder / "yuvalkirstain" / "PickScore_v1").eval()
    tokenizer = CLIPTokenizer.from_pretrained(folder / "laion" / "CLIP-ViT-H-14-laion2B-s32B-b79K")
    found = []
    for image, text in zip(IMAGES, TEXTS, strict=True):
        seen = network.get_image_features(pixel_values=pixels(image, 32, pad=False)).pooler_output
        read = network.get_text_features(**tokenizer([text], return_tensors="pt")).pooler_output
        found.append(float(torch.nn.functional.cosine_similarity(seen, read)))
    check_scorer(SCORERS.load("t2v_pickscore")(weights=folder), np.array(found), 1e-6)


@torch.no_grad()
def test_clipscore_is_what_a_newer_open_clip_gives(weights: Any) -> None:
    """At ViT-B/32: the file of the registered ViT-L/14 is held to a digest by open_clip, no other can stand in."""
    import open_clip

    folder = weights("clipscore")
    network, _, see = open_clip.create_model_and_transforms("ViT-B-32", pretrained=str(folder / VIT_B_32))
    network.eval()
    read = open_clip.get_tokenizer("ViT-B-32")
    found = []
    for image, text in zip(IMAGES, TEXTS, strict=True):
        shown = network.encode_image(see(Picture.fromarray(image))[None])  # type: ignore[operator, index]
        found.append(float(torch.nn.functional.cosine_similarity(shown, network.encode_text(read([text])))))
    needed = Needed("t2v_clipscore", (VIT_B_32,))
    scorer = make(needed, T2V_METRICS, "t2v_metrics", "laion2b_s34b_b79k:ViT-B-32", folder, None, "cpu")
    check_scorer(scorer, np.array(found), 1e-6)


ALONE = {
    "image_reward": """
import ImageReward
network = ImageReward.load("THUDM/ImageReward/ImageReward.pt", med_config="THUDM/ImageReward/med_config.json")
score = lambda path, text: network.score(text, path)
""",
    "itmscore": """
from t2v_metrics.models.vqascore_models.lavis.models import clip_vit
from t2v_metrics.models.vqascore_models.lavis.models.blip2_models import blip2
clip_vit.download_cached_file = blip2.download_cached_file = lambda url, **options: url.rpartition("/")[2]
from t2v_metrics.models.itmscore_models.blip2_itm_model import BLIP2ITMScoreModel
network = BLIP2ITMScoreModel("blip2-itm-vitL", device="cpu", cache_dir="cache")
score = lambda path, text: float(network.forward([path], [text])[0])
""",
}  # run in the folder of weights, where the packages find bert-base-uncased by its name
AROUND = "import json, sys, torch\ntorch.set_num_threads(1)\npairs = json.load(sys.stdin)\n{}\n" + (
    "with torch.no_grad(): found = [score(*pair) for pair in pairs]\nsys.stdout.write('\\n' + json.dumps(found))"
)


def alone(kind: str, folder: Path, pictures: Path) -> np.ndarray:
    """The package's own scores, in one call, without a worker."""
    for i, image in enumerate(IMAGES):
        Picture.fromarray(image).save(pictures / f"{i}.png")
    pairs = json.dumps([[str(pictures / f"{i}.png"), text] for i, text in enumerate(TEXTS)])
    command = [str(T2V_METRICS.python), "-I", "-c", AROUND.format(ALONE[kind])]
    said = subprocess.run(command, input=pairs, capture_output=True, text=True, check=True, cwd=folder).stdout
    return np.array(json.loads(said.splitlines()[-1]))


def test_image_reward_is_what_the_package_gives_without_a_worker(weights: Any, tmp_path: Path) -> None:
    folder = weights("image_reward")
    reference = alone("image_reward", folder, tmp_path)
    for name in ("image_reward_reference", "t2v_image_reward"):
        check_scorer(SCORERS.load(name)(weights=folder), reference, 1e-7)


@pytest.mark.parametrize(
    ("port", "package", "kind"),
    [("vqa_score", "t2v_vqascore", "vqascore"), ("image_reward", "image_reward_reference", "image_reward")],
)
def test_a_port_is_what_its_package_gives(port: str, package: str, kind: str, weights: Any) -> None:
    """From the same files: the scorer of this process beside the package in its worker."""
    folder = weights(kind)
    ours = scores(SCORERS.load(port)(weights=folder))
    check_scorer(SCORERS.load(package)(weights=folder), ours, PORTED[port])


def test_itmscore_is_what_the_package_gives_without_a_worker(weights: Any, tmp_path: Path) -> None:
    """With the smaller tower: the registered one is the same class with a ViT-g of a billion weights."""
    folder = weights("itmscore")
    needed = Needed("t2v_itmscore", ("clip_vit_L.pth", "blip2_pretrained_vitL.pth", "bert-base-uncased/vocab.txt"))
    scorer = make(needed, T2V_METRICS, "t2v_metrics", "blip2-itm-vitL", folder, None, "cpu")
    check_scorer(scorer, alone("itmscore", folder, tmp_path), 1e-6)


def test_a_file_that_lacks_a_tensor_is_refused_not_filled_at_random(weights: Any, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(weights("vqascore"), tmp_path / "vqascore"))
    path = folder / "zhiqiulin" / "clip-flant5-xxl" / "model.safetensors"
    state = load_file(path)
    state.pop("lm_head.weight")
    save_file(state, path, metadata={"format": "pt"})
    with pytest.raises(BadInput, match=r"cannot be loaded .*1 tensors are missing, lm_head.weight among them"):
        scores(SCORERS.load("t2v_vqascore")(weights=folder))


class Canary:
    """Pickles as a call that leaves a trace."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.mkdir, (str(self.path),)


def test_a_checkpoint_that_is_a_program_is_not_run(weights: Any, tmp_path: Path) -> None:
    import pickle
    import shutil

    folder = tmp_path / "hostile"
    shutil.copytree(weights("image_reward"), folder, ignore=shutil.ignore_patterns("*.pt"))
    (folder / "THUDM" / "ImageReward" / "ImageReward.pt").write_bytes(pickle.dumps(Canary(tmp_path / "ran")))
    for name in ("image_reward_reference", "t2v_image_reward"):
        with pytest.raises(BadInput, match="holds more than tensors, and is not read"):
            scores(SCORERS.load(name)(weights=folder))
    assert not (tmp_path / "ran").exists()
