"""How to read a leaderboard's page: what each number is, and what it cannot say."""

from __future__ import annotations

from tts_bench.report import escape, wording
from tts_bench.report.board import Board, MetricInfo
from tts_bench.report.grid import OWN

_OF_PROMPTS = (
    "`value [low, high]` is a mean over prompts and its 95 % interval: how far the mean may lie from that over all "
    "prompts of this kind. Wilson's interval where every value is 0 or 1, else Student's over prompts, "
    "widened to the side to which they lean. It does not cover another seed or another training run of the model."
)
_MACRO = (
    "{} is the mean of the categories' means, and its interval knows the spread within each alone; there "
    "is no interval where a category has a single prompt."
)
_OF_SET = (
    "Numbers of all images together have the interval of a jackknife over groups of images that all submissions share "
    "(Student's, 95 %), at this many images: FID at fewer is higher, whatever the images."
)
_ONLY_OF_SET = (
    "`value [low, high]` is a number of all images together and its 95 % interval: Student's, of a jackknife over "
    "groups of images that all submissions share, at this many images: FID at fewer is higher, whatever the images. "
    "It does not cover another seed or another training run of the model."
)


def reading(board: Board) -> str:
    """A list of notes, every text escaped."""
    notes = [
        *[_metric(metric) for metric in board.metrics],
        f"**NFE** is what one {_search(board)} is charged: evaluations of the denoiser for one sample, in the search "
        "and the final run, whatever a warm store saved. Guidance's second pass, decodes and scorer calls are counted "
        "apart, in the table of what it is charged.",
        *_of_several_images(board),
        *_ranks(board),
        *_intervals(board),
        _gain(board),
        "**Seeds**: every submission draws its noise from the same seeds, so all comparisons are paired; a prompt's "
        "first candidate is the same image for all that share a model.",
        f"**Flags**: {OWN} marks a metric that the submission's own verifier uses: it grades itself there, and is "
        'never set in bold. "oracle" marks a verifier that knows the answer: never ranked. Bold is the best of the '
        "ranked submissions in a column. An unscored prompt is left out of the mean and counted, never taken as zero.",
    ]
    return "\n".join(f"- {note}" for note in notes)


def _search(board: Board) -> str:
    return "prompt" if board.lines[0].result.suite.images == 1 else "image"


def _of_several_images(board: Board) -> list[str]:
    count = board.lines[0].result.suite.images
    if count == 1:
        return []
    return [
        f"**Images**: {count} a prompt, each found by a search of its own charged for itself. A prompt's number is "
        "the mean of its images, so that intervals are over prompts; it has none where one of them has none."
    ]


def _intervals(board: Board) -> list[str]:
    kinds = {metric.of_set for metric in board.metrics}
    macro = [_MACRO.format(escape.markdown_cell(metric.name)) for metric in board.metrics if metric.macro]
    if kinds == {True}:
        return [_ONLY_OF_SET]
    return [_OF_PROMPTS, *macro, _OF_SET] if True in kinds else [_OF_PROMPTS, *macro]


def _ranks(board: Board) -> list[str]:
    if not board.ranked or board.ranked[0].rank is None:
        return []
    main, units = board.main, "groups of images" if board.main.of_set else "prompts"
    return [
        f"**Rank** is 1 + the submissions that are better in {escape.markdown_cell(main.name)} by a paired 95 % "
        "interval, as a gain has it; those that it does not tell apart share a rank, and stand by value. `[low, high]` "
        f"is the rank's own interval, of a paired bootstrap over {units}: with 95 % confidence all of them hold "
        "together, however many there are (simultaneous over all pairs, Mogstad et al. 2024); the rank itself makes "
        "no such allowance."
    ]


def _gain(board: Board) -> str:
    """A number of the whole set has a difference to the baseline's; one of prompts a mean of their differences."""
    main, baseline = board.main, board.baseline
    over = f"`{baseline.name}`" if baseline else "the baseline (there is none here)"
    name = escape.markdown_cell(main.name)
    if main.of_set:
        told = f"**Gain** is {name} less that of {over}, with a jackknife that pairs the groups of images"
    else:
        told = f"**Gain** is the mean difference to {over} in {name}, prompt by prompt, with a paired interval"
    told += ": it can exclude 0 where the two intervals beside it overlap." + _across_models(board)
    return told + (" Lower is better, so a negative gain is an improvement." if main.lower else "")


def _across_models(board: Board) -> str:
    """Which submission is the baseline, and what a gain over it is of, where its name alone could mislead."""
    baseline, everyone = board.baseline, [line.result for line in board.lines]
    models = {wording.model(result, everyone) for result in everyone}
    if baseline is None or len(models) == 1:
        return ""
    name, model = (escape.markdown_cell(text) for text in (baseline.name, wording.model(baseline, everyone)))
    return (
        f" The baseline is the submission {name} with the model {model}, for all of the board: the gain of one with "
        "another model is of model and search together."
    )


def _metric(metric: MetricInfo) -> str:
    percent = " (in percent)" if metric.percent else ""
    main = ", which ranks" if metric.main else ""
    texts = (metric.name, metric.title, ", ".join(metric.scorers))
    name, title, scorer = (escape.markdown_cell(text) for text in texts)
    if not metric.of_set:
        return f"**{name}**{percent}{main}: {title}; by the scorer {scorer}."
    better = "lower" if metric.lower else "higher"
    return f"**{name}**{percent}{main}: {title}; of all images together, {better} is better; in the features {scorer}."
