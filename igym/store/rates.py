"""How often something was done from an address lately. Bounded, however many addresses there are.

Addresses share 65,536 places of a hash, by a keyed hash of theirs: nobody can tell from it who was
here, nor choose whose place to fill.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time

from redis import Redis

from igym.store import keys

PLACES = 1 << 16


def place(address: str, secret: str) -> str:
    """Four hexadecimal digits. Whoever has one address of IPv6 has a network of them."""
    try:
        found = ipaddress.ip_address(address)
        if found.version == 6:
            address = str(ipaddress.ip_network((found, 64), strict=False))
    except ValueError:
        pass  # a socket's path, or nothing: all of these are one
    return hashlib.blake2b(address.encode(), key=secret.encode()[:64], digest_size=2).hexdigest()


def count(redis: Redis, what: str, address: str, secret: str) -> tuple[int, int]:
    """Count one more.

    Returns:
        How many there were in this minute of the clock, and in how many seconds, rounded up,
        the next one begins.
    """
    minute, past_s = divmod(time.time(), 60)
    name = keys.rate(what, str(int(minute)))
    with redis.pipeline(transaction=False) as pipe:
        pipe.hincrby(name, place(address, secret), 1)
        pipe.expire(name, keys.rate.ttl_s, nx=True)
        found, _ = pipe.execute()
    return int(found), math.ceil(60 - past_s)
