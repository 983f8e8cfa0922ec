"""Every number and name an operator may change, as one checked value.

Four sources, a later one wins:

    the default below  <  igym.toml (or the file IGYM_CONFIG names)  <  .env  <  the environment

In the environment and in `.env` a field is `IGYM_` and its name in capitals (`IGYM_LOG_LEVEL`);
PORT, WEB, GAMES and REDIS_URL are also heard alone, and the longer name wins. An empty variable
counts as not set. `IGYM_LOG_LEVEL_FILE`, and so for each, names a file whose text is the value,
where the variable itself is not set: for secrets that are mounted. In the file a field is a
top-level key. A name that nobody declared is refused and not ignored: a misspelt time-out must not
turn up as somebody's lost data.

This module does not know what the numbers are used for, and opens no connection.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

from igym import rules
from igym.errors import IgymError

PREFIX = "IGYM_"

#: Heard without the prefix as well: the four things somebody changes on the command line.
PLAIN = ("PORT", "WEB", "GAMES", "REDIS_URL")

#: Names the configuration file; not a field, since the file cannot name itself.
CONFIG = "IGYM_CONFIG"

#: Ours, but heard by others: the build of the client may be left out (hatch_build.py), and a
#: researcher's terminal says which server and whose token (igym.cli.remote).
NOT_FIELDS = (CONFIG, "IGYM_SKIP_CLIENT", "IGYM_URL", "IGYM_TOKEN")

DEFAULT_FILE = "igym.toml"
Format = Literal["auto", "text", "json"]  # of log lines

#: Never printed, never logged.
SECRET_FIELDS = (
    "secret_key", "admin_password", "turn_secret", "metrics_token", "sentry_dsn",
)  # fmt: skip

#: Fields that are URLs with a password in them.
_PASSWORDED = ("redis_url", "checks_redis_url")

#: What the name of a variable ends with that names a file instead of the value.
FILE = "_FILE"


class BadSettings(IgymError):
    """A setting is unknown, has the wrong shape, or contradicts another. Nothing was started."""

    code: ClassVar[str] = "bad_settings"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one igym process was told. Every process of a deployment should be told the same."""

    redis_url: Annotated[
        str,
        Meta(description="redis://, rediss:// or unix:// URL. Empty: `igym up` starts its own."),
    ] = ""
    data_dir: Annotated[
        Path,
        Meta(description="Folder for episode data, packages and the embedded Redis's files."),
    ] = Path("data")
    host: Annotated[str, Meta(min_length=1, description="Address the web workers listen on.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, Meta(ge=1, le=65535, description="TCP port that all web workers share.")
    ] = 8000
    web: Annotated[int, Meta(ge=1, le=64, description="Web worker processes.")] = 2
    games: Annotated[
        int, Meta(ge=1, le=256, description="Game worker processes; about one a core.")
    ] = 1
    inference: Annotated[
        int,
        Meta(
            ge=0,
            le=64,
            description="Inference worker processes, which run larger ONNX models for many games "
            "at once. 0: each game worker runs its own.",
        ),
    ] = 0
    store_device: Annotated[
        bool,
        Meta(description="Keep the kind of device and browser, not the user agent, in `sessions`."),
    ] = False
    bound: Annotated[
        int,
        Meta(
            ge=0,
            le=256,
            description="The most game workers beside those that a supervisor starts for packages "
            'with libraries of their own and for scenes with isolation="process", while they are '
            "needed.",
        ),
    ] = 8
    browser_logs: Annotated[
        Literal["off", "error", "warn", "info", "debug"],
        Meta(
            description="Least severe line of participants' browser consoles that admins may read, "
            "for 7 days: without tokens and links, 10 a second of each at most. Scripts of a study "
            "may log what people do: say so in its consent. An experiment may have fewer kept."
        ),
    ] = "off"
    secret_key: Annotated[
        tuple[str, ...],
        Meta(
            description="Signs participants' tokens; 32 characters or more. Several, separated by "
            "commas: the first signs, all are believed. Empty: one is made at the first start and "
            "shared through Redis."
        ),
    ] = ()
    checks_redis_url: Annotated[
        str,
        Meta(
            description="What a director tells the checks workers it starts instead of its own "
            "redis_url: the URL of a Redis user with fewer rights. Empty: the same."
        ),
    ] = ""
    admin_password: Annotated[
        str,
        Meta(
            description="Password of the account `admin`, 12 characters or more, or its Argon2 "
            "hash (`igym admin hash`). Empty: accounts are made with `igym admin create`."
        ),
    ] = ""
    public_url: Annotated[
        str,
        Meta(description="http(s) URL that participants' links begin with. Empty: host and port."),
    ] = ""
    inside_url: Annotated[
        str,
        Meta(
            description="http(s) URL under which this deployment's own processes reach its web "
            "workers, as rehearsals on the server do. Empty: host and port."
        ),
    ] = ""
    allowed_origins: Annotated[
        tuple[str, ...],
        Meta(description="Other origins whose pages may open a socket; separated by commas."),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-For says "
            "where a browser is; separated by commas. What others say there is not believed."
        ),
    ] = ("127.0.0.1", "::1")
    arrivals_per_minute: Annotated[
        int,
        Meta(
            ge=10,
            le=1_000_000,
            description="Participants from one address who may open a study in a minute: a whole "
            "lecture hall may share one. Not counted on the machine itself.",
        ),
    ] = 600
    requests_per_second: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Pages and calls of the API that one web worker answers one address in a "
            "second, on average over 20: more get a 429. The client's files, packages' images and "
            "the machine itself are not counted.",
        ),
    ] = 100
    environment: Annotated[
        Literal["development", "production"],
        Meta(description="`production` refuses settings that are only safe on one's own machine."),
    ] = "development"
    debug: Annotated[
        bool, Meta(description="Tracebacks in the researcher's pages. Never in production.")
    ] = False
    ping_interval_s: Annotated[
        float,
        Meta(gt=0, le=60, description="Seconds between the server's pings on a socket."),
    ] = 2.0
    ping_timeout_s: Annotated[
        float,
        Meta(
            gt=0,
            le=120,
            description="Seconds a ping may stay unanswered before the socket is dead.",
        ),
    ] = 10.0
    away_after_s: Annotated[
        float,
        Meta(
            gt=0,
            le=60,
            description="Seconds without a message of a browser, answers to pings included, after "
            "which its participant is away: in lobbies and in games.",
        ),
    ] = 3.0
    notice_s: Annotated[
        float,
        Meta(
            ge=0,
            le=60,
            description="Seconds for which a web worker that is to leave still serves while "
            "/readyz says that it is not ready, so that a balancer that asks there takes it out "
            "first. 0: it hangs up at once, which suits nginx.",
        ),
    ] = 0.0
    ack_patience_s: Annotated[
        float,
        Meta(
            ge=0,
            le=5,
            description="Seconds the acknowledgement of answers, consent and withdrawals waits at "
            "most until Redis has them on disk; the next screen does not wait. 0: it does not.",
        ),
    ] = 2.5
    worker_lease_s: Annotated[
        float,
        Meta(
            gt=0,
            le=60,
            description="Seconds without a beat until another worker may take a game over.",
        ),
    ] = 4.0
    worker_beat_s: Annotated[
        float,
        Meta(
            gt=0,
            le=20,
            description="Seconds between a game worker's beats; under a third of "
            "worker_lease_s, so that two lost beats cost nothing.",
        ),
    ] = 1.0
    director_lease_s: Annotated[
        float,
        Meta(gt=0, le=60, description="Seconds until a standby director takes a loop over."),
    ] = 3.0
    picture_kb_s: Annotated[
        float,
        Meta(
            ge=0,
            le=100_000,
            description="Kilobytes of rendered pictures that a participant is sent in a second at "
            "most: quality falls first, then the rate, to two pictures of the least quality. 0: as "
            "many as the author asks for and the connection takes.",
        ),
    ] = 0.0
    log_flush_ms: Annotated[
        int,
        Meta(
            ge=10,
            le=250,
            description="Milliseconds of an episode that a crash may cost: ticks reach the log at "
            "least this often.",
        ),
    ] = 200
    max_load: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            description="Share of its time (0 to 1) a worker may be busy and still take a game.",
        ),
    ] = 0.8
    input_rate_per_s: Annotated[
        int,
        Meta(ge=1, le=10_000, description="Messages a second that one participant may send."),
    ] = 120
    max_package_mb: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description="Megabytes of the largest ZIP that may be submitted; a proxy in front must "
            "let it pass.",
        ),
    ] = 64
    retention_days: Annotated[int, Meta(ge=1, le=30, description="Days ended state is kept.")] = 30
    turn_urls: Annotated[
        tuple[str, ...],
        Meta(
            description="Relays for connections between browsers, as in turn:lab.example.org:3478; "
            "separated by commas. Empty: there is none."
        ),
    ] = ()
    turn_secret: Annotated[
        str,
        Meta(
            description="What the relay calls static-auth-secret: credentials of an hour are made "
            "from it, and it never leaves the server."
        ),
    ] = ""
    metrics_token: Annotated[
        str,
        Meta(
            description="What a Prometheus that reads /metrics must say as a bearer token; 32 "
            "characters or more. Empty: nobody can."
        ),
    ] = ""
    metrics_from: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses and networks that may read /metrics without a token, asking a "
            "web worker directly and not through a proxy; separated by commas."
        ),
    ] = ()
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Least severe message that is logged."),
    ] = "info"
    log_format: Annotated[Format, Meta(description="auto: JSON in containers.")] = "auto"
    log_file: Annotated[str, Meta(description="File that processes also log to, as JSON.")] = ""
    log_file_mb: Annotated[float, Meta(gt=0, description="Megabytes at which it is new.")] = 50.0
    log_files: Annotated[int, Meta(ge=1, le=999, description="So many of it are kept.")] = 5
    log_json: Annotated[bool, Meta(description="One JSON object a line instead of text.")] = False
    sentry_dsn: Annotated[
        str,
        Meta(
            description="DSN of a Sentry project that is told of igym's own errors, and nothing "
            "about participants; needs `pip install igym[sentry]`. Empty: nobody is told."
        ),
    ] = ""


