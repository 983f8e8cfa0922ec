"""From an uploaded ZIP to the files of a package, or to a sentence on what is wrong with it.

A ZIP is a stranger's: names that climb out of their folder, links, devices, bombs and names that
two systems read differently are refused, and what is written is counted as it is written,
whatever the ZIP says of itself. Knows no Redis and no package's code; stdlib only, since it is
run in a process of its own, with limits: `python -m igym.services.packages.unpacking ZIP FOLDER`.
"""

from __future__ import annotations

import json
import stat
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from igym.errors import BadPackage
from igym.services.packages.manifest import manifest
from igym.services.packages.packing import SKIPPED, fingerprint

MOST_FILES = 5_000
MOST_DEPTH = 16
MOST_NAME_BYTES = 200
MOST_PATH_BYTES = 400

#: Of all files together, unpacked.
MOST_BYTES = 1 << 30

#: Of experiment.toml, which is read into memory.
MOST_MANIFEST_BYTES = 64 * 1024

#: How many times smaller a ZIP may be than what is in it. Deflate makes text 3 to 10 times
#: smaller, a log of one repeated line 100 times; a bomb is made to reach 1,000. Small files may.
MOST_RATIO, RATIO_FROM_BYTES = 200, 4 << 20

_CHUNK = 1 << 20
_UTF8, _ENCRYPTED = 0x800, 0x1
_HOW = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_KINDS = {0, stat.S_IFREG, stat.S_IFDIR}


@dataclass(frozen=True)
class Unpacked:
    """What a ZIP turned out to be."""

    package: str  # content hash, hex
    experiment: str
    version: str
    title: str
    size: int  # bytes of its files
    files: int


@dataclass(frozen=True)
class Entry:
    """A file of the ZIP and where it goes."""

    info: zipfile.ZipInfo
    parts: tuple[str, ...]


def unpack(archive: Path, to: Path, most_bytes: int = MOST_BYTES) -> Unpacked:
    """Write the files of the package in `archive` into the new folder `to`.

    Raises:
        BadPackage: what is wrong, with the entry's name. `to` may have some files then.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = looked_through(opened.infolist(), archive.stat().st_size, most_bytes)
            to.mkdir()
            size = 0
            for entry in entries:
                size += _write(opened, entry, to, most_bytes - size)
    except (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
        OverflowError, UnicodeError,
    ) as error:  # fmt: skip
        raise BadPackage(
            f"The upload is not a ZIP that can be read: {error}.",
            hint="`igym submit` makes one; so does zip -r package.zip .",
        ) from error
    about = manifest(to)
    return Unpacked(
        package=fingerprint(to),
        experiment=str(about["id"]),
        version=str(about["version"]),
        title=str(about["title"])[:200],
        size=size,
        files=len(entries),
    )


def looked_through(
    infos: Sequence[zipfile.ZipInfo], archive_bytes: int, most_bytes: int = MOST_BYTES
) -> list[Entry]:
    """The files that are to be written, once nothing in the directory of the ZIP is against it.

    One folder around everything, as desktops make it, is taken off.

    Raises:
        BadPackage: the first thing that is wrong.
    """
    if len(infos) > MOST_FILES:
        raise BadPackage(f"The ZIP has {len(infos)} entries; {MOST_FILES} are allowed.")
    size = sum(info.file_size for info in infos)
    if size > most_bytes:
        raise BadPackage(f"The ZIP unpacks to {size} bytes; {most_bytes} are allowed.")
    if size > RATIO_FROM_BYTES and size > MOST_RATIO * archive_bytes:
        raise BadPackage(f"The ZIP unpacks to {size // max(1, archive_bytes)} times its size.")
    _no_overlap(infos)
    entries = []
    for info in infos:
        parts = _parts(info)
        if not info.is_dir() and not SKIPPED & set(parts) and parts[0] != "__MACOSX":
            entries.append(Entry(info, parts))
    entries = _without_wrapper(entries)
    _no_two_alike(entries)
    for entry in entries:
        if entry.parts == ("experiment.toml",) and entry.info.file_size > MOST_MANIFEST_BYTES:
            raise BadPackage(f"experiment.toml has more than {MOST_MANIFEST_BYTES} bytes.")
    return entries


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """The entry's name taken apart, if it can be nothing but a file inside the package."""
    name = info.orig_filename  # `filename` ends at the first NUL, where other programs go on
    shown = repr(name[:100])
    if not info.flag_bits & _UTF8 and not name.isascii():
        raise BadPackage(
            f"The ZIP does not say how the name {shown} is encoded.",
            hint="Use a program that writes names in UTF-8, or names in ASCII.",
        )
    if info.flag_bits & _ENCRYPTED:
        raise BadPackage(f"The ZIP's entry {shown} is encrypted.")
    if info.compress_type not in _HOW:
        raise BadPackage(f"The ZIP's entry {shown} is packed by an unusual method; use deflate.")
    if stat.S_IFMT(info.external_attr >> 16) not in _KINDS:
        raise BadPackage(
            f"The ZIP's entry {shown} is a link or a device.", hint="Put the file itself there."
        )
    if not name.isprintable() or "\\" in name or ":" in name:
        raise BadPackage(
            f"The ZIP's entry {shown} has characters that no file of a package may have."
        )
    path = name[:-1] if name.endswith("/") else name
    parts = tuple(path.split("/"))
    if any(part in ("", ".", "..") for part in parts):
        raise BadPackage(f"The ZIP's entry {shown} points out of the package.")
    if len(parts) > MOST_DEPTH:
        raise BadPackage(f"The ZIP's entry {shown} is more than {MOST_DEPTH} folders deep.")
    # In the form of most systems, so that two spellings of a name are one file everywhere.
    parts = tuple(unicodedata.normalize("NFC", part) for part in parts)
    sizes = [len(part.encode()) for part in parts]
    if max(sizes) > MOST_NAME_BYTES or sum(sizes) > MOST_PATH_BYTES:
        raise BadPackage(f"The ZIP's entry {shown} has too long a name.")
    return parts


