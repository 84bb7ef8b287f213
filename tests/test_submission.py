"""Submissions: what the file means, its identity, and that writing and reading are inverse."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tts_bench import keys
from tts_bench.errors import BadInput
from tts_bench.plaintext import HIDDEN
from tts_bench.protocols import ModelSpec
from tts_bench.registry import SEARCHES
from tts_bench.submission import SearchSpec, Submission, VerifierSpec, parse_submission
from tts_bench.tables import parse_toml
from tts_bench.types import JointSearch, Json, Range, Search, Task, search

CHECKER = "d3d80f4f27aca2b8ee4fa6ba2aa67cb25e4747f1e5b1f7833f7be57803c9d156"
ENSEMBLE = "9f78da8fdd04c49e5ec39e6bdecc92c242c8b24fc4286e87a9123c311fea7646"
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


@search("toy_joint", joint=True)
def toy_joint(tasks: Sequence[Task]) -> JointSearch:
    """A search over all prompts at once."""
    yield []
    return []


@pytest.fixture(autouse=True, scope="module")
def _toy_is_registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SEARCHES.targets, "toy", f"{__name__}:toy")
        patch.setitem(SEARCHES.targets, "toy_joint", f"{__name__}:toy_joint")
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
        SearchSpec("random", {"candidates": 16, "eta": None}),
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


def test_identities_of_before_weights_and_totals_hold() -> None:
    """Digests of submissions that this repository has published."""
    text = 'name = "a"\nmodel = {name = "shapes", steps = 12, guidance = 2.5}\n'
    text += 'search = {name = "random", candidates = 16}\n'
    assert parse(text + 'verifier = {scorers = ["checker"]}').digest == CHECKER
    assert parse(text + 'verifier = {scorers = ["dual_encoder", "appeal"]}').digest == ENSEMBLE


def test_weights_are_part_of_the_identity() -> None:
    plain = parse(FULL)
    weighted = parse(FULL.replace('"appeal"]', '"appeal"]\nweights = [2, 1]'))
    assert weighted.verifier == VerifierSpec(("dual_encoder", "appeal"), "rank", (2.0, 1.0))
    assert weighted.recipe["verifier"]["weights"] == [2.0, 1.0]
    assert "weights" not in plain.recipe["verifier"] and "total" not in plain.recipe["budget"]
    swapped = parse(FULL.replace('"appeal"]', '"appeal"]\nweights = [1, 2]'))
    by_score = parse(FULL.replace('"appeal"]', '"appeal"]\ncombine = "zscore"'))
    assert len({s.digest for s in (plain, weighted, swapped, by_score)}) == 4


def test_a_total_is_for_a_search_over_all_prompts() -> None:
    joint = FULL.replace('name = "random"\ncandidates = 16', 'name = "toy_joint"')
    assert (parse(joint).budget_nfe, parse(joint).budget_total) == (192, None)
    total = parse(joint.replace("nfe = 192", "total = 8064"))
    assert (total.budget_nfe, total.budget_total, total.recipe["budget"]) == (None, 8064, {"total": 8064})
    with pytest.raises(BadInput, match=r"f: budget.total = 8064: stands in place of nfe; give one of them"):
        parse(joint + "total = 8064\n")
    with pytest.raises(BadInput, match=r"f: budget.total = 8064: .*'random' takes nfe"):
        parse(FULL.replace("nfe = 192", "total = 8064"))


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
    st.fixed_dictionaries({
        "candidates": optional(st.integers(1, 65_536)), "eta": optional(st.floats(0, 1).map(lambda x: x + 0.0)),
    }).map(lambda knobs: SearchSpec("random", knobs)),
)  # fmt: skip
SCORED = ["checker", "dual_encoder", "appeal", "chance"]
WEIGHTINGS = st.lists(st.floats(-1e9, 1e9).map(lambda x: x + 0.0), min_size=4, max_size=4).filter(lambda w: w[0] != 0)
SINGLE = st.sampled_from(SCORED).map(lambda name: VerifierSpec((name,), "single"))
SEVERAL = st.builds(
    lambda names, rule, weights: VerifierSpec(tuple(names), rule, weights and tuple(weights[: len(names)])),
    st.lists(st.sampled_from(SCORED), min_size=1, unique=True),
    st.sampled_from(["rank", "zscore", "sum"]),
    optional(WEIGHTINGS),
)
EACH = st.builds(
    Submission, names(), MODEL_SPECS, SEARCH_SPECS, SINGLE | SEVERAL, optional(st.integers(1, 10**9)), st.none()
)
JOINT = st.builds(
    Submission, names(), MODEL_SPECS, st.just(SearchSpec("toy_joint", {})), SINGLE | SEVERAL, st.none(),
    optional(st.integers(1, 10**12)),
)  # fmt: skip
SUBMISSIONS = EACH | JOINT


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
    with pytest.raises(BadInput, match="model.revision = .*: a file or folder has no commit"):
        parse(text.replace('"owner/name"', f'"owner/name", revision = "{COMMIT}"'))
