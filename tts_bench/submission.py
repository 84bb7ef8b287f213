"""A submission: model + search + verifier + budget. Its identity is the digest of its content, not its name.

name = "random16-dual_encoder"
[model]
name = "shapes"            # optional: weights, revision, solver, steps, search_steps, final_steps, guidance, dtype
[search]
name = "random"            # the other keys are the search's own parameters
candidates = 16
[verifier]                 # left out for the search "none"
scorers = ["dual_encoder"] # several with combine = "rank": mean rank within a prompt's candidates
[budget]
nfe = 192                  # optional: NFE a prompt may be charged
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from tts_bench import keys
from tts_bench.checks import choice, integer, matching, number, several, text
from tts_bench.errors import BadInput
from tts_bench.keys import check_name
from tts_bench.knobs import take_knobs
from tts_bench.plaintext import shown
from tts_bench.registry import MODELS, SCORERS, SEARCHES
from tts_bench.tables import Table, check_values, dotted, read_toml
from tts_bench.types import Json, ModelSpec

DTYPES = ("float32", "bfloat16", "float16")
STEPS = integer(1, 10_000)
HUB_ID = r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*"
COMMIT = matching("[0-9a-f]{40}", "the 40 hex digits of a commit; a branch such as 'main' can move")
UNGUIDED = "none"  # the one search that chooses nothing and so needs no verifier


@dataclass(frozen=True)
class SearchSpec:
    """`[search]`: every knob by name, defaults included."""

    name: str
    knobs: Mapping[str, Json] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class VerifierSpec:
    """`[verifier]`: one scorer ("single"), or the mean rank of several within one prompt's candidates ("rank")."""

    scorers: tuple[str, ...]
    combine: Literal["single", "rank"]


@dataclass(frozen=True)
class Submission:
    """What is run on a suite; `budget_nfe` is the NFE a prompt may be charged, None for no limit."""

    name: str
    model: ModelSpec
    search: SearchSpec
    verifier: VerifierSpec | None = None
    budget_nfe: int | None = None

    @property
    def recipe(self) -> dict[str, Any]:
        """The content as JSON, in the shape of the file; what is None is left out, but for the verifier."""
        verifier = self.verifier and {"scorers": list(self.verifier.scorers), "combine": self.verifier.combine}
        return {
            "model": _given(asdict(self.model)),
            "search": _given({"name": self.search.name, **dict(sorted(self.search.knobs.items()))}),
            "verifier": verifier,
            "budget": _given({"nfe": self.budget_nfe}),
        }

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
    budget = table.optional_table("budget")
    return Submission(
        name=table.take("name", check_name),
        model=_model(table.table("model")),
        search=search,
        verifier=_verifier(verifier) if verifier else None,
        budget_nfe=budget.take("nfe", integer(1, 10**9), None) if budget else None,
    )


def from_flags(
    model: str, search: str, verifier: str | None = None, budget: int | None = None, name: str | None = None
) -> Submission:
    """The submission that command-line flags describe.

    `search` and `model` are names, or "random:candidates=16,other=0.5"; `verifier` is a scorer, or several joined by
    "+" for the mean of their ranks. Without a name it is called like "random16-checker".
    """
    scorers = verifier.split("+") if verifier is not None else []
    data: dict[str, Any] = {"model": _flag("model", model), "search": _flag("search", search)}
    if scorers:
        data["verifier"] = {"scorers": scorers}
    if budget is not None:
        data["budget"] = {"nfe": budget}
    # A stand-in until the flags are known to be good: only good ones make a good name.
    found = parse_submission({"name": "unnamed" if name is None else name, **data}, "command line")
    if name is None:
        made = "-".join([f"{found.search.name}{data['search'].get('candidates', '')}", *scorers])
        found = replace(found, name=check_name(made, "command line", "name"))
    return found


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
    """A folder of this machine, or a hub id pinned to a commit; whether they are there is found out at loading."""
    weights, revision = table.take("weights", text(), None), table.take("revision", COMMIT, None)
    if weights is None:
        if revision is not None:
            table.refuse("revision", "is of weights; give those, or leave it out")
        return None
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", weights) or weights.startswith(("//", "git@")):
        table.refuse("weights", "addresses are not fetched; give a folder, or a hub id owner/name with its revision")
    is_hub_id, is_folder = bool(re.fullmatch(HUB_ID, weights)), Path(weights).is_dir()
    if is_hub_id and not is_folder and revision is None:
        table.refuse("weights", "a hub id needs revision = its 40-digit commit; for a folder, write ./" + weights)
    if revision is not None and (is_folder or not is_hub_id):
        table.refuse("revision", "a folder has no revision; leave it out, or give a hub id owner/name as weights")
    return weights


def _search(table: Table) -> SearchSpec:
    name = table.take("name", SEARCHES.require)
    return SearchSpec(name, take_knobs(SEARCHES.load(name), table))


def _verifier(table: Table) -> VerifierSpec:
    scorers = table.take("scorers", several(SCORERS.require))
    combine = table.take("combine", choice("single", "rank"), "single" if len(scorers) == 1 else "rank")
    if combine == "single" and len(scorers) > 1:
        table.refuse("combine", "takes one scorer; for several write combine = 'rank'")
    return VerifierSpec(scorers, "rank" if combine == "rank" else "single")


def _flag(kind: str, flag: str) -> dict[str, Any]:
    """ "random:candidates=16" as the table {"name": "random", "candidates": 16}."""
    name, colon, rest = flag.partition(":")
    table: dict[str, Any] = {"name": name}
    for part in rest.split(",") if colon else []:
        key, _, value = (side.strip() for side in part.partition("="))
        if key in table:
            raise BadInput.at("command line", dotted(kind, key), value, "is given twice; give it once")
        table[key] = _plain(value)
    return table


def _plain(value: str) -> Json:
    """A flag's number or boolean, else its text."""
    try:
        return json.loads(value) if re.fullmatch(r"true|false|-?[0-9][0-9.eE+-]{0,40}", value) else value
    except ValueError:
        return value


def _given(values: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in values.items() if value is not None}


def _toml(value: Json) -> str:
    """A value as TOML writes it; JSON's texts, booleans, lists and finite numbers are TOML too."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
