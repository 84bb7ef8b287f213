"""A submission: model + search + verifier + budget. Its identity is the digest of its content, not its name.

name = "random16-dual_encoder"
[model]
name = "shapes"            # optional: weights, revision, solver, steps, search_steps, final_steps, guidance, dtype
[search]
name = "random"            # the other keys are the search's own parameters
candidates = 16
[verifier]                 # left out for the search "none"
scorers = ["dual_encoder"] # several with combine = "rank" (mean rank within a prompt's candidates), "zscore" or "sum"
weights = [2.0, 1.0]       # optional: how much each of several scorers counts
[budget]
nfe = 192                  # optional: NFE a prompt may be charged; for a search over all prompts at once, in the mean
total = 8064               # for such a search, in place of nfe: NFE over all prompts
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from tts_bench import keys
from tts_bench.checks import Check, choice, integer, matching, number, several, text
from tts_bench.errors import BadInput
from tts_bench.flags import flag_table, name_of, verifier_table
from tts_bench.keys import check_name
from tts_bench.knobs import take_knobs
from tts_bench.places import is_place, model_at
from tts_bench.plaintext import shown
from tts_bench.protocols import ModelSpec
from tts_bench.registry import MODELS, SCORERS, SEARCHES
from tts_bench.tables import Table, check_values, read_toml
from tts_bench.types import Json

DTYPES = ("float32", "bfloat16", "float16")
STEPS = integer(1, 10_000)
HUB_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
COMMIT = matching(
    "[0-9a-f]{40}|sha256:[0-9a-f]{64}",
    "the 40 hex digits of a commit (a branch such as 'main' can move), or sha256: and the 64 of a local file",
)
WEIGHT = number(-1e9, 1e9)
Rule: TypeAlias = Literal["single", "rank", "zscore", "sum"]
ONE_RULE = choice(*get_args(Rule))
UNGUIDED = "none"  # the one search that chooses nothing and so needs no verifier


@dataclass(frozen=True)
class SearchSpec:
    """`[search]`: every knob by name, defaults included."""

    name: str
    knobs: Mapping[str, Json] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class VerifierSpec:
    """`[verifier]`: one scorer ("single"), or several and the rule that makes one value of their numbers.

    `weights` is one finite number a scorer, None for equal ones; see `verifier.combine`.
    """

    scorers: tuple[str, ...]
    combine: Rule
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Submission:
    """What is run on a suite.

    `budget_nfe` is the NFE a prompt may be charged, None for no limit. A joint search, which shares one budget between
    all prompts, may be charged that many in the mean, or `budget_total` over all of them.
    """

    name: str
    model: ModelSpec
    search: SearchSpec
    verifier: VerifierSpec | None = None
    budget_nfe: int | None = None
    budget_total: int | None = None

    @property
    def recipe(self) -> dict[str, Any]:
        """The content as JSON, in the shape of the file; what is None is left out, but for the verifier."""
        return {
            "model": _given(asdict(self.model)),
            "search": _given({"name": self.search.name, **dict(sorted(self.search.knobs.items()))}),
            "verifier": self.verifier and _given({
                "scorers": list(self.verifier.scorers), "combine": self.verifier.combine,
                "weights": self.verifier.weights and list(self.verifier.weights),
            }),
            "budget": _given({"nfe": self.budget_nfe, "total": self.budget_total}),
        }  # fmt: skip

    @cached_property
    def digest(self) -> str:
        return keys.digest(self.recipe)

    def to_toml(self) -> str:
        """The file of this submission; reading it gives an equal submission."""
        lines = [f"name = {_toml(self.name)}"]
        for section, values in self.recipe.items():
            if values:
                lines += ["", f"[{section}]", *(f"{key} = {_toml(value)}" for key, value in values.items())]
        return "\n".join(lines) + "\n"


def read_submission(path: Path | str) -> Submission:
    """The submission in a TOML file; BadInput for the first thing wrong with it."""
    return parse_submission(read_toml(Path(path)), shown(path))


def parse_submission(data: Mapping[str, Any], file: str) -> Submission:
    """The submission in a table as TOML or JSON gives it; `file` is what errors name."""
    check_values(data, file)
    table = Table(data, file)
    submission = take_submission(table)
    table.done()
    return submission


def take_submission(table: Table) -> Submission:
    search = _search(table.table("search"))
    verifier = table.optional_table("verifier")
    if verifier is None and search.name != UNGUIDED:
        table.refuse(
            "verifier", f"{search.name!r} chooses by a verifier; add [verifier] (scorer 'chance' for a control)"
        )
    if verifier is not None and search.name == UNGUIDED:
        table.refuse("verifier", f"{search.name!r} chooses nothing; leave [verifier] out, or name a search")
    nfe, total = _budget(table, search)
    return Submission(
        name=table.take("name", check_name),
        model=_model(table.table("model")),
        search=search,
        verifier=_verifier(verifier) if verifier else None,
        budget_nfe=nfe,
        budget_total=total,
    )


def from_flags(
    model: str | ModelSpec,
    search: str,
    verifier: str | None = None,
    budget: int | None = None,
    name: str | None = None,
    file: str = "command line",
    like: ModelSpec | None = None,
) -> Submission:
    """The submission that command-line flags describe; `file` is what errors name.

    `search` and `model` are names, or "random:candidates=16,other=0.5"; `verifier` is a scorer, or several joined by
    "+" for the mean of their ranks ("a+b:combine=zscore" for another rule); `budget` is NFE a prompt. Without a name it
    is called after all of these (`flags.name_of`), but for a model given as a ModelSpec: that is the suite's own. What
    the flag of a model leaves open is as in `like`, if that is of the same name.
    """
    flags = flag_table("model", model, file) if isinstance(model, str) else {}
    tables = {
        "model": _given(asdict(model)) if isinstance(model, ModelSpec) else _filled(flags, like),
        "search": flag_table("search", search, file),
        "verifier": verifier_table(verifier, file) if verifier is not None else {},
    }
    data = {section: table for section, table in tables.items() if table}
    if budget is not None:
        data["budget"] = {"nfe": budget}
    # A stand-in until the flags are known to be good: only good ones make a good name.
    found = parse_submission({"name": "unnamed" if name is None else name, **data}, file)
    if name is not None:
        return found
    made = name_of(tables["search"], tables["verifier"], budget, flags, found.digest)
    return replace(found, name=check_name(made, file, "name"))


def _filled(flags: Mapping[str, Any], like: ModelSpec | None) -> dict[str, Any]:
    """A model's flags, and what another of its name has beside; `steps` stands for both numbers of steps."""
    others = _given(asdict(like)) if like is not None and like.name == flags["name"] else {}
    if "steps" in flags:
        others = {key: value for key, value in others.items() if key not in ("search_steps", "final_steps")}
    return others | dict(flags)


