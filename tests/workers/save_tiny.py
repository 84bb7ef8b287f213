"""Run by the worker's own Python: small random networks of the real classes, in the folders that the packages ask for.

    save_tiny.py FOLDER vqascore | pickscore | clipscore | itmscore | image_reward

Sizes that a package fixes are as it fixes them: ImageReward's ViT-L/16, BLIP-2's ViT-L/14, open_clip's ViT-B-32.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch

LAYERS = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 48}
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'!?\"-"
TOWER = "openai/clip-vit-large-patch14-336"
TEXTS = ["a red cat", "two dogs on a bench, at night", "4 blue cars", "nothing"]
SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)  # what CLIP-FlanT5 was trained with (Lin et al. 2024, appendix)
QUESTION = 'Does this figure show "{}"? Please answer yes or no.'


def spread(network, std=0.15):
    """Weights large enough that pictures and texts differ."""
    for name, value in network.named_parameters():
        if value.ndim > 1:
            value.data.normal_(std=std)
        elif "bias" in name:
            value.data.normal_(std=0.02)
    return network.eval()


def vqascore(folder: Path) -> None:
    import sentencepiece
    from t2v_metrics.models.vqascore_models.clip_t5.model.language_model.clip_t5 import (
        CLIPT5Config,
        CLIPT5ForConditionalGeneration,
    )
    from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel, T5Tokenizer

    tower = folder / TOWER
    spread(CLIPVisionModel(CLIPVisionConfig(**LAYERS, image_size=32, patch_size=8))).save_pretrained(tower)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(tower)
    texts = folder / "google" / "flan-t5-xxl"
    texts.mkdir(parents=True)
    (folder / "corpus.txt").write_text(
        "\n".join([LETTERS.upper(), LETTERS, "USER: ASSISTANT: Does this figure show"] * 9)
    )
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "corpus.txt"), model_prefix=str(texts / "spiece"), vocab_size=110, character_coverage=1.0,
        pad_id=0, eos_id=1, unk_id=2, bos_id=-1, hard_vocab_limit=False,
    )  # fmt: skip
    tokenizer = T5Tokenizer(str(texts / "spiece.model"))
    tokenizer.save_pretrained(texts)
    after = [tokenizer(f"\n{QUESTION.format(text)} ASSISTANT: ").input_ids for text in TEXTS]
    tokens = {"before": tokenizer(f"{SYSTEM} USER: ").input_ids, "after": after, "yes": tokenizer("Yes").input_ids}
    (folder / "tokens.json").write_text(json.dumps(tokens))
    config = CLIPT5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, decoder_start_token_id=0, mm_vision_tower=str(tower), mm_hidden_size=32,
        mm_projector_type="mlp2x_gelu", mm_vision_select_layer=-2, mm_vision_select_feature="patch", hidden_size=32,
    )  # fmt: skip
    place = folder / "zhiqiulin" / "clip-flant5-xxl"
    network = spread(CLIPT5ForConditionalGeneration(config))
    network.vision_tower.load_model()  # what is published with it is the tower as it is
    network.save_pretrained(place)
    written = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**written, "mm_vision_tower": TOWER}))


def pickscore(folder: Path) -> None:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    place = folder / "laion" / "CLIP-ViT-H-14-laion2B-s32B-b79K"
    place.mkdir(parents=True)
    tokens = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    (place / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
    (place / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(place / "vocab.json"), str(place / "merges.txt"), model_max_length=77)
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, tokenizer).save_pretrained(place)
    text = {**LAYERS, "vocab_size": len(tokens), "eos_token_id": len(tokens) - 1, "bos_token_id": len(tokens) - 2}
    config = CLIPConfig(
        vision_config={**LAYERS, "image_size": 32, "patch_size": 8}, text_config=text, projection_dim=24
    )
    spread(CLIPModel(config)).save_pretrained(folder / "yuvalkirstain" / "PickScore_v1")


def clipscore(folder: Path) -> None:
    import open_clip

    place = folder / "laion" / "CLIP-ViT-B-32-laion2B-s34B-b79K"
    place.mkdir(parents=True)
    torch.save(open_clip.create_model("ViT-B-32").state_dict(), place / "open_clip_pytorch_model.bin")


def bert_words(folder: Path) -> int:
    words = folder / "bert-base-uncased"
    words.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (words / "vocab.txt").write_text("\n".join(vocabulary))
    return len(vocabulary)


def itmscore(folder: Path) -> None:
    """BLIP-2 with the smaller of its two towers (ViT-L, as the package fixes it) and a small Q-Former."""
    from t2v_metrics.models.vqascore_models.lavis.models import clip_vit
    from t2v_metrics.models.vqascore_models.lavis.models.blip2_models.blip2_qformer import Blip2Qformer
    from transformers import BertConfig, BertForMaskedLM

    small = BertConfig(vocab_size=bert_words(folder), **{**LAYERS, "hidden_size": 48})
    BertForMaskedLM(small).save_pretrained(folder / "bert-base-uncased")
    tower = clip_vit.VisionTransformer(
        input_resolution=224, patch_size=14, width=1024, layers=22, heads=16, use_grad_checkpointing=False
    )
    torch.save(spread(tower, 0.02).half().state_dict(), folder / "clip_vit_L.pth")
    os.chdir(folder)
    clip_vit.download_cached_file = lambda *given, **options: "clip_vit_L.pth"
    network = Blip2Qformer(vit_model="clip_L")
    for part in (network.Qformer, network.itm_head, network.ln_vision):
        spread(part, 0.15)
    kept = {name: value for name, value in network.state_dict().items() if not name.startswith("visual_encoder.")}
    torch.save({"model": kept}, folder / "blip2_pretrained_vitL.pth")


def image_reward(folder: Path) -> None:
    from ImageReward.ImageReward import ImageReward

    bert_words(folder)
    place = folder / "THUDM" / "ImageReward"
    place.mkdir(parents=True)
    config = {
        "hidden_size": 768, "num_hidden_layers": 1, "num_attention_heads": 12, "intermediate_size": 64,
        "hidden_act": "gelu", "vocab_size": 200, "max_position_embeddings": 64, "layer_norm_eps": 1e-12,
        "type_vocab_size": 2, "add_cross_attention": True, "encoder_width": 1024, "initializer_range": 0.02,
        "attention_probs_dropout_prob": 0.1, "hidden_dropout_prob": 0.1, "pad_token_id": 0,
    }  # fmt: skip
    (place / "med_config.json").write_text(json.dumps(config))
    os.chdir(folder)  # the class asks for bert-base-uncased by name while it is built
    network = ImageReward(str(place.absolute() / "med_config.json"))
    spread(network.blip.text_encoder, 0.05), spread(network.mlp, 0.05)
    torch.save(network.state_dict(), place / "ImageReward.pt")


if __name__ == "__main__":
    torch.manual_seed(0)
    kinds = {"vqascore": vqascore, "pickscore": pickscore, "clipscore": clipscore, "itmscore": itmscore}
    {**kinds, "image_reward": image_reward}[sys.argv[2]](Path(sys.argv[1]).absolute())
