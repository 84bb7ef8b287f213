"""Scores by the package t2v_metrics 1.2 itself (Lin et al. 2024), in a worker: the reference for what runs in process.

Each has the model that the package names for it, and takes a folder of the hub repositories that this model loads. On a
GPU networks run in the package's own precision; on a CPU in float32, after the package has rounded the weights.
"""

from __future__ import annotations

from pathlib import Path

from tts_bench.scorers.made_of import made_of
from tts_bench.scorers.worker import InWorker, make, runs_in
from tts_bench.workers.environment import T2V_METRICS, Environment
from tts_bench.workers.repositories import Needed

BERT = "bert-base-uncased/vocab.txt"
FLANT5 = (
    "zhiqiulin/clip-flant5-xxl/config.json", "google/flan-t5-xxl/spiece.model",
    "openai/clip-vit-large-patch14-336/preprocessor_config.json",
)  # fmt: skip
BLIP2 = ("eva_vit_g.pth", "blip2_pretrained.pth", "bert-base-uncased/config.json", BERT)
PICKSCORE = (
    "yuvalkirstain/PickScore_v1/config.json",
    "laion/CLIP-ViT-H-14-laion2B-s32B-b79K/preprocessor_config.json",
)
REWARD = ("THUDM/ImageReward/ImageReward.pt", "THUDM/ImageReward/med_config.json", BERT)


@made_of("vqa_score")
@runs_in(T2V_METRICS)
def load_vqascore(
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
    environment: Environment = T2V_METRICS,
) -> InWorker:
    """VQAScore: the probability that CLIP-FlanT5 answers yes to "Does this figure show ...?", by t2v_metrics."""
    needed = Needed("t2v_vqascore", FLANT5)
    scorer = make(needed, environment, "t2v_metrics", "clip-flant5-xxl", weights, revision, device)
    scorer.marks = ("<image>",)  # where its reader puts an image
    return scorer


@runs_in(T2V_METRICS)
def load_clipscore(
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
    environment: Environment = T2V_METRICS,
) -> InWorker:
    """CLIPScore: the cosine of CLIP ViT-L/14 at 336 pixels, not scaled, by t2v_metrics."""
    needed = Needed("t2v_clipscore", ("ViT-L-14-336px.pt",))
    return make(needed, environment, "t2v_metrics", "openai:ViT-L-14-336", weights, revision, device)


@runs_in(T2V_METRICS)
def load_itmscore(
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
    environment: Environment = T2V_METRICS,
) -> InWorker:
    """ITMScore: the probability that image and text match, by BLIP-2's image-text matching head, by t2v_metrics."""
    needed = Needed("t2v_itmscore", BLIP2)
    return make(needed, environment, "t2v_metrics", "blip2-itm", weights, revision, device)


@made_of("pick_score")
@runs_in(T2V_METRICS)
def load_pickscore(
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
    environment: Environment = T2V_METRICS,
) -> InWorker:
    """PickScore (Kirstain et al. 2023): the cosine, not scaled, by t2v_metrics."""
    needed = Needed("t2v_pickscore", PICKSCORE)
    return make(needed, environment, "t2v_metrics", "pickscore-v1", weights, revision, device)


@made_of("image_reward")
@runs_in(T2V_METRICS)
def load_image_reward(
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
    environment: Environment = T2V_METRICS,
) -> InWorker:
    """ImageReward (Xu et al. 2023), standardised, as t2v_metrics calls it."""
    needed = Needed("t2v_image_reward", REWARD)
    return make(needed, environment, "t2v_metrics", "image-reward-v1", weights, revision, device)
