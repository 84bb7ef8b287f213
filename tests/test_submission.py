"""Submissions: what the file means, its identity, and that writing and reading are inverse."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.plaintext import HIDDEN
from tts_bench.registry import SEARCHES
from tts_bench.submission import SearchSpec, Submission, VerifierSpec, from_flags, parse_submission
from tts_bench.tables import parse_toml
from tts_bench.types import Json, ModelSpec, Range, Search, Task, search

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@search("toy")
def toy(
    task: Task,
    *,
    rounds: int = 4,
    cosine: Annotated[float, Range(0, 1)] = 0.95,
    rule: Literal["cosine", "variance_preserving"] = "cosine",
    greedy: bool = False,
    label: str | None = None,
) -> Search:
    """A search with knobs of every kind."""
    yield []
    return ""


@pytest.fixture(autouse=True, scope="module")
def _toy_is_registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SEARCHES.targets, "toy", f"{__name__}:toy")
        yield


def parse(text: str) -> Submission:
    return parse_submission(parse_toml(text.encode(), "f"), "f")


FULL = """\
name = "mine"
[model]
name = "shapes"
weights = "owner/name"
revision = "0123456789abcdef0123456789abcdef01234567"
solver = "heun"
search_steps = 6
final_steps = 12
guidance = 2
dtype = "bfloat16"
[search]
name = "random"
candidates = 16
[verifier]
scorers = ["dual_encoder", "appeal"]
[budget]
nfe = 192
"""


def test_every_key_is_read() -> None:
    assert parse(FULL) == Submission(
        "mine",
        ModelSpec("shapes", "owner/name", COMMIT, "heun", 6, 12, 2.0, "bfloat16"),
        SearchSpec("random", {"candidates": 16}),
        VerifierSpec(("dual_encoder", "appeal"), "rank"),
        192,
    )


def test_the_least_file() -> None:
    least = parse('name = "a"\nmodel = {name = "shapes"}\nsearch = {name = "none"}')
    assert least == Submission("a", ModelSpec("shapes"), SearchSpec("none"))
    assert least.recipe == {"model": {"name": "shapes"}, "search": {"name": "none"}, "verifier": None, "budget": {}}


def test_steps_stands_for_both() -> None:
    assert parse(FULL.replace("search_steps = 6\nfinal_steps = 12", "steps = 12")) == replace(
        parse(FULL), model=replace(parse(FULL).model, search_steps=12, final_steps=12)
    )


def test_identity_is_content() -> None:
    mine = parse(FULL)
    assert mine.digest == keys.digest(mine.recipe) == replace(mine, name="another").digest
    assert mine.digest == parse(FULL.replace("guidance = 2\n", "guidance = 2.0\n")).digest
    assert mine.digest == parse(FULL + "# a comment\n").digest
    for changed in ("guidance = 3", "guidance = -0.0", "guidance = 0"):
        assert parse(FULL.replace("guidance = 2", changed)).digest != mine.digest
    assert (
        parse(FULL.replace("guidance = 2", "guidance = -0.0")).digest
        == parse(FULL.replace("guidance = 2", "guidance = 0")).digest
    )


def test_a_default_is_part_of_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'name = "a"\nmodel = {name = "shapes"}\nsearch = {name = "toy"}\nverifier = {scorers = ["chance"]}'
    before = parse(text)
    assert before == parse(text.replace('"toy"', '"toy", rounds = 4, cosine = 0.95'))
    monkeypatch.setitem(toy.__kwdefaults__ or {}, "rounds", 5)  # a later version of the search
    assert parse(text).digest != before.digest


def names() -> st.SearchStrategy[str]:
    return st.from_regex(keys.NAME, fullmatch=True).filter(_is_name)


def _is_name(name: str) -> bool:
    try:
        return keys.check_name(name, "f", "name") == name
    except BadInput:
        return False


def texts() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=["Cs"]).filter(lambda c: not HIDDEN.search(c) and c not in "\t\n\r")
    return st.text(letters, min_size=1, max_size=30).filter(lambda text: bool(text.strip()))


def optional(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


WEIGHTS = st.one_of(
    st.just((None, None)), st.just(("owner/name.v-1_0", COMMIT)), texts().map(lambda text: ("./" + text, None))
)
STEPS = optional(st.integers(1, 10_000))
MODEL_SPECS = st.builds(
    lambda weights, **rest: ModelSpec("shapes", *weights, **rest),
    weights=WEIGHTS, solver=optional(names()), search_steps=STEPS, final_steps=STEPS,
    guidance=optional(st.floats(0, 1000).map(lambda x: x + 0.0)),
    dtype=optional(st.sampled_from(["float32", "bfloat16", "float16"])),
)  # fmt: skip
KNOBS: dict[str, st.SearchStrategy[Any]] = {
    "rounds": st.integers(-(2**63), 2**63 - 1), "cosine": st.floats(0, 1).map(lambda x: x + 0.0),
    "rule": st.sampled_from(["cosine", "variance_preserving"]), "greedy": st.booleans(), "label": optional(texts()),
}  # fmt: skip
SEARCH_SPECS = st.one_of(
    st.fixed_dictionaries(KNOBS).map(lambda knobs: SearchSpec("toy", knobs)),
    optional(st.integers(1, 65_536)).map(lambda n: SearchSpec("random", {"candidates": n})),
)
SCORERS = st.lists(st.sampled_from(["checker", "dual_encoder", "appeal", "chance"]), min_size=1, unique=True)
VERIFIERS = SCORERS.map(lambda names: VerifierSpec(tuple(names), "single" if len(names) == 1 else "rank"))
SUBMISSIONS = st.builds(Submission, names(), MODEL_SPECS, SEARCH_SPECS, VERIFIERS, optional(st.integers(1, 10**9)))


def check_round_trip(submission: Submission) -> None:
    text = submission.to_toml()
    assert parse(text) == submission
    assert parse(text).to_toml() == text
    assert parse(text.replace("\n", "\r\n")) == submission
    assert parse_submission({"name": submission.name, **submission.recipe}, "result.json") == submission


@settings(max_examples=100, deadline=None)
@given(SUBMISSIONS)
def test_reading_is_the_inverse_of_writing(submission: Submission) -> None:
    check_round_trip(submission)


def test_a_writer_that_rounds_is_caught_by_the_same_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts_bench.submission._toml", lambda value: json.dumps(_rounded(value), ensure_ascii=False))
    check = settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        report_multiple_bugs=False,
    )(given(SUBMISSIONS)(check_round_trip))
    with pytest.raises(AssertionError):
        check()


def _rounded(value: Json) -> Json:
    return round(value, 3) if isinstance(value, float) else value


def test_submissions_are_hashable_and_travel_to_other_processes() -> None:
    mine = parse(FULL)
    assert len({mine, parse(FULL), replace(mine, name="b")}) == 2
    assert pickle.loads(pickle.dumps(mine)) == mine


def test_a_folder_needs_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = 'name = "a"\nmodel = {name = "shapes", weights = "owner/name"}\nsearch = {name = "none"}'
    with pytest.raises(BadInput, match="a hub id needs revision"):
        parse(text)
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert parse(text).model.weights == "owner/name"
    with pytest.raises(BadInput, match="model.revision = .*: a folder has no revision"):
        parse(text.replace('"owner/name"', f'"owner/name", revision = "{COMMIT}"'))


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        (("shapes", "none"), "none"),
        (("shapes", "random", "checker"), "random-checker"),
        (("shapes", "random:candidates=16", "checker"), "random16-checker"),
        (("shapes", "random:candidates=4", "dual_encoder+appeal", 100), "random4-dual_encoder-appeal"),
        (("shapes:steps=8,guidance=1.5", "toy:rounds=2,cosine=0.5,greedy=true,label=a b", "chance"), "toy-chance"),
        (("shapes", "random:candidates=16", "checker", None, "mine"), "mine"),
    ],
)
def test_flags_make_the_submission_that_a_file_would(flags: tuple[Any, ...], name: str) -> None:
    made = from_flags(*flags)
    assert made.name == name
    assert parse(made.to_toml()) == made


def test_flags_are_typed() -> None:
    made = from_flags("shapes:steps=8,guidance=2", "toy:rounds=2,greedy=true,label=x", "dual_encoder+appeal", 48)
    assert made.model == ModelSpec("shapes", search_steps=8, final_steps=8, guidance=2.0)
    assert made.search.knobs == {"rounds": 2, "cosine": 0.95, "rule": "cosine", "greedy": True, "label": "x"}
    assert (made.verifier, made.budget_nfe) == (VerifierSpec(("dual_encoder", "appeal"), "rank"), 48)


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
