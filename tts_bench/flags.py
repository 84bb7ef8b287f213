"""What is written on a command line or in a card's grid, `random:candidates=16`: as a table, and as a name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tts_bench.errors import BadInput
from tts_bench.tables import dotted
from tts_bench.types import Json, Key

MOST = 64  # characters of a name
DIGITS = 8  # of a digest


def flag_table(kind: str, flag: str, file: str) -> dict[str, Any]:
    """ "random:candidates=16" as the table {"name": "random", "candidates": 16}."""
    name, colon, rest = flag.partition(":")
    table: dict[str, Any] = {"name": name}
    for part in rest.split(",") if colon else []:
        key, _, value = (side.strip() for side in part.partition("="))
        if key in table:
            raise BadInput.at(file, dotted(kind, key), value, "is given twice; give it once")
        table[key] = _plain(value)
    return table


def verifier_table(flag: str, file: str) -> dict[str, Any]:
    """ "dual_encoder+appeal:combine=sum,weights=2+1" as the table of `[verifier]`."""
    table = flag_table("verifier", flag, file)
    if "scorers" in table:
        raise BadInput.at(file, "verifier.scorers", table["scorers"], "write them in front, joined by '+'")
    found: dict[str, Any] = {"scorers": table.pop("name").split("+"), **table}
    if "weights" in found:
        found["weights"] = [_plain(weight) for weight in str(found["weights"]).split("+")]
    return found


def name_of(
    search: Mapping[str, Any], verifier: Mapping[str, Any], budget: int | None, model: Mapping[str, Any], digest: Key
) -> str:
    """A name for a submission made from flags, of the tables that they give: "paths.n2-dual_encoder-appeal-256".

    Search, scorers, budget, and the model where it is not the suite's own (else an empty table), joined by "-"; each
    with "." and every knob that was given, but the number of `candidates` follows the search at once:
    "random16-checker". A name that would be too long, or hold what names may not, ends in eight digits of the
    submission's `digest`.
    """
    parts = [
        f"{search['name']}{search.get('candidates', '')}{_knobs(search, 'name', 'candidates')}",
        "-".join(verifier.get("scorers", ())) + _knobs(verifier, "scorers"),
        "" if budget is None else str(budget),
        f"{model['name']}{_knobs(model, 'name')}" if model else "",
    ]
    told = "-".join(part for part in parts if part)
    made = re.sub(r"[^a-z0-9._-]", "_", told)
    if made == told and len(made) <= MOST:
        return made
    return f"{made[: MOST - DIGITS - 1].rstrip('._-')}-{digest[:DIGITS]}"


def _knobs(table: Mapping[str, Any], *but: str) -> str:
    return "".join(f".{key}{_shown(value)}" for key, value in sorted(table.items()) if key not in but)


def _shown(value: Json) -> str:
    """8, 0.5, _true, _cosine, 2_1."""
    if isinstance(value, list):
        return "_".join(_shown(item) for item in value)
    return f"_{value}".lower() if isinstance(value, bool) else f"_{value}" if isinstance(value, str) else str(value)


def _plain(text: str) -> Json:
    """A flag's number or boolean, else its text."""
    try:
        return json.loads(text) if re.fullmatch(r"true|false|-?[0-9][0-9.eE+-]{0,40}", text) else text
    except ValueError:
        return text
