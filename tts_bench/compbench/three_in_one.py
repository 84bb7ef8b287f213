"""3-in-1, the score of the category complex: a mean of attribute binding, spatial relation and CLIP similarity.

Which of them a prompt asks for is the suite's, by its lists: 58 prompts spatial, 212 action, 30 both.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["spatial", "action", "both"]


def combine(kind: Kind, attributes: float | None, spatial: float | None, action: float | None) -> float | None:
    """BLIP-VQA's product, the 2D rule's score (reading "complex") and CLIP's cosine of one image to its score.

    The mean of `attributes` and those that `kind` names; None where one of these is None.
    """
    parts = [attributes]
    parts += [spatial] if kind in ("spatial", "both") else []
    parts += [action] if kind in ("action", "both") else []
    found = [part for part in parts if part is not None]
    return sum(found) / len(parts) if len(found) == len(parts) else None
