"""How likely BLIP (Li et al. 2022) answers yes, and not no, to a question about an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.scorers.blip_weights import Networks, Weights

MARKS = ["[DEC]", "[ENC]"]  # BLIP's own tokens, behind the words: how an answer and a question begin
BERT = {"[DEC]": 30522, "[ENC]": 30523, "yes": 2748, "no": 2053}  # where the words are bert-base-uncased's


@dataclass
class Answers:
    """The networks with their words, on a device."""

    weights: Weights
    device: str = "cpu"

    @cached_property
    def networks(self) -> Networks:
        return self.weights.load(self.device)

    @property
    def side(self) -> int:
        return self.networks.image.config.image_size

    @cached_property
    def tokenizer(self) -> Any:
        found = self.weights.tokenizer()
        found.add_tokens(MARKS, special_tokens=True)
        known = self.networks.question.config.vocab_size
        if len(found) > known:
            fix = f"the network knows {known} tokens; give weights and words that belong together"
            raise BadInput.at(self.weights.folder, "tokens", len(found), fix)
        return found

    @cached_property
    def ids(self) -> Mapping[str, int]:
        """The tokens of `BERT`; BadInput where they are others than the network was trained with."""
        found = {token: self.tokenizer.convert_tokens_to_ids(token) for token in BERT}
        of_bert = self.networks.question.config.vocab_size == BERT["[ENC]"] + 1
        for token, number in found.items():
            if number == self.tokenizer.unk_token_id or (of_bert and number != BERT[token]):
                fix = f"is token {number}; give the tokenizer of bert-base-uncased, where it is {BERT[token]}"
                raise BadInput.at(self.weights.folder, "tokens", token, fix)
        return found

    def see(self, pixels: Any) -> Any:
        """(n, places, width) of (n, 3, side, side)."""
        return self.networks.image(pixel_values=pixels).last_hidden_state

    def yes(self, seen: Any, ids: Any) -> Any:
        """log P(yes) - log P(no), (1,), as the answer's first token, of one question (1, length) without padding.

        transformers 5 forgets which of a question's tokens are padding once the answer looks at them.
        """
        import torch

        # `is_decoder` in the config gives it the layers that look at the image; here it only encodes.
        read = self.networks.question(input_ids=ids, encoder_hidden_states=seen, is_decoder=False)
        start = torch.full((1, 1), self.ids["[DEC]"], device=ids.device)
        said = self.networks.answer(input_ids=start, encoder_hidden_states=read.last_hidden_state, is_decoder=True)
        return said.logits[:, 0, self.ids["yes"]] - said.logits[:, 0, self.ids["no"]]
