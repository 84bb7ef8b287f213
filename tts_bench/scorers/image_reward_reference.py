"""ImageReward by its own package, image-reward 1.5 (Xu et al. 2023), in a worker: the reference for the port."""

from __future__ import annotations

from pathlib import Path

from tts_bench.scorers.made_of import made_of
from tts_bench.scorers.t2v_metrics import REWARD
from tts_bench.scorers.worker import InWorker, make, runs_in
from tts_bench.workers.environment import T2V_METRICS, Environment
from tts_bench.workers.repositories import Needed

CHECKPOINT = "{folder}/THUDM/ImageReward/ImageReward.pt"


@made_of("image_reward")
@runs_in(T2V_METRICS)
def load(
    weights: Path | None = None,
    revision: str | None = None,
    device: str = "cpu",
    environment: Environment = T2V_METRICS,
) -> InWorker:
    """ImageReward: what people would say of an image for its prompt, standardised, by the package itself."""
    needed = Needed("image_reward_reference", REWARD)
    return make(needed, environment, "image_reward", CHECKPOINT, weights, revision, device)
