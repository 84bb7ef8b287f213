"""Tiny text-to-image pipelines on disk, of the real classes and random: what a user would have downloaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from diffusers import (
    AutoencoderDC,
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPipeline,
    SanaTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,:;'!?()-\""
SIDE = 8  # of the latents, 16 of Sana's; images are twice as large


def save(folder: Path, name: str, scheduler: Any = None, **changes: Any) -> Any:
    """A family's pipeline, saved in `folder`, with another scheduler or settings of its network if wanted."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        pipe = MAKERS[name](**changes)
    if scheduler is not None:
        pipe.register_modules(scheduler=scheduler)
    for part in pipe.components.values():
        if isinstance(part, torch.nn.Module):
            part.requires_grad_(False).eval()
    pipe.save_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def flux(guidance_embeds: bool = True) -> FluxPipeline:
    network = FluxTransformer2DModel(
        in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=guidance_embeds,
    )  # fmt: skip
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True), vae=_kl(shift_factor=0.1),
        text_encoder=tf.CLIPTextModel(_clip()), tokenizer=_clip_tokenizer(), text_encoder_2=_t5(),
        tokenizer_2=_t5_tokenizer(), transformer=network,
    )  # fmt: skip


def sd3(t5: bool = True) -> StableDiffusion3Pipeline:
    network = SD3Transformer2DModel(
        sample_size=SIDE, patch_size=1, in_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=64, caption_projection_dim=32, pooled_projection_dim=64, out_channels=4,
        pos_embed_max_size=16, dual_attention_layers=(0,), qk_norm="rms_norm",
    )  # fmt: skip
    return StableDiffusion3Pipeline(
        transformer=network, scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), vae=_kl(shift_factor=0.06),
        text_encoder=tf.CLIPTextModelWithProjection(_clip()), tokenizer=_clip_tokenizer(),
        text_encoder_2=tf.CLIPTextModelWithProjection(_clip()), tokenizer_2=_clip_tokenizer(),
        text_encoder_3=_t5(64) if t5 else None, tokenizer_3=_t5_tokenizer() if t5 else None,
    )  # fmt: skip


def sdxl(zeros: bool = True) -> StableDiffusionXLPipeline:
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, timestep_spacing="leading"
    )
    return StableDiffusionXLPipeline(
        vae=_kl(), text_encoder=tf.CLIPTextModel(_clip()), tokenizer=_clip_tokenizer(),
        text_encoder_2=tf.CLIPTextModelWithProjection(_clip()), tokenizer_2=_clip_tokenizer(),
        unet=_unet(cross_attention_dim=64, addition_embed_type="text_time", addition_time_embed_dim=8,
                   projection_class_embeddings_input_dim=80),
        scheduler=scheduler, force_zeros_for_empty_prompt=zeros, add_watermarker=False,
    )  # fmt: skip


def pixart_sigma() -> PixArtSigmaPipeline:
    network = PixArtTransformer2DModel(
        num_attention_heads=2, attention_head_dim=16, in_channels=4, out_channels=8, num_layers=2,
        cross_attention_dim=32, sample_size=SIDE, patch_size=2, caption_channels=32, use_additional_conditions=False,
    )  # fmt: skip
    scheduler = DDIMScheduler(clip_sample=False)
    return PixArtSigmaPipeline(_t5_tokenizer(), _t5(), _kl(), network, scheduler)


def sana(timestep_scale: float = 1.0) -> SanaPipeline:
    network = SanaTransformer2DModel(
        in_channels=4, out_channels=4, num_layers=2, num_attention_heads=2, attention_head_dim=16,
        num_cross_attention_heads=2, cross_attention_head_dim=16, cross_attention_dim=32, caption_channels=32,
        sample_size=2 * SIDE, timestep_scale=timestep_scale,
    )  # fmt: skip
    vae = AutoencoderDC(
        latent_channels=4, attention_head_dim=8, encoder_block_types=("ResBlock", "ResBlock"),
        decoder_block_types=("ResBlock", "ResBlock"), encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8), encoder_layers_per_block=(1, 1), decoder_layers_per_block=(1, 1),
        encoder_qkv_multiscales=((), ()), decoder_qkv_multiscales=((), ()), downsample_block_type="conv",
        upsample_block_type="interpolate", decoder_norm_types="rms_norm", decoder_act_fns="silu", scaling_factor=0.41,
    )  # fmt: skip
    gemma = tf.Gemma2Config(
        vocab_size=99, hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=2048, attn_implementation="eager",
    )  # fmt: skip
    return SanaPipeline(
        _gemma_tokenizer(), tf.Gemma2Model(gemma), vae, network, FlowMatchEulerDiscreteScheduler(shift=3.0)
    )


def other() -> StableDiffusionPipeline:
    """A text-to-image pipeline of no family here."""
    return StableDiffusionPipeline(
        vae=_kl(), text_encoder=tf.CLIPTextModel(_clip()), tokenizer=_clip_tokenizer(),
        unet=_unet(cross_attention_dim=32),
        scheduler=DDIMScheduler(clip_sample=False), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # type: ignore[arg-type]  # fmt: skip


MAKERS: dict[str, Callable[..., Any]] = {
    "flux": flux, "sd3": sd3, "sdxl": sdxl, "pixart_sigma": pixart_sigma, "sana": sana, "other": other,
}  # fmt: skip


def _kl(**changes: Any) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=4, sample_size=2 * SIDE, **changes,
    )  # fmt: skip


def _unet(**changes: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=SIDE, in_channels=4, out_channels=4, block_out_channels=(16, 32), layers_per_block=1,
        norm_num_groups=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), attention_head_dim=(2, 4),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), use_linear_projection=True, **changes,
    )  # fmt: skip


def _clip() -> tf.CLIPTextConfig:
    return tf.CLIPTextConfig(
        vocab_size=99, hidden_size=32, intermediate_size=37, num_hidden_layers=3, num_attention_heads=4,
        projection_dim=32, max_position_embeddings=77, bos_token_id=0, eos_token_id=1, pad_token_id=1,
    )  # fmt: skip


def _clip_tokenizer() -> Any:
    vocab = {"<|startoftext|>": 0, "<|endoftext|>": 1}
    for letter in LETTERS:
        vocab |= {letter: len(vocab), f"{letter}</w>": len(vocab) + 1}
    return tf.CLIPTokenizer(vocab={word: i for word, i in vocab.items() if i < 99}, merges=[], model_max_length=77)


def _t5(width: int = 32) -> tf.T5EncoderModel:
    config = tf.T5Config(
        vocab_size=99, d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu"
    )
    return tf.T5EncoderModel(config)


def _t5_tokenizer() -> Any:
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), ("▁", -2.0), *((letter, -3.0) for letter in LETTERS)]
    return tf.T5Tokenizer(vocab=pieces, extra_ids=0, model_max_length=512)


def _gemma_tokenizer() -> Any:
    vocab = {word: i for i, word in enumerate(("<pad>", "<eos>", "<bos>", "<unk>", "▁", *LETTERS))}
    return tf.GemmaTokenizer(vocab=vocab, merges=[])


def edit(folder: Path, file: str, **changes: Any) -> None:
    """Change keys of a JSON file."""
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
