"""An export: everything of one version of an experiment, in one place that explains itself.

    manifest.json          SHA-256 and size of every other file
    provenance.json        what made it: package, versions, dependencies, modes, counts
    codebook.json, .md     every table, column, question, treatment, outcome, key and policy
    parquet/<table>.parquet, csv/<table>.csv, jsonl/<table>.jsonl
    match_log.jsonl        every decision of the matching
    assignment_log.jsonl   every place given out, as a chain of hashes
    plans/<hash>.json      what each package declared
    locks/<hash>.….txt     what its libraries were locked to, where it has some of its own
    packages/<hash>/…      the packages themselves, with their policies

Reads the data volume and nothing else, so it needs no Redis and disturbs nobody: what still
waits in Redis (some seconds' worth) is not in it. Tables are read and written in pieces.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from igym import __version__
from igym.archive import assigned, codebook, parcel, parquet, written
from igym.archive.choice import Choice
from igym.archive.parcel import Manifest
from igym.archive.tables import TABLES, Table
from igym.errors import NotFound, Refused

Format = Literal["parquet", "csv", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)
MODES = ("live", "pilot", "preview", "rehearsal")

#: Called with what is being done and the share that is done, 0 to 1.
Progress = Callable[[str, float], None]

#: Rows that are held at a time, and the bytes of a file that are read at a time.
_ROWS, _BYTES = 65_536, 1 << 20


@dataclass(frozen=True)
class Exported:
    """What was written."""

    to: str
    experiment: str
    version: str
    rows: dict[str, int] = field(default_factory=dict)  # of each table
    files: int = 0
    bytes: int = 0
    sha256: str = ""  # of manifest.json, which has those of all others


def export(
    data: Path,
    experiment: str,
    *,
    to: str | Path,
    version: str = "",
    modes: Sequence[str] = ("live",),
    formats: Sequence[Format] = FORMATS,
    progress: Progress = lambda what, share: None,
) -> Exported:
    """Write everything of one version of an experiment to a folder, a ZIP file or a URL.

    Safe beside running studies and other exports; the same data give the same tables. What
    is at `to` is whole or not there.

    Args:
        data: the data volume.
        to: a folder, a name that ends in .zip, or either as a URL that fsspec knows.
        version: from experiment.toml; "" = the only one there is.
        modes: sessions and games of these modes are in it, and nothing of others.
        formats: of the tables. CSV is safe to open in a spreadsheet (`igym.archive.written`).
        progress: is told how far it is.

    Raises:
        NotFound: there are no data of that experiment or version.
        Refused: no such mode or format.
        BadTarget: it cannot be written there.
    """
    for what, asked, known in (("mode", modes, MODES), ("format", formats, FORMATS)):
        if wrong := [one for one in asked if one not in known]:
            raise Refused(
                f"There is no {what} {wrong[0]!r} to export.", hint=f"Known: {', '.join(known)}."
            )
    root = find(data, experiment, version)
    choice = Choice.of(root, modes)
    files = {name: _files(root, name) for name in TABLES if not TABLES[name].private}
    total = max(1, sum(file.stat().st_size for those in files.values() for file in those))
    done, counts = 0, dict[str, int]()
    with parcel.opened(to) as target:
        into = Manifest(target)
        for name, those in files.items():
            for kind in formats:
                progress(f"{name}.{kind}", done / total)
                counts[name] = _table(into, TABLES[name], those, kind, choice)
            done += sum(file.stat().st_size for file in those)
        progress("package and codebook", 1.0)
        _logs(into, root, choice)
        plans = _packages(into, data, root, choice)
        book = codebook.make(experiment, root.name, plans, data / "packages")
        into.put("codebook.json", _json(book))
        into.put("codebook.md", codebook.markdown(book).encode())
        into.put("provenance.json", _json(_provenance(root, experiment, modes, counts, plans)))
        listed, size = dict(into.files), sum(f["bytes"] for f in into.files.values())
        into.put("manifest.json", _json(listed))
    return Exported(
        str(to), experiment, root.name, counts, len(listed), size,
        into.files["manifest.json"]["sha256"],
    )  # fmt: skip


def find(data: Path, experiment: str, version: str = "") -> Path:
    """The folder of one version's tables.

    Raises:
        NotFound: there is none, or there are several and none was named.
    """
    there = sorted(
        path.parent.name
        for path in (data / experiment).glob("*/manifest.json")
        if experiment not in ("packages", "vault")
    )
    if not there:
        known = sorted({p.parent.parent.name for p in data.glob("*/*/manifest.json")})
        raise NotFound(
            f"There are no data of an experiment {experiment!r} under {data}.",
            hint=f"There are data of: {', '.join(known) or 'none'}.",
        )
    if version and version not in there:
        raise NotFound(
            f"There are no data of version {version!r} of {experiment}.",
            hint=f"There are data of: {', '.join(there)}.",
        )
    if not version and len(there) > 1:
        raise NotFound(
            f"There are data of several versions of {experiment}: {', '.join(there)}.",
            hint=f"Name one: --version {there[-1]}",
        )
    return parquet.folder(data, experiment, version or there[0])


# --- tables --------------------------------------------------------------------------------------


def _files(root: Path, name: str) -> list[Path]:
    return sorted((root / name).glob("*.parquet"))


def _table(
    into: Manifest, table: Table, files: Iterable[Path], kind: Format, choice: Choice
) -> int:
    """One table in one format. Returns its rows."""
    with into.open(f"{kind}/{table.name}.{kind}") as stream:
        writer = written.WRITERS[kind](stream, table)
        count = 0
        for piece in gathered(chosen(table, files, choice)):
            writer.write(piece)
            count += piece.num_rows
        writer.close()
    return count


def chosen(table: Table, files: Iterable[Path], choice: Choice) -> Iterator[pa.Table]:
    """The rows of a table that are chosen, in pieces, in the order of its files."""
    for file in files:
        if not choice.looks_at(table, file.stem):
            continue
        try:
            reader = pq.ParquetFile(file)
        except FileNotFoundError:  # erased since it was listed
            continue
        with reader:
            for batch in reader.iter_batches(_ROWS):
                yield choice.rows(table, conformed(pa.Table.from_batches([batch]), table))


def conformed(piece: pa.Table, table: Table) -> pa.Table:
    """`piece` with the columns of today: what an earlier igym did not know is null."""
    schema = table.schema
    columns = [
        piece[f.name].cast(f.type)
        if f.name in piece.column_names
        else pa.nulls(piece.num_rows, f.type)
        for f in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def gathered(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in fewer pieces: an episode each would make slow files."""
    held: list[pa.Table] = []
    rows = 0
    for piece in pieces:
        held.append(piece)
        rows += piece.num_rows
        if rows >= _ROWS:
            yield pa.concat_tables(held)
            held, rows = [], 0
    if rows:
        yield pa.concat_tables(held)


