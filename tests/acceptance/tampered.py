"""What somebody may do to a result, and a word of the line that must tell of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pyarrow import parquet

from tests.acceptance.world import cell, put, rows, stated

Tampering = tuple[Callable[[Path], object], str]  # and the key that is named


def _toml(folder: Path, old: str, new: str) -> None:
    text = (folder / "submission.toml").read_text()
    assert old in text
    (folder / "submission.toml").write_text(text.replace(old, new))


def _link(folder: Path) -> None:
    shutil.move(folder / "rows.parquet", folder.parent / "elsewhere")
    (folder / "rows.parquet").symlink_to(folder.parent / "elsewhere")


def _share(value: float) -> Callable[[dict[str, Any]], object]:
    def change(whole: dict[str, Any]) -> None:
        for metrics in [whole["metrics"], *(of for kind in whole["groups"].values() for of in kind.values())]:
            metrics["accuracy"] |= {"value": value, "low": value, "high": value}

    return change


def _flags(*flags: str) -> Callable[[Path], object]:
    return lambda folder: put(folder, "flags", list(flags))


def _nfe(value: float) -> Callable[[Path], object]:
    """Everywhere, so that the parts agree with each other."""

    def change(folder: Path) -> None:
        rows(folder, lambda table: table.assign(nfe=value))
        put(folder, "nfe", value)
        put(folder, "ledger/search_nfe", value - 12)

    return change


def _swap(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[[1, 0, *range(2, len(table))]].reset_index(drop=True)


def _half(whole: dict[str, Any]) -> None:
    """The curve of eight candidates, at prices that fit the whole."""
    whole["curve"].pop()
    for point in whole["curve"]:
        point["nfe"] *= 2


def _same_pick(table: pd.DataFrame) -> None:
    table.loc[1, "pick"] = table.loc[0, "pick"]


def _beside(writer: str, **texts: str) -> Callable[[Path], object]:
    """The same rows, in a table that says something of its own."""

    def change(folder: Path) -> None:
        table = parquet.read_table(folder / "rows.parquet")
        with parquet.ParquetWriter(folder / "rows.parquet", table.schema, store_schema=False) as file:
            file.write_table(table)
            file.add_key_value_metadata(texts)
        content = (folder / "rows.parquet").read_bytes()
        at = content.rindex(b"parquet-cpp-arrow")
        content = content[:at] + writer.encode().ljust(17)[:17] + content[at + 17 :]
        (folder / "rows.parquet").write_bytes(content)
        put(folder, "files/rows.parquet", hashlib.sha256(content).hexdigest())

    return change


def _unguided(folder: Path) -> None:
    """Two picks by no number, one of them told of."""
    rows(folder, lambda table: table.assign(verifier=[float("nan")] * 2 + list(table["verifier"][2:])))
    put(folder, "flags", ["own_metric:dual_encoder", "unguided:1"])


FILES: Mapping[str, Tampering] = {
    "no rows": (lambda folder: (folder / "rows.parquet").unlink(), "file"),
    "no submission": (lambda folder: (folder / "submission.toml").unlink(), "file"),
    "no result": (lambda folder: (folder / "result.json").unlink(), "file"),
    "a file more": (lambda folder: (folder / "notes.txt").write_text("x"), "file"),
    "a hidden file": (lambda folder: (folder / ".x").write_text("x"), "file"),
    "a folder more": (lambda folder: (folder / "images").mkdir(), "file"),
    "a link": (_link, "file"),
    "rows by another digest": (lambda folder: rows(folder, _swap, rehash=False), "sha256"),
    "rows that are none": (lambda folder: (folder / "rows.parquet").write_bytes(b"PAR1"), "content"),
    "a large submission": (lambda folder: (folder / "submission.toml").write_bytes(b"#" * 300_000), "file"),
    "images of one a prompt": (lambda f: shutil.copy(f / "rows.parquet", f / "images.parquet"), "files.images.parquet"),
    "JSON that is none": (lambda folder: (folder / "result.json").write_text("{"), "content"),
    "texts beside the rows": (_beside("parquet-cpp-arrow", note="key-9d21"), "metadata"),
    "a writer's own words": (_beside("my key is 9d21 ab"), "created_by"),
    "NaN": (lambda folder: (folder / "result.json").write_text('{"format": NaN}'), "content"),
}  # fmt: skip
SCHEMA: Mapping[str, Tampering] = {
    "a format of before": (lambda folder: put(folder, "format", 1), "format"),
    "a key more": (lambda folder: put(folder, "note", "x"), "note"),
    "a text as NFE": (lambda folder: put(folder, "nfe", "192"), "nfe"),
    "a digest that is none": (lambda folder: put(folder, "suite/card", "main"), "suite.card"),
    "no prompts": (lambda folder: put(folder, "suite/n", 0), "suite.n"),
    "an interval the wrong way": (lambda folder: put(folder, "metrics/accuracy/low", 1.0), "metrics.accuracy"),
    "a way in a name": (lambda folder: put(folder, "submission/name", "../x"), "submission.name"),
}
RECIPE: Mapping[str, Tampering] = {
    "another name": (lambda folder: put(folder, "submission/name", "best"), "submission.name"),
    "a name in the file": (lambda folder: _toml(folder, "random16-dual", "random17-dual"), "submission.name"),
    "fewer candidates in the file": (
        lambda folder: _toml(folder, "candidates = 16", "candidates = 8"), "submission.recipe.search",
    ),
    "another verifier told": (
        lambda folder: put(folder, "submission/recipe/verifier/scorers", ["appeal"]), "submission.recipe.verifier",
    ),
    "another digest": (lambda folder: put(folder, "submission/digest", "0" * 64), "submission.digest"),
    "a submission that is none": (lambda folder: _toml(folder, "[search]", "[search"), "line"),
    "a search there is not": (lambda folder: _toml(folder, '"random"', '"randon"'), "search.name"),
    "a suite of another folder": (lambda folder: put(folder, "suite/name", "digits"), "suite.name"),
}  # fmt: skip
PROMPTS: Mapping[str, Tampering] = {
    "an older card": (lambda folder: put(folder, "suite/card", "0" * 64), "suite.card"),
    "other prompts": (lambda folder: put(folder, "suite/prompts", "0" * 64), "suite.prompts"),
    "another id": (lambda folder: cell(folder, "prompt_id", 3, "mine"), "prompt_id"),
    "an id in capitals": (lambda f: rows(f, lambda t: t.assign(prompt_id=t["prompt_id"].str.upper())), "prompt_id"),
    "an id twice": (
        lambda f: rows(f, lambda t: t.assign(prompt_id=[*t["prompt_id"][:-1], t["prompt_id"][0]])), "prompt_id",
    ),
    "in another order": (lambda folder: rows(folder, _swap), "prompt_id"),
    "another text": (lambda folder: cell(folder, "text", 5, "a red circle"), "text"),
    "another category": (lambda folder: cell(folder, "category", 5, "single"), "category"),
    "another split": (lambda f: rows(f, lambda t: t.assign(split="seen")), "split"),
    "a row less": (lambda folder: rows(folder, lambda table: table.iloc[:-1]), "rows"),
    "a row more": (lambda folder: rows(folder, lambda table: pd.concat([table, table.tail(1)])), "rows"),
    "no key as pick": (lambda folder: cell(folder, "pick", 0, "best.png"), "pick"),
    "one pick twice": (lambda folder: rows(folder, _same_pick), "pick"),
}  # fmt: skip
NUMBERS: Mapping[str, Tampering] = {
    "a higher mean": (lambda folder: put(folder, "metrics/accuracy/value", 0.5555), "metrics.accuracy.value"),
    "a narrower interval": (lambda folder: put(folder, "metrics/appeal/low", -0.95), "metrics.appeal.low"),
    "in the last digits": (lambda f: put(f, "metrics/attributes/value", 0.8947437), "metrics.attributes.value"),
    "a better category": (
        lambda folder: put(folder, "groups/category/count/accuracy/value", 0.75), "groups.category.'count'.accuracy",
    ),
    "a category less": (
        lambda folder: stated(folder, lambda whole: whole["groups"]["category"].pop("count")), "groups.category",
    ),
    "a better row": (lambda f: rows(f, lambda table: table.assign(accuracy=1.0)), "metrics.accuracy.value"),
    "a number hidden": (lambda folder: cell(folder, "accuracy", 0, float("nan")), "metrics.accuracy.n"),
    "a share above 1": (lambda f: rows(f, lambda t: t.assign(attributes=t["attributes"] + 0.5)), "column attributes"),
    "a whole above 1": (lambda folder: stated(folder, _share(55.2)), "metrics.accuracy"),
    "a curve above 1": (lambda f: put(f, "curve/2/metrics/accuracy/high", 1.5), "curve.4.accuracy"),
    "diversity above 1": (lambda folder: cell(folder, "diversity", 0, 3.0), "column diversity"),
    "a metric less": (lambda f: stated(f, lambda whole: whole["metrics"].pop("audited")), "column"),
    "a value of the verifier beyond all": (lambda folder: cell(folder, "verifier", 0, -1e101), "column verifier"),
    "a set metric that there is not": (
        lambda f: put(f, "left_out", {"accuracy": [0.5, 0.5]}), "column",
    ),
}  # fmt: skip
FLAGS: Mapping[str, Tampering] = {
    "no flag": (_flags(), "flags"),
    "an oracle that is none": (_flags("own_metric:dual_encoder", "oracle"), "flags"),
    "a flag twice": (_flags("own_metric:dual_encoder", "own_metric:dual_encoder"), "flags"),
    "a flag there is not": (_flags("own_metric:dual_encoder", "best"), "flags"),
    "unguided and not told": (
        lambda folder: rows(folder, lambda table: table.assign(verifier=float("nan"))),
        "flags",
    ),
    "fewer unguided than there are": (_unguided, "flags"),
    "unguided by a word": (_flags("own_metric:dual_encoder", "unguided:abc"), "flags"),
    "unguided and not": (_flags("own_metric:dual_encoder", "unguided:3"), "flags"),
    "self-reported and not": (_flags("own_metric:dual_encoder", "self_reported"), "ledger"),
}
COMPUTE: Mapping[str, Tampering] = {
    "cheaper": (lambda folder: put(folder, "nfe", 96.0), "nfe"),
    "cheaper everywhere": (_nfe(96.0), "column nfe"),
    "dearer everywhere": (_nfe(204.0), "column nfe"),
    "one row cheaper": (lambda folder: cell(folder, "nfe", 7, 180.0), "column nfe"),
    "a ledger of less": (lambda folder: put(folder, "ledger/search_nfe", 84.0), "ledger"),
    "seconds that ran backwards": (lambda folder: put(folder, "ledger/seconds", -5.0), "ledger.seconds"),
    "GFLOPs beyond all": (lambda folder: put(folder, "ledger/gflops", 1e308), "ledger.gflops"),
    "GFLOPs in words": (lambda folder: put(folder, "ledger/gflops", "1e9 </td>"), "ledger.gflops"),
    "calls beyond all": (
        lambda folder: put(folder, "ledger/scorer_calls", {"a": 1e308, "b": 1e308}),
        "ledger.scorer_calls.a",
    ),
    "calls in words": (lambda folder: put(folder, "ledger/scorer_calls", "<b>"), "ledger.scorer_calls"),
    "no seconds": (lambda folder: stated(folder, lambda whole: whole["ledger"].pop("seconds")), "ledger.seconds"),
    "no calls": (lambda f: stated(f, lambda whole: whole["ledger"].pop("scorer_calls")), "ledger.scorer_calls"),
    "a ledger of words": (lambda folder: put(folder, "ledger/final_nfe", "12"), "ledger"),
    "fewer steps": (lambda folder: put(folder, "cards/grids/search/steps", 6), "cards.grids"),
    "another solver": (lambda folder: put(folder, "cards/grids/final/solver", "magic"), "cards.grids"),
    "no grids": (lambda folder: stated(folder, lambda whole: whole["cards"].pop("grids")), "cards.grids"),
    "a cheaper curve": (lambda folder: put(folder, "curve/1/nfe", 12.0), "curve.2.nfe"),
    "no curve": (lambda folder: put(folder, "curve", []), "curve"),
    "half a curve": (lambda folder: stated(folder, _half), "curve"),
    "a curve of another search": (lambda folder: put(folder, "cards/grids/final/steps", 6), "curve"),
    "a metric less on the curve": (
        lambda folder: stated(folder, lambda whole: whole["curve"][2]["metrics"].pop("audited")),
        "curve.4",
    ),
    "a point of fewer prompts": (lambda f: put(f, "curve/2/metrics/accuracy/n", 10), "curve.4.accuracy"),
    "a point outside its interval": (lambda f: put(f, "curve/2/metrics/appeal/value", 9.5), "curve.4.appeal"),
    "a better end of the curve": (lambda f: put(f, "curve/4/metrics/accuracy/value", 0.6), "curve.16.accuracy.value"),
    "a narrower end of the curve": (lambda f: put(f, "curve/4/metrics/appeal/low", -0.95), "curve.16.appeal.low"),
    "a curve with a gap": (lambda folder: stated(folder, lambda whole: whole["curve"].pop(1)), "curve"),
}
CARDS: Mapping[str, Tampering] = {
    "a judge less": (lambda f: stated(f, lambda whole: whole["cards"]["scorers"].pop("auditor")), "cards.scorers"),
    "a judge more": (lambda folder: put(folder, "cards/scorers/chance", {"scorer": "chance"}), "cards.scorers.chance"),
    "a judge without a card": (lambda folder: put(folder, "cards/scorers/checker", {}), "cards.scorers.checker"),
    "no judges": (lambda folder: stated(folder, lambda whole: whole["cards"].pop("scorers")), "cards.scorers"),
    "judges of sets that there are not": (
        lambda folder: put(folder, "cards/sets", {"fid": {"x": 1}}),
        "cards.sets.fid",
    ),
}
KINDS: Mapping[str, Mapping[str, Tampering]] = {
    "files": FILES, "schema": SCHEMA, "recipe": RECIPE, "prompts": PROMPTS, "numbers": NUMBERS, "flags": FLAGS,
    "compute": COMPUTE, "cards": CARDS,
}  # fmt: skip
