"""Per-prompt rows: the same rows are the same bytes, and what is read is what was written."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.fake_results import METRICS, fake_result
from tts_bench import rows as prompt_rows
from tts_bench.errors import BadInput

Encode = Callable[[pd.DataFrame], bytes]


def some_rows() -> pd.DataFrame:
    return fake_result("random4-appeal", "appeal", n=12, candidates=4)[1]


def encode(rows: pd.DataFrame) -> bytes:
    return prompt_rows.encode(rows, METRICS, 12, "rows.parquet")


def decode(content: bytes) -> pd.DataFrame:
    return prompt_rows.decode(content, METRICS, 12, "rows.parquet")


def check_equal_rows_are_equal_bytes(encode: Encode) -> None:
    rows = some_rows()
    shuffled = rows[list(rows.columns[::-1])]
    reindexed = rows.set_index(np.arange(12) + 100)
    as_objects = rows.astype(dict.fromkeys(prompt_rows.TEXTS, object))
    for same in (rows, shuffled, reindexed, as_objects):
        assert encode(same) == encode(rows)
    assert encode(rows.assign(text=[f"{text}!" for text in rows["text"]])) != encode(rows)


def plain_pandas(rows: pd.DataFrame) -> bytes:
    return rows.to_parquet()  # keeps the order of columns and the index


def stamped(rows: pd.DataFrame) -> bytes:
    return encode(rows) + repr(time.perf_counter_ns()).encode()


def test_equal_rows_are_equal_bytes():
    check_equal_rows_are_equal_bytes(encode)


@pytest.mark.parametrize("broken", [plain_pandas, stamped])
def test_the_determinism_check_catches_broken_writers(broken: Encode):
    with pytest.raises(AssertionError):
        check_equal_rows_are_equal_bytes(broken)


def test_rows_come_back_with_nan_for_what_is_not_scored():
    rows = some_rows()
    rows.loc[2, "accuracy"] = np.nan
    rows.loc[3, "accuracy"] = np.inf
    rows.loc[4, "verifier"] = -np.inf
    rows["nfe"] = rows["nfe"].astype(int)
    found = decode(encode(rows))
    expected = rows.replace([np.inf, -np.inf], np.nan)[found.columns].astype({"nfe": float})
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert [str(found[name].dtype) for name in ("text", "accuracy", "nfe")] == ["str", "float64", "float64"]


def test_all_unscored_columns_are_read_as_numbers():
    rows = some_rows().assign(verifier=None, diversity=[None, *[float("nan")] * 10, None])
    found = decode(encode(rows))
    assert found["verifier"].isna().all() and found["diversity"].isna().all()
    assert str(found["diversity"].dtype) == "float64"
    assert encode(rows) == encode(rows.assign(diversity=np.nan))


def test_rows_without_diversity_are_refused():
    with pytest.raises(BadInput, match="column = 'diversity': is missing"):
        encode(some_rows().drop(columns="diversity"))


DEFECTS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "row missing": lambda rows: rows.iloc[1:],
    "row doubled": lambda rows: pd.concat([rows, rows.iloc[:1]]),
    "prompt twice": lambda rows: rows.assign(prompt_id=["p000"] * 12),
    "no metric": lambda rows: rows.drop(columns="accuracy"),
    "no text": lambda rows: rows.drop(columns="text"),
    "another column": lambda rows: rows.assign(secret=1.0),
    "column twice": lambda rows: pd.concat([rows, rows[["text"]]], axis=1),
    "text among numbers": lambda rows: rows.assign(accuracy=["high"] * 12),
    "digits among numbers": lambda rows: rows.assign(accuracy=["1.5"] * 12),
    "truths among numbers": lambda rows: rows.assign(accuracy=[True] * 12),
    "numbers for text": lambda rows: rows.assign(text=np.arange(12)),
    "empty category": lambda rows: rows.assign(category=None),
    "lone surrogate": lambda rows: rows.assign(text=pd.Series(["\ud800"] * 12, dtype=object)),
}  # fmt: skip


@pytest.mark.parametrize("defect", DEFECTS)
def test_rows_that_are_not_one_a_prompt_are_refused(defect: str):
    with pytest.raises(BadInput, match=r"^rows\.parquet: "):
        encode(DEFECTS[defect](some_rows()))


@pytest.mark.parametrize("defect", sorted(set(DEFECTS) - {"lone surrogate"}))
def test_a_file_with_the_same_defect_is_refused_too(defect: str):
    buffer = io.BytesIO()
    rows = DEFECTS[defect](some_rows())
    if defect == "column twice":
        with pytest.raises(ValueError, match="uplicate"):
            rows.to_parquet()
        return  # pandas itself will not write it
    rows.to_parquet(buffer, index=False)
    with pytest.raises(BadInput, match=r"^rows\.parquet: "):
        decode(buffer.getvalue())


def test_damaged_and_foreign_files_are_refused():
    content = encode(some_rows())
    for damaged in (b"", b"PAR1", content[:-1], content[: len(content) // 2], b"\x00" * 500, content[:4] + b"x" * 900):
        with pytest.raises(BadInput, match=r"^rows\.parquet: "):
            decode(damaged)


def test_a_file_that_unpacks_to_far_more_is_refused_unread(monkeypatch: pytest.MonkeyPatch):
    import pyarrow as pa
    from pyarrow import parquet

    columns = {name: pa.array(["x" * 6_000_000] * 12) for name in prompt_rows.TEXTS}
    columns |= {name: pa.array(np.zeros(12)) for name in (*METRICS, *prompt_rows.NUMBERS)}
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns), buffer, compression="zstd", use_dictionary=False)
    assert len(buffer.getvalue()) < 1_000_000
    monkeypatch.setattr(parquet.ParquetFile, "read", lambda self: pytest.fail("was unpacked"))
    with pytest.raises(BadInput, match="unpacks to more"):
        decode(buffer.getvalue())
