"""What `score` and `detect` do: images made elsewhere, or what is known of them, as a result beside the others."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tts_bench.boards import build_leaderboard
from tts_bench.brought import Brought, find_images
from tts_bench.detections.record import Record, record_of
from tts_bench.detections.recorded import Recorded
from tts_bench.detections.records import write_records
from tts_bench.errors import BadInput
from tts_bench.evaluation import Evaluation, told_of
from tts_bench.files import check_folder, write_together
from tts_bench.geneval.rules import GenEval
from tts_bench.keys import inside
from tts_bench.metrics_of_images import ImageMetrics
from tts_bench.origin import digest
from tts_bench.plaintext import shown
from tts_bench.prepare import Workshop
from tts_bench.progress import Progress, Silent
from tts_bench.protocols import Weights, fetch
from tts_bench.results import RESULT, read_result, read_results
from tts_bench.scorers.detected import Detected
from tts_bench.scorers.three_in_one import ThreeInOne
from tts_bench.self_reported import Declared, FromFiles, Owned, SelfReport, Taken, taken_of_images
from tts_bench.set_measures import SetMeasures
from tts_bench.settings import OUT, Settings
from tts_bench.spoken_of import SpokenOf, judged_again, of_official_results, spoken_of
from tts_bench.store import Store
from tts_bench.suite import Suite
from tts_bench.types import Json, Prompt

AT_ONCE = 16  # images that a detector is shown
RECORDED = "recorded"


@dataclass(frozen=True)
class Given:
    """What there is of the images: pictures, detections, or the results of a suite's own scripts.

    Detections may come with the pictures, for those metrics that look at them.
    """

    images: Path | None = None
    detections: Path | None = None
    official: Path | None = None

    def __post_init__(self) -> None:
        """BadInput unless it is one of the three, or images with their detections."""
        if self.official is not None and (self.images or self.detections):
            fix = "are results already; leave --images and --detections out"
            raise BadInput.at("command line", "--official", shown(self.official), fix)
        if not (self.images or self.detections or self.official):
            raise BadInput.missing("command line", "--images", "name the images, or --detections, or --official")

    def over(self, settings: Settings) -> Settings:
        """With the recorded detections in the place of a detector; BadInput for a detector beside them."""
        told = {"rules": settings.rules, "detector": settings.detector}
        if self.official is not None and (given := next((name for name in told if told[name] is not None), None)):
            fix = "these are results already, by the authors' rules and detector; leave it out"
            raise BadInput.at("command line", f"--{given}", told[given], fix)
        if self.detections is None:
            return settings
        if settings.detector not in (None, RECORDED):
            raise BadInput.at("command line", "--detector", settings.detector, "these are recorded; leave it out")
        weights = {**settings.weights, RECORDED: Weights(self.detections)}
        return replace(settings, detector=RECORDED, weights=weights)


def run_score(
    suite: str,
    given: Given | Path,
    declared: Declared,
    settings: Settings = Settings(),
    out: Path | str = OUT,
    progress: Progress | None = None,
) -> Evaluation:
    """Score images made elsewhere, those of each prompt, and write a self-reported result and the leaderboard."""
    given = given if isinstance(given, Given) else Given(given)
    settings = given.over(settings)
    settings.check()
    card = settings.suite(suite)
    workshop = settings.workshop(card, progress)
    main = [metric.name for metric in card.metrics if metric.main]
    metrics = ImageMetrics(card, workshop, only=None if given.images else main, told=given.official is not None)
    folder, notes = Path(out) / "results" / card.name, metrics.notes
    if given.images is not None:
        images, taken = _looked_at(given.images, card, workshop, metrics, settings, progress)
    else:
        images, taken = _spoken(given, card, workshop, metrics, settings)
    if folder.is_dir():
        read_results(folder)
    check_folder(Path(out))
    report = SelfReport(card, metrics, card.seed if settings.seed is None else settings.seed, settings.device)
    place = inside(folder, declared.name)
    old = read_result(place) if (place / RESULT).exists() else None
    result = report.record(images, taken(), declared, place)
    lost = [f"{place}: {words}"] if old and (words := told_of(old, result)) else []
    made = build_leaderboard(card, Path(out) / "results", Path(out) / "leaderboards")
    files = {"results": str(folder), **{path.name: str(path) for path in made}}
    asked = [] if given.official else metrics.asked()
    return Evaluation(card.name, [result], files, 0, 0, lost, [*notes, *asked])


def _looked_at(
    place: Path,
    card: Suite,
    workshop: Workshop,
    metrics: ImageMetrics,
    settings: Settings,
    progress: Progress | None,
) -> tuple[Sequence[Owned], Callable[[], Taken]]:
    """Pictures, each looked at, and how they are scored; whatever can be refused is refused now."""
    images, sets = find_images(place, card.images_asked(settings.limit), card.every_image), SetMeasures(card, workshop)
    sets.check_count([image.prompt for image in images])
    metrics.check(asks=not Path(settings.store).exists())
    _ = [scorer.card for scorer in metrics.scorers.values()]
    sets.check()

    def taken() -> Taken:
        with Store(settings.store) as store:
            scoring = FromFiles(store, lambda wants: None, progress or Silent())
            found = taken_of_images(images, metrics, sets, scoring)
        metrics.notes.extend(sets.notes)
        return found

    return images, taken


def _spoken(
    given: Given, card: Suite, workshop: Workshop, metrics: ImageMetrics, settings: Settings
) -> tuple[Sequence[SpokenOf], Callable[[], Taken]]:
    """Images that are not here, and how their numbers are found."""
    if card.set_metrics:
        fix = "has metrics of all images together, which need the images"
        raise BadInput.at(shown(card.path), "set_metrics", card.set_metrics[0].name, fix)
    prompts = card.images_asked(settings.limit)
    if given.official is not None:
        place, images = given.official, spoken_of(prompts, digest(given.official, (".json", ".jsonl")))
        return images, lambda: of_official_results(card, place, images)
    recorded = workshop.detector(RECORDED)
    if not isinstance(recorded, Recorded):
        raise BadInput.at("command line", "--detections", RECORDED, "the name stands for another detector here")
    images = spoken_of(prompts, digest(recorded.path))
    return images, lambda: judged_again(recorded, images, metrics)


def run_detect(
    suite: str,
    images: Path,
    out: Path,
    settings: Settings = Settings(),
    progress: Progress | None = None,
    details: Path | None = None,
) -> int:
    """Record what a suite's detector sees in images, as `score --detections` takes it; how many images that were.

    `details` gets GenEval's own results, with reasons. BadInput where no metric of the suite goes by detections.
    """
    settings.check()
    for file in (out, details or out):
        check_folder(file.absolute().parent)
    card = settings.suite(suite)
    metrics = ImageMetrics(card, settings.workshop(card, progress))
    seers = {name: seer for name, scorer in metrics.scorers.items() if (seer := _seer(scorer)) is not None}
    if not seers:
        raise BadInput.at(shown(card.path), "metrics", card.name, "no metric of it goes by detections")
    brought = find_images(images, card.images_asked(settings.limit), card.every_image)
    records: list[Record] = []
    rows: list[Json] = []
    bar = progress or Silent()
    for name, seer in seers.items():
        fetch(seer)
        own = [image for image in brought if metrics.asked_of(name, image.prompt)]
        bar.expect("detections", len(own))
        for start in range(0, len(own), AT_ONCE):
            some = own[start : start + AT_ONCE]
            found = _records(seer, some)
            records += found
            rows += _details(seer, found, [image.prompt for image in some])
            bar.advance("detections", len(own[start : start + AT_ONCE]))
    if details is not None:
        if not rows:
            raise BadInput.at("command line", "--details", str(details), f"{card.name} has no rule that gives reasons")
        lines = "".join(json.dumps(row, sort_keys=True, allow_nan=False) + "\n" for row in rows)
        write_together(details.absolute().parent, {details.name: lines.encode("ascii")})
    write_records(out, records)
    return len(records)


def _details(seer: Detected, records: Sequence[Record], prompts: Sequence[Prompt]) -> list[Json]:
    """A row an image as GenEval's script writes it, for a rule that gives reasons."""
    if not isinstance(seer.rule, GenEval):
        return []
    asked, rows = {(prompt.id, prompt.image): prompt for prompt in prompts}, list[Json]()
    for record in records:
        row = seer.rule.details(asked[record.prompt_id, record.image], record.seen)
        name = f"{int(record.prompt_id):05d}/samples/{record.image - 1:04d}.png"
        rows += [{"filename": name, **row}] if row else []
    return rows


def _seer(scorer: object) -> Detected | None:
    """What of a scorer goes by detections."""
    part = scorer.spatial if isinstance(scorer, ThreeInOne) else scorer
    return part if isinstance(part, Detected) else None


def _records(seer: Detected, images: Sequence[Brought]) -> list[Record]:
    pictures, prompts = [image.read() for image in images], [image.prompt for image in images]
    cards = [None if part is None else dict(part.card) for part in (seer.depth, seer.colors)]
    return [
        record_of(prompt.id, prompt.image, picture, seen, dict(seer.detector.card), seer.rule.wanted(prompt), *cards)
        for picture, prompt, seen in zip(pictures, prompts, seer.look(pictures, prompts, either=True), strict=True)
        if seen is not None
    ]
