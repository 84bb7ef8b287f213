"""The embedded model's networks and tokenizer: diffusers' and transformers' own classes, small.

Nothing here is special to the embedded world but the sizes: the adapter that runs these networks runs a real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_bench.shapes import scenes

if TYPE_CHECKING:
    from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel
    from transformers import CLIPTextModel, PreTrainedTokenizerFast

WIDTH, TEXT_LENGTH = 128, 16


def words() -> list[str]:
    """The whole vocabulary, in a fixed order; a word's place is its token."""
    shapes = [word for shape in scenes.SHAPES for word in (shape, "crosses" if shape == "cross" else shape + "s")]
    numbers = ["a", "an", "two", "three", "four", "and", "left", "right", "of", "above", "below"]
    attributes = [*scenes.COLOURS, *shapes, *scenes.SIZES, *scenes.TEXTURES]
    return ["<pad>", "<start>", "<unknown>", *numbers, *attributes, "<end>"]


def build_tokenizer() -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    marks = {"pad_token": "<pad>", "unk_token": "<unknown>", "bos_token": "<start>", "eos_token": "<end>"}
    vocabulary = {word: index for index, word in enumerate(words())}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=marks["unk_token"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    ends = [(word, vocabulary[word]) for word in ("<start>", "<end>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<start> $A <end>", special_tokens=ends)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=TEXT_LENGTH, **marks)


def build_text_encoder() -> CLIPTextModel:
    from transformers import CLIPTextConfig, CLIPTextModel

    vocabulary = words()
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocabulary), hidden_size=WIDTH, intermediate_size=4 * WIDTH, projection_dim=WIDTH,
            num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=TEXT_LENGTH, hidden_act="gelu",
            pad_token_id=vocabulary.index("<pad>"), bos_token_id=vocabulary.index("<start>"),
            eos_token_id=vocabulary.index("<end>"),
        )
    )  # fmt: skip


def build_transformer() -> SD3Transformer2DModel:
    from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel

    return SD3Transformer2DModel(
        sample_size=32, patch_size=4, in_channels=3, out_channels=3, num_layers=5, attention_head_dim=32,
        num_attention_heads=4, joint_attention_dim=WIDTH, caption_projection_dim=WIDTH, pooled_projection_dim=WIDTH,
        pos_embed_max_size=8, qk_norm="rms_norm",
    )  # fmt: skip
