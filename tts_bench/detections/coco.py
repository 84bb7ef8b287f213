"""COCO's 80 kinds by one spelling: files of published detectors spell six of them as an older data set did."""

from __future__ import annotations

from tts_bench.errors import BadInput
from tts_bench.pretrained import CONFIG, Source

_OLDER = {
    "aeroplane": "airplane", "motorbike": "motorcycle", "sofa": "couch", "pottedplant": "potted plant",
    "diningtable": "dining table", "tvmonitor": "tv",
}  # fmt: skip


def spelt(label: str) -> str:
    """COCO's own word for a detector's label: "couch" for "sofa", "stop sign" for "stop_sign"; others as they are."""
    plain = label.replace("_", " ")
    return _OLDER.get(plain, plain)


def vocabulary_of(source: Source) -> tuple[str, ...]:
    """The words of a detector's config in the order of its network's numbers; BadInput where one is not named."""
    named = source.config.get("id2label")
    listed = [named.get(str(i)) for i in range(len(named))] if isinstance(named, dict) else []
    words = tuple(spelt(word) for word in listed if isinstance(word, str) and word)
    if not words or len(words) < len(listed):
        fix = 'must be {"0": word, "1": word, ...}; save or fetch the folder again'
        raise BadInput.at(source.folder / CONFIG, "id2label", named, fix)
    return words
