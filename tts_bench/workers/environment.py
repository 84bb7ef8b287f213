"""An environment of another world: a pinned list of packages, and the folder on this machine that is made from it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tts_bench import keys
from tts_bench.errors import BadInput, NeedsFiles
from tts_bench.plaintext import did_you_mean
from tts_bench.types import Json
from tts_bench.user_folder import user_folder

PYTHON = "3.11"
WHOLE = "whole.json"  # written last, inside the folder, before that gets its name
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.+!-]+)\s*(;.*)?")


@dataclass(frozen=True)
class Environment:
    """`pins` is a file of `package==version` lines, `imports` what must import where it is whole."""

    name: str
    pins: Path
    imports: tuple[str, ...]
    reported: tuple[str, ...]  # the packages whose versions a scorer's card shows

    @cached_property
    def digest(self) -> str:
        """sha256 of the pinned list: it decides every package's version."""
        return keys.file_digest(self.pins)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Package to version, those that every machine gets."""
        lines = [line for line in self.pins.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        found = [match for line in lines if (match := _PIN.fullmatch(line.strip()))]
        if len(found) != len(lines):
            raise BadInput.at(self.pins.parent, "file", self.pins.name, "each line must be package==version")
        return {match["name"]: match["version"] for match in found if match[3] is None}

    @property
    def card(self) -> dict[str, Json]:
        """What of it goes into a scorer's card."""
        return {"pins": self.digest, **{name: self.versions[name] for name in self.reported}}

    @property
    def folder(self) -> Path:
        return user_folder() / "workers" / f"{self.name}-{self.digest[:16]}"

    @property
    def python(self) -> Path:
        return interpreter(self.folder)

    @property
    def command(self) -> str:
        return f"tts-bench setup {self.name}"

    def whole(self) -> bool:
        """Whether it was made to the end. A folder gets its name when it is complete, so half of one is never found."""
        try:
            kept = json.loads((self.folder / WHOLE).read_text("utf-8"))
        except (OSError, ValueError):
            return False
        return kept.get("pins") == self.digest and self.python.exists()

    def require(self, scorer: str) -> None:
        """NeedsFiles with the command to run, unless it is whole."""
        if not self.whole():
            fix = f"is not on this machine yet; run `{self.command}` (once; uv downloads about 3 GB)"
            raise NeedsFiles.at(f"scorer {scorer}", "environment", self.name, fix)


def interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


T2V_METRICS = Environment(
    "t2v-metrics", Path(__file__).with_name("t2v_metrics.txt"), ("t2v_metrics", "ImageReward"),
    ("t2v-metrics", "image-reward", "torch", "transformers"),
)  # fmt: skip
ENVIRONMENTS = {environment.name: environment for environment in (T2V_METRICS,)}


def find_environment(name: str, of_scorers: Mapping[str, Environment | None]) -> Environment:
    """By its own name, or by that of a scorer that runs in it; BadInput for any other."""
    found = ENVIRONMENTS.get(name) or of_scorers.get(name)
    if found is None:
        fix = f"needs no environment of its own; {did_you_mean(name, [*ENVIRONMENTS, *of_scorers])}"
        raise BadInput.at("command line", "NAME", name, fix if name not in of_scorers else fix.partition(";")[0])
    return found
