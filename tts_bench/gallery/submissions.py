"""From a suite's results to what can be replayed of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tts_bench.errors import TtsBenchError
from tts_bench.gallery.replay import CANNOT, ELSEWHERE, Replay
from tts_bench.keys import inside
from tts_bench.prepare import Workshop
from tts_bench.results import SUBMISSION, Result, read_image_rows
from tts_bench.submission import read_submission
from tts_bench.suite import Suite
from tts_bench.types import Prompt

GRADER = "llm_grader"
ASKED = f"its verifier is an LLM grader ({GRADER}), whose model a page is not told"


class Replays:
    """Makes the replay of each result under a suite's folder; those of one suite share prompts and models."""

    def __init__(self, suite: Suite, folder: Path, workshop: Workshop) -> None:
        self._suite, self._folder, self._workshop = suite, folder, workshop
        self._prompts: dict[int, dict[str, Prompt]] = {}

    def of(self, result: Result) -> Replay:
        """What cannot be replayed says so: its recipe, prompts, model or scorers are not here."""
        place = inside(self._folder, result.name)
        replay = Replay(result, read_image_rows(place))
        if replay.is_elsewhere:
            return replace(replay, why=ELSEWHERE)
        try:
            submission = read_submission(place / SUBMISSION)
            if submission.digest != result.digest:
                return _cannot(replay, f"{SUBMISSION} is not the recipe of its result")
            prompts = self._asked(replay)
            if prompts is None:
                return _cannot(replay, "its prompts are not those of this suite")
            if self._workshop.grader is None and submission.verifier and GRADER in submission.verifier.scorers:
                return _cannot(replay, ASKED)
            return replace(replay, prompts=prompts, entry=self._workshop.entry(submission))
        except TtsBenchError as error:
            if error.exit_code != TtsBenchError.exit_code:
                raise
            return _cannot(replay, str(error))

    def _asked(self, replay: Replay) -> dict[str, Prompt] | None:
        """The prompts of its rows, with all that a row does not tell of them; None if the suite has others."""
        count = replay.result.suite.images
        if count not in self._prompts:
            every = replace(self._suite, images=count).every_image
            self._prompts[count] = {prompt.draws: prompt for prompt in every}
        known, rows = self._prompts[count], replay.images
        asked = dict(zip(rows["prompt_id"], rows["text"], strict=True))
        if any(name not in known or known[name].text != text for name, text in asked.items()):
            return None
        return {name: known[name] for name in asked}


def _cannot(replay: Replay, why: str) -> Replay:
    return replace(replay, why=CANNOT, notes=[f"{replay.result.name}: {why}"])
