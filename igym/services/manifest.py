"""experiment.toml: what a package says of itself, read without its code.

Knows neither Redis nor the environment: whoever receives a package looks here first.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from igym.errors import BadPackage

#: Folders of the data volume that are not an experiment's.
RESERVED = ("packages", "libraries", "redis", "run", "nginx")

_ID = "abcdefghijklmnopqrstuvwxyz0123456789_-"


def manifest(root: Path) -> dict[str, Any]:
    """experiment.toml, checked.

    Raises:
        BadPackage: missing, not TOML, or without a usable id, version or title.
    """
    file = root / "experiment.toml"
    if not file.is_file():
        raise BadPackage(
            f"{root} has no experiment.toml.", hint='It needs at least id = "…", version, title.'
        )
    try:
        made = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPackage(f"{file}: {error}.") from error
    for name in ("id", "version", "title"):
        if not isinstance(made.get(name), str | int | float) or not str(made[name]):
            raise BadPackage(f"{file} has no {name}.")
    id = str(made["id"])
    if not 1 <= len(id) <= 40 or set(id) - set(_ID):
        raise BadPackage(
            f"{file}: id = {id!r} will not do.", hint="Use small letters, digits, _ and -."
        )
    if id in RESERVED:
        raise BadPackage(f"{file}: id = {id!r} is a folder igym keeps for itself.")
    version = str(made["version"])
    if not 1 <= len(version) <= 40 or set(version.lower()) - set(_ID + ".+") or version[0] == ".":
        raise BadPackage(f"{file}: version = {version!r} will not do.")
    return made
