"""Where an export or a backup goes: a folder, a ZIP file, or either at a URL. Whole, or not there.

Knows nothing of what is in it, but that everything has a name and a SHA-256.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import fsspec

from igym.errors import BadTarget

#: Already compressed: again would cost time, and a reader could not look at parts of it.
_PACKED = (".parquet", ".png", ".onnx", ".zip", ".mp4")


class Parcel(Protocol):
    """Takes files, one after the other."""

    def open(self, name: str) -> contextlib.AbstractContextManager[BinaryIO]:
        """A file to be written now, before the next one is opened."""
        ...


class Hashed(io.RawIOBase):
    """A stream that is written through, and knows what went by."""

    def __init__(self, into: BinaryIO) -> None:
        self._into = into
        self._sha256 = hashlib.sha256()
        self.bytes = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """How much has been written."""
        return self.bytes

    def write(self, content: Any) -> int:
        """Write it, count it, hash it."""
        view = memoryview(content).cast("B")
        self._into.write(view)
        self._sha256.update(view)
        self.bytes += len(view)
        return len(view)

    def hexdigest(self) -> str:
        """The SHA-256 of what went by."""
        return self._sha256.hexdigest()


class Manifest:
    """A parcel that keeps a list of what was put in."""

    def __init__(self, parcel: Parcel) -> None:
        self._parcel = parcel
        self.files: dict[str, dict[str, Any]] = {}

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[Hashed]:
        """As `Parcel.open`, noted when it is closed."""
        with self._parcel.open(name) as into:
            through = Hashed(into)
            yield through
            self.files[name] = {"sha256": through.hexdigest(), "bytes": through.bytes}

    def put(self, name: str, content: bytes) -> None:
        """A small file."""
        with self.open(name) as into:
            into.write(content)


@contextlib.contextmanager
def opened(
    to: str | Path, *, what: str = "export", mark: str = "codebook.json", private: bool = False
) -> Iterator[Parcel]:
    """A parcel that is at `to` once this is left without an exception, and not before.

    Args:
        to: a folder, a name that ends in .zip, or either as a URL that fsspec knows.
        what: what it is called in messages.
        mark: a file that every such folder has: what has none is not written over; "" = nothing is.
        private: whether others of this machine may not read it.

    Raises:
        BadTarget: something else is there, or nothing can be written there.
    """
    target = str(to)
    try:
        if "://" in target and not target.startswith("file://"):
            made: Any = _remote(target)
        else:
            path = Path(target.removeprefix("file://"))
            zipped = path.suffix == ".zip"
            made = _zip(path, private) if zipped else _folder(path, what, mark, private)
        with made as parcel:
            yield parcel
    except (OSError, ValueError, ImportError) as error:
        raise BadTarget(
            f"The {what} could not be written to {target}: {error}.",
            hint="Nothing was left there. Check the place, its free space and your rights.",
        ) from error


class _Zip:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        about = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        about.compress_type = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
        about.external_attr = 0o644 << 16
        with self._file.open(about, "w", force_zip64=True) as into:
            yield into  # type: ignore[misc]


def half_of(path: Path, suffix: str = "") -> Path:
    """A name of its own beside `path`, hidden, to write to until all of it is there."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.part{suffix}")


@contextlib.contextmanager
def _zip(path: Path, private: bool) -> Iterator[Parcel]:
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    half = half_of(path)
    try:
        half.touch(0o600 if private else 0o666)
        with zipfile.ZipFile(half, "w", compresslevel=1, allowZip64=True) as file:
            yield _Zip(file)
        _sync(half)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as into:
            yield into
            into.flush()
            os.fsync(into.fileno())


@contextlib.contextmanager
def _folder(path: Path, what: str, mark: str, private: bool) -> Iterator[Parcel]:
    if path.exists() and not path.is_dir():
        raise FileExistsError(f"{path} is a file; name a folder, or a name that ends in .zip")
    if path.is_dir() and any(path.iterdir()) and not (mark and (path / mark).exists()):
        already = f"is no {what}" if mark else "would be written over"
        raise FileExistsError(f"{path} holds something that {already}")
    path.parent.mkdir(parents=True, exist_ok=True)
    half = half_of(path)
    old = half.with_suffix(".old")
    try:
        half.mkdir(0o700 if private else 0o777)
        yield _Folder(half)
        if path.exists():
            os.replace(path, old)
        os.replace(half, path)
    finally:
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


# --- elsewhere -----------------------------------------------------------------------------------


class _Remote:
    def __init__(self, fs: Any, root: str) -> None:
        self._fs = fs
        self._root = root

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        path = f"{self._root}/{name}"
        self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self._fs.open(path, "wb") as into:
            yield into


@contextlib.contextmanager
def _remote(url: str) -> Iterator[Parcel]:
    """At a URL. An object store shows a file once it is closed; a folder's manifest is last."""
    fs, path = fsspec.core.url_to_fs(url)
    if not path.endswith(".zip"):
        yield _Remote(fs, path.rstrip("/"))
        return
    fs.makedirs(path.rpartition("/")[0], exist_ok=True)
    into = fs.open(path, "wb")
    try:
        with zipfile.ZipFile(into, "w", compresslevel=1, allowZip64=True) as file:
            yield _Zip(file)
        into.close()
    except BaseException:
        with contextlib.suppress(Exception):
            into.discard()  # object stores: what was sent so far never becomes a file
        with contextlib.suppress(Exception):
            fs.rm(path)
        raise
