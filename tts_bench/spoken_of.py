"""Images that are not here: their detections, recorded, or the scores that a suite's own scripts gave them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tts_bench import keys
from tts_bench.brought import listed
from tts_bench.detections.recorded import Recorded
from tts_bench.errors import BadInput
from tts_bench.metrics_of_images import ImageMetrics
from tts_bench.plaintext import shown
from tts_bench.prompt_files import PromptFiles
from tts_bench.prompt_sources import OfCategories
from tts_bench.scorers.detected import Detected
from tts_bench.self_reported import Taken
from tts_bench.suite import Suite
from tts_bench.suites import compbench_results, geneval_results
from tts_bench.types import Key, Prompt

OFFICIAL: dict[str, Callable[[Path, Sequence[Prompt], int], dict[tuple[str, int], float]]] = {
    "t2i_compbench": compbench_results.read, "geneval": geneval_results.read,
}  # fmt: skip


@dataclass(frozen=True)
class SpokenOf:
    """An image of which there are numbers alone."""

    key: Key
    prompt: Prompt


def spoken_of(prompts: Sequence[Prompt], by: str) -> list[SpokenOf]:
    """An image for each of the prompts; `by` is the digest of what is known of them."""
    return [SpokenOf(keys.digest(["spoken of", by, prompt.draws]), prompt) for prompt in prompts]


def judged_again(recorded: Recorded, images: Sequence[SpokenOf], metrics: ImageMetrics) -> Taken:
    """By the suite's rules from detections, with no network. BadInput for a metric that looks at the image itself."""
    scorers, there = metrics.scorers, {(record.prompt_id, record.image) for record in recorded.records}
    if looking := [name for name, scorer in scorers.items() if not isinstance(scorer, Detected)]:
        free = {c for m in metrics.suite.metrics for c, name in m.by_category.items() if name not in looking}
        fix = f"take --categories {','.join(sorted(free))}" if free else "give the images too"
        raise BadInput.at(
            metrics.suite.path.name, "metrics.scorer", looking[0], f"looks at images, of which there are none; {fix}"
        )
    found: dict[str, dict[Key, float | None]] = {metric.name: {} for metric in metrics.used}
    missing: list[str] = []
    for metric in metrics.used:
        for image in images:
            if (name := metric.judge(image.prompt.category)) is not None:
                judge, prompt = cast("Detected", scorers[name]), image.prompt
                words = judge.rule.wanted(prompt)
                if words is not None and (prompt.id, prompt.image) not in there:
                    missing.append(prompt.draws)
                elif words is not None:
                    seen = recorded.by_prompt(prompt.id, prompt.image, words)
                    found[metric.name][image.key] = judge.value(prompt, seen)
    if missing:
        fix = f"{listed('missing', missing)}: there must be a line for each image that the rules can be asked about"
        raise BadInput.at(shown(recorded.path), "images", len(there), fix)
    return Taken(found, {name: dict(scorer.card) for name, scorer in scorers.items()})


def of_official_results(suite: Suite, place: Path, images: Sequence[SpokenOf]) -> Taken:
    """The main metric's numbers as the suite's own scripts wrote them; on no board with numbers of other scorers."""
    source = suite.source.source if isinstance(suite.source, OfCategories) else suite.source
    if not isinstance(source, PromptFiles) or source.reader not in OFFICIAL:
        raise BadInput.at(shown(suite.path), "official", suite.name, f"only of {', '.join(OFFICIAL)} are results known")
    found = OFFICIAL[source.reader](place, suite.all_prompts, suite.images)
    main = next(metric for metric in suite.metrics if metric.main)
    card = {"official": source.reader, "version": 1, "as": "the scores that the suite's own scripts wrote"}
    return Taken(
        {main.name: {image.key: found[image.prompt.id, image.prompt.image] for image in images}},
        {name: {"scorer": name, **card} for name in main.scorers},
    )
