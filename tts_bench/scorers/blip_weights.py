"""Where BLIP (Li et al. 2022) that answers questions comes from: the authors' own file, or transformers' folder.

Weights: a folder with the authors' file, a .pth, and vocab.txt of bert-base-uncased; or a folder that `save_pretrained`
left of a BlipForQuestionAnswering, with its tokenizer, or such a repository of the hub.

The authors' network, with which T2I-CompBench scores, sees images at 480 x 480; the hub's, converted from it, at 384 x
384: each has positions for its own size, and is shown images at that. In both the image encoder's layer norms have the
epsilon that it was trained with, 1e-6; configs of the hub say 1e-5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tts_bench.errors import BadInput
from tts_bench.origin import check_pin, digest, held
from tts_bench.pretrained import CONFIG, Pretrained, Source, quiet
from tts_bench.running import place
from tts_bench.scorers.blip import EPSILON, HEAD, find_blip
from tts_bench.scorers.checkpoint import check, fill, read

WORDS, SUFFIX = "vocab.txt", ".pth"
# No commit is known to the project: the user gives a folder, or pins one.
NETWORK = Pretrained("blip_vqa", "BlipForQuestionAnswering", "blip", "Salesforce/blip-vqa-base", None, reads_text=True)
TEXT, ANSWER = "text_encoder.", "text_decoder."
LIKE_BERT = {"layer_norm_eps": 1e-12, "bos_token_id": None, "sep_token_id": None, "is_decoder": True}


class Networks(NamedTuple):
    """Of transformers: the image's encoder, the question's, which looks at the image, and the answer's decoder."""

    image: Any
    question: Any
    answer: Any


class Weights(Protocol):
    """Where the networks are, and their words."""

    @property
    def identity(self) -> str: ...

    @property
    def folder(self) -> Path: ...

    def fetch(self) -> None: ...

    def load(self, device: str) -> Networks: ...

    def tokenizer(self) -> Any: ...


@dataclass
class OfHub:
    """As `save_pretrained` leaves them."""

    source: Source

    @property
    def identity(self) -> str:
        return self.source.identity

    @property
    def folder(self) -> Path:
        return self.source.folder

    def fetch(self) -> None:
        self.source.fetch()

    def load(self, device: str) -> Networks:
        import torch

        text = self.source.config.get("text_config") or {}
        width, heads = text.get("hidden_size", 768), text.get("num_attention_heads", 8)  # transformers' own defaults
        if width == 768 and heads != 12:
            fix = "must be 12, as its authors trained it; correct the file, or take a later commit of the hub"
            raise BadInput.at(self.folder / CONFIG, "text_config.num_attention_heads", heads, fix)
        network = self.source.load(device)
        for part in network.vision_model.modules():
            if isinstance(part, torch.nn.LayerNorm):
                part.eps = EPSILON
        return Networks(network.vision_model, network.text_encoder, network.text_decoder)

    def tokenizer(self) -> Any:
        from transformers import BertTokenizer

        try:
            with quiet():
                return BertTokenizer.from_pretrained(self.folder, local_files_only=True)
        except Exception as error:  # whatever its files lead to
            raise self.source.broken("tokenizer", error) from error


@dataclass
class OfAuthors:
    """The authors' file, and the words of bert-base-uncased beside it."""

    path: Path
    pin: str | None = None

    @property
    def identity(self) -> str:
        found = digest(self.folder, (SUFFIX, ".txt"), deep=False)
        return held(found, self.pin, self.folder, NETWORK.whose)

    @property
    def folder(self) -> Path:
        return self.path.parent

    def fetch(self) -> None:
        """They are here."""

    def load(self, device: str) -> Networks:
        import torch
        from transformers import BlipTextConfig, BlipTextLMHeadModel

        place(device)
        whose, state = "BLIP-VQA", read(self.path, "model")
        sizes = text_sizes(state, self.path, whose)
        blip = find_blip({f"blip.{name}": value for name, value in state.items()}, sizes, self.path, whose)
        kept = {name.removeprefix(ANSWER): value for name, value in state.items() if name.startswith(ANSWER)}
        kept.pop("bert.embeddings.position_ids", None)  # 0, 1, 2, ...
        with torch.random.fork_rng(devices=[]):  # initial weights are drawn, and then replaced
            width = sizes["hidden_size"]
            answer = BlipTextLMHeadModel(BlipTextConfig(**sizes, **LIKE_BERT, encoder_hidden_size=width))
        answer = fill(answer, kept, self.path, whose)
        return Networks(blip.image.to(device), blip.text.to(device), answer.to(device))

    def tokenizer(self) -> Any:
        from transformers import BertTokenizer

        try:
            return BertTokenizer(vocab=str(self.folder / WORDS))
        except Exception as error:  # whatever its lines lead to
            why = " ".join(str(error).split())[:120]
            raise BadInput.at(self.folder, "file", WORDS, f"is no list of words ({why}); fetch it again") from error


def text_sizes(state: Mapping[str, Any], path: Path, whose: str) -> dict[str, Any]:
    """Both text networks' sizes, read from the tensors of the question's."""
    at = f"{TEXT}embeddings."
    words, places = f"{at}word_embeddings.weight", f"{at}position_embeddings.weight"
    inner = f"{TEXT}encoder.layer.0.intermediate.dense.weight"
    check(state, [words, places, inner], path, whose)
    count, width = state[words].shape
    layers = {name.split(".")[3] for name in state if name.startswith(f"{TEXT}encoder.layer.")}
    return {
        "vocab_size": count, "hidden_size": width, "max_position_embeddings": len(state[places]),
        "num_hidden_layers": len(layers), "num_attention_heads": max(1, width // HEAD),
        "intermediate_size": len(state[inner]),
    }  # fmt: skip


def find(weights: Path | None, revision: str | None) -> Weights:
    """The folder `weights`, or the hub's repository of that name at commit `revision`; BadInput for another."""
    files = sorted(weights.glob(f"*{SUFFIX}")) if weights is not None and weights.is_dir() else []
    if weights is None or not files or (weights / CONFIG).is_file():
        return OfHub(NETWORK.find(weights, revision))
    check_pin(revision, NETWORK.whose)
    if len(files) > 1:
        raise BadInput.at(weights, "file", files[1].name, f"is a second {SUFFIX}; keep one of them in the folder")
    if not (weights / WORDS).is_file():
        fix = f"is missing; get it with `hf download google-bert/bert-base-uncased {WORDS}`"
        raise BadInput.at(weights, "file", WORDS, fix)
    return OfAuthors(files[0], revision)
