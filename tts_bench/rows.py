"""The per-prompt rows of a result as Parquet: fixed columns, order and encoding, so that equal rows are equal bytes.

Columns: prompt_id, text, category, split, pick (text), one float64 a metric in the order of their names (null =
unscored), verifier (the pick's value), nfe and diversity (float64).

Diversity is the mean distance between two images of the prompt's finished candidates (root mean square difference of
pixels, 0 to 1); null where fewer than two were finished.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tts_bench.errors import BadInput

if TYPE_CHECKING:
    import pandas
    import pyarrow

MAX_BYTES = 64_000_000
TEXTS = ("prompt_id", "text", "category", "split", "pick")
NUMBERS = ("verifier", "nfe", "diversity")
COLUMNS = (*TEXTS, *NUMBERS)
_WRITER = re.compile(r"parquet-cpp-arrow version [0-9.]{1,20}")


def encode(rows: pandas.DataFrame, metrics: Sequence[str], n: int, file: object) -> bytes:
    """Parquet of `rows`; BadInput if they are not `n` rows of unique prompts with exactly the columns above."""
    import pyarrow
    from pyarrow import parquet

    schema = _schema(metrics)
    _check_columns(list(rows.columns), schema.names, file)
    try:
        table = pyarrow.Table.from_pandas(_unscore_infinities(rows)[schema.names], preserve_index=False)
        _check_types(table.schema, file)
        table = table.cast(schema).replace_schema_metadata(None)
    except (pyarrow.ArrowException, ValueError, TypeError) as error:
        raise BadInput.at(file, "rows", _first_line(error), "must be texts and numbers") from error
    _check_content(table, n, file)
    buffer = io.BytesIO()
    parquet.write_table(table, buffer, compression="zstd", compression_level=3, version="2.6", store_schema=False)
    return buffer.getvalue()


def decode(content: bytes, metrics: Sequence[str], n: int, file: object) -> pandas.DataFrame:
    """The inverse of `encode`, with the same checks, made on the file's own summary before anything is unpacked."""
    return _unscore_infinities(_table(content, metrics, n, file, TEXTS).to_pandas())


def decode_columns(
    content: bytes, metrics: Sequence[str], n: int, file: object, texts: Sequence[str]
) -> dict[str, pyarrow.Array | np.ndarray]:
    """The columns by name, without pandas, which takes longer to load than they do to read: numbers (n,) float64 with
    NaN for unscored, and `texts`, of which `prompt_id` must be one. Other texts are not unpacked, nor looked at."""
    table = _table(content, metrics, n, file, texts)
    columns: dict[str, pyarrow.Array | np.ndarray] = {name: table[name].combine_chunks() for name in texts}
    return columns | {name: _floats(table[name].combine_chunks()) for name in (*metrics, *NUMBERS)}


def check_plain(content: bytes, file: object) -> None:
    """BadInput where a table carries more than its columns: texts of somebody's own, that no reader of rows sees."""
    import pyarrow
    from pyarrow import parquet

    try:
        about = parquet.ParquetFile(io.BytesIO(content)).metadata
        columns = [about.row_group(i).column(j) for i in range(about.num_row_groups) for j in range(about.num_columns)]
        found = sorted({key for of in (about, *columns) for key in of.metadata or {}})
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise BadInput.at(file, "content", _first_line(error), "is no readable Parquet; evaluate again") from error
    if found:
        raise BadInput.at(file, "metadata", found[0].decode("utf-8", "replace"), "is no part of rows; evaluate again")
    if not _WRITER.fullmatch(about.created_by or ""):
        raise BadInput.at(file, "created_by", about.created_by, "is not the writer of rows; evaluate again")


def _floats(column: pyarrow.Array) -> np.ndarray:
    """Through its buffers, since pyarrow's own way to numpy loads pandas; what is null or not finite is NaN."""
    valid, data = column.buffers()
    values = np.frombuffer(data, np.float64, len(column), 8 * column.offset)
    kept = np.isfinite(values)
    if valid is not None:
        bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
        kept &= bits[column.offset : column.offset + len(column)].astype(bool)
    return np.where(kept, values, math.nan)


def _table(content: bytes, metrics: Sequence[str], n: int, file: object, texts: Sequence[str]) -> pyarrow.Table:
    import pyarrow
    from pyarrow import parquet

    schema = _schema(metrics)
    try:
        source = parquet.ParquetFile(io.BytesIO(content))
        unpacked = sum(source.metadata.row_group(i).total_byte_size for i in range(source.metadata.num_row_groups))
        if unpacked > MAX_BYTES:
            raise BadInput.at(file, "size", unpacked, f"unpacks to more than {MAX_BYTES} bytes")
        _check_columns(source.schema_arrow.names, schema.names, file)
        _check_types(source.schema_arrow, file)
        schema = _schema(metrics, texts)
        table = source.read(columns=schema.names).select(schema.names).cast(schema)
        table.validate(full=True)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise BadInput.at(file, "content", _first_line(error), "is no readable Parquet; evaluate again") from error
    _check_content(table, n, file)
    return table


def _schema(metrics: Sequence[str], texts: Sequence[str] = TEXTS) -> pyarrow.Schema:
    import pyarrow

    columns = [(name, pyarrow.string()) for name in TEXTS if name in texts]
    return pyarrow.schema(columns + [(name, pyarrow.float64()) for name in (*sorted(metrics), *NUMBERS)])


def _unscore_infinities(rows: pandas.DataFrame) -> pandas.DataFrame:
    """A number that is not finite is no score."""
    return rows.replace([math.inf, -math.inf], math.nan)


def _check_columns(found: Sequence[str], expected: Sequence[str], file: object) -> None:
    for name in sorted(set(expected) ^ set(found)):
        raise BadInput.at(file, "column", name, "is missing" if name in expected else "is no column of the rows")
    if len(found) != len(expected):
        raise BadInput.at(file, "column", list(found), "occurs twice")


def _check_types(schema: pyarrow.Schema, file: object) -> None:
    """A cast would take "1.5" for a number and 1.5 for a text."""
    import pyarrow.types as types

    for column in schema:
        is_text = types.is_string(column.type) or types.is_large_string(column.type)
        is_number = types.is_floating(column.type) or types.is_integer(column.type) or types.is_null(column.type)
        if not (is_text if column.name in TEXTS else is_number):
            raise BadInput.at(file, "column", column.name, f"must not hold {column.type}")


def _check_content(table: pyarrow.Table, n: int, file: object) -> None:
    if table.num_rows != n:
        raise BadInput.at(file, "rows", table.num_rows, f"must be one for each of the {n} prompts")
    for name in TEXTS:
        if name in table.column_names and table[name].null_count:
            raise BadInput.at(file, "column", name, "has an empty cell")
    if len(table["prompt_id"].unique()) != table.num_rows:
        ids = table["prompt_id"].to_pylist()
        raise BadInput.at(file, "prompt_id", max(ids, key=ids.count), "occurs twice")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
