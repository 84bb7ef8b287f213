"""COCO's 80 kinds by one spelling: files of published detectors spell six of them as an older data set did."""

from __future__ import annotations

_OLDER = {
    "aeroplane": "airplane", "motorbike": "motorcycle", "sofa": "couch", "pottedplant": "potted plant",
    "diningtable": "dining table", "tvmonitor": "tv",
}  # fmt: skip


def spelt(label: str) -> str:
    """COCO's own word for a detector's label: "couch" for "sofa", "stop sign" for "stop_sign"; others as they are."""
    plain = label.replace("_", " ")
    return _OLDER.get(plain, plain)
