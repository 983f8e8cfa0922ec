"""Everything the REST API says and hears, on one page, and its routes.

The description at /api/openapi.json, docs/api.md and the checks of every request are made from
this. Knows no handlers. Times are milliseconds since the Unix epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from igym.domain.access import Right, Role
from igym.domain.commands import MOST_CHARS, State, What
from igym.domain.deeds import Did
from igym.domain.package import Standing
from igym.domain.report import Finding, SceneReport
from igym.errors import BadMessage

#: The largest body of a request, a package excepted.
MAX_BODY_BYTES = 64 * 1024

EXPERIMENT, PACKAGE = r"^[a-z0-9_-]{1,40}$", r"^[0-9a-f]{64}$"
TOKEN, EXPORT = r"^[0-9a-f]{12}$", r"^[0-9a-f]{16}$"
COMMAND = r"^[0-9a-f]{32}$"

Id: TypeAlias = Annotated[str, Meta(pattern=EXPERIMENT)]
Millis: TypeAlias = float


class Error(msgspec.Struct, frozen=True):
    """Why something was refused. Nothing was changed, unless the text says so."""

    code: str  # for machines; never changes
    text: str  # for people
    hint: str  # what to do now; may be empty


# --- packages ---------------------------------------------------------------------------------


class Package(msgspec.Struct, frozen=True):
    """One version of one experiment."""

    package: str  # content hash, hex
    experiment: str
    version: str
    title: str
    standing: Standing
    sent_by: str
    sent_ms: Millis
    moved_by: str  # who brought it to where it stands; empty = nobody has yet
    moved_ms: Millis
    size: int  # bytes of its files
    preview: str  # where one may look at it as a participant; empty until its check has passed


class Packages(msgspec.Struct, frozen=True):
    """Versions, the latest first."""

    packages: list[Package]


class Submitted(msgspec.Struct, frozen=True):
    """What became of an upload. Its check has not ended when this is said."""

    package: Package
    new: bool  # false: these very files were here already


class Report(msgspec.Struct, frozen=True):
    """What the check on the server found: the same as `igym check --json` finds."""

    package: str
    experiment: str
    version: str
    state: Literal["waiting", "passed", "failed"]
    findings: tuple[Finding, ...] = ()  # errors first
    scenes: tuple[SceneReport, ...] = ()  # none where it does not compile
    checked_ms: Millis = 0
    took_s: float = 0
    igym: str = ""  # the version that checked it


# --- experiments ------------------------------------------------------------------------------


class Experiment(msgspec.Struct, frozen=True):
    """An experiment and what newcomers of it meet."""

    experiment: str
    title: str
    active: str  # the version newcomers get; empty = none
    active_package: str
    open: bool  # whether newcomers are let in at all
    closed_ms: Millis  # since when not; 0 = they are
    versions: int
    link: str  # where participants go


class Experiments(msgspec.Struct, frozen=True):
    """Experiments, by id."""

    experiments: list[Experiment]


class Recruitment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether newcomers are let in. Whoever has begun goes on."""

    open: bool


class ModeCount(msgspec.Struct, frozen=True):
    """Sessions of one mode."""

    mode: str
    phases: dict[str, int]  # phase -> sessions that are in it now
    reached: dict[str, int]  # milestone (`igym.store.counts`) -> sessions that got so far
    outcomes: dict[str, int]  # outcome -> sessions that ended with it


class Sessions(msgspec.Struct, frozen=True):
    """How many people are where, how far people got, and how it ended for them."""

    experiment: str
    modes: list[ModeCount]


# --- exports ----------------------------------------------------------------------------------


