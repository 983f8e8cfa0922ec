"""Reading a parcel back (`igym.archive.parcel`): a folder, a ZIP file, or either at a URL.

Everything is as its manifest says, or it is not given out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import fsspec

from igym.errors import BadExport

_PIECE = 1 << 20

Opener = Callable[[str], contextlib.AbstractContextManager[Any]]


class Bundle:
    """The files of one parcel."""

    def __init__(self, name: str, opener: Opener, listed: dict[str, dict[str, Any]]) -> None:
        """`name` is what the place is called, for messages."""
        self.name = name
        self._open = opener
        self.files = listed

    def copy(self, name: str, to: BinaryIO) -> None:
        """Write one file into `to`.

        Raises:
            BadExport: it is not there, or not as it was.
        """
        sha256 = hashlib.sha256()
        try:
            with self._open(name) as source:
                while piece := source.read(_PIECE):
                    to.write(piece)
                    sha256.update(piece)
        except (OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise BadExport(f"{name} in {self.name} cannot be read: {error}.") from error
        if sha256.hexdigest() != self.files[name]["sha256"]:
            raise BadExport(f"{name} in {self.name} is not what its manifest says.")


@contextlib.contextmanager
def opened(place: str) -> Iterator[tuple[Bundle, dict[str, Any]]]:
    """The parcel at `place`, and its manifest.json, whose `files` names all others.

    Raises:
        BadExport: there is none, or a name in it leads elsewhere.
    """
    with contextlib.ExitStack() as stack:
        try:
            fs, path = fsspec.core.url_to_fs(place)
            if path.endswith(".zip"):
                whole = stack.enter_context(fs.open(path, "rb"))
                opener: Opener = stack.enter_context(zipfile.ZipFile(whole)).open
            else:
                opener = _folder(fs, path)
            with opener("manifest.json") as source:
                manifest: dict[str, Any] = json.loads(source.read())
            listed = dict(manifest["files"])
        except (OSError, KeyError, ValueError, TypeError, ImportError, zipfile.BadZipFile) as error:
            raise BadExport(
                f"{place} is no backup, or only a part of one ({type(error).__name__}: {error}).",
                hint="Name the folder, ZIP file or URL that `igym backup` wrote.",
            ) from error
        for name in listed:
            inside = PurePosixPath(name)
            if inside.is_absolute() or ".." in inside.parts or "\\" in name or "\0" in name:
                raise BadExport(f"{place} has a file that leads out of it: {name!r}.")
        yield Bundle(place, opener, listed), manifest


def _folder(fs: Any, path: str) -> Opener:
    root = path.rstrip("/")
    return lambda name: fs.open(f"{root}/{name}", "rb")


def laid_out(bundle: Bundle, name: str, to: Path) -> None:
    """Copy one file to `to`, with the rights it had."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as file:
        bundle.copy(name, file)
    to.chmod(int(bundle.files[name].get("mode", 0o644)) & 0o777)
