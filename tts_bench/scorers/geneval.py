"""GenEval (Ghosh et al. 2023) as a scorer: right or wrong, by what a detector with masks and CLIP's colours find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts_bench.detections.protocol import Detector
from tts_bench.geneval.rules import GenEval
from tts_bench.scorers.detected import Detected, colors_by
from tts_bench.types import Rules


def load(rules: Rules, part: Callable[[str], Any], detector: Callable[[str], Detector]) -> Detected:
    """Whether the objects asked for are there, in number, colour and place: 1 or 0, by GenEval's rules."""
    eyes = detector("mask2former")
    return Detected("geneval", GenEval(rules), eyes, colors=colors_by(eyes, part))