class NewExport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be in an export."""

    version: Annotated[str, Meta(max_length=40, pattern=r"^[A-Za-z0-9_.+-]*$")] = ""  # only one
    modes: Annotated[
        tuple[Literal["live", "pilot", "preview", "rehearsal"], ...],
        Meta(min_length=1, max_length=4),
    ] = ("live",)
    formats: Annotated[
        tuple[Literal["parquet", "csv", "jsonl"], ...], Meta(min_length=1, max_length=3)
    ] = ("parquet", "csv", "jsonl")


class Export(msgspec.Struct, frozen=True):
    """An export and how far it is. It can be fetched for a week."""

    id: str
    experiment: str
    version: str
    state: Literal["waiting", "done", "failed"]
    share: float  # that is done, 0 to 1
    size: int  # bytes of the ZIP, once it is done
    sha256: str  # of the manifest in it, once it is done
    text: str  # why it failed
    hint: str
    asked_by: str
    asked_ms: Millis


# --- tokens -----------------------------------------------------------------------------------


class Token(msgspec.Struct, frozen=True):
    """What a token opens. Its text is nowhere to be read."""

    id: str
    name: str
    role: Role
    experiments: list[str]  # "*" = all of them
    trusted: bool
    made_ms: Millis
    expires_ms: Millis
    used_ms: Millis  # to the minute; 0 = never


class Tokens(msgspec.Struct, frozen=True):
    """Tokens, the next to expire first."""

    tokens: list[Token]


class NewToken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A researcher's token to be made. Admins' are made on the server: `igym token create`."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    experiments: Annotated[list[Id], Meta(min_length=1, max_length=50)]
    days: Annotated[int, Meta(ge=1, le=365)] = 90
    trusted: bool = False


class MadeToken(msgspec.Struct, frozen=True):
    """A new token. This is the only time that its text is said."""

    text: str
    token: Token


# --- audit ------------------------------------------------------------------------------------


class Deed(msgspec.Struct, frozen=True):
    """Something that somebody did to the deployment. No participant is named."""

    id: str  # its place in the log
    at_ms: Millis
    did: Did
    who: str  # a token's name; "local" = on the server's own machine
    token: str  # its id; empty = not over the API
    experiment: str  # empty = it is about none
    what: str  # a version, token or export
    before: dict[str, Any]
    after: dict[str, Any]


class Audit(msgspec.Struct, frozen=True):
    """Lines of the log, the latest first; 200 at most."""

    deeds: list[Deed]


# --- routes -----------------------------------------------------------------------------------


# --- commands ---------------------------------------------------------------------------------


class NewCommand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be done to people, to a game, or to what newcomers meet.

    Which fields count depends on `what`; docs/api.md has a table.
    """

    id: Annotated[str, Meta(pattern=COMMAND)]  # made by who asks: asked twice, it is done once
    what: What
    sessions: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=500)] = []
    everybody: bool = False  # of a message: all who are in the study
    scene: Annotated[str, Meta(max_length=64)] = ""  # … in this scene
    game: Annotated[str, Meta(max_length=64)] = ""
    seat: Annotated[str, Meta(max_length=64)] = ""
    text: Annotated[str, Meta(max_length=MOST_CHARS)] = ""
    number: Annotated[float, Meta(ge=0, le=1_000_000)] = 0


class Command(msgspec.Struct, frozen=True):
    """A command and what became of it."""

    id: str
    experiment: str
    what: What
    state: State
    by: str  # name of who gave it
    made_ms: Millis
    at_ms: Millis  # since when it stands where it does
    until_ms: Millis  # it expires then if nobody has taken it
    session: str
    game: str
    seat: str
    text: str
    number: float
    why: str  # what stood in the way, or what there is to add; may be empty
    hint: str  # what to do about it
    read_ms: Millis  # when a message was put away by who read it; 0 = it was not
    batch: str  # what was asked for at once, where that was for several people


class Commands(msgspec.Struct, frozen=True):
    """Commands, the latest first."""

    commands: list[Command]


@dataclass(frozen=True)
class Query:
    """A parameter behind the question mark. Optional."""

    name: str
    pattern: str
    about: str


@dataclass(frozen=True)
class Route:
    """One thing that can be asked for."""

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str  # with {experiment}, {package}, {token} or {export}
    about: str
    gives: type[msgspec.Struct] | Literal["zip"]
    right: Right | None = None  # which a token needs; None = any token
    takes: type[msgspec.Struct] | Literal["zip"] | None = None
    query: tuple[Query, ...] = ()
    status: int = 200
    refusals: tuple[int, ...] = ()  # beside those of every route


#: What may stand in a path, as a regular expression.
PATTERNS = {"experiment": EXPERIMENT, "package": PACKAGE, "token": TOKEN, "export": EXPORT}

_OF = Query("experiment", EXPERIMENT, "Only of this experiment.")
_BEFORE = Query("before", r"^[0-9]{1,16}-[0-9]{1,16}$", "Only older lines than that `id`.")
_ACTIVATE = Query("activate", "^(yes|no)$", "`yes`: activate it once its check has passed.")

