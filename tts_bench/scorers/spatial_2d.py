"""T2I-CompBench's spatial relations (Huang et al. 2023) as a scorer: its 2D rule over what a detector finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tts_bench.compbench.spatial import Spatial2D
from tts_bench.detections.protocol import Detector
from tts_bench.scorers.detected import Detected
from tts_bench.types import Rules


def load(rules: Rules, part: Callable[[str], Any], detector: Callable[[str], Detector]) -> Detected:
    """How two objects lie to each other ("on the left of"), by detections: T2I-CompBench's 2D rule, in [0, 1]."""
    return Detected("spatial_2d", Spatial2D(part("language"), rules), detector("owlv2"), in_frame=True)