def _without_wrapper(entries: list[Entry]) -> list[Entry]:
    tops = {entry.parts[0] for entry in entries}
    if len(tops) == 1 and all(len(entry.parts) > 1 for entry in entries):
        return [Entry(entry.info, entry.parts[1:]) for entry in entries]
    return entries


def _no_two_alike(entries: Sequence[Entry]) -> None:
    """No file twice, none where a folder is, none that is another's where case does not count."""
    seen: dict[str, str] = {}
    folders: set[str] = set()
    for entry in entries:
        name = "/".join(entry.parts)
        folded = name.casefold()
        if folded in seen:
            raise BadPackage(f"The ZIP has {name!r} twice (the other is {seen[folded]!r}).")
        seen[folded] = name
        folders |= {str(parent).casefold() for parent in PurePosixPath(name).parents}
    both = folders & set(seen)
    if both:
        raise BadPackage(f"The ZIP has {seen[both.pop()]!r} as a file and as a folder.")


def _no_overlap(infos: Sequence[zipfile.ZipInfo]) -> None:
    """No two entries share bytes: that is how a small ZIP holds the same bomb many times."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise BadPackage(f"The ZIP's entry {info.orig_filename[:100]!r} overlaps another.")
        end = info.header_offset + 30 + info.compress_size  # 30: the shortest local header


def _write(opened: zipfile.ZipFile, entry: Entry, to: Path, most_bytes: int) -> int:
    """Write one file; returns its bytes. Never more than the directory of the ZIP promised."""
    path = to.joinpath(*entry.parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(entry.info) as source, path.open("xb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > min(most_bytes, entry.info.file_size):
                raise BadPackage(f"The ZIP's entry {entry.info.filename!r} is larger than it says.")
            file.write(chunk)
    if written != entry.info.file_size:
        raise BadPackage(f"The ZIP's entry {entry.info.filename!r} is smaller than it says.")
    path.chmod(0o644)
    return written


def answer(archive: Path, to: Path, most_bytes: int) -> dict[str, Any]:
    """What was unpacked as plain values, or {"error": …, "hint": …}."""
    try:
        return asdict(unpack(archive, to, most_bytes))
    except BadPackage as error:
        # Our own folder's name says nothing to whoever sent it.
        text = error.message.replace(f"{to}/", "").replace(str(to), "The ZIP")
        return {"error": text, "hint": error.hint}
    except OSError as error:
        return {"error": f"Its files cannot be written: {error.strerror}.", "hint": ""}


def main() -> int:
    """Print the answer as JSON."""
    json.dump(answer(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
