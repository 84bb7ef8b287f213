"""VQAScore against transformers' whole T5, tower, PIL processor and tokenizer; and the ways to differ in silence."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Picture

from tests.scorers.asking import TEXTS, ask, check_batches, check_unscored, images, refused
from tests.scorers.tiny import OPTIONS, made
from tts_bench.scorers import vqa_score
from tts_bench.scorers.clip_t5 import TOWER
from tts_bench.scorers.vqa_score import ANSWER, FRAME, QUESTION
from tts_bench.types import Image

MODEL = Path("zhiqiulin") / "clip-flant5-xxl"
CHANGED = 1e-6  # where the port and its reference differ by 1e-9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OPTIONS["vqa_score"]()["weights"], tmp_path / "weights"))


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    found = load_file(folder / MODEL / "model.safetensors")
    return {name: value.bfloat16().float() for name, value in found.items()}


def config(folder: Path) -> dict[str, Any]:
    return json.loads((folder / MODEL / "config.json").read_text())


@cache
def networks() -> tuple[Any, Any, Any, dict[str, Any]]:
    """T5 as `from_pretrained` keeps it, both its tensors apart; the tower, the tokenizer, and all weights."""
    import tempfile

    from safetensors.torch import save_file
    from transformers import CLIPVisionConfig, CLIPVisionModel, T5ForConditionalGeneration, T5Tokenizer

    folder = OPTIONS["vqa_score"]()["weights"]
    state = weights(folder)
    with tempfile.TemporaryDirectory() as place:
        words = {name: v for name, v in state.items() if name.startswith(("shared", "enc", "dec", "lm_head"))}
        save_file(words, Path(place) / "model.safetensors", {"format": "pt"})
        (Path(place) / "config.json").write_text(json.dumps({**config(folder), "model_type": "t5"}))
        talker = T5ForConditionalGeneration.from_pretrained(place).eval()
    tower = CLIPVisionModel(CLIPVisionConfig.from_pretrained(folder / "openai" / "clip-vit-large-patch14-336")).eval()
    tower.load_state_dict({name.removeprefix(TOWER): v for name, v in state.items() if name.startswith(TOWER)})
    return talker, tower, T5Tokenizer.from_pretrained(folder / "google" / "flan-t5-xxl"), state


def processed(image: Image, pad: bool = True, pil: bool = True) -> Any:
    from transformers import CLIPImageProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    process = (CLIPImageProcessorPil if pil else CLIPImageProcessor)(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    )
    picture = Picture.fromarray(image)
    if pad:
        side = max(picture.size)
        frame = Picture.new("RGB", (side, side), tuple(int(x * 255) for x in process.image_mean))
        frame.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
        picture = frame
    return process(picture, return_tensors="pt")["pixel_values"]


@torch.no_grad()
def reference(head: str = "lm_head.weight", cut: bool = True, pad: bool = True, pil: bool = True) -> np.ndarray:
    """The mean loss of the answer, exponentiated, of T5's own forward pass."""
    talker, tower, tokenizer, state = networks()
    assert torch.equal(talker.lm_head.weight, state["lm_head.weight"]), "the reference is tied itself"
    found = []
    for image, text in zip(images(), TEXTS, strict=True):
        seen = tower(processed(image, pad, pil), output_hidden_states=True).hidden_states[-2][:, 1:]
        first = seen @ state["mm_projector.0.weight"].T + state["mm_projector.0.bias"]
        seen = torch.nn.GELU()(first) @ state["mm_projector.2.weight"].T + state["mm_projector.2.bias"]
        parts = [tokenizer(part, return_tensors="pt").input_ids for part in (FRAME, QUESTION.format(text), ANSWER)]
        asked = torch.cat([talker.shared(parts[0]), seen, talker.shared(parts[1])], dim=1)
        out = talker(inputs_embeds=asked, labels=parts[2], output_hidden_states=True)
        logits = out.logits[0] if head == "lm_head.weight" else out.decoder_hidden_states[-1][0] @ state[head].T
        logits = logits[:, : len(tokenizer)] if cut else logits
        found.append(float(torch.exp(-torch.nn.functional.cross_entropy(logits, parts[2][0]))))
    return np.array(found)


def test_it_is_what_transformers_gives() -> None:
    found, expected = np.array(ask(made("vqa_score")), float), reference()
    apart = np.abs(found - expected).max()
    print(f"\nvqa_score: largest difference {apart:.1e}")
    assert apart < 1e-7 and np.ptp(expected) > 300 * CHANGED


@pytest.mark.parametrize(
    "broken",
    [{"head": "shared.weight"}, {"pil": False}, {"pad": False}, {"cut": False}],
    ids=["tied head", "processor of tensors", "cut, not padded", "more tokens than the tokenizer has"],
)
def test_each_silent_difference_is_caught(broken: dict[str, Any]) -> None:
    assert np.abs(reference(**broken) - reference()).max() > CHANGED


def test_transformers_still_ties_the_head_of_what_it_builds() -> None:
    """Why the port has a head of its own: with this, building T5 and filling it loses a tensor without a word."""
    from transformers import T5Config, T5ForConditionalGeneration

    settings = {**config(OPTIONS["vqa_score"]()["weights"]), "model_type": "t5"}
    built = T5ForConditionalGeneration(T5Config.from_dict(settings))
    assert built.lm_head.weight.data_ptr() == built.shared.weight.data_ptr()
    network = made("vqa_score").network
    assert not torch.equal(network.head, network.stacks.shared.weight[: len(network.head)])