def on_model(submission: Submission, model: str) -> Submission:
    """With the model of a flag in place of its own: a place with files, a name, or "name:key=value,...".

    A place is no part of a submission, whose identity must not hang on where somebody keeps files: of that it takes
    the name of the model alone. What the flag leaves open stays as it was.
    """
    if is_place(model):
        return replace(submission, model=model_at(model, submission.model))
    return replace(submission, model=from_flags(model, UNGUIDED, like=submission.model).model)


def _model(table: Table) -> ModelSpec:
    steps = table.take("steps", STEPS, None)
    search_steps, final_steps = table.take("search_steps", STEPS, None), table.take("final_steps", STEPS, None)
    if steps is not None and (search_steps, final_steps) != (None, None):
        table.refuse("steps", "stands for both search_steps and final_steps; give it, or those")
    return ModelSpec(
        name=table.take("name", MODELS.require),
        weights=_weights(table),
        revision=table.take("revision", COMMIT, None),
        solver=table.take("solver", check_name, None),
        search_steps=search_steps or steps,
        final_steps=final_steps or steps,
        guidance=table.take("guidance", number(0, 1000), None),
        dtype=table.take("dtype", choice(*DTYPES), None),
    )


def _weights(table: Table) -> str | None:
    """A file or folder of this machine, perhaps pinned by its sha256, or a hub id pinned to a commit.

    Whether they are there is found out at loading.
    """
    weights, revision = table.take("weights", text(), None), table.take("revision", COMMIT, None)
    if weights is None:
        if revision is not None:
            table.refuse("revision", "is of weights; give those, or leave it out")
        return None
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", weights) or weights.startswith(("//", "git@")):
        table.refuse("weights", "addresses are not fetched; give a folder, or a hub id owner/name with its revision")
    is_hub_id, is_local = bool(re.fullmatch(HUB_ID, weights)), Path(weights).exists()
    if is_hub_id and not is_local and revision is None:
        table.refuse("weights", "a hub id needs revision = its 40-digit commit; for a folder, write ./" + weights)
    if revision is not None and ":" not in revision and (is_local or not is_hub_id):
        table.refuse("revision", "a file or folder has no commit; pin it by sha256:<digest>, or leave revision out")
    return weights


def _search(table: Table) -> SearchSpec:
    name = table.take("name", SEARCHES.require)
    return SearchSpec(name, take_knobs(SEARCHES.load(name), table))


def _verifier(table: Table) -> VerifierSpec:
    scorers = table.take("scorers", several(SCORERS.require))
    rule = table.take("combine", ONE_RULE, None) or ("single" if len(scorers) == 1 else "rank")
    if rule == "single" and len(scorers) > 1:
        table.refuse("combine", "takes one scorer; for several write combine = 'rank'")
    weights = table.take("weights", _one_each(scorers), None)
    if rule == "single" and weights is not None:
        table.refuse("weights", "are of several scorers; leave them out")
    return VerifierSpec(scorers, cast("Rule", rule), weights)


def _one_each(scorers: tuple[str, ...]) -> Check[tuple[float, ...]]:
    """One weight a scorer, not all of them zero."""

    def check(value: Any, file: str, key: str) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or len(value) != len(scorers):
            raise BadInput.at(file, key, value, f"must be a list of {len(scorers)}, one number a scorer")
        weights = tuple(WEIGHT(item, file, f"{key}[{i}]") for i, item in enumerate(value))
        if not any(weights):
            raise BadInput.at(file, key, value, "are all zero; give one that is not")
        return weights

    return check


def _budget(table: Table, search: SearchSpec) -> tuple[int | None, int | None]:
    """NFE a prompt, and in total: neither, or one of them."""
    budget = table.optional_table("budget")
    if budget is None:
        return None, None
    nfe, total = budget.take("nfe", integer(1, 10**9), None), budget.take("total", integer(1, 10**12), None)
    if total is not None and not getattr(SEARCHES.load(search.name), "joint", False):
        budget.refuse("total", f"is for a search over all prompts at once; {search.name!r} takes nfe, a prompt's NFE")
    if total is not None and nfe is not None:
        budget.refuse("total", "stands in place of nfe; give one of them")
    return nfe, total


def _given(values: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in values.items() if value is not None}


def _toml(value: Json) -> str:
    """A value as TOML writes it; JSON's texts, booleans, lists and finite numbers are TOML too."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
