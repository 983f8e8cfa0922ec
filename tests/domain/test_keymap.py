"""What is held down becomes the action the author meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.keymap import MAX_KEYS, KeyMap
from igym.errors import BadPackage

MAP = KeyMap.of({"a": 1, "b": 2, ("a", "b"): 3, ("a", "b", "c"): 4}, idle=0)


@pytest.mark.parametrize(
    ("held", "action"),
    [("", 0), ("a", 1), ("b", 2), ("ab", 3), ("abc", 4), ("c", 0), ("bc", 2), ("ac", 1)],
)
def test_the_longest_chord_that_is_held_wins(held, action):
    assert MAP.action(MAP.mask(held)) == action


def test_among_equals_the_one_declared_first_wins():
    assert KeyMap.of({"x": "first", "y": "second"}, None).action(0b11) == "first"
    assert KeyMap.of({"y": "first", "x": "second"}, None).action(0b11) == "first"


@given(st.integers(0, 2**32 - 1))
def test_bits_of_unknown_keys_change_nothing(held):
    assert MAP.action(held) == MAP.action(held & 0b111)


def test_unknown_key_names_are_ignored():
    assert MAP.mask(["a", "F13", "a"]) == 0b001


def test_a_chord_with_a_key_named_twice_is_one_key():
    assert KeyMap.of({("a", "a"): 7}, 0).action(1) == 7


def test_what_was_asked_once_is_remembered_and_still_bounded():
    keymap = KeyMap.of({"a": 1}, 0)
    assert [keymap.action(n) for n in range(10_000)] == [n & 1 for n in range(10_000)]
    assert len(keymap._memo) <= 4_097


def test_as_many_keys_as_a_mask_has_bits_and_no_more():
    keys = [f"k{n}" for n in range(MAX_KEYS)]
    full = KeyMap.of({key: n for n, key in enumerate(keys)}, -1)
    assert full.action(1 << (MAX_KEYS - 1)) == MAX_KEYS - 1

    with pytest.raises(BadPackage, match=f"{MAX_KEYS + 1} keys"):
        KeyMap.of(dict.fromkeys([*keys, "one more"], 0), 0)


@pytest.mark.parametrize("chord", [(), "", ("a", "")])
def test_a_chord_without_a_key_is_refused(chord):
    with pytest.raises(BadPackage, match="without a key"):
        KeyMap.of({chord: 1}, 0)
