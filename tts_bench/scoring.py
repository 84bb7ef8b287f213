"""Scores: a fact about an image, a scorer and a prompt, asked of the store first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from tts_bench import keys
from tts_bench.errors import MachineFailed, PluginFailed, TtsBenchError
from tts_bench.jobs import Want, chunked
from tts_bench.progress import Progress, Silent
from tts_bench.protocols import (
    Chosen,
    Featured,
    Fetches,
    OnTheWay,
    OverSet,
    Scorer,
    Streaming,
    fetch,
    is_on_the_way,
    is_streaming,
)
from tts_bench.recipes import State, Stepped
from tts_bench.store import State as Held
from tts_bench.store import Store
from tts_bench.streaming import Asking, mean_of
from tts_bench.types import Image, Key, Values

AT_ONCE = 64  # images a scorer is given, and a transaction holds


def image_key(state: State) -> Key:
    """The image by which a state is scored: its own, or its clean estimate's."""
    return state.key if state.finished else keys.estimate_key(state.key)


def score_name(scorer: Scorer, state: State) -> Key:
    """What a scorer's numbers for a state's image are stored under."""
    card = getattr(scorer, "kept_as", scorer.card)  # which says more where a card does not tell two numbers apart
    return keys.score_key(dict(card), scorer.outputs, image_key(state), state.prompt)


def score_names(scorer: Scorer, state: State) -> list[Key]:
    """All that the store holds once a scorer has been shown a state's image: one key, or one a repeat."""
    if not is_streaming(scorer):
        return [score_name(scorer, state)]
    cards = [dict(scorer.answer_card(repeat)) for repeat in range(scorer.repeats)]
    return [keys.score_key(card, scorer.outputs, image_key(state), state.prompt) for card in cards]


def feature_name(scorer: Featured, state: State) -> Key:
    """What the features of a state's image are stored under."""
    return keys.features_key(dict(scorer.card), image_key(state), state.prompt)


def first(scorer: Scorer, values: Values) -> float | None:
    """The number that counts when a scorer serves as a verifier."""
    return values.get(scorer.outputs[0])


def watched(scorer: Scorer | OnTheWay, state: State) -> State | None:
    """The state on the way whose clean estimate a scorer looks at too; None where the image did not come through it."""
    if not is_on_the_way(scorer) or not state.finished:
        return None
    level = state.grid.snap(scorer.level)
    while level > 0.0:
        if level <= state.root.level:
            return replace(state, level=level)
        if not isinstance(state.root, Stepped):
            break
        state = state.root.of
    return None


