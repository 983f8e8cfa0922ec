"""The list of what an operator may set: names, defaults, bounds, and what each is.

A new setting is a field here, an example in `tests/test_settings.py`, and `docs/settings.md`
written anew. What two of them may not be together is in `rules`. This module does not know what the
numbers are used for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

PREFIX = "IGYM_"

#: Heard without the prefix as well: the four things somebody changes on the command line.
PLAIN = ("PORT", "WEB", "GAMES", "REDIS_URL")

Format = Literal["auto", "text", "json"]  # of log lines

#: Never printed, never logged.
SECRET_FIELDS = (
    "secret_key", "admin_password", "turn_secret", "metrics_token", "sentry_dsn",
)  # fmt: skip

#: Fields that are URLs with a password in them.
PASSWORDED_FIELDS = ("redis_url", "checks_redis_url")


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
            description="Milliseconds of an episode that a crash may cost: no more is played than "
            "this before it is in the log.",
        ),
    ] = 250
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


def plain(value: Any) -> Any:
    """A value as TOML and JSON have it."""
    match value:
        case Path():
            return str(value)
        case tuple():
            return list(value)
        case _:
            return value


def _description(annotated: Any) -> str:
    metas = [m for m in getattr(annotated, "__metadata__", ()) if isinstance(m, Meta)]
    return next((m.description for m in metas if m.description), "")
