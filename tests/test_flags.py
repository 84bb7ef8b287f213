"""Flags as submissions: what a file would make, refused in the same words, under names that tell them apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.protocols import ModelSpec
from tts_bench.registry import SEARCHES
from tts_bench.submission import VerifierSpec, from_flags, parse_submission
from tts_bench.tables import parse_toml


@pytest.fixture(autouse=True, scope="module")
def _toy_is_registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SEARCHES.targets, "toy", "tests.test_submission:toy")  # has knobs of every kind
        yield


OWN = ModelSpec("shapes")  # the suite's: its name says nothing


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ((OWN, "none"), "none"),
        ((OWN, "random", "checker"), "random-checker"),
        ((OWN, "random:candidates=16", "checker"), "random16-checker"),
        ((OWN, "random", "checker", 64), "random-checker-64"),
        ((OWN, "random:candidates=4", "dual_encoder+appeal", 100), "random4-dual_encoder-appeal-100"),
        (("shapes", "random", "checker", 64), "random-checker-64-shapes"),
        (("shapes:steps=8,guidance=1.5", "none"), "none-shapes.guidance1.5.steps8"),
        ((OWN, "toy:rounds=2,cosine=0.5,greedy=true,rule=cosine", "chance"),
         "toy.cosine0.5.greedy_true.rounds2.rule_cosine-chance"),
        ((OWN, "toy", "dual_encoder+appeal:combine=zscore"), "toy-dual_encoder-appeal.combine_zscore"),
        ((OWN, "toy", "dual_encoder+appeal:combine=sum,weights=2+-0.5"),
         "toy-dual_encoder-appeal.combine_sum.weights2_-0.5"),
        ((OWN, "random:candidates=16", "checker", None, "mine"), "mine"),
    ],
)  # fmt: skip
def test_flags_make_the_submission_that_a_file_would(flags: tuple[Any, ...], name: str) -> None:
    made = from_flags(*flags)
    assert made.name == name
    assert parse_submission(parse_toml(made.to_toml().encode(), "f"), "f") == made


@pytest.mark.parametrize(
    ("first", "second", "start"),
    [
        ("toy:label=a b", "toy:label=a!b", "toy.label_a_b-chance-"),  # what a name cannot hold
        ("toy:label=A", "toy:label=B", "toy.label__-chance-"),
        (f"toy:label={'a' * 70}", f"toy:label={'a' * 71}", "toy.label_aaaaaaa"),  # or has no room for
    ],
)
def test_names_that_say_too_little_end_in_the_digest(first: str, second: str, start: str) -> None:
    one, other = (from_flags(OWN, flag, "chance") for flag in (first, second))
    assert one.name != other.name
    for made in (one, other):
        assert made.name.startswith(start) and made.name.endswith("-" + made.digest[:8]) and len(made.name) <= 64


GIVEN = st.fixed_dictionaries({}, optional={
    "rounds": st.integers(-3, 300), "cosine": st.sampled_from(["0", "0.5", "0.95", "1e-5"]),
    "greedy": st.sampled_from(["true", "false"]), "rule": st.sampled_from(["cosine", "variance_preserving"]),
    "label": st.sampled_from(["a", "A", "a_b", "a b", "x1"]),
})  # fmt: skip
SEARCH_FLAGS = GIVEN.map(lambda knobs: "toy" + ":" * bool(knobs) + ",".join(f"{k}={v}" for k, v in knobs.items()))
VERIFIER_FLAGS = st.lists(st.sampled_from(["checker", "dual_encoder", "appeal"]), min_size=1, unique=True).flatmap(
    lambda names: st.sampled_from(["", ":combine=zscore", ":weights=" + "+".join("2" * len(names))]).map(
        lambda rest: "+".join(names) + (rest if len(names) > 1 else "")
    )
)
MODEL_FLAGS = st.sampled_from([OWN, "shapes:guidance=3", "shapes:steps=8", "shapes:steps=8,guidance=3"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(MODEL_FLAGS, SEARCH_FLAGS, VERIFIER_FLAGS, st.none() | st.integers(1, 2000)), max_size=12))
def test_one_name_is_one_content(flags: list[tuple[Any, ...]]) -> None:
    made = [from_flags(*each) for each in flags]
    contents: dict[str, set[str]] = {}
    for submission in made:
        contents.setdefault(keys.check_name(submission.name, "f", "name"), set()).add(submission.digest)
    assert all(len(digests) == 1 for digests in contents.values())


def test_flags_are_typed() -> None:
    made = from_flags("shapes:steps=8,guidance=2", "toy:rounds=2,greedy=true,label=x", "dual_encoder+appeal", 48)
    assert made.model == ModelSpec("shapes", search_steps=8, final_steps=8, guidance=2.0)
    assert made.search.knobs == {"rounds": 2, "cosine": 0.95, "rule": "cosine", "greedy": True, "label": "x"}
    assert (made.verifier, made.budget_nfe) == (VerifierSpec(("dual_encoder", "appeal"), "rank"), 48)
    weighted = from_flags(OWN, "toy", "dual_encoder+appeal:combine=sum,weights=2+-0.5").verifier
    assert weighted == VerifierSpec(("dual_encoder", "appeal"), "sum", (2.0, -0.5))


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("shape", "none"), "model.name = 'shape': no such model; did you mean 'shapes'?"),
        (("shapes", "rondom", "checker"), "search.name = 'rondom': no such search; did you mean 'random'?"),
        (("shapes", "random:candidate=4", "checker"), "search.candidate = 4: unknown key; did you mean 'candidates'?"),
        (("shapes", "random:candidates=4.0", "checker"), "search.candidates = 4.0: must be a whole number"),
        (("shapes", "random:candidates=1e9", "checker"), "search.candidates = 1000000000.0: must be a whole number"),
        (("shapes", "random:candidates=NaN", "checker"), "search.candidates = 'NaN': must be a whole number"),
        (("shapes", "random:candidates", "checker"), "search.candidates = '': must be a whole number"),
        (("shapes", "random:", "checker"), "search.'' = '': unknown key"),
        (("shapes", "toy:cosine=1e309", "checker"), "search.cosine = inf: must be a finite number"),
        (("shapes", "random:name=none", "checker"), "search.name = 'none': is given twice"),
        (("shapes", "random:candidates=4,candidates=5", "checker"), "search.candidates = '5': is given twice"),
        (("shapes", "random", "checker+"), "verifier.scorers[1] = '': "),
        (("shapes", "random", ""), "verifier.scorers[0] = '': "),
        (("shapes", "random", "appeal+appeal"), "verifier.scorers = ['appeal', 'appeal']: names something twice"),
        (
            ("shapes", "random", "appeal+checker:combine=mean"),
            "verifier.combine = 'mean': must be one of 'single', 'rank'",
        ),
        (("shapes", "random", "appeal+checker:weights=1"), "verifier.weights = [1]: must be a list of 2"),
        (("shapes", "random", "appeal+checker:weights=1+x"), "verifier.weights[1] = 'x': must be a finite number"),
        (("shapes", "random", "appeal:scorers=checker"), "verifier.scorers = 'checker': write them in front"),
        (("shapes", "random"), "verifier = None: 'random' chooses by a verifier"),
        (("shapes", "random", "checker", 0), "budget.nfe = 0: must be a whole number from 1"),
        (("shapes", "none", None, None, "No"), "name = 'No': use 1-64"),
        (("shapes", "none", None, None, ""), "name = '': use 1-64"),
    ],
)
def test_bad_flags_are_refused_like_bad_files(flags: tuple[Any, ...], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_flags(*flags)
    assert str(caught.value).startswith(f"command line: {message}")
