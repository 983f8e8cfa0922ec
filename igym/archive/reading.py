"""Reading back what was archived: a data volume, or an export as folder or ZIP file.

All three answer the same questions: which episodes there are, what is in their rows, and where
the files of their package are.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from igym.archive.tables import TABLES
from igym.errors import BadExport, NotFound

_EXPECTED = "Name a ZIP file or folder that `igym export` wrote, or a data volume."

#: The part of a ZIP entry that stands before its name, and where the two lengths are in it.
_LOCAL, _LENGTHS = 30, struct.Struct("<HH")


class Archive:
    """One version of one experiment. `volume` is the data volume, where it is one."""

    volume: Path | None = None

    def __init__(self, name: str) -> None:
        """`name` is what the place is called, for messages."""
        self.name = name

    def _files(self, table: str, episode: str = "") -> Iterator[Any]:
        """The Parquet files that may have rows of the table, or of one episode's."""
        raise NotImplementedError

    def content(self, name: str) -> bytes:
        """A small file. Raises `NotFound`."""
        raise NotImplementedError

    def package(self, hash: str) -> Path:
        """A folder with the files of a package. Raises `NotFound`."""
        raise NotImplementedError

    def table(self, name: str, *, episode: str = "", **wanted: Any) -> pa.Table:
        """Rows of a table: those that have the values `wanted`, or those of one episode.

        Raises:
            BadExport: a file is damaged.
        """
        if episode:
            wanted["episode_id"] = episode
        filters = pc.scalar(True)
        for column, value in wanted.items():
            filters = filters & (pc.field(column) == value)
        schema = TABLES[name].schema
        try:
            found = [
                pq.read_table(file, schema=schema, filters=filters if wanted else None)
                for file in self._files(name, episode)
            ]
        except (pa.ArrowInvalid, OSError) as error:
            raise BadExport(f"Table {name} of {self.name} is damaged: {error}.") from error
        return pa.concat_tables([schema.empty_table(), *found])

    def rows(self, name: str, **wanted: Any) -> list[dict[str, Any]]:
        """The same as dicts, of a table that has few."""
        rows: list[dict[str, Any]] = self.table(name, **wanted).to_pylist()
        return rows

    def row(self, name: str, **wanted: Any) -> dict[str, Any]:
        """The one row that has these values. Raises `NotFound`."""
        found = self.rows(name, **wanted)
        if not found:
            said = ", ".join(map(str, wanted.values()))
            raise NotFound(f"There is no {said} in {name} of {self.name}.")
        return found[0]

    def plan(self, hash: str) -> Mapping[str, Any]:
        """What a package declares. Raises `NotFound`."""
        plan: Mapping[str, Any] = json.loads(self.content(f"plans/{hash}.json"))
        return plan

    def locks(self, hash: str) -> dict[str, str]:
        """What a package's own libraries were locked to, by file name; none where it has none.

        Raises:
            BadExport: a lock is not as the manifest says it was.
        """
        found = {}
        for name, about in json.loads(self.content("manifest.json")).items():
            if name.startswith(f"locks/{hash}."):
                content = self.content(name)
                if hashlib.sha256(content).hexdigest() != about["sha256"]:
                    raise BadExport(f"{name} in {self.name} is not what its manifest says.")
                found[name.removeprefix("locks/")] = content.decode()
        return found

    def damaged(self) -> list[str]:
        """Files that are not as the manifest says they were."""
        listed = json.loads(self.content("manifest.json"))
        wrong = []
        for name, about in listed.items():
            try:
                found = hashlib.sha256(self.content(name)).hexdigest()
            except (NotFound, BadExport):
                found = "missing"
            if found != about["sha256"]:
                wrong.append(name)
        return wrong


class Volume(Archive):
    """The tables of a data volume."""

    def __init__(self, root: Path, packages: Path) -> None:
        super().__init__(str(root))
        self._root = root
        self._packages = packages
        self.volume = packages.parent

    def _files(self, table: str, episode: str = "") -> Iterator[Any]:
        yield from sorted((self._root / table).glob(f"{episode or '*'}.parquet"))

    def content(self, name: str) -> bytes:
        """From the disk."""
        return _content(self._root / name)

    def package(self, hash: str) -> Path:
        """Where it was stored."""
        return _folder(self._packages / hash)


