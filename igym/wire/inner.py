"""What web, game and inference workers say to each other, on one page.

Each process has one inbox, a Redis channel of its own. A PUBLISH carries a batch: a
msgpack list of the structs below, all for one peer. What is published can be lost when a
subscription breaks; each message says how that heals.
"""

from __future__ import annotations

import msgspec

from igym.wire import Keys


class Inner(msgspec.Struct, frozen=True, array_like=True, tag_field="t"):
    """What every inner message is."""


# --- web worker -> game worker -----------------------------------------------------------------


class Attach(Inner, frozen=True, tag=1):
    """This connection wants the frames of that seat. Answered by `Owned` and a keyframe.

    The web worker also writes it to `keys.game_links`; who takes the game over reads it there.
    """

    game: str
    seat: str
    web: str  # name of the web worker's inbox
    conn: int  # the connection's number in that web worker


class Detach(Inner, frozen=True, tag=2):
    """That connection is gone. Lost: the seat counts as present until frames find nobody."""

    game: str
    seat: str
    web: str
    conn: int


class Input(Inner, frozen=True, tag=3):
    """What somebody holds down. Lost: the next one, at most 200 ms later, is complete again."""

    game: str
    seat: str
    received_ms: float
    keys: Keys
    rtt_ms: float  # as last measured; -1 = not yet


def seeing(said: Input, tick: int) -> Input:
    """The same, of somebody who looks at that tick."""
    return msgspec.structs.replace(said, keys=msgspec.structs.replace(said.keys, seen=tick))


class WantKeyframe(Inner, frozen=True, tag=4):
    """A connection missed frames and needs a whole one. Sent again until it comes."""

    game: str
    seat: str
    web: str
    conn: int


class Leave(Inner, frozen=True, tag=5):
    """The person in that seat has left for good. Lost: they are away, and the grace runs out."""

    game: str
    seat: str
    outcome: str


class Alive(Inner, frozen=True, tag=6):
    """The seat's browser was heard of, though no keys came. Lost: the next one, within 1 s."""

    game: str
    seat: str
    web: str
    conn: int


class Replied(Inner, frozen=True, tag=7):
    """Somebody's answers are in `keys.replies`. Lost: the game looks there once a second."""

    game: str
    seat: str


class Watch(Inner, frozen=True, tag=41):
    """This connection looks on at what that seat sees, and plays no part. Said again every second.

    The first one is answered by `Owned`, where the game stands, and a keyframe. Lost: the next one.
    """

    game: str
    seat: str
    web: str
    conn: int


class Unwatch(Inner, frozen=True, tag=42):
    """It looks on no more. Lost: whoever is not heard of for some seconds is forgotten."""

    game: str
    web: str
    conn: int


class Steer(Inner, frozen=True, tag=8):
    """Commands of an admin wait in `keys.commands_for`. Lost: the director says it again."""

    game: str


# --- game worker -> web worker -----------------------------------------------------------------


class Deliver(Inner, frozen=True, tag=11):
    """A finished Socket.IO packet for these connections. Lost: the next keyframe."""

    conns: list[int]
    what: int  # FRAME, KEYFRAME or CONTROL
    packet: bytes


class Owned(Inner, frozen=True, tag=12):
    """Inputs of this connection go to that game worker from now on."""

    conn: int
    game: str
    seat: str
    worker: str  # name of the game worker's inbox
    generation: int


# --- game worker <-> inference worker ---------------------------------------------------------


class Tensor(msgspec.Struct, frozen=True, array_like=True):
    """An array, as numpy writes its bytes."""

    name: str
    dtype: str
    shape: list[int]
    data: bytes


class Infer(Inner, frozen=True, tag=31):
    """Run a model once. Nothing is kept for it: recurrent state is among the feeds.

    Lost, or its answer is: nobody waits for longer than `patience_ms`, and the next request is
    asked anew.
    """

    id: int  # of the request, in the game worker that asks
    back: str  # name of that game worker's inbox
    package: str
    file: str  # inside the package
    outputs: list[str]
    feeds: list[Tensor]
    patience_ms: float  # afterwards the answer is not wanted any more


class Inferred(Inner, frozen=True, tag=32):
    """What the model gave, or why it gave nothing."""

    id: int
    outputs: list[Tensor]
    error: str = ""


# --- anyone -> web worker ------------------------------------------------------------------------


class Nudge(Inner, frozen=True, tag=21):
    """The state of this session changed: read it and tell its socket.

    Lost: the next connect reads it anyway, and sockets re-check while they wait.
    """

    experiment: str
    session: str


class Displaced(Inner, frozen=True, tag=23):
    """The session has a newer socket elsewhere: tell this connection and let it go.

    Lost: two tabs show the same; only the newer one has a seat's link.
    """

    conn: int


class LobbyCount(Inner, frozen=True, tag=22):
    """The number of people waiting in a lobby changed. Lost: the next change."""

    lobby: str
    scene: str
    waiting: int
    wanted: int
    places: dict[str, int] = {}  # session -> place in the queue, where the author shows it


class Ask(Inner, frozen=True, tag=24):
    """Send this session a `wire.Check`. Lost: the proposal runs out and is made again."""

    experiment: str
    session: str
    proposal: str
    until_ms: float
    asks: bool


class Post(Inner, frozen=True, tag=25):
    """A reliable message is in the outbox of this session. Lost: a later one shows the gap."""

    experiment: str
    session: str
    seq: int
    packet: bytes  # finished


class Announce(Inner, frozen=True, tag=26):
    """Words of an admin wait for this session. Lost: the director says it again."""

    experiment: str
    session: str


FRAME, KEYFRAME, CONTROL = 0, 1, 2

ToGame = (
    Attach
    | Detach
    | Input
    | WantKeyframe
    | Leave
    | Alive
    | Inferred
    | Replied
    | Watch
    | Unwatch
    | Steer
)
ToInference = Infer
ToWeb = Deliver | Owned | Nudge | Displaced | LobbyCount | Ask | Post | Announce

encode = msgspec.msgpack.Encoder().encode
decode_to_game = msgspec.msgpack.Decoder(list[ToGame]).decode
decode_to_inference = msgspec.msgpack.Decoder(list[ToInference]).decode
decode_to_web = msgspec.msgpack.Decoder(list[ToWeb]).decode
