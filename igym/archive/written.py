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

#: A row group of an export; an episode of ticks must be found without reading much else.
_GROUP = 65_536


class Sink(Protocol):
    """Takes bytes."""

    def write(self, content: bytes, /) -> int:
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
    risky = pc.and_(
        pc.match_substring_regex(column, _FORMULA),
        pc.invert(pc.match_substring_regex(column, _NUMBER)),
    )
    return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)


class JsonLines:
    """One JSON object a line; a column without a value is null."""

    def __init__(self, stream: Sink, table: Table) -> None:
        self._stream = stream

    def write(self, piece: pa.Table) -> None:
        """As lines."""
        dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        for batch in piece.to_batches(4096):
            lines = "\n".join(map(dumps, batch.to_pylist()))
            self._stream.write(lines.encode() + b"\n" if lines else b"")

    def close(self) -> None:
        """Nothing more to write."""


WRITERS: dict[str, Callable[[Sink, Table], Writer]] = {
    "parquet": Parquet,
    "csv": Csv,
    "jsonl": JsonLines,
}
