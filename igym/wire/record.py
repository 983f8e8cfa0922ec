"""What the episode log holds, as written by a game worker and read by the archiver.

A log is a Redis stream; each entry is one flush: a `Chunk` of consecutive ticks.
"""

from __future__ import annotations

from typing import Any

import msgspec

#: Who acted for a seat. RESTS: it was not asked, since another is on turn or its agent is out.
HUMAN, BOT, DEFAULT, RESTS = "human", "bot", "default", "rests"


class Tick(msgspec.Struct, frozen=True, array_like=True):
    """One step. Lists are in the order of the game's seats."""

    tick: int  # steps taken before this one
    wall_ms: float  # Unix epoch
    mono_us: int  # the worker's monotonic clock
    late_us: int  # after the tick was due
    actions: list[Any]  # the joint action in plain values (`igym.sim.actions`); None = none
    actors: list[str]  # who decided: HUMAN, BOT, DEFAULT or RESTS
    rewards: list[float]
    terminated: bool
    truncated: bool
    seen: list[int]  # tick each person was looking at; -1 = unknown
    rtt_ms: list[float]  # each person's last measured round trip; -1 = unknown
    ends: list[int] = []  # of each seat, as `igym.sim.kinds.Step.ends`; empty = as the episode


class Edge(msgspec.Struct, frozen=True, array_like=True):
    """One key edge or move of a pointer or stick, with the clocks of both ends."""

    seat: str
    count: int  # `Keys.count` it came with
    key: str  # or "pointer", "left stick", "right stick"
    down: bool
    browser_ms: float
    received_ms: float
    seen: int
    tick: int  # the step that acted on it
    x: float | None = None  # of a move: parts of the stage, or of a stick's way; None = a key
    y: float | None = None


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """What seats saw after so many ticks, where the scene keeps it. JSON by seat; "" = nothing."""

    ticks: int
    observations: list[str]
    infos: list[str]


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """One flush of one episode by one generation of its game."""

    generation: int
    ticks: list[Tick]
    edges: list[Edge]
    digest: str = ""  # of what the seats observe after the last tick (`igym.sim.host.Sim.digest`)
    decisions: list[int] = []  # of each seat's policy in this episode so far; 0 for people
    thoughts: list[tuple[int, int]] = []  # (seat, tick) at which a policy with memory observed
    moments: list[Moment] = []
    practice: bool = False  # the episode does not count


encode_chunk = msgspec.msgpack.Encoder().encode
decode_chunk = msgspec.msgpack.Decoder(Chunk).decode

#: A chunk as lists, in the order of the fields above: for whoever takes very many apart.
decode_lists = msgspec.msgpack.Decoder().decode
