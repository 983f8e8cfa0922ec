"""What a table says of itself: grain, keys, columns. Those there are: `igym.archive.tables`."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """One table. `columns` maps a name to (type, meaning and unit, with the meaning of null).

    A private table is in the vault (`igym.archive.vault`) and in no export.
    """

    name: str
    grain: str
    key: tuple[str, ...]
    foreign: dict[str, str]
    columns: dict[str, tuple[pa.DataType, str]]
    private: bool = False

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with the meaning of each column as metadata."""
        return pa.schema(
            [
                pa.field(name, kind, metadata={"meaning": meaning})
                for name, (kind, meaning) in self.columns.items()
            ],
            metadata={"grain": self.grain, "key": ",".join(self.key)},
        )
