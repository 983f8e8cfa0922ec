"""Everything a participant's browser and a web worker say to each other, on one page.

A message is a Socket.IO event: its name is `Message.event`, its one argument is the struct
below as msgpack. Messages marked *array* travel as arrays in field order, the others as maps.
Requests of the browser are acknowledged with `null` or a `Refused`.

This module does not know who sends a message or when. `python -m igym.wire.typescript`
prints the TypeScript twin of this page and `views` (`client/src/wire.gen.ts`); a test fails when
the two differ.

Times are milliseconds: `_ms` since the Unix epoch on the server's clock unless the field's
comment says the browser's.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from igym.domain.participant import Phase
from igym.errors import BadMessage
from igym.wire.views import AskView as AskView
from igym.wire.views import ChatLine as ChatLine
from igym.wire.views import ChatView as ChatView
from igym.wire.views import ChoiceOption as ChoiceOption
from igym.wire.views import ChoiceView as ChoiceView
from igym.wire.views import DecidingView as DecidingView
from igym.wire.views import EndView as EndView
from igym.wire.views import EpisodeStage as EpisodeStage
from igym.wire.views import GameView as GameView
from igym.wire.views import LobbyView as LobbyView
from igym.wire.views import PadButton as PadButton
from igym.wire.views import PageView as PageView
from igym.wire.views import QuizView as QuizView
from igym.wire.views import ScreeningView as ScreeningView
from igym.wire.views import SurveyView as SurveyView
from igym.wire.views import TouchKey as TouchKey
from igym.wire.views import View as View

#: Raise by one whenever a message changes; a client of another version reloads the page.
VERSION = 6

#: The largest packet a browser may send, in bytes.
MAX_PACKET_BYTES = 64 * 1024

#: The most bytes of one download by which bandwidth is measured.
MAX_PROBE_BYTES = 2_000_000

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=64)]
Text: TypeAlias = Annotated[str, Meta(max_length=2_000)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**31)]
Millis: TypeAlias = Annotated[float, Meta(ge=0, le=1e14)]
Json: TypeAlias = Any
#: A device: 0 the pointer, 1 and 2 the left and right stick of a gamepad.
Device: TypeAlias = Annotated[int, Meta(ge=0, le=2)]
#: The pointer's place in 1/10,000 of the stage, a stick's in 1/10,000 of its way.
GRID = 10_000
Place: TypeAlias = Annotated[int, Meta(ge=-GRID, le=GRID)]


class Message(msgspec.Struct, frozen=True):
    """What every message is: a value with a Socket.IO event name."""

    event: ClassVar[str]
    acked: ClassVar[bool] = False  # whether the browser waits for an answer
    durable: ClassVar[bool] = False  # whether that answer waits until the disk has it
    reliable: ClassVar[bool] = False  # whether it has a `seq` and comes exactly once, in order


# --- browser -> server ---------------------------------------------------------------------


class Advance(Message, frozen=True, forbid_unknown_fields=True):
    """The participant has finished this page, survey or quiz."""

    event = "advance"
    acked = True
    durable = True

    scene: Id
    version: Count  # the `State.version` on screen, so that a double click advances once
    answers: Annotated[dict[Id, Json], Meta(max_length=500)] = {}  # item name -> value
    times: Annotated[  # item name -> first shown, first and last changed; browser, 0 = never
        dict[Id, tuple[Millis, Millis, Millis]], Meta(max_length=500)
    ] = {}


class Ready(Message, frozen=True, forbid_unknown_fields=True):
    """The game screen is up: send frames. Sent again after every reconnect."""

    event = "ready"
    acked = True

    game: Id
    width_px: Count  # of the stage on screen
    height_px: Count
    refresh_hz: Annotated[float, Meta(ge=0, le=1000)] = 0  # as measured; 0 = not measured
    opened_ms: Millis = 0  # browser clock: when this game's screen was made; 0 = not told


class Keys(Message, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is held down now, and every edge and move since the last `Keys`. *array*, the hot path.

    Sent at every change, and five times a second as a sign of life while a game is on.
    """

    event = "keys"

    game: Id
    count: Count  # the client's own counter of `Keys`, from 1, per page load
    seen: Annotated[int, Meta(ge=-1, le=2**31)]  # tick of the frame last painted; -1 = none yet
    held: Annotated[int, Meta(ge=0, lt=2**32)]  # bit i = the i-th key of `GameView.keys`
    edges: Annotated[
        list[tuple[Annotated[int, Meta(ge=0, lt=32)], bool, Millis]], Meta(max_length=64)
    ] = []  # (key index, went down?, browser clock)
    hidden: bool = False  # whether the tab is in the background
    spots: Annotated[
        list[tuple[Device, Place, Place, bool]], Meta(max_length=3)
    ] = []  # where each device is now (x, y, pressed?); away or in its middle if not listed
    moves: Annotated[
        list[tuple[Device, Place, Place, bool, Millis]], Meta(max_length=64)
    ] = []  # where they were since the last `Keys`, with the browser's clock; thinned out