@dataclass
class Scoring:
    """`calls_run` counts the images that scorers were really shown. `remake` makes images that are not there."""

    store: Store
    remake: Callable[[Sequence[Want]], None]
    progress: Progress = field(default_factory=Silent)
    calls_run: int = 0

    def __post_init__(self) -> None:
        self._asking = Asking(self.store, self.images, _blamed, self.progress)

    def score(self, scorer: Scorer, states: Iterable[State]) -> dict[Key, Values]:
        """The scorer's numbers for each state's image, by state key."""
        wanted = {state.key: state for state in states}
        if is_streaming(scorer):
            return self._streamed(scorer, wanted)
        names = {key: score_name(scorer, state) for key, state in wanted.items()}
        found = self.store.scores(names.values())
        lacking = [state for key, state in wanted.items() if names[key] not in found]
        self.progress.expect("scores", len(lacking))
        for chunk in chunked(lacking, AT_ONCE):
            fresh = dict(zip([names[state.key] for state in chunk], self._ask(scorer, chunk), strict=True))
            # What could not be scored is asked again next time: only an answer is kept.
            self.store.commit(scores={name: v for name, v in fresh.items() if None not in v.values()})
            found.update(fresh)
            self.calls_run += len(chunk)
            self.progress.advance("scores", len(chunk))
        return {key: found[name] for key, name in names.items()}

    def _streamed(self, scorer: Streaming, wanted: dict[Key, State]) -> dict[Key, Values]:
        """Asked by the question, committed by the answer: the mean over an image's answers."""
        before = self._asking.asked
        try:
            self._asking.ask(scorer, wanted, {key: score_names(scorer, state) for key, state in wanted.items()})
        finally:
            self.calls_run += self._asking.asked - before
        return {key: mean_of(rows, scorer.outputs) for key, rows in self.answers(scorer, wanted.values()).items()}

    def answers(self, scorer: Scorer, states: Iterable[State]) -> dict[Key, list[Values]]:
        """What the store holds of each state's image, by state key: at most one row, or one a repeat."""
        names = {state.key: score_names(scorer, state) for state in states}
        held = self.store.scores(name for of in names.values() for name in of)
        return {key: [held[name] for name in of if name in held] for key, of in names.items()}

    def reasons(self, scorer: Scorer, states: Iterable[State]) -> dict[Key, list[str]]:
        """Why answers are missing, as far as this run asked for them: a reason a repeat, by state key, if any."""
        told = self._asking.reasons
        found = {state.key: [told[n] for n in score_names(scorer, state) if n in told] for state in states}
        return {key: reasons for key, reasons in found.items() if reasons}

    def unseen(self, scorer: Scorer | Featured, states: Iterable[State]) -> set[Key]:
        """Keys of those states whose image the scorer has yet to be shown."""
        wanted = {state.key: state for state in states}
        if isinstance(scorer, Featured):
            names = {key: [feature_name(scorer, state)] for key, state in wanted.items()}
            held = self.store.known((name for of in names.values() for name in of), latent=True)
        else:
            names = {key: score_names(scorer, state) for key, state in wanted.items()}
            held = set(self.store.scores(name for of in names.values() for name in of))
        return {key for key, of in names.items() if not held.issuperset(of)}

    def fetch(self, scorers: Iterable[Scorer | Featured], states: Sequence[State]) -> None:
        """What those of the scorers need of the network that have yet to be shown one of the states' images."""
        for scorer in scorers:
            if isinstance(scorer, Fetches) and self.unseen(scorer, states):
                fetch(scorer)

    def features(self, scorer: Featured, states: Iterable[State]) -> dict[Key, np.ndarray]:
        """A set verifier's or a feature network's features of each state's image, by state key."""
        wanted = {state.key: state for state in states}
        names = {key: feature_name(scorer, state) for key, state in wanted.items()}
        held = {key: self.store.state(name) for key, name in names.items()}
        found = {key: row.latent for key, row in held.items() if row is not None and row.latent is not None}
        for chunk in chunked([state for key, state in wanted.items() if key not in found], AT_ONCE):
            images = self.images(chunk)
            with _blamed(scorer):
                given = scorer.features([images[s.key] for s in chunk], [s.prompt for s in chunk])
                made = [np.asarray(array, dtype=np.float32) for array in given]
            if len(made) != len(chunk) or not all(np.isfinite(array).all() for array in made):
                raise PluginFailed(f"scorer {_name(scorer)!r} must give finite numbers for each of {len(chunk)} images")
            fresh = {s.key: array for s, array in zip(chunk, made, strict=True)}
            recipes = {s.key: {"features": dict(scorer.card), "of": image_key(s)} for s in chunk}
            self.store.commit(states=[Held(names[key], recipes[key], None, fresh[key], 0.0) for key in fresh])
            found.update(fresh)
            self.calls_run += len(chunk)
        return found

    def begin_set(self, scorer: OverSet) -> Chosen:
        """A set verifier's view of no picks at all."""
        with _blamed(scorer):
            return scorer.begin()

    def add_to_set(self, scorer: OverSet, chosen: Chosen, picked: np.ndarray) -> None:
        with _blamed(scorer):
            chosen.add(picked)

    def in_set(self, scorer: OverSet, chosen: Chosen, candidates: Sequence[np.ndarray]) -> list[float | None]:
        """Each candidate's value beside the picks so far; None where it is no finite number."""
        with _blamed(scorer):
            values = [float(value) for value in chosen.values(candidates)]
        if len(values) != len(candidates):
            raise PluginFailed(f"scorer {_name(scorer)!r} must give one value for each of {len(candidates)} candidates")
        return [value if np.isfinite(value) else None for value in values]

    def images(self, states: Sequence[State]) -> dict[Key, Image]:
        """Each state's image by state key. One that the store lacks or finds damaged is made again."""
        held = self.store.images([image_key(state) for state in states])
        lost = [state for state in states if image_key(state) not in held]
        if lost:
            self.remake([Want(state, None, not state.finished) for state in lost])
            held.update(self.store.images([image_key(state) for state in lost]))
        absent = [state.key for state in states if image_key(state) not in held]
        if absent:
            raise MachineFailed(
                f"{self.store.path}: {absent[0]} cannot be read back after it was made again; check the disk"
            )
        return {state.key: held[image_key(state)] for state in states}

    def _ask(self, scorer: Scorer, states: Sequence[State]) -> list[dict[str, float | None]]:
        fetch(scorer)  # before an image is made again for it
        images = self.images(states)
        with _blamed(scorer):
            numbers = self._numbers(scorer, states, [images[state.key] for state in states])
            answers = [_finite(values) for values in numbers]
        if len(answers) != len(states) or any(set(answer) != set(scorer.outputs) for answer in answers):
            outputs = ", ".join(scorer.outputs)
            raise PluginFailed(f"scorer {_name(scorer)!r} must give {outputs} for each of {len(states)} images")
        return answers

    def _numbers(self, scorer: Scorer, states: Sequence[State], images: list[Image]) -> Sequence[Values]:
        prompts, names = [state.prompt for state in states], [state.key for state in states]
        if not is_on_the_way(scorer):
            return scorer.score(images, prompts, names)
        passed = {i: early for i, state in enumerate(states) if (early := watched(scorer, state)) is not None}
        estimates = self.images(list(passed.values()))
        values = scorer.compare(
            [images[i] for i in passed], [estimates[early.key] for early in passed.values()],
            [prompts[i] for i in passed], [names[i] for i in passed],
        ) if passed else []  # fmt: skip
        found: list[Values] = [dict.fromkeys(scorer.outputs) for _ in states]
        for i, value in zip(passed, values, strict=True):
            found[i] = value
        return found


class _blamed:
    """Whatever goes wrong in a plug-in is one line that names it."""

    def __init__(self, scorer: object) -> None:
        self.scorer = scorer

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, TtsBenchError):
            raise PluginFailed(f"scorer {_name(self.scorer)!r} failed: {type(error).__name__}: {error}") from error


def _name(scorer: object) -> object:
    card = getattr(scorer, "card", {})
    return card.get("scorer", card.get("features", type(scorer).__name__))


def _finite(values: Values) -> dict[str, float | None]:
    """A number that is none (NaN, infinite) is unscored, never zero."""
    return {name: float(v) if v is not None and np.isfinite(v) else None for name, v in values.items()}
