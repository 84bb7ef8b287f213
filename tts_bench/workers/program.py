"""The program that runs in the other world (Python 3.9 or later): JSON lines in, JSON lines out, one request at a time.

    {"id", "op": "hello", "packages": [...]}                       -> {"id", "versions": {package: version or null}}
    {"id", "op": "load", "scorer", "model", "device", "cache"}     -> {"id", "loaded": true}
    {"id", "op": "score", "images": [paths], "texts": [...]}       -> {"id", "scores": [number or null]}
    whatever goes wrong                                            -> {"id", "error": one line, "kind": its class}

It imports the standard library and, when asked to load, what that world has: t2v_metrics, ImageReward, torch. All that
those print goes to standard error, so that nothing but answers is on standard output. It ends with its parent: at the
end of standard input, at once, or when its parent is another one. The folder that is its argument goes with it.
"""

from __future__ import annotations

import json
import math
import os
import queue
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

Score = Callable[[str, str], float]
WATCH_SECONDS = 1.0
LAVIS = "t2v_metrics.models.vqascore_models.lavis.models."
# Classes that would leave holes, and the beginnings of the tensors that a score goes through.
HOLES = (
    ("ImageReward.ImageReward", "ImageReward", ("blip.visual_encoder.", "blip.text_encoder.", "mlp.")),
    (
        LAVIS + "blip2_models.blip2_qformer",
        "Blip2Qformer",
        ("Qformer.bert.", "query_tokens", "ln_vision.", "itm_head."),
    ),
    (LAVIS + "eva_vit", "VisionTransformer", ("",)),
    (LAVIS + "clip_vit", "VisionTransformer", ("",)),
)
FILLED_LATER = LAVIS + "blip2_models.Qformer"  # its text model, by a checkpoint that is held to HOLES
COUNTED = "position_ids"  # follow from the shape; some files are without them


def t2v_metrics(model: str, device: str, cache: str) -> Score:
    """Any model that t2v_metrics lists, its files found in `cache`, a cache of the hub's."""
    import t2v_metrics as package  # pyright: ignore[reportMissingImports]
    import torch

    hold_to_the_rules()
    made = package.get_score_model(model=model, device=device, cache_dir=cache).model
    network = getattr(made, "model", None)
    if device == "cpu" and isinstance(network, torch.nn.Module):
        network.float()  # half-precision weights fail beside float32 pixels: its autocast is for CUDA alone

    def score(image: str, text: str) -> float:
        with torch.no_grad():
            return float(made.forward([image], [text])[0])

    return score


def image_reward(model: str, device: str, cache: str) -> Score:
    """ImageReward by its own package; `model` is the checkpoint, med_config.json lies beside it."""
    import torch
    from ImageReward import load  # pyright: ignore[reportMissingImports]

    hold_to_the_rules()
    made = load(model, device=device, med_config=str(Path(model).with_name("med_config.json")))

    def score(image: str, text: str) -> float:
        with torch.no_grad():
            return float(made.score(text, image))

    return score


LOADERS: dict[str, Callable[[str, str, str], Score]] = {"t2v_metrics": t2v_metrics, "image_reward": image_reward}


def hold_to_the_rules() -> None:
    """No pickled code is run, no tensor stays random because a file lacks it, and sums do not depend on the cores."""
    import torch
    import transformers

    read, make = torch.load, transformers.PreTrainedModel.from_pretrained.__func__  # type: ignore[attr-defined]

    def load(*given: Any, **options: Any) -> Any:
        try:
            return read(*given, **{**options, "weights_only": True})
        except Exception as error:
            if type(error).__name__ != "UnpicklingError":
                raise
            raise ValueError("a file of weights holds more than tensors, and is not read") from None  # torch's advice

    def from_pretrained(kind: Any, *given: Any, **options: Any) -> Any:
        network, found = make(kind, *given, **{**options, "output_loading_info": True})
        missing = sorted(found["missing_keys"]) if kind.__module__ != FILLED_LATER else []
        if missing:
            raise ValueError(f"{kind.__name__}: {len(missing)} tensors are missing, {missing[0]} among them")
        return (network, found) if options.get("output_loading_info") else network

    torch.load = load
    transformers.PreTrainedModel.from_pretrained = classmethod(from_pretrained)  # type: ignore[assignment]
    torch.set_num_threads(1)
    for module, name, used in HOLES:
        if module in sys.modules:
            refuse_holes(getattr(sys.modules[module], name), used)


def refuse_holes(kind: Any, used: tuple[str, ...]) -> None:
    """The same for classes that load what a file has and leave the rest random without a word."""
    fill = kind.load_state_dict

    def load_state_dict(self: Any, *given: Any, **options: Any) -> Any:
        found = fill(self, *given, **options)
        lacking = [name for name in found.missing_keys if name.startswith(used) and COUNTED not in name]
        if lacking:
            raise ValueError(f"{kind.__name__}: {len(lacking)} tensors are missing, {lacking[0]} among them")
        return found

    kind.load_state_dict = load_state_dict


class Program:
    """Answers requests; what was loaded stays."""

    def __init__(self) -> None:
        self.score: Score | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] == "hello":
            return {"versions": {name: installed(name) for name in request["packages"]}}
        if request["op"] == "load":
            self.score = LOADERS[request["scorer"]](request["model"], request["device"], request["cache"])
            return {"loaded": True}
        if request["op"] != "score" or self.score is None:
            raise ValueError("expected are hello, load, and then score")
        images, texts = request["images"], request["texts"]
        if len(images) != len(texts):
            raise ValueError(f"{len(images)} images and {len(texts)} texts")
        # One pair at a time: padding to a neighbour's length changes the last digits of a score.
        scores = [self.score(image, text) for image, text in zip(images, texts)]  # noqa: B905  Python 3.9
        return {"scores": [score if math.isfinite(score) else None for score in scores]}

    def reply(self, line: str) -> str:
        request: Any = None
        try:
            request = json.loads(line)
            answer = self.answer(request)
        except Exception as error:  # other people's packages may fail in any way
            text = " ".join(str(error).split())[:400]
            answer = {"error": f"{type(error).__name__}: {text}", "kind": type(error).__name__}
        return json.dumps({"id": request.get("id") if isinstance(request, dict) else None, **answer}, allow_nan=False)


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def read(lines: Any, requests: queue.Queue[str]) -> None:
    """In a thread of its own: the end of the input ends the process, even in the middle of a score."""
    for line in lines:
        requests.put(line)
    leave()


def watch(parent: int) -> None:
    """A pipe that another process inherited stays open when the parent is killed; the parent's number tells."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    leave()


def leave() -> None:
    """A parent that was killed could not remove what it had made for this process."""
    if len(sys.argv) > 1:
        shutil.rmtree(sys.argv[1], ignore_errors=True)
    os._exit(0)


def main() -> None:
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair, and ends this one with it
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=watch, args=(parent,), daemon=True).start()
    threading.Thread(target=read, args=(lines, requests), daemon=True).start()
    program = Program()
    while True:
        answers.write(program.reply(requests.get()) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