def test_a_head_that_was_trained_tied_is_scaled(folder: Path) -> None:
    """T5's own rule, which transformers reads from the same field: d_model^-0.5."""
    settings = config(folder)
    del settings["tie_word_embeddings"]
    (folder / MODEL / "config.json").write_text(json.dumps(settings))
    assert vqa_score.load(folder).network.scale == 32**-0.5 and made("vqa_score").network.scale == 1
    assert np.abs(np.array(ask(vqa_score.load(folder)), float) - reference()).max() > CHANGED


def test_a_batch_of_one_is_a_batch_of_eight() -> None:
    check_batches(made("vqa_score"))


def test_what_cannot_be_scored_is_none() -> None:
    check_unscored(made("vqa_score"))
    marked = ["an <image> of it", "it </s>", "<pad>", "<extra_id_7>", "a {} of it"]
    assert [score is None for score in ask(made("vqa_score"), images()[:5], marked)] == [True] * 4 + [False]


def test_a_long_text_is_cut_behind_2048_tokens() -> None:
    scorer = made("vqa_score")
    before, after, _ = scorer.ids("quilt, " * 900)
    assert len(before) + 1 + len(after) == 2048
    one, other = ask(scorer, images()[:1] * 2, ["quilt, " * 900, "quilt, " * 900 + "and a cat"])
    assert one == other


def test_shards_and_torch_s_own_format_are_the_same(folder: Path) -> None:
    from safetensors.torch import load_file

    place = folder / MODEL
    state = load_file(place / "model.safetensors")
    (place / "model.safetensors").unlink()
    shards = {
        "pytorch_model-00001-of-00002.bin": list(state)[::2],
        "pytorch_model-00002-of-00002.bin": list(state)[1::2],
    }
    for name, kept in shards.items():
        torch.save({key: state[key] for key in kept}, place / name)
    index = {key: name for name, kept in shards.items() for key in kept}
    (place / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": index}))
    assert ask(vqa_score.load(folder)) == ask(made("vqa_score"))
    (place / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": {"a": "../other.bin"}}))
    assert "names a file elsewhere" in refused(lambda: ask(vqa_score.load(folder)))
    (place / "pytorch_model.bin.index.json").unlink()
    assert "'model.safetensors': is missing" in refused(lambda: ask(vqa_score.load(folder)))


def test_the_embeddings_may_have_any_of_their_names(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = folder / MODEL / "model.safetensors"
    state = load_file(path)
    state["encoder.embed_tokens.weight"] = state.pop("shared.weight")
    save_file(state, path, {"format": "pt"})
    assert ask(vqa_score.load(folder)) == ask(made("vqa_score"))


@pytest.mark.parametrize(
    ("lost", "line"),
    [("lm_head.weight", "tensor = 'lm_head.weight': is missing"),
     ("shared.weight", "tensor = 'shared.weight': is missing"), ("mm_projector.2.bias", "2.bias': is missing"),
     (f"{TOWER}post_layernorm.bias", "'post_layernorm.bias': is missing; .* holds its image tower")],
)  # fmt: skip
def test_weights_that_are_not_all_there_are_refused(folder: Path, lost: str, line: str) -> None:
    import re

    from safetensors.torch import load_file, save_file

    path = folder / MODEL / "model.safetensors"
    state = load_file(path)
    tensor = state.pop(lost)
    save_file(state, path, {"format": "pt"})
    assert re.search(line, refused(lambda: ask(vqa_score.load(folder))))
    save_file({**state, lost: torch.full_like(tensor, float("nan"))}, path, {"format": "pt"})
    assert "holds what is no number" in refused(lambda: ask(vqa_score.load(folder)))


@pytest.mark.parametrize(
    ("changed", "line"),
    [({"model_type": "t5"}, "model_type = 't5': must be 'clip_t5'"), ({"vocab_size": 9}, "belong together"),
     ({"mm_projector_type": "linear"}, "must be 'mlp2x_gelu'"), ({"d_model": None}, "d_model = None: must be a whole"),
     ({"feed_forward_proj": "a-b-c"}, "make no network"), ({"d_ff": 50}, "is another network"),
     ({"num_layers": 3}, "block.2")],
)  # fmt: skip
def test_a_config_of_something_else_is_one_line(folder: Path, changed: dict[str, Any], line: str) -> None:
    (folder / MODEL / "config.json").write_text(json.dumps({**config(folder), **changed}))
    assert line in refused(lambda: ask(vqa_score.load(folder)))


def test_a_tokenizer_or_tower_that_is_none_is_one_line(folder: Path) -> None:
    tower = folder / "openai" / "clip-vit-large-patch14-336" / "config.json"
    tower.write_text("{")
    assert "makes no CLIP" in refused(lambda: ask(vqa_score.load(folder)))
    (folder / "google" / "flan-t5-xxl" / "spiece.model").write_bytes(b"none")
    assert "is no tokenizer" in refused(lambda: ask(vqa_score.load(folder)))
