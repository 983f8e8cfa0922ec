"""`igym new`: a package of one's own, from a template that runs as it is."""

from __future__ import annotations

import difflib
import re
import secrets
import shutil
import tomllib
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from igym.domain.manifest import problems
from igym.errors import BadPackage, NotFound

#: In the order in which somebody should look at them.
TEMPLATES = ("single-player", "two-player", "human-AI", "survey-only")

#: Completion codes as recruiters have them; no 0, O, 1 and I, which people mistake.
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Made:
    """A new package."""

    folder: Path
    template: str
    experiment: str  # its id
    files: tuple[str, ...]


def described() -> dict[str, str]:
    """Template -> what it is, in a line."""
    home = files("igym") / "templates"
    return {
        name: tomllib.loads((home / name / "experiment.toml").read_text("utf-8"))["description"]
        for name in TEMPLATES
    }


def make(template: str, folder: Path) -> Made:
    """Copy a template to `folder`, with an id and title of its own and codes nobody else has.

    Raises:
        NotFound: there is no such template.
        BadPackage: the folder is there already, or its name will not do as an id.
    """
    if template not in TEMPLATES:
        lower = {name.lower(): name for name in TEMPLATES}
        near = difflib.get_close_matches(template.lower(), lower, n=1, cutoff=0.4)
        raise NotFound(
            f"There is no template {template!r}.",
            hint=(f"Did you mean {lower[near[0]]}? " if near else "")
            + f"There are {', '.join(TEMPLATES)}.",
        )
    id = folder.name
    title = id.replace("_", " ").replace("-", " ").strip().capitalize()
    for found in problems({"id": id, "version": "1", "title": title or "?"}):
        raise BadPackage(f"{id!r} will not do as a name: it is the id in links.", hint=found.hint)
    if folder.exists():
        raise BadPackage(f"{folder} is there already.", hint="Choose another name, or remove it.")
    with as_file(files("igym") / "templates" / template) as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    about = folder / "experiment.toml"
    text = about.read_text("utf-8")
    about.write_text(re.sub(r'(?m)^id = ".*"$', f'id = "{id}"', text, count=1), "utf-8")
    experiment = folder / "experiment.py"
    coded = re.sub(r"CODE-\d+", lambda _: _code(), experiment.read_text("utf-8"))
    experiment.write_text(coded, "utf-8")
    listed = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return Made(folder, template, id, tuple(listed))


def _code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(8))