# --- the rest ------------------------------------------------------------------------------------


def _logs(into: Manifest, root: Path, choice: Choice) -> None:
    with into.open("match_log.jsonl") as stream:
        for path in sorted((root / "match_log").glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                if json.loads(line).get("mode") in choice.modes:
                    stream.write(line + b"\n")
    # Whole, whatever the mode: a chain that lacks lines proves nothing.
    with into.open(assigned.FILE) as stream:
        for entry in assigned.read(root):
            stream.write(assigned.text(entry) + b"\n")


def _packages(
    into: Manifest, data: Path, root: Path, choice: Choice
) -> dict[str, Mapping[str, Any]]:
    """The packages that the chosen sessions and games ran with. Returns their plans by hash."""
    plans: dict[str, Mapping[str, Any]] = {}
    for package in sorted(choice.packages):
        file = root / "plans" / f"{package}.json"
        if file.exists():
            content = file.read_bytes()
            plans[package] = json.loads(content)
            into.put(f"plans/{package}.json", content)
        for lock in sorted((data / "libraries" / "locks").glob(f"{package}.*")):
            into.put(f"locks/{lock.name}", lock.read_bytes())
        stored = data / "packages" / package
        for path in sorted(p for p in stored.rglob("*") if p.is_file()):
            name = f"packages/{package}/{path.relative_to(stored).as_posix()}"
            with path.open("rb") as source, into.open(name) as stream:
                while piece := source.read(_BYTES):
                    stream.write(piece)
    return plans


def _provenance(
    root: Path,
    experiment: str,
    modes: Sequence[str],
    counts: Mapping[str, int],
    plans: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    chain = assigned.read(root)
    return {
        "experiment": experiment,
        "version": root.name,
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "igym": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "modes": list(modes),
        "rows": dict(counts),
        "packages": {
            hash: {
                "compiled_by_igym": plan.get("igym"),
                "dependencies": plan.get("dependencies", []),
                "determinism": {
                    scene["name"]: scene["play"].get("deterministic")
                    for scene in plan.get("scenes", ())
                    if scene.get("play")
                },
            }
            for hash, plan in plans.items()
        },
        # What is installed where the export was made: the machine of the games, as a rule.
        "installed": installed(),
        "seeds": "games.seed, of which all others of a game derive; also in episodes, assignments",
        "assignment_log": {
            "entries": len(chain),
            "head": chain[-1]["hash"] if chain else assigned.START,
            "unbroken": assigned.broken(chain) is None,
        },
    }


def installed() -> dict[str, str]:
    """Every Python distribution here, and its version."""
    found = {d.metadata["Name"]: d.version for d in metadata.distributions()}
    return dict(sorted((k, v) for k, v in found.items() if k))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
