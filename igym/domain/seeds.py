"""Every random number of a study comes from one recorded seed per game.

A seed for a part is BLAKE2b over the game's seed and the part's name (RFC 7693), so parts
are independent and a replay derives the same ones.
"""

from __future__ import annotations

import hashlib
import random


def derive(seed: int, *part: str | int) -> int:
    """A seed in [0, 2**31) for the named part of whatever `seed` seeds.

    31 bits, because environments hand seeds to generators that take no more.
    """
    text = "\x1f".join([str(seed), *map(str, part)]).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") & 0x7FFF_FFFF


def shuffled(items: list[str], seed: int) -> list[str]:
    """`items` in an order drawn from `seed`; the same seed gives the same order."""
    order = list(items)
    random.Random(seed).shuffle(order)
    return order
