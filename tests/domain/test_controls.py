"""A person acts with a key, a pointer or a gamepad; what cannot be meant is refused at once."""

from __future__ import annotations

import numpy as np
import pytest

from igym import Gamepad, Human, Last, Pointer, hold, play
from igym.domain.controls import BUTTONS
from igym.domain.keymap import NOTHING, KeyMap
from igym.errors import BadPackage


def scene(**more):
    return play("game", object, **{"seats": {"a": Human}, "keys": {"x": 1}, **more})


def test_a_pointer_goes_along_its_ranges():
    pointer = Pointer(x=(-2, 2), y=(1, 0))
    assert pointer.action(0.5, 0.0, False) == [0.0, 1]
    assert Pointer(y=(0, 10)).action(0.9, 0.25, True) == [2.5]
    assert Pointer(lambda x, y, down: (x, down)).action(0.3, 1, True) == (0.3, True)


def test_a_stick_in_its_middle_does_nothing():
    pad = Gamepad(x=(-2, 2))
    assert pad.action((0.1, -0.1, 0, 0)) is None
    assert pad.action((1, 0, 0, 0)) == [2.0]
    assert Gamepad(act=lambda *sticks: sum(sticks)).action((0, 0, 0.5, 0.25)) == 0.75


def test_a_gamepad_holds_the_keys_that_the_map_has():
    usual = Gamepad().holds(["ArrowLeft", " ", "q"])
    assert usual == {"left": ("ArrowLeft",), "stick_left": ("ArrowLeft",), "a": (" ",)}
    assert "stick_left" not in Gamepad(x=(0, 1)).holds(["ArrowLeft"])  # it has another meaning
    assert Gamepad({"x": ("q", " ")}).holds(["q", " "]) == {"x": ("q", " ")}
    assert len(BUTTONS) == 21 and BUTTONS.index("stick_up") == 17


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Pointer(), "says nothing about actions"),
        (lambda: Pointer(len, x=(0, 1)), "not both"),
        (lambda: Pointer(x=3), "is not a range"),
        (lambda: Pointer(x=(0, 1), when="near"), "'near'"),
        (lambda: Gamepad({"trigger": "x"}), "no button 'trigger'"),
        (lambda: Gamepad(dead=1), "dead=1"),
        (lambda: scene(press="twice"), "press='twice'"),
        (lambda: scene(keys={}), "nothing to act with"),
        (lambda: scene(gamepad=Gamepad({"a": "q"})), r"keys that are not in keys: \['q'\]"),
        (lambda: scene(gamepad=Gamepad(x=(0, 1)), press="once"), "sticks are never pressed"),
        (lambda: scene(idle=None, dropped=hold("1 s", "noop")), "idle=None is none"),
    ],
)
def test_what_cannot_be_meant_is_refused(make, said):
    with pytest.raises(BadPackage, match=said):
        make()


def test_a_scene_may_have_no_key():
    assert scene(keys={}, pointer=Pointer(x=(0, 1))).keymap.keys == ()


def test_arrays_in_a_key_map_are_logged_as_lists():
    keymap = KeyMap.of({"a": np.float32([0.5]), "b": {"aim": np.array([1, 2])}}, np.int64(3))
    assert [keymap.action(1), keymap.action(2), keymap.action(0)] == [[0.5], {"aim": [1, 2]}, 3]
    assert type(keymap.idle) is int


def test_of_pressed_keys_only_a_chord_with_one_of_them_is_meant():
    keymap = KeyMap.of({"a": 1, "b": 2, ("a", "b"): 3}, Last(7))
    assert (keymap.find(0b11, 0b10), keymap.find(0b01, 0b01)) == (3, 1)
    assert KeyMap.of({"a": 1, "b": 2}, 0).find(0b11, 0b10) == 2
    assert keymap.find(0) is NOTHING and (keymap.idle, keymap.lasts) == (7, True)
