"""From what is held down to an action. Knows no browser and no environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from igym.errors import BadPackage

#: A key by its `KeyboardEvent.key`, or several held together.
Chord = str | tuple[str, ...]

MAX_KEYS = 32


def chord_keys(chord: Chord) -> tuple[str, ...]:
    """The keys of one chord, as a tuple."""
    return (chord,) if isinstance(chord, str) else chord


@dataclass(frozen=True)
class KeyMap:
    """Which action a set of held keys means.

    The chord with the most keys that are all held wins; among equals the one declared
    first. Nothing held, or nothing known, is `idle`.
    """

    chords: tuple[tuple[int, Any], ...]  # (bit mask, action), longest first
    keys: tuple[str, ...]  # bit i of a mask is keys[i]
    idle: Any
    _memo: dict[int, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, mapping: Mapping[Chord, Any], idle: Any) -> KeyMap:
        """Build from the author's mapping of chords to actions.

        Raises:
            BadPackage: a chord is empty, or there are more than 32 keys.
        """
        keys = tuple(dict.fromkeys(k for chord in mapping for k in chord_keys(chord)))
        if len(keys) > MAX_KEYS:
            raise BadPackage(f"A key map has {len(keys)} keys; {MAX_KEYS} are the most.")
        if not all(chord_keys(c) and all(chord_keys(c)) for c in mapping):
            raise BadPackage("A key map has a chord without a key.")
        bit = {key: 1 << i for i, key in enumerate(keys)}
        chords = [(sum(bit[k] for k in set(chord_keys(c))), a) for c, a in mapping.items()]
        chords.sort(key=lambda pair: -pair[0].bit_count())
        return cls(tuple(chords), keys, idle)

    def action(self, held: int) -> Any:
        """The action for the bit mask `held`; bits of unknown keys are ignored."""
        if held not in self._memo:
            if len(self._memo) > 4096:
                self._memo.clear()
            self._memo[held] = next(
                (a for mask, a in self.chords if mask & held == mask), self.idle
            )
        return self._memo[held]

    def mask(self, held: Iterable[str]) -> int:
        """The bit mask for key names; unknown names are ignored."""
        return sum(1 << self.keys.index(k) for k in set(held) if k in self.keys)
