"""T2I-CompBench++'s numeracy (Huang et al. 2025) as a scorer: its rule over what a detector finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts_bench.compbench.numeracy import Numeracy
from tts_bench.detections.protocol import Detector
from tts_bench.scorers.detected import Detected
from tts_bench.types import Rules


def load(rules: Rules, part: Callable[[str], Any], detector: Callable[[str], Detector]) -> Detected:
    """Whether there are as many objects as asked for, by detections: T2I-CompBench's rule, in [0, 1]."""
    return Detected("numeracy", Numeracy(part("language"), rules), detector("owlv2"), in_frame=True)
