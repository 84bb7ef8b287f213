"""T2I-CompBench++'s 3D spatial relations (Huang et al. 2025) as a scorer: its rule over boxes and depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts_bench.compbench.spatial_3d import Spatial3D
from tts_bench.detections.protocol import Detector
from tts_bench.scorers.detected import Detected, depth_by
from tts_bench.types import Rules


def load(rules: Rules, part: Callable[[str], Any], detector: Callable[[str], Detector]) -> Detected:
    """Which of two objects is in front, by detections and depth: T2I-CompBench's 3D rule, in [0, 1]."""
    eyes = detector("owlv2")
    return Detected("spatial_3d", Spatial3D(part("language"), rules), eyes, depth_by(eyes, part), in_frame=True)
