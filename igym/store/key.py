"""What a key in Redis is: how it is named, how long it lives, what a reader should know.

Knows no key; `igym.store.keys` has them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """How to name a key, and what a reader should know before using it."""

    name: Callable[..., str]
    kind: str  # string, hash, zset, set, list, stream or channel
    ttl_s: int  # 0 = permanent
    doc: str

    def __call__(self, *parts: str) -> str:
        return self.name(*parts)


#: Every key declared below, by function name.
ALL: dict[str, Key] = {}


def key(kind: str, *, days: float = 0, seconds: int = 0) -> Callable[[Callable[..., str]], Key]:
    """Declare a key. Without a life it is permanent, and must be on the short list in the tests."""

    def declare(name: Callable[..., str]) -> Key:
        made = Key(name, kind, int(days * 86_400) + seconds, name.__doc__ or "")
        ALL[name.__name__] = made
        return made

    return declare
