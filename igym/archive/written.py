"""Tables as Parquet, CSV and JSON lines, written piece by piece.

CSV is UTF-8 with a header. What a spreadsheet would take for a formula (a text that begins with
=, +, - or @, a tab or a line break, and is no number) gets a ' in front; lists are JSON. Parquet
and JSON lines have every value as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from igym.archive import parquet
from igym.archive.tables import Table

_FORMULA = r"^[=+\-@\t\r\n]"
_NUMBER = r"^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$"

#: What JSON writes in another way.
_ESCAPED = r'["\\\x00-\x1f]'

#: A row group of an export; an episode of ticks must be found without reading much else.
_GROUP = 65_536

#: Of JSON lines put together at a time; an Arrow text column may not have 2 GB.
_BYTES = 16 << 20


class Sink(Protocol):
    """Takes bytes."""

    def write(self, content: bytes | memoryview, /) -> int:
        """The next ones."""
        ...


class Writer(Protocol):
    """Takes a table piece by piece."""

    def write(self, piece: pa.Table) -> None:
        """The next rows."""
        ...

    def close(self) -> None:
        """That was all."""
        ...


class Parquet:
    """One Parquet file, with the meaning of each column as metadata."""

    def __init__(self, stream: Sink, table: Table) -> None:
        self._writer = pq.ParquetWriter(
            pa.PythonFile(stream, mode="w"),
            table.schema,
            compression="zstd",
            use_dictionary=parquet.repeating(table.schema),
        )

    def write(self, piece: pa.Table) -> None:
        """As row groups."""
        self._writer.write_table(piece, row_group_size=_GROUP)

    def close(self) -> None:
        """The footer."""
        self._writer.close()


class Csv:
    """One CSV file."""

    def __init__(self, stream: Sink, table: Table) -> None:
        self._kinds = {name: kind for name, (kind, _) in table.columns.items()}
        flat = [(n, pa.string() if pa.types.is_list(k) else k) for n, k in self._kinds.items()]
        self._writer = pc_csv.CSVWriter(pa.PythonFile(stream, mode="w"), pa.schema(flat))

    def write(self, piece: pa.Table) -> None:
        """As lines."""
        columns = [self._flat(name, piece[name]) for name in piece.column_names]
        self._writer.write_table(pa.Table.from_arrays(columns, names=piece.column_names))

    def _flat(self, name: str, column: pa.ChunkedArray) -> Any:
        kind = self._kinds[name]
        if pa.types.is_list(kind):
            texts = [None if v is None else json.dumps(v) for v in column.to_pylist()]
            return pa.array(texts, pa.string())
        return harmless(column) if pa.types.is_string(kind) else column

    def close(self) -> None:
        """Nothing more to write."""
        self._writer.close()


def harmless(column: Any) -> Any:
    """Texts that no spreadsheet takes for a formula."""
    return _each(column, _harmless)


def _harmless(texts: pa.Array) -> pa.Array:
    risky = pc.and_(
        pc.match_substring_regex(texts, _FORMULA),
        pc.invert(pc.match_substring_regex(texts, _NUMBER)),
    )
    return pc.if_else(risky, pc.binary_join_element_wise("'", texts, ""), texts)


def _each(column: Any, does: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """`does` to each distinct text of a column: most columns have few."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    few = whole.dictionary_encode()
    return does(few.dictionary).take(few.indices)


class JsonLines:
    """One JSON object a line; a column without a value is null."""

    def __init__(self, stream: Sink, table: Table) -> None:
        self._stream = stream

    def write(self, piece: pa.Table) -> None:
        """As lines, put together a column at a time."""
        rows = max(1, min(_GROUP, _BYTES * piece.num_rows // max(1, piece.nbytes)))
        for batch in piece.combine_chunks().to_batches(rows):
            parts: list[Any] = []
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                parts += [f"{',' if parts else '{'}{json.dumps(name)}:", _json(column)]
            lines = pc.binary_join_element_wise(*parts, "}\n", "")
            # All of them one after the other is what an Arrow column is.
            self._stream.write(
                memoryview(lines.buffers()[2])[: pc.sum(pc.binary_length(lines)).as_py()]
            )

    def close(self) -> None:
        """Nothing more to write."""


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json(column: pa.Array) -> pa.Array:
    """Each value as JSON, never null."""
    kind = column.type
    if pa.types.is_string(kind):
        made = _each(column, _quoted)
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind) or _finite(column):
        made = pc.cast(column, pa.string())
    else:  # lists; NaN and infinity, in Python's spelling
        made = pa.array([_dumps(value) for value in column.to_pylist()], pa.string())
    return made.fill_null("null")


def _finite(column: pa.Array) -> bool:
    """Whether these are floats of which JSON knows each."""
    known = pa.types.is_floating(column.type)
    return known and pc.all(pc.is_finite(column)).as_py() is not False


def _quoted(texts: pa.Array) -> pa.Array:
    if pc.any(pc.match_substring_regex(texts, _ESCAPED)).as_py():
        return pa.array([_dumps(text) for text in texts.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', texts, '"', "")


WRITERS: dict[str, Callable[[Sink, Table], Writer]] = {
    "parquet": Parquet,
    "csv": Csv,
    "jsonl": JsonLines,
}