ROUTES: tuple[Route, ...] = (
    Route("whoami", "GET", "/api/token", "What the token that asks opens.", Token),
    Route("list_tokens", "GET", "/api/tokens", "Every token.", Tokens, Right.TOKENS),
    Route(
        "make_token", "POST", "/api/tokens", "Make a researcher's token.", MadeToken,
        Right.TOKENS, NewToken, status=201,
    ),
    Route(
        "revoke_token", "DELETE", "/api/tokens/{token}",
        "Make a token worthless at once. One's own needs no right.", Token, refusals=(404,),
    ),
    Route(
        "list_audit", "GET", "/api/audit", "Who did what, the latest first.", Audit, Right.AUDIT,
        query=(_OF, _BEFORE),
    ),
    Route(
        "list_packages", "GET", "/api/packages", "Versions of one's own experiments.", Packages,
        Right.SEE, query=(_OF,),
    ),
    Route(
        "submit_package", "POST", "/api/packages",
        "Upload a package as a ZIP. The same files again are the same as once.", Submitted,
        Right.SUBMIT, "zip", (_ACTIVATE,), status=201, refusals=(409, 413, 422),
    ),
    Route(
        "get_package", "GET", "/api/packages/{package}", "One version.", Package, Right.SEE,
        refusals=(404,),
    ),
    Route(
        "get_report", "GET", "/api/packages/{package}/report",
        "What the check on the server found.", Report, Right.SEE, refusals=(404,),
    ),
    Route(
        "activate_package", "POST", "/api/packages/{package}/activate",
        "Give this version to newcomers; the active one retires. An older one: roll back.",
        Package, Right.RELEASE, refusals=(404, 409),
    ),
    Route(
        "retire_package", "POST", "/api/packages/{package}/retire",
        "Give this version to nobody new. Its sessions go on.", Package, Right.RELEASE,
        refusals=(404, 409),
    ),
    Route(
        "list_experiments", "GET", "/api/experiments", "One's own experiments.", Experiments,
        Right.SEE,
    ),
    Route(
        "get_experiment", "GET", "/api/experiments/{experiment}", "One experiment.", Experiment,
        Right.SEE, refusals=(404,),
    ),
    Route(
        "count_sessions", "GET", "/api/experiments/{experiment}/sessions",
        "How many people are where.", Sessions, Right.SEE, refusals=(404,),
    ),
    Route(
        "recruit", "PUT", "/api/experiments/{experiment}/recruitment",
        "Let newcomers in, or nobody new.", Experiment, Right.RELEASE, Recruitment,
        refusals=(404,),
    ),
    Route(
        "give_command", "POST", "/api/experiments/{experiment}/commands",
        "Act on people or a game, or on what newcomers meet. What it takes, it says.", Commands,
        Right.CONTROL, NewCommand, status=202, refusals=(404,),
    ),
    Route(
        "list_commands", "GET", "/api/experiments/{experiment}/commands",
        "The latest 100 commands and what became of them.", Commands, Right.CONTROL,
        refusals=(404,),
    ),
    Route(
        "start_export", "POST", "/api/experiments/{experiment}/exports",
        "Ask for an export of the data. It is made beside running studies.", Export, Right.EXPORT,
        NewExport, status=202, refusals=(404,),
    ),
    Route(
        "get_export", "GET", "/api/experiments/{experiment}/exports/{export}",
        "How far an export is.", Export, Right.EXPORT, refusals=(404,),
    ),
    Route(
        "download_export", "GET", "/api/experiments/{experiment}/exports/{export}/download",
        "The export as a ZIP.", "zip", Right.EXPORT, refusals=(404, 409),
    ),
)  # fmt: skip


def encode(value: msgspec.Struct) -> bytes:
    """`value` as JSON."""
    return msgspec.json.encode(value)


_REPORT = msgspec.json.Decoder(Report)


def report(raw: bytes) -> Report:
    """The report `encode` wrote."""
    return _REPORT.decode(raw)


def parse(kind: type[msgspec.Struct], raw: bytes) -> Any:
    """The body of a request. Raises `BadMessage`, naming the field."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(
            f"The request cannot be used: {error}.", hint="It is described at /api/openapi.json."
        ) from error
