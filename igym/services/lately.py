"""A look that several people share: made again only once it is a moment old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lately(Generic[T]):
    """Call it for what `look` gives, which is at most `fresh_s` old.

    Whoever asks while somebody looks waits for that look: a crowd costs one. An exception of
    `look` goes to who asked, and the next one looks again.
    """

    def __init__(self, look: Callable[[], T], fresh_s: float) -> None:
        self._look = look
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._found: list[T] = []  # none yet, or the last one
        self._at_s = 0.0

    def __call__(self) -> T:
        """What there was to see, a moment ago at most."""
        with self._lock:
            if not self._found or time.monotonic() - self._at_s >= self._fresh_s:
                self._found = [self._look()]
                self._at_s = time.monotonic()
            return self._found[0]

    def again(self) -> None:
        """Something was changed here: the next look is a new one."""
        with self._lock:
            self._found = []