class Field(NamedTuple):
    """One setting as documentation, `igym config` and the tests see it."""

    name: str
    variable: str
    type: Any
    default: Any
    description: str


def fields() -> tuple[Field, ...]:
    """Every setting in the order of declaration."""
    return tuple(
        Field(f.name, PREFIX + f.name.upper(), f.type, f.default, _description(f.type))
        for f in msgspec.structs.fields(Settings)
    )


def replace(settings: Settings, **changes: Any) -> Settings:
    """A copy with these fields changed. Values are the caller's own and are not checked."""
    return msgspec.structs.replace(settings, **changes)


def values(settings: Settings) -> dict[str, Any]:
    """Every field and its value, secrets included: for the environment of a child process."""
    return msgspec.structs.asdict(settings)


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
    return msgspec.structs.replace(settings, data_dir=here / settings.data_dir)


def redacted(settings: Settings) -> dict[str, Any]:
    """The settings as plain values for people to read, with nothing in it worth stealing."""
    shown = {f.name: _plain(getattr(settings, f.name)) for f in msgspec.structs.fields(Settings)}
    for name in SECRET_FIELDS:
        unset = "(made at start)" if name == "secret_key" else ""
        shown[name] = "(set)" if shown[name] else unset
    for name in _PASSWORDED:
        shown[name] = re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", shown[name])
    return shown


