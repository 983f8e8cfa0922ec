"""experiment.toml: what a package says of itself, read without its code.

Knows neither Redis nor the environment: whoever receives a package looks here first.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from igym.domain.manifest import problems
from igym.errors import BadPackage


def manifest(root: Path) -> dict[str, Any]:
    """experiment.toml, checked.

    Raises:
        BadPackage: missing, not TOML, or or with a field that will not do.
    """
    file = root / "experiment.toml"
    if not file.is_file():
        raise BadPackage(
            f"{root} has no experiment.toml.", hint='It needs at least id = "…", version, title.'
        )
    try:
        text = file.read_text(encoding="utf-8")
        made = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadPackage(f"{file}: {error}.") from error
    for found in problems(made, text):
        if found.level == "error":
            raise BadPackage(found.message, hint=found.hint)
    return made