class Probe(Message, frozen=True, forbid_unknown_fields=True):
    """A round trip is measured. Acknowledged with `Probed`. About once in 2 s."""

    event = "probe"
    acked = True

    sent_ms: Millis  # browser clock
    rtt_ms: Annotated[float, Meta(ge=0, le=600_000)] | None = None  # of the previous probe
    offset_ms: Annotated[float, Meta(ge=-1e14, le=1e14)] | None = None  # server minus browser


class Painted(Message, frozen=True, forbid_unknown_fields=True):
    """How well a game's screen keeps up. About once in 10 s of a game, and as it closes."""

    event = "painted"

    game: Id
    opened_ms: Millis  # browser clock: `Ready.opened_ms`
    paints: Count  # since then, while the tab was visible
    dropped: Count  # that the display had room for in between, and were not made


class Notice(Message, frozen=True, forbid_unknown_fields=True):
    """Something the data should know about: the tab was hidden, a script failed."""

    event = "notice"

    kind: Literal["hidden", "visible", "blur", "focus", "error"]
    at_ms: Millis  # browser clock
    detail: Text = ""


class Logged(Message, frozen=True, forbid_unknown_fields=True):
    """What the console of the browser said, where the page asks for it. Once a second at most."""

    event = "logged"

    lines: Annotated[
        list[
            tuple[
                Literal["debug", "info", "warn", "error"],
                Millis,
                Annotated[str, Meta(max_length=1_000)],
            ]
        ],
        Meta(max_length=20),
    ]  # level, browser clock, text
    dropped: Count = 0  # lines before these that were too many


class Screened(Message, frozen=True, forbid_unknown_fields=True):
    """What the browser found out about itself, for `ScreeningView`. The server judges."""

    event = "screened"
    acked = True
    durable = True

    version: Count  # of the `State` on screen
    device: Literal["desktop", "tablet", "phone"]
    browser: Annotated[str, Meta(max_length=40)]  # small letters: "chrome", "firefox", …
    width_px: Count  # of the window
    height_px: Count
    rtt_ms: Annotated[list[Annotated[float, Meta(ge=0, le=600_000)]], Meta(max_length=50)]
    kbps: Annotated[float, Meta(ge=0, le=1e8)] = 0  # kilobits a second; 0 = not measured


class Here(Message, frozen=True, forbid_unknown_fields=True):
    """The answer to `Check`: somebody is there."""

    event = "here"
    acked = True

    proposal: Id


class Choose(Message, frozen=True, forbid_unknown_fields=True):
    """An option of `ChoiceView`."""

    event = "choose"
    acked = True
    durable = True

    version: Count  # of the `State` on screen
    option: Id


class Say(Message, frozen=True, forbid_unknown_fields=True):
    """A line of chat. Sent again until it is acknowledged; `count` makes that harmless."""

    event = "say"
    acked = True

    game: Id
    count: Annotated[int, Meta(ge=1, le=2**31)]  # the client's own: ChatView.said + 1, + 2, ...
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class Reply(Message, frozen=True, forbid_unknown_fields=True):
    """The answers to `Episode.ask`. The first that arrive for an episode are those that count."""

    event = "reply"
    acked = True
    durable = True

    game: Id
    ask: Id  # AskView.name
    episode: Count
    answers: Annotated[dict[Id, Json], Meta(max_length=500)] = {}  # as in `Advance`
    times: Annotated[dict[Id, tuple[Millis, Millis, Millis]], Meta(max_length=500)] = {}


class Withdraw(Message, frozen=True, forbid_unknown_fields=True):
    """The participant stops taking part. Final."""

    event = "withdraw"
    acked = True
    durable = True

    keep: bool  # whether what was recorded so far may be used


class Got(Message, frozen=True, forbid_unknown_fields=True):
    """Every reliable message up to `seq` has arrived; the server forgets them."""

    event = "got"

    seq: Count


class Seen(Message, frozen=True, forbid_unknown_fields=True):
    """An `Announcement` is on screen, or was read and put away. Said twice, it is as once."""

    event = "seen"
    acked = True

    id: Id
    read: bool


# --- server -> browser ---------------------------------------------------------------------


class State(Message, frozen=True):
    """The whole truth about the participant. Sent on connect and after every move."""

    event = "state"

    wire: int  # VERSION of the server
    version: int  # rises by one with every move
    phase: Phase
    experiment: str
    title: str
    session: str
    scene: str
    step: int  # scenes behind, for the progress bar
    steps: int  # scenes in all
    view: View
    server: str  # name of the web worker, for bug reports
    seq: int  # reliable messages up to this one are in here
    stoppable: bool  # whether "stop taking part" is offered


class Lobby(Message, frozen=True):
    """The number of people waiting has changed."""

    event = "lobby"

    scene: str
    waiting: int
    wanted: int
    position: int  # place in the queue, from 1; 0 where it is not shown


