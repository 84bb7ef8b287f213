"""A scorer's worker as the scorer sees it: images and texts in, numbers out; started at first use, restarted once."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tts_bench.errors import BadInput, MachineFailed, PluginFailed, TtsBenchError
from tts_bench.images import encode_png
from tts_bench.plaintext import shown
from tts_bench.types import Image, Json
from tts_bench.workers import program
from tts_bench.workers.environment import Environment
from tts_bench.workers.exchange import Dead, Exchange
from tts_bench.workers.repositories import Repositories

AT_ONCE = 8  # images a request
OF_THE_MACHINE = ("MemoryError", "OutOfMemoryError")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


@dataclass(frozen=True)
class Patience:
    """Seconds for a process to say hello, to import and load its networks, and to score one image."""

    hello: float = 60.0
    load: float = 1800.0
    image: float = 180.0


@dataclass
class Worker:
    """`loader` is one of program.LOADERS, `model` what it is asked for; "{folder}" there is the folder of weights."""

    scorer: str
    environment: Environment
    repositories: Repositories
    loader: str
    model: str
    device: str = "cpu"
    patience: Patience = Patience()
    _exchange: Exchange | None = field(default=None, repr=False)
    _home: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)

    def score(self, images: Sequence[Image], texts: Sequence[str]) -> list[float | None]:
        """One number for each image beside its text; None where it is none.

        PluginFailed where the package refuses, MachineFailed where the worker dies twice over one request.
        """
        found: list[float | None] = []
        for start in range(0, len(images), AT_ONCE):
            found += self._some(images[start : start + AT_ONCE], texts[start : start + AT_ONCE])
        return found

    @property
    def model_name(self) -> str:
        return self.model.rpartition("/")[2]

    def close(self) -> None:
        """End the process and remove its folder; the next score starts another."""
        if self._exchange is not None:
            self._exchange.end()
        if self._home is not None:
            self._home.cleanup()
        self._exchange = self._home = None

    def _some(self, images: Sequence[Image], texts: Sequence[str]) -> list[float | None]:
        """From a second process, if the first one dies over it."""
        died = []
        for _ in range(2):
            try:
                return self._asked(self._started(), images, texts)
            except Dead as why:
                died.append(str(why))
                self.close()
        fix = "mend that, then run the same command again"
        raise MachineFailed(f"scorer {self.scorer}: its worker {died[-1]} (twice); {fix}")

    def _asked(self, exchange: Exchange, images: Sequence[Image], texts: Sequence[str]) -> list[float | None]:
        home = self._home.name if self._home else None
        with tempfile.TemporaryDirectory(dir=home, prefix="images-", ignore_cleanup_errors=True) as folder:
            paths = [Path(folder) / f"{place}.png" for place in range(len(images))]
            for path, image in zip(paths, images, strict=True):
                path.write_bytes(encode_png(image))
            request: dict[str, Json] = {"op": "score", "images": [str(path) for path in paths], "texts": list(texts)}
            answer = self._agreed(exchange.ask(request, self.patience.image * len(images)))
        return self._scores(answer, len(images))

    def _started(self) -> Exchange:
        if self._exchange is None:
            self.environment.require(self.scorer)
            self._home = tempfile.TemporaryDirectory(prefix="tts-bench-worker-", ignore_cleanup_errors=True)
            home = Path(self._home.name)
            cache = self.repositories.show(home)
            place = {"HOME": str(home), "USERPROFILE": str(home), "HF_HOME": str(home), "HF_HUB_CACHE": str(cache)}
            command = [str(self.environment.python), "-I", str(Path(program.__file__).absolute()), str(home)]
            self._exchange = Exchange(command, home, {**OFFLINE, **place})
            try:
                self._greet(self._exchange, cache)
            except TtsBenchError:
                self.close()  # or the next score would ask one that was never greeted
                raise
        return self._exchange

    def _greet(self, exchange: Exchange, cache: Path) -> None:
        """The packages must be those of the card before anything is loaded."""
        wanted = self.environment.versions
        versions = self._agreed(exchange.ask({"op": "hello", "packages": list(wanted)}, self.patience.hello))
        for package, version in wanted.items():
            if (found := (versions.get("versions") or {}).get(package)) != version:
                fix = f"is not {version}, which its list says; run `{self.environment.command} --force`"
                raise MachineFailed(f"environment {self.environment.name}: {package} = {shown(found)!r}: {fix}")
        asked: dict[str, Json] = {
            "op": "load", "scorer": self.loader, "device": self.device, "cache": str(cache),
            "model": self.model.replace("{folder}", str(self.repositories.folder)),
        }  # fmt: skip
        try:
            self._agreed(exchange.ask(asked, self.patience.load))
        except PluginFailed as error:
            fix = f"cannot be loaded ({str(error).partition('says ')[2]}); give the files that {self.model_name} has"
            raise BadInput.at(f"scorer {self.scorer}", "weights", shown(self.repositories.folder), fix) from error

    def _agreed(self, answer: dict[str, Any]) -> dict[str, Any]:
        if "error" not in answer:
            return answer
        text = shown(answer["error"])[:300]
        if answer.get("kind") in OF_THE_MACHINE:
            raise MachineFailed(
                f"scorer {self.scorer}: its worker has too little memory ({text}); free some, run again"
            )
        raise PluginFailed(f"scorer {self.scorer}: its worker says {text}")

    def _scores(self, answer: dict[str, Any], count: int) -> list[float | None]:
        scores = answer.get("scores")
        if not isinstance(scores, list) or len(scores) != count or not all(map(_is_score, scores)):
            self.close()
            raise PluginFailed(f"scorer {self.scorer}: its worker must give {count} numbers, not {shown(scores)[:80]}")
        return [None if score is None else float(score) for score in scores]


def _is_score(value: object) -> bool:
    """A finite number, or None; a bool is neither."""
    return value is None or (type(value) in (int, float) and math.isfinite(value))  # type: ignore[arg-type]
