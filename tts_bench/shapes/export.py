"""Make a training checkpoint the shipped model: `python -m tts_bench.shapes.export CHECKPOINT LOG`.

Writes fp16 weights and, beside them, the model's card: what the adapter needs to know, how the weights were trained,
and the training log, thinned.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tts_bench import keys
from tts_bench.models.shapes import WEIGHTS


def gflops_of_one_pass(checkpoint: Path) -> float:
    """GFLOPs of the transformer for one sample, one pass, as torch's flop counter has it."""
    import torch
    from safetensors.torch import load_file
    from torch.utils.flop_counter import FlopCounterMode

    from tts_bench.shapes.train_denoiser import Denoiser

    model = Denoiser()
    model.load_state_dict(load_file(checkpoint))
    text = torch.zeros(1, 16, 128)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        model.transformer(
            hidden_states=torch.zeros(1, 3, 32, 32), timestep=torch.tensor([500.0]), encoder_hidden_states=text,
            pooled_projections=text[:, 0], return_dict=False,
        )  # fmt: skip
    return counter.get_total_flops() / 1e9


def card(checkpoint: Path, log: Path) -> dict[str, Any]:
    from tts_bench.shapes import train_denoiser as recipe

    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    by_step = {row["step"]: row for row in rows}
    step = int(checkpoint.stem.rpartition("-")[2])
    return {
        "pixel_mean": recipe.PIXEL_MEAN,
        "pixel_std": recipe.PIXEL_STD,
        "gflops": round(gflops_of_one_pass(checkpoint), 6),
        "checkpoint": {"step": step, "ema": recipe.EMA, "weights_before_fp16": keys.file_digest(checkpoint)},
        "recipe": "python -m tts_bench.shapes.train_denoiser --out DIR",
        "log": [by_step[at] for at in sorted(by_step) if at <= step and (at % 500 == 0 or at == step)],
    }


def export(checkpoint: Path, log: Path, weights: Path = WEIGHTS) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    state = {name: value.to(torch.float16).contiguous() for name, value in load_file(checkpoint).items()}
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, weights)
    text = json.dumps(card(checkpoint, log), indent=1) + "\n"
    weights.with_suffix(".json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("log", type=Path)
    args = parser.parse_args()
    export(args.checkpoint, args.log)


if __name__ == "__main__":
    main()