class Folder(Archive):
    """An export that is a folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self._root = root

    def _files(self, table: str, episode: str = "") -> Iterator[Any]:
        file = self._root / "parquet" / f"{table}.parquet"
        if not file.exists():
            raise _no_parquet(self.name)
        yield file

    def content(self, name: str) -> bytes:
        """From the disk."""
        return _content(self._root / name)

    def package(self, hash: str) -> Path:
        """In the folder."""
        return _folder(self._root / "packages" / hash)


class Zip(Archive):
    """An export that is a ZIP file. Tables are read in place, packages are unpacked when needed."""

    def __init__(self, path: Path, file: zipfile.ZipFile, whole: mmap.mmap, beside: Path) -> None:
        """`beside` is a folder for what must be files."""
        super().__init__(str(path))
        self._file = file
        self._whole = pa.py_buffer(whole)
        self._beside = beside

    def _files(self, table: str, episode: str = "") -> Iterator[Any]:
        try:
            about = self._file.getinfo(f"parquet/{table}.parquet")
        except KeyError:
            raise _no_parquet(self.name) from None
        if about.compress_type != zipfile.ZIP_STORED:
            yield pa.BufferReader(self._file.read(about))
            return
        at = about.header_offset
        names, extra = _LENGTHS.unpack(self._whole[at + 26 : at + _LOCAL].to_pybytes())
        yield pa.BufferReader(self._whole.slice(at + _LOCAL + names + extra, about.file_size))

    def content(self, name: str) -> bytes:
        """Out of the ZIP file."""
        try:
            return self._file.read(name)
        except KeyError:
            raise NotFound(f"There is no {name} in {self.name}.") from None
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise BadExport(f"{name} in {self.name} is damaged: {error}.") from error

    def package(self, hash: str) -> Path:
        """Unpacked, each file checked against the manifest."""
        root = self._beside / hash
        if root.is_dir():
            return root
        start = f"packages/{hash}/"
        listed = json.loads(self.content("manifest.json"))
        names = [name for name in self._file.namelist() if name.startswith(start)]
        if not names:
            raise NotFound(f"The files of package {hash[:12]} are not in {self.name}.")
        for name in names:
            inside = PurePosixPath(name.removeprefix(start))
            if inside.is_absolute() or ".." in inside.parts:
                raise BadExport(f"{self.name} has a file that leads out of it: {name}.")
            content = self.content(name)
            if hashlib.sha256(content).hexdigest() != listed.get(name, {}).get("sha256"):
                raise BadExport(f"{name} in {self.name} is not what its manifest says.")
            to = root / inside
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(content)
        return root


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise NotFound(f"There is no {path}.") from None


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise NotFound(f"The files of package {path.name[:12]} are not at {path}.")
    return path


def _no_parquet(name: str) -> BadExport:
    return BadExport(
        f"{name} has no Parquet tables.", hint="Export again with parquet among the formats."
    )


@contextlib.contextmanager
def opened(place: Path, episode: str = "") -> Iterator[Archive]:
    """The archive at `place`: an export, or, of a data volume, the version that has `episode`.

    Raises:
        NotFound: there is nothing, or no such episode.
        BadExport: it is something else, or damaged.
    """
    if place.is_file():
        with tempfile.TemporaryDirectory(prefix="igym-") as beside, _zip(place) as (file, whole):
            yield Zip(place, file, whole, Path(beside))
        return
    if not place.is_dir():
        raise NotFound(f"There is no {place}.", hint=_EXPECTED)
    if (place / "codebook.json").exists() and (place / "manifest.json").exists():
        yield Folder(place)
        return
    roots = sorted(
        path.parent for path in place.glob("*/*/manifest.json")
        if path.parts[-3] not in ("packages", "vault")
    )  # fmt: skip
    if not roots:
        raise BadExport(f"{place} is neither an export nor a data volume.", hint=_EXPECTED)
    holding = [root for root in roots if (root / "ticks" / f"{episode}.parquet").exists()]
    if not episode and len(roots) == 1:
        holding = roots
    if not holding:
        raise NotFound(
            f"There is no episode {episode} under {place}."
            if episode else f"{place} has data of several experiments or versions.",
            hint="Ids are in the table episodes; the last seconds may not be written yet."
            if episode else "Name an export of one of them.",
        )  # fmt: skip
    yield Volume(holding[0], place / "packages")


@contextlib.contextmanager
def _zip(path: Path) -> Iterator[tuple[zipfile.ZipFile, mmap.mmap]]:
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(zipfile.ZipFile(path))
            raw = stack.enter_context(path.open("rb"))
            # Not closed by us: tables that were read may still look into it.
            whole = mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise BadExport(
                f"{path} is no ZIP file, or only a part of one ({error}).", hint=_EXPECTED
            ) from error
        if "codebook.json" not in file.namelist():
            raise BadExport(f"{path} is a ZIP file, but no export.", hint=_EXPECTED)
        yield file, whole
