"""What the small networks' training recipes share: a loop that can be killed and started again."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

EMA = 0.995
LOG_EVERY, SAVE_EVERY = 50, 250  # steps


@dataclass(frozen=True)
class Run:
    """One training run: where it writes, how long it is and what it runs on."""

    out: Path
    seed: int
    steps: int
    device: str


def arguments(about: str | None, steps: int) -> Run:
    """The command line that the recipes share."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights, the checkpoint and the log")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=steps)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    return Run(args.out, args.seed, args.steps, args.device)


def fit(
    run: Run, build: Callable[[], nn.Module], loss_of: Callable[[nn.Module, int], torch.Tensor], rate: float
) -> None:
    """Minimise `loss_of(network, step)` and write the averaged weights, as float16, to `out/weights.safetensors`.

    `loss_of` draws everything from (seed, step), so a killed run that is started again goes on as if nothing had
    happened.
    """
    torch.manual_seed(run.seed)  # the initial weights; every later draw has its own generator
    network = build().to(run.device)
    average = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(EMA))
    optim = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02, betas=(0.9, 0.98))
    began, losses, start = time.time(), [], _resume(run, network, average, optim)
    for step in range(start, run.steps):
        for group in optim.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50) * (1 - step / run.steps)
        loss = loss_of(network, step)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optim.step()
        optim.zero_grad(set_to_none=True)
        average.update_parameters(network)
        losses.append(loss.item())
        if (step + 1) % LOG_EVERY == 0:
            _log(run.out, {"step": step + 1, "loss": sum(losses) / len(losses), "seconds": round(time.time() - began)})
            losses.clear()
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == run.steps:
            _checkpoint(run, step + 1, network, average, optim)
    half = {name: value.half().contiguous().cpu() for name, value in average.module.state_dict().items()}
    save_file(half, run.out / "weights.safetensors")


def _log(out: Path, row: dict[str, float]) -> None:
    with (out / "log.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


def _checkpoint(run: Run, step: int, network: nn.Module, average: nn.Module, optim: torch.optim.Optimizer) -> None:
    parts = {"network": network, "average": average, "optim": optim}
    state = {"step": step} | {name: part.state_dict() for name, part in parts.items()}
    torch.save(state, run.out / "resume.tmp")
    (run.out / "resume.tmp").replace(run.out / "resume.pt")


def _resume(run: Run, network: nn.Module, average: nn.Module, optim: torch.optim.Optimizer) -> int:
    """Load the last whole checkpoint, if there is one; the step to go on with."""
    run.out.mkdir(parents=True, exist_ok=True)
    if not (run.out / "resume.pt").exists():
        return 0
    state = torch.load(run.out / "resume.pt", map_location=run.device, weights_only=True)
    for name, part in {"network": network, "average": average, "optim": optim}.items():
        part.load_state_dict(state[name])
    return state["step"]
