"""The files of a package: which of a folder's count, their hash, and how they travel.

Knows no Redis and no package's code.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

#: Made by tools, not by the researcher: neither hashed, stored nor sent.
SKIPPED = frozenset({"__pycache__", ".git", ".venv", ".ruff_cache", ".mypy_cache", ".pytest_cache"})


def files(root: Path) -> list[Path]:
    """Every file that belongs to the package in `root`, in order."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not SKIPPED & set(path.relative_to(root).parts)
    )


def fingerprint(root: Path) -> str:
    """The content hash of a package: SHA-256 over names and contents of its files, in hex."""
    digest = hashlib.sha256()
    for path in files(root):
        name = path.relative_to(root).as_posix().encode()
        content = path.read_bytes()
        digest.update(f"{len(name)}:{len(content)}:".encode() + name + content)
    return digest.hexdigest()


def pack(root: Path, to: Path) -> int:
    """Write the package in `root` as a ZIP, the same bytes for the same files. Returns its size."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in files(root):
            # A time of its own, and no rights: neither belongs to the content.
            info = zipfile.ZipInfo(path.relative_to(root).as_posix(), (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            with packed.open(info, "w") as into, path.open("rb") as file:
                shutil.copyfileobj(file, into)
    return to.stat().st_size
