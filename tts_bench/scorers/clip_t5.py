"""CLIP-FlanT5 (Lin et al. 2024): FlanT5 that reads an image as tokens, CLIP's patches through two layers.

Where newer libraries, or a plain reading of the files, would differ from the authors' package in silence: the head is
kept apart from the embeddings, which transformers 5 ties in T5 whatever the config says; it ends with the tokenizer's
last token, as the package cuts it; and weights are rounded to bfloat16. The arithmetic here is float32.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.files import read_limited
from tts_bench.running import place
from tts_bench.scorers.checkpoint import check, fill, read_folder

CONFIG, WHOSE = "config.json", "CLIP-FlanT5"
SIZES = (
    "vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_decoder_layers", "num_heads", "feed_forward_proj",
    "relative_attention_num_buckets", "relative_attention_max_distance", "layer_norm_epsilon",
)  # fmt: skip
MADE_SO = {"model_type": "clip_t5", "mm_projector_type": "mlp2x_gelu", "mm_vision_select_feature": "patch"}
WORDS = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "embed_tokens.weight")
TOWER = "vision_tower.vision_tower.vision_model."
START = 0  # the token that an answer begins behind


@dataclass(frozen=True)
class ClipT5:
    """Its parts: CLIP's image tower, the projector's (weight, bias) of two layers, T5's two stacks, and its head."""

    tower: Any
    layer: int  # of the tower, whose patches are read
    projector: tuple[tuple[Any, Any], tuple[Any, Any]]
    stacks: Any
    head: Any  # (tokens, d_model)
    scale: float  # of what the head sees

    def log_probabilities(self, pixels: Any, before: Any, after: Any, answer: Any) -> Any:
        """log P of each token of `answer`, (n,), given those before it, the image (1, 3, s, s) and what is around it.

        `before`, `after` and `answer` are token ids, (n,) each.
        """
        import torch

        patches = self.project(self.tower(pixels, output_hidden_states=True).hidden_states[self.layer][:, 1:])
        words = [self.stacks.shared(ids)[None] for ids in (before, after)]
        asked = torch.cat([words[0], patches, words[1]], dim=1)
        memory = self.stacks.encoder(inputs_embeds=asked).last_hidden_state
        given = self.stacks.shared(torch.cat([answer.new_full((1,), START), answer[:-1]]))[None]
        said = self.stacks.decoder(inputs_embeds=given, encoder_hidden_states=memory, use_cache=False)
        logits = (said.last_hidden_state[0] * self.scale) @ self.head.T
        return logits.log_softmax(dim=-1)[range(len(answer)), answer]

    def project(self, patches: Any) -> Any:
        from torch.nn.functional import gelu, linear

        first, second = self.projector
        return linear(gelu(linear(patches, *first)), *second)


def load_clip_t5(folder: Path, tower: Path, tokens: int, device: str) -> ClipT5:
    """From the authors' folder and that of the tower's config; its tokenizer knows `tokens`. BadInput for another."""
    place(device)
    config = _config(folder / CONFIG)
    if tokens > config["vocab_size"]:
        fix = f"is less than the {tokens} of the tokenizer; give weights and tokenizer that belong together"
        raise BadInput.at(folder / CONFIG, "vocab_size", config["vocab_size"], fix)
    state = read_folder(folder)
    projector = [(f"mm_projector.{place}.weight", f"mm_projector.{place}.bias") for place in (0, 2)]
    check(state, ["lm_head.weight", *sum(projector, ())], folder, WHOSE)
    rounded = {name: state.pop(name).bfloat16().float() for name in list(state)}
    first, second = ((rounded[weight].to(device), rounded[bias].to(device)) for weight, bias in projector)
    tied = config.get("tie_word_embeddings") is not False  # which in T5 says how its head was trained
    return ClipT5(
        tower=_tower(rounded, tower, folder).to(device),
        layer=config["mm_vision_select_layer"],
        projector=(first, second),
        stacks=_stacks(rounded, config, folder).to(device),
        head=rounded["lm_head.weight"][:tokens].to(device),
        scale=config["d_model"] ** -0.5 if tied else 1.0,
    )


def _config(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_limited(path, 2**20))
    except ValueError as error:
        raise BadInput.at(path.parent, "file", path.name, "is no JSON; fetch the folder again") from error
    for name, wanted in MADE_SO.items():
        if not isinstance(found, dict) or found.get(name) != wanted:
            value = found.get(name) if isinstance(found, dict) else found
            raise BadInput.at(path, name, value, f"must be {wanted!r}; give {WHOSE}")
    if wrong := [n for n in ("vocab_size", "d_model", "mm_vision_select_layer") if not isinstance(found.get(n), int)]:
        raise BadInput.at(path, wrong[0], found.get(wrong[0]), f"must be a whole number; give {WHOSE}")
    return found


def _stacks(state: Mapping[str, Any], config: Mapping[str, Any], folder: Path) -> Any:
    """T5's encoder and decoder, which share the embeddings of tokens."""
    import torch
    from transformers import T5Config, T5Model

    try:
        with torch.device("meta"):  # without memory, until the weights are put in
            network = T5Model(T5Config(**{name: config[name] for name in SIZES if name in config}))
    except Exception as error:  # sizes that do not go together
        why = " ".join(str(error).split())[:120]
        raise BadInput.at(folder / CONFIG, "sizes", why, f"make no network; give {WHOSE}") from error
    kept = {name: value for name, value in state.items() if name.startswith(("encoder.", "decoder."))}
    # A file may hold the tensor that they share under any one of its names.
    if words := [state[name] for name in WORDS if name in state]:
        kept |= dict.fromkeys(WORDS[:3], words[0])
    return fill(network, kept, folder, WHOSE)


def _tower(state: Mapping[str, Any], tower: Path, folder: Path) -> Any:
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModel

    try:
        config = CLIPVisionConfig.from_pretrained(tower, local_files_only=True)
        with torch.random.fork_rng(devices=[]):
            network = CLIPVisionModel(config)
    except Exception as error:  # whatever the file leads to
        why = " ".join(str(error).split())[:120]
        raise BadInput.at(tower, "file", CONFIG, f"makes no CLIP ({why}); fetch the folder again") from error
    kept = {name.removeprefix(TOWER): value for name, value in state.items() if name.startswith(TOWER)}
    kept.pop("embeddings.position_ids", None)  # 0, 1, 2, ..., in files of older transformers
    return fill(network, kept, folder, f"{WHOSE}, which holds its image tower")


def as_ids(tokens: Sequence[int], device: str) -> Any:
    import torch

    return torch.tensor(list(tokens), device=device)