class Episode(Message, frozen=True):
    """Where the game stands between ticks."""

    event = "episode"

    game: str
    generation: int
    episode: int  # from 0
    practice: bool  # it does not count
    round: int  # from 1, among the practice episodes or among those that count
    rounds: int  # so many of these; 0 = a condition ends them
    stage: EpisodeStage
    starts_ms: float  # of the next change of stage; 0 = not known
    text: str  # author's sentence, may be ""
    # Seats whose people are away: `starts_ms` is when the scene's rule acts. While people are
    # asked, seats whose answers are missing: `starts_ms` is when it goes on without them.
    away: list[str]
    ask: str  # AskView.name of what is being asked; "" = nothing
    scores: dict[str, float]  # seat -> sum of rewards over the finished episodes that count
    turns: list[str] = []  # seats that act next, where seats take turns; else empty
    words: str = ""  # what the author says to this participant between two episodes
    benched: bool = False  # a policy plays in this seat, by the word of who runs the study


class Frame(Message, frozen=True, array_like=True):
    """What to paint. *array*, the hot path.

    A keyframe (`base` = -1) replaces everything. Otherwise it changes the frame of tick
    `base`; a client that does not have it waits for the keyframe that follows. A frame of
    a lower (generation, episode) than the last is a ghost and is dropped.

    `objects` is a flat list: handle, change, handle, change, ... A change is a map of
    field number (see `igym.sim.draw.FIELDS`) to value; with field 0 (the kind) in it
    the object is new. Coordinates are integers, 10,000 to the stage's width or height.
    """

    event = "frame"

    game: str
    generation: int
    episode: int
    tick: int  # steps taken: 0 is the frame after reset
    at_ms: int  # when it was encoded, server clock, modulo 2**32
    base: int  # the tick this changes; -1 = keyframe
    acks: list[int]  # per human seat, in seat order: `Keys.count` acted on at this tick
    objects: list[Any]
    gone: list[int]  # handles that are no longer there
    hud: str | None  # text above the stage; None = unchanged


class Check(Message, frozen=True):
    """Is somebody there? A match waits for it. Answer with `Here`."""

    event = "check"

    proposal: str
    until_ms: float
    asks: bool  # whether a person has to press a button; else a visible page answers by itself


class Chat(Message, frozen=True):
    """Somebody wrote a line. Reliable."""

    event = "chat"
    reliable = True

    seq: int
    game: str
    line: ChatLine


class Caution(Message, frozen=True):
    """A limit of the game is about to be crossed, or is respected again. Reliable."""

    event = "caution"
    reliable = True

    seq: int
    game: str
    kind: Literal["rtt", "hidden", "idle"]
    on: bool
    until_ms: float  # when the scene's rule acts; 0 where `on` is false


class Announcement(Message, frozen=True):
    """Who runs the study says something. Sent again with each connection, until it was read."""

    event = "announcement"

    id: str  # the same id is the same words
    text: str  # plain, may have line breaks


class Renewed(Message, frozen=True):
    """A fresh token for the same session; the old one ends some day."""

    event = "renewed"

    token: str


class Probed(Message, frozen=True):
    """The answer to `Probe` (as its acknowledgement)."""

    event = "probed"

    sent_ms: float  # the browser's own, echoed
    server_ms: float


class Refused(Message, frozen=True):
    """A request was turned down; nothing changed. As an acknowledgement, or on its own."""

    event = "refused"

    code: str
    text: str  # a sentence for the participant
    hint: str = ""  # what to do now


class Replaced(Message, frozen=True):
    """The participant went on in another tab or on another device; this one is idle now."""

    event = "replaced"


FROM_BROWSER: tuple[type[Message], ...] = (
    Advance,
    Ready,
    Keys,
    Probe,
    Painted,
    Notice,
    Logged,
    Screened,
    Here,
    Choose,
    Say,
    Reply,
    Withdraw,
    Got,
    Seen,
)
FROM_SERVER: tuple[type[Message], ...] = (
    State,
    Lobby,
    Episode,
    Frame,
    Check,
    Chat,
    Caution,
    Announcement,
    Renewed,
    Probed,
    Refused,
    Replaced,
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode

M = TypeVar("M", bound=Message)


def unpack(raw: bytes) -> Any:
    """A packet's content as plain values.

    Raises:
        BadMessage: it is not msgpack.
    """
    try:
        return _decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise BadMessage("That message could not be read.", hint="Reload the page.") from error


def parse(kind: type[M], data: Any) -> M:
    """`data` as a message of that kind, every bound checked.

    Raises:
        BadMessage: naming the field that will not do.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise BadMessage(
            f"That {kind.event} message is not valid: {error}.", hint="Reload the page."
        ) from error


def plain(message: Message) -> Any:
    """`message` as plain values, for an acknowledgement."""
    return msgspec.to_builtins(message)


def packet(message: Message) -> bytes:
    """`message` as a finished Socket.IO event packet for the namespace `/`.

    The layout is that of socket.io-msgpack-parser (protocol 5): a map of type, data, nsp.
    """
    return _encode({"type": 2, "data": [message.event, message], "nsp": "/"})