def reference() -> str:
    """The page `docs/settings.md`: `python -m igym.settings > docs/settings.md`."""
    rows = "".join(
        f"| `{f.name}` | `{f.variable}` | `{_shown(f.default)}` | {f.description} |\n"
        for f in fields()
    )
    intro = (__doc__ or "").split("\n", 2)[2].rsplit("\n\n", 1)[0].strip("\n")
    return (
        "# Settings\n\n<!-- Written by `python -m igym.settings`; do not edit. -->\n\n"
        f"{intro}\n\n| in igym.toml | variable | default | what it is |\n"
        f"| --- | --- | --- | --- |\n{rows}"
    )


def _shown(default: Any) -> str:
    return json.dumps(_plain(default))


def _description(annotated: Any) -> str:
    metas = [m for m in getattr(annotated, "__metadata__", ()) if isinstance(m, Meta)]
    return next((m.description for m in metas if m.description), "")


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
    for plain in PLAIN:
        if plain in env:
            yield plain.lower(), env[plain], where
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
    field = next(f for f in msgspec.structs.fields(Settings) if f.name == name)
    if isinstance(field.default, tuple) and isinstance(value, str):
        value = [one.strip() for one in value.split(",") if one.strip()]
    try:
        return msgspec.convert(value, field.type, strict=not isinstance(value, str), dec_hook=_path)
    except msgspec.ValidationError as wrong:
        raise BadSettings(
            f"{name} in {where} cannot be used: {wrong}.",
            hint=f"It is: {_description(field.type)} The default is {_plain(field.default)!r}.",
        ) from wrong


def _path(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value).expanduser()
    raise NotImplementedError(kind)


def _plain(value: Any) -> Any:
    match value:
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def _check(s: Settings, source: Mapping[str, str]) -> None:
    """What no field can know alone (`igym.rules`)."""
    for name, what, hint in rules.broken(s):
        where = source.get(name, "the defaults")
        raise BadSettings(f"{name} (from {where}): {what}.", hint=hint)


if __name__ == "__main__":
    sys.stdout.write(reference())
