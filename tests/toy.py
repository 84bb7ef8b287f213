"""The package's own toy model and scorers, by the name that the tests know them by."""

from __future__ import annotations

from tts_bench.testing.toy import (
    AIM,
    SHAPE,
    SPEC,
    SPREAD,
    Brightness,
    Closeness,
    Entry,
    Evenness,
    Scripted,
    Toy,
    entry,
    exact,
    load,
    mean_of,
    perform_registered,
    prompts,
    registered,
)

__all__ = [
    "AIM", "SHAPE", "SPEC", "SPREAD", "Brightness", "Closeness", "Entry", "Evenness", "Scripted", "Toy", "entry",
    "exact", "load", "mean_of", "perform_registered", "prompts", "registered",
]  # fmt: skip
