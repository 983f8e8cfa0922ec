"""What a person's fingers do in a game: hold a key or two for a while, let go, click. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from igym.wire import GRID

#: How long somebody holds still between two changes, in seconds.
SHORTEST_S, LONGEST_S = 0.1, 0.4


class Change(NamedTuple):
    """What is held after `wait_s`, and the edges that lead there: (key index, went down?)."""

    wait_s: float
    held: int
    edges: list[tuple[int, bool]]
    click: tuple[int, int] | None = None  # there, on the grid of the wire; None = nowhere


def presses(rng: random.Random, keys: int, pointer: bool = False) -> Iterator[Change]:
    """Endless changes of `keys` keys, each a real one, and clicks where a `pointer` is used.

    Nothing where there is neither.
    """
    held = 0
    while keys or pointer:
        if pointer and (not keys or rng.random() < 0.5):
            place = rng.randint(0, GRID), rng.randint(0, GRID)
            yield Change(rng.uniform(SHORTEST_S, LONGEST_S), held, [], place)
            continue
        if held and rng.random() < 0.5:
            wanted = 0
        else:
            fingers = 2 if keys > 1 and rng.random() < 0.25 else 1
            wanted = sum(1 << key for key in rng.sample(range(keys), fingers))
        if wanted == held:
            continue
        edges = [
            (key, bool(wanted >> key & 1)) for key in range(keys) if (wanted ^ held) >> key & 1
        ]
        held = wanted
        yield Change(rng.uniform(SHORTEST_S, LONGEST_S), held, edges)
