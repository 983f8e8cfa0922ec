"""How settings are read and checked.

Four sources, a later one wins:

    the default below  <  igym.toml (or the file IGYM_CONFIG names)  <  .env  <  the environment

In the environment and in `.env` a field is `IGYM_` and its name in capitals (`IGYM_LOG_LEVEL`);
PORT, WEB, GAMES and REDIS_URL are also heard alone, and the longer name wins. An empty variable
counts as not set. `IGYM_LOG_LEVEL_FILE`, and so for each, names a file whose text is the value,
where the variable itself is not set: for secrets that are mounted. In the file a field is a
top-level key. A name that nobody declared is refused and not ignored: a misspelt time-out must not
turn up as somebody's lost data.

This module opens no connection.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from dotenv import dotenv_values

from igym.errors import IgymError
from igym.settings import rules
from igym.settings.declared import PLAIN, PREFIX, Settings, fields, plain, replace

#: Names the configuration file; not a field, since the file cannot name itself.
CONFIG = "IGYM_CONFIG"

#: Ours, but heard by others: the build of the client may be left out (hatch_build.py), and a
#: researcher's terminal says which server and whose token (igym.cli.remote).
NOT_FIELDS = (CONFIG, "IGYM_SKIP_CLIENT", "IGYM_URL", "IGYM_TOKEN")

DEFAULT_FILE = "igym.toml"

#: What the name of a variable ends with that names a file instead of the value.
FILE = "_FILE"


class BadSettings(IgymError):
    """A setting is unknown, has the wrong shape, or contradicts another. Nothing was started."""

    code: ClassVar[str] = "bad_settings"


def load(env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Settings:
    """Read all sources and check the result.

    Args:
        env: the environment, instead of this process's.
        cwd: where `igym.toml` and `.env` are looked for, and what a relative `data_dir` starts
            from; the current directory unless given.

    Raises:
        BadSettings: naming the setting, the source it came from, and what would do.
    """
    here = (cwd or Path.cwd()).absolute()
    environ = {k: v for k, v in (os.environ if env is None else env).items() if v}
    dotenv = {k: v for k, v in dotenv_values(here / ".env", interpolate=False).items() if v}

    given: dict[str, Any] = {}
    source: dict[str, str] = {}
    for name, value, where in (
        *_from_file(environ.get(CONFIG) or dotenv.get(CONFIG), here),
        *_from_variables(dotenv, str(here / ".env")),
        *_from_variables(environ, "the environment"),
    ):
        given[name] = _convert(name, value, where)
        source[name] = where

    settings = Settings(**given)
    _check(settings, source)
    return replace(settings, data_dir=here / settings.data_dir)


def _from_file(named: str | None, here: Path) -> Iterator[tuple[str, Any, str]]:
    path = here / (named or DEFAULT_FILE)
    if not path.is_file():
        if named:
            raise BadSettings(
                f"{CONFIG} names {path}, which is not a file.", hint="Correct it or unset it."
            )
        return
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise BadSettings(
            f"{path} is not valid TOML: {wrong}.", hint="Write `name = value` lines."
        ) from wrong
    known = Settings.__struct_fields__
    for name, value in table.items():
        if name not in known:
            raise _unknown(name, str(path), known)
        yield name, value, str(path)


def _from_variables(env: Mapping[str, str], where: str) -> Iterator[tuple[str, Any, str]]:
    known = tuple(f.variable for f in fields())
    # First what files say, since a later value wins: a process that was told a value by its
    # supervisor still sees the variable that named the file.
    for variable in sorted(env):
        named = variable.removesuffix(FILE)
        if named != variable and named in (*known, *PLAIN) and variable not in known:
            yield named.removeprefix(PREFIX).lower(), _read(variable, env[variable], where), where
    for variable in PLAIN:
        if variable in env:
            yield variable.lower(), env[variable], where
    for variable in sorted(env):
        if not variable.startswith(PREFIX) or variable in NOT_FIELDS:
            continue
        if variable.removesuffix(FILE) in known and variable not in known:
            continue
        if variable not in known:
            raise _unknown(variable, where, (*known, CONFIG))
        yield variable.removeprefix(PREFIX).lower(), env[variable], where


def _read(variable: str, named: str, where: str) -> str:
    try:
        return Path(named).expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is not text"
        raise BadSettings(
            f"{variable} in {where} names {named}, which cannot be read: {why}.",
            hint="Mount the file, let igym's user read it, or unset the variable.",
        ) from wrong


def _unknown(name: str, where: str, known: tuple[str, ...]) -> BadSettings:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return BadSettings(
        f"{name} in {where} is not a setting.",
        hint=f"Did you mean {near[0]}? `igym config` lists all of them.",
    )


def _convert(name: str, value: Any, where: str) -> Any:
    field = next(f for f in fields() if f.name == name)
    if isinstance(field.default, tuple) and isinstance(value, str):
        value = [one.strip() for one in value.split(",") if one.strip()]
    try:
        return msgspec.convert(value, field.type, strict=not isinstance(value, str), dec_hook=_path)
    except msgspec.ValidationError as wrong:
        raise BadSettings(
            f"{name} in {where} cannot be used: {wrong}.",
            hint=f"It is: {field.description} The default is {plain(field.default)!r}.",
        ) from wrong


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def _check(s: Settings, source: Mapping[str, str]) -> None:
    """What no field can know alone (`rules`)."""
    for name, what, hint in rules.broken(s):
        where = source.get(name, "the defaults")
        raise BadSettings(f"{name} (from {where}): {what}.", hint=hint)
