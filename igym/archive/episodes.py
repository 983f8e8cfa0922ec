"""From the chunks of an episode's log to its rows of ticks and inputs, as columns. Pure.

Columns and not rows, and lists and not objects: an episode of two people for a minute is 3,600
rows of 17 values, and there may be a thousand of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from igym.archive.tables import TABLES
from igym.sim.kinds import CUT, ENDED
from igym.wire.record import Chunk, Edge, Tick

#: A chunk as `igym.wire.record.decode_lists` gives it.
Listed = Sequence[Any]

#: Where the fields are in a list.
_CHUNK = {name: i for i, name in enumerate(Chunk.__struct_fields__)}
_TICK = {name: i for i, name in enumerate(Tick.__struct_fields__)}
_EDGE = {name: i for i, name in enumerate(Edge.__struct_fields__)}

#: Whole numbers that a column of them can hold.
_LEAST, _MOST = -(2**63), 2**63 - 1


def tick_table(log: Iterable[Listed], game: str, episode: str, seats: Sequence[str]) -> pa.Table:
    """One row per tick and seat; a tick that was written twice counts once, the first time."""
    ticks: list[list[Any]] = []
    generations: list[int] = []
    digests: dict[int, str] = {}  # place of a tick among `ticks` -> of the state after it
    practice = False
    k = len(seats)
    for chunk in log:
        fresh = chunk[_CHUNK["ticks"]]
        if not fresh:
            continue
        if ticks and fresh[0][0] <= ticks[-1][0]:
            fresh = [tick for tick in fresh if tick[0] > ticks[-1][0]]
        ticks += fresh
        generations += [chunk[_CHUNK["generation"]]] * len(fresh)
        practice |= len(chunk) > _CHUNK["practice"] and chunk[_CHUNK["practice"]]
        digest = chunk[_CHUNK["digest"]] if len(chunk) > _CHUNK["digest"] else ""
        if digest and fresh:
            digests[len(ticks) - 1] = digest
    schema = TABLES["ticks"].schema
    if not ticks:
        return schema.empty_table()
    whose, spread = _places(len(ticks), k)
    fields = list(zip(*ticks, strict=False))

    def field(name: str) -> tuple[Any, ...]:
        return fields[_TICK[name]]

    def each(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        """A value of the tick, for every seat."""
        return pa.array(values, kind).take(spread)

    def by_seats(name: str) -> list[Any]:
        """A value for each seat, tick by tick."""
        return list(chain.from_iterable(field(name)))

    actions, texts = _actions(by_seats("actions"))
    actors = field("actors")
    hashed: list[str | None] = [None] * (len(ticks) * k)
    for place, digest in digests.items():
        hashed[place * k : (place + 1) * k] = by_seat(digest, k)
    columns = {
        "episode_id": pa.repeat(pa.scalar(episode), len(ticks) * k),
        "game_id": pa.repeat(pa.scalar(game), len(ticks) * k),
        "tick": each(field("tick"), pa.int64()),
        "seat": pa.array(seats, pa.string()).take(whose),
        "action": actions,
        "action_json": texts,
        "actor": (
            pa.array(actors[0], pa.string()).take(whose)
            if actors.count(actors[0]) == len(actors)  # nobody left or came back
            else pa.array(by_seats("actors"), pa.string())
        ),
        "reward": pa.array(by_seats("rewards"), pa.float64()),
        "terminated": each(field("terminated"), pa.bool_()),
        "truncated": each(field("truncated"), pa.bool_()),
        **_ends(
            field("ends") if len(fields) > _TICK["ends"] else [()] * len(ticks),
            field("terminated"),
            field("truncated"),
            k,
        ),
        "seen_tick": _known(pa.array(by_seats("seen"), pa.int64())),
        "rtt_ms": _known(pa.array(by_seats("rtt_ms"), pa.float64())),
        "late_ms": pc.divide(each(field("late_us"), pa.float64()), 1000.0),
        "wall_ms": each(field("wall_ms"), pa.float64()),
        "mono_us": each(field("mono_us"), pa.int64()),
        "practice": pa.repeat(pa.scalar(practice), len(ticks) * k),
        "generation": each(generations, pa.int64()),
        "digest": pa.array(hashed, pa.string()),
    }
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _ends(
    ends: Sequence[Sequence[int]], ended: Sequence[bool], cut: Sequence[bool], k: int
) -> dict[str, pa.Array]:
    """How each seat's part ended with each tick: as the episode's, where nothing else is said."""
    if not any(ends):  # hardly ever do they end apart
        spread = _places(len(ended), k)[1]
        return {
            "seat_terminated": pa.array(ended, pa.bool_()).take(spread),
            "seat_truncated": pa.array(cut, pa.bool_()).take(spread),
        }
    both = [
        own or [ENDED * whole | CUT * off] * k
        for own, whole, off in zip(ends, ended, cut, strict=True)
    ]
    flat = list(chain.from_iterable(both))
    return {
        "seat_terminated": pa.array([bool(one & ENDED) for one in flat], pa.bool_()),
        "seat_truncated": pa.array([bool(one & CUT) for one in flat], pa.bool_()),
    }


def by_seat(digest: str, seats: int) -> list[str | None]:
    """A digest of `Sim.digest`, cut into those of its seats."""
    size, rest = divmod(len(digest), seats)
    if rest or not size:
        return [None] * seats
    return [digest[i : i + size] for i in range(0, len(digest), size)]


@lru_cache(maxsize=8)
def _places(ticks: int, seats: int) -> tuple[pa.Array, pa.Array]:
    """For each row: which seat, and which tick, by their place."""
    return (
        pa.array(list(range(seats)) * ticks, pa.int8()),
        pa.array([i for i in range(ticks) for _ in range(seats)], pa.int32()),
    )


def _known(values: pa.Array) -> pa.Array:
    """-1 in a log is null in the data."""
    return pc.if_else(pc.greater_equal(values, 0), values, pa.scalar(None, values.type))


def _actions(given: list[Any]) -> tuple[pa.Array, pa.Array]:
    """As whole numbers where they are some, and as JSON."""
    if set(map(type, given)) == {int} and min(given) >= _LEAST and max(given) <= _MOST:
        numbers = pa.array(given, pa.int64())
        return numbers, numbers.cast(pa.string())
    whole = [a if type(a) is int and _LEAST <= a <= _MOST else None for a in given]
    return pa.array(whole, pa.int64()), pa.array(map(json.dumps, given), pa.string())


def moment_table(log: Iterable[Listed], game: str, episode: str, seats: Sequence[str]) -> pa.Table:
    """One row per moment and seat; a moment that was written twice counts once."""
    rows: list[dict[str, Any]] = []
    done: set[int] = set()
    for chunk in log:
        for ticks, seen, told in chunk[_CHUNK["moments"]] if len(chunk) > _CHUNK["moments"] else ():
            if ticks in done:
                continue
            done.add(ticks)
            for seat, observation, infos in zip(seats, seen, told, strict=True):
                rows.append(
                    {
                        "episode_id": episode,
                        "game_id": game,
                        "ticks": ticks,
                        "seat": seat,
                        "observation": observation or None,
                        "infos": infos or None,
                    }
                )
    return pa.Table.from_pylist(rows, schema=TABLES["observations"].schema)


def input_table(log: Iterable[Listed], game: str, episode: str) -> pa.Table:
    """One row per key edge or move, in order."""
    order: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for chunk in log:
        for fields in chunk[_CHUNK["edges"]]:
            edge = Edge(*fields)
            rows.append(_input(edge, game, episode, order[edge.seat]))
            order[edge.seat] += 1
    return pa.Table.from_pylist(rows, schema=TABLES["inputs"].schema)


def clock_rows(
    log: Iterable[Listed], ticks: pa.Table, game: str, episode: str
) -> list[dict[str, Any]]:
    """How far each person's browser clock was behind the server's.

    A message cannot have been faster than half of the shortest round trip that was measured,
    so the fastest one tells the offset to within that half.

    Args:
        ticks: the `tick_table` of the same log.
    """
    ways: dict[str, list[float]] = {}
    for chunk in log:
        for edge in chunk[_CHUNK["edges"]]:
            way_ms = edge[_EDGE["received_ms"]] - edge[_EDGE["browser_ms"]]
            ways.setdefault(edge[_EDGE["seat"]], []).append(way_ms)
    rows = []
    for seat, found in ways.items():
        of_seat = ticks["rtt_ms"].filter(pc.equal(ticks["seat"], seat))
        if (rtt_ms := pc.min(of_seat).as_py()) is None:
            continue
        rows.append(
            {
                "episode_id": episode,
                "game_id": game,
                "seat": seat,
                "offset_ms": min(found) - rtt_ms / 2,
                "error_ms": rtt_ms / 2,
                "edges": len(found),
            }
        )
    return rows


def _input(edge: Edge, game: str, episode: str, order: int) -> dict[str, Any]:
    return {
        "episode_id": episode,
        "game_id": game,
        "seat": edge.seat,
        "order": order,
        "key": edge.key,
        "down": edge.down,
        "x": edge.x,
        "y": edge.y,
        "browser_ms": edge.browser_ms,
        "received_ms": edge.received_ms,
        "seen_tick": edge.seen if edge.seen >= 0 else None,
        "tick": edge.tick,
    }
