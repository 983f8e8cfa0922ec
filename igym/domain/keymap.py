"""From what is held down to an action. Knows no browser and no environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from igym.errors import BadPackage

#: A key by its `KeyboardEvent.key`, or several held together.
Chord = str | tuple[str, ...]

MAX_KEYS = 32

#: No chord is held.
NOTHING = object()


@dataclass(frozen=True, slots=True)
class Last:
    """As `idle`: what was done last goes on until something else is pressed; `first` before."""

    first: Any = 0


def chord_keys(chord: Chord) -> tuple[str, ...]:
    """The keys of one chord, as a tuple."""
    return (chord,) if isinstance(chord, str) else chord


def without_arrays(action: Any) -> Any:
    """Arrays as lists of their numbers: what can be logged. Everything else as it is."""
    if isinstance(action, Mapping):
        return {key: without_arrays(one) for key, one in action.items()}
    return action.tolist() if hasattr(action, "tolist") else action


@dataclass(frozen=True)
class KeyMap:
    """Which action a set of held keys means.

    The chord with the most keys that are all held wins; among equals the one declared
    first. Nothing held, or nothing known, is `idle`; None there is no action at all.
    """

    chords: tuple[tuple[int, Any], ...]  # (bit mask, action), longest first
    keys: tuple[str, ...]  # bit i of a mask is keys[i]
    idle: Any
    lasts: bool = False  # whether the last action goes on when nothing is held
    _memo: dict[tuple[int, int], Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, mapping: Mapping[Chord, Any], idle: Any) -> KeyMap:
        """Build from the author's mapping of chords to actions. `idle` may be a `Last`.

        Raises:
            BadPackage: a chord is empty, or there are more than 32 keys.
        """
        keys = tuple(dict.fromkeys(k for chord in mapping for k in chord_keys(chord)))
        if len(keys) > MAX_KEYS:
            raise BadPackage(f"A key map has {len(keys)} keys; {MAX_KEYS} are the most.")
        if not all(chord_keys(c) and all(chord_keys(c)) for c in mapping):
            raise BadPackage("A key map has a chord without a key.")
        bit = {key: 1 << i for i, key in enumerate(keys)}
        chords = [
            (sum(bit[k] for k in set(chord_keys(c))), without_arrays(a)) for c, a in mapping.items()
        ]
        chords.sort(key=lambda pair: -pair[0].bit_count())
        lasts = isinstance(idle, Last)
        rest = without_arrays(idle.first if isinstance(idle, Last) else idle)
        return cls(tuple(chords), keys, rest, lasts)

    def action(self, held: int) -> Any:
        """The action for the bit mask `held`; bits of unknown keys are ignored."""
        found = self.find(held)
        return self.idle if found is NOTHING else found

    def find(self, held: int, pressed: int = 0) -> Any:
        """The action of the chord that is held, or `NOTHING`.

        Where keys have been `pressed`, only of a chord that has one of them.
        """
        asked = (held, pressed)
        if asked not in self._memo:
            if len(self._memo) > 4096:
                self._memo.clear()
            self._memo[asked] = next(
                (
                    action
                    for mask, action in self.chords
                    if mask & held == mask and (mask & pressed or not pressed)
                ),
                NOTHING,
            )
        return self._memo[asked]

    def declared(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """(keys held, action) of every chord, and () with the idle action."""
        for mask, action in self.chords:
            yield tuple(k for i, k in enumerate(self.keys) if mask >> i & 1), action
        yield (), self.idle

    def mask(self, held: Iterable[str]) -> int:
        """The bit mask for key names; unknown names are ignored."""
        return sum(1 << self.keys.index(k) for k in set(held) if k in self.keys)
