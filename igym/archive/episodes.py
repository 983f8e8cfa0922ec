"""From the chunks of an episode's log to the rows of ticks and inputs. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from igym.wire.record import Chunk


def tick_rows(
    chunks: Iterable[Chunk], game: str, episode: str, seats: Sequence[str]
) -> list[dict[str, Any]]:
    """One row per tick and seat; a tick that was written twice counts once, the first time."""
    rows: list[dict[str, Any]] = []
    done: set[int] = set()
    for chunk in chunks:
        for tick in chunk.ticks:
            if tick.tick in done:
                continue
            done.add(tick.tick)
            for i, seat in enumerate(seats):
                action = tick.actions[i]
                rows.append(
                    {
                        "episode_id": episode,
                        "game_id": game,
                        "tick": tick.tick,
                        "seat": seat,
                        "action": action
                        if isinstance(action, int) and not isinstance(action, bool)
                        else None,
                        "action_json": json.dumps(action),
                        "actor": tick.actors[i],
                        "reward": tick.rewards[i],
                        "terminated": tick.terminated,
                        "truncated": tick.truncated,
                        "seen_tick": tick.seen[i] if tick.seen[i] >= 0 else None,
                        "rtt_ms": tick.rtt_ms[i] if tick.rtt_ms[i] >= 0 else None,
                        "late_ms": tick.late_us / 1000,
                        "wall_ms": tick.wall_ms,
                        "mono_us": tick.mono_us,
                        "generation": chunk.generation,
                    }
                )
    return rows


def input_rows(chunks: Iterable[Chunk], game: str, episode: str) -> list[dict[str, Any]]:
    """One row per key edge or move, in order."""
    order: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for chunk in chunks:
        for edge in chunk.edges:
            rows.append(
                {
                    "episode_id": episode,
                    "game_id": game,
                    "seat": edge.seat,
                    "order": order[edge.seat],
                    "key": edge.key,
                    "down": edge.down,
                    "x": edge.x,
                    "y": edge.y,
                    "browser_ms": edge.browser_ms,
                    "received_ms": edge.received_ms,
                    "seen_tick": edge.seen if edge.seen >= 0 else None,
                    "tick": edge.tick,
                }
            )
            order[edge.seat] += 1
    return rows
