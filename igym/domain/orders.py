"""Orders of parts, and which of them somebody gets. Pure: a seed and a number decide.

Balanced orders go by the number of an arrival: in each run of as many arrivals as there are
orders, every order comes once, in a sequence of its own. So they are equally frequent at any
time but for the run under way, and nobody can tell the next one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations, permutations
from math import comb, perm
from typing import Literal

from igym.domain import seeds

Balance = Literal["chance", "blocks", "latin"]

#: The most orders that are balanced: a block has to be completed for the balance to be exact.
MOST_ORDERS = 720


def count(n: int, take: int, *, shuffled: bool) -> int:
    """How many orders there are of `take` out of `n` parts."""
    return perm(n, take) if shuffled else comb(n, take)


def every(n: int, take: int, *, shuffled: bool) -> list[tuple[int, ...]]:
    """All orders of `take` out of `n` parts, as their numbers from 0."""
    return list((permutations if shuffled else combinations)(range(n), take))


def latin(n: int) -> list[tuple[int, ...]]:
    """A balanced Latin square (Williams): each part is as often at each place as any other, and
    follows each other part as often. `n` orders, or twice as many where `n` is odd."""
    first = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(n)]
    rows = [tuple((part + shift) % n for part in first) for shift in range(n)]
    return rows if n % 2 == 0 else [*rows, *(row[::-1] for row in rows)]


def drawn(
    n: int, take: int, balance: Balance, *, shuffled: bool, seed: int, number: int, name: str
) -> tuple[int, ...]:
    """The order that arrival `number` gets.

    Args:
        seed: of the study; the same seed and number give the same order.
        name: of the order, so that two in one study are independent.
    """
    if balance == "chance":
        rng = random.Random(seeds.derive(seed, "order", name, number))
        found = rng.sample(range(n), take)
        return tuple(found if shuffled else sorted(found))
    orders = latin(n) if balance == "latin" else every(n, take, shuffled=shuffled)
    return _of_block(orders, seed, number, name)


def _of_block(
    orders: Sequence[tuple[int, ...]], seed: int, number: int, name: str
) -> tuple[int, ...]:
    block, place = divmod(number, len(orders))
    order = list(range(len(orders)))
    random.Random(seeds.derive(seed, "block", name, block)).shuffle(order)
    return orders[order[place]]
