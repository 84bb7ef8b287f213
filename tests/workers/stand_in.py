"""A world that stands in for the real one: this Python with a `t2v_metrics` that scores by a closed form.

A text that begins with one of `misbehave`'s words makes it do what real packages do.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import venv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import PIL

from tts_bench.scorers import t2v_metrics
from tts_bench.scorers.worker import InWorker
from tts_bench.types import Image
from tts_bench.workers.client import Patience, Worker
from tts_bench.workers.environment import WHOLE, Environment
from tts_bench.workers.repositories import Needed

PINS = "t2v-metrics==1.2\ntorch==2.4.1 ; platform_system == 'BeOS'\n"
PATIENCE = Patience(hello=30.0, load=30.0, image=30.0)
MODEL = "owner/name/config.json"
T2V_METRICS = """
import os, pathlib, signal, sys, time
import numpy, PIL.Image

def misbehave(text):
    word, _, rest = text.partition(" ")
    if word == "print":
        print("loading shards: 100%"); os.write(1, b"from below python\\n")
    elif word == "raise":
        raise ValueError("a text of two\\nlines")
    elif word == "memory":
        raise MemoryError("no more")
    elif word == "slow":
        time.sleep(60)
    elif word == "exit":
        sys.stderr.write("the libraries' last words"); sys.stderr.flush(); os._exit(7)
    elif word == "once" and not pathlib.Path(rest).exists():
        pathlib.Path(rest).touch(); os.kill(os.getpid(), signal.SIGKILL)
    elif word == "number":
        return {"nan": float("nan"), "inf": float("inf")}[rest]
    elif word == "keys":
        return float(sum(name.endswith(("_KEY", "_TOKEN")) for name in os.environ))

class Model:
    model = None
    def forward(self, images, texts):
        [image], [text] = images, texts
        given = misbehave(text)
        return [numpy.asarray(PIL.Image.open(image)).mean() + len(text) if given is None else given]

class Made:
    model = Model()

def get_score_model(model, device, cache_dir):
    if not os.listdir(cache_dir):
        raise OSError("nothing is in the hub's cache")
    if model == "broken":
        raise ValueError("Error while deserializing header")
    return Made()
"""
TORCH = """
import contextlib
class nn:
    class Module: ...
no_grad = contextlib.nullcontext
def load(path, weights_only=False): return weights_only
def set_num_threads(n): ...
"""
TRANSFORMERS = """
class PreTrainedModel:
    @classmethod
    def from_pretrained(cls): ...
"""
IMAGE_REWARD = """
import t2v_metrics
def load(name, device, med_config):
    open(name).close(), open(med_config).close()
    return ImageReward()
class ImageReward:
    def load_state_dict(self): ...
    def score(self, text, image): return t2v_metrics.Model().forward([image], [text])[0]
"""


@dataclass(frozen=True)
class Placed(Environment):
    """In a folder of its own, whatever the user's home is."""

    place: Path = Path()

    @property
    def folder(self) -> Path:
        return self.place


@cache
def placed() -> tuple[Placed, Path]:
    """One a process, removed at its end, with a folder that has the names of all files that any scorer needs."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    plain = environment(folder)
    make(world := Placed(plain.name, plain.pins, plain.imports, plain.reported, place=folder / "world"))
    for file in {file for files in NEEDED.values() for file in files}:
        (folder / "weights" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "weights" / file).touch()
    return world, folder / "weights"


NEEDED = {
    "t2v_vqascore": t2v_metrics.FLANT5, "t2v_clipscore": ("ViT-L-14-336px.pt",), "t2v_itmscore": t2v_metrics.BLIP2,
    "t2v_pickscore": t2v_metrics.PICKSCORE, "t2v_image_reward": t2v_metrics.REWARD,
    "image_reward_reference": t2v_metrics.REWARD,
}  # fmt: skip
# How the contract's tests make each scorer that runs in a worker.
OPTIONS = {name: lambda: dict(zip(("environment", "weights"), placed(), strict=True)) for name in NEEDED}


def environment(folder: Path) -> Environment:
    """Its pinned list; the folder that belongs to it is under TTS_BENCH_HOME."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pins.txt").write_text(PINS)
    return Environment("stand-in", folder / "pins.txt", ("t2v_metrics",), ("t2v-metrics",))


def make(world: Environment, version: str = "1.2") -> Environment:
    """Puts it together by hand, as `setup` would have."""
    venv.EnvBuilder(symlinks=True).create(world.folder)
    (site,) = world.folder.glob("lib/python*/site-packages")
    (site / "t2v_metrics.py").write_text(T2V_METRICS)
    (site / "torch.py").write_text(TORCH)
    (site / "transformers.py").write_text(TRANSFORMERS)
    (site / "ImageReward").mkdir()
    (site / "ImageReward" / "__init__.py").write_text("from .ImageReward import load")
    (site / "ImageReward" / "ImageReward.py").write_text(IMAGE_REWARD)
    (site / "t2v_metrics-1.2.dist-info").mkdir()
    (site / "t2v_metrics-1.2.dist-info" / "METADATA").write_text(f"Name: t2v-metrics\nVersion: {version}\n")
    (site / "ours.pth").write_text("\n".join(sorted({str(Path(m.__path__[0]).parent) for m in (np, PIL)})))
    (world.folder / WHOLE).write_text(f'{{"pins": "{world.digest}", "bytes": 1, "seconds": 1.0}}')
    return world


def weights(folder: Path) -> Path:
    (folder / "owner" / "name").mkdir(parents=True)
    (folder / MODEL).write_text("{}")
    return folder


def worker(world: Environment, folder: Path, model: str = "any", patience: Patience = PATIENCE) -> Worker:
    needed = Needed("stand_in", (MODEL,))
    return Worker("stand_in", world, needed.find(folder, None), "t2v_metrics", model, patience=patience)


def scorer(world: Environment, folder: Path) -> InWorker:
    return InWorker(worker(world, folder), marks=("<image>",))


def expected(image: Image, text: str) -> float:
    return float(image.mean()) + len(text)


def python(*lines: str) -> list[str]:
    """A command that runs `lines`, with what a scripted worker needs."""
    return [sys.executable, "-c", "\n".join(["import json, os, sys, time", *lines])]
