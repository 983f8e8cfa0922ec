"""What hands hold, press and point at is what they do at a tick, and nothing is done twice."""

from __future__ import annotations

from typing import Any

import pytest

from igym.domain.controls import Controls, Gamepad, Pointer
from igym.domain.keymap import KeyMap, Last
from igym.engine.hands import LEFT_STICK, POINTER, RIGHT_STICK, Hands
from igym.engine.seats import Chair

KEYS = {"left": 1, "right": 2, ("left", "right"): 3}
LEFT, RIGHT = 1, 2


def hands(idle: Any = 0, keys: Any = KEYS, **more: Any) -> Hands:
    made = Hands(Controls(KeyMap.of(keys, idle), **more))
    made.present = True
    return made


def ticks(made: Hands, n: int) -> list[Any]:
    return [made.take() for _ in range(n)]


# --- one action per press ------------------------------------------------------------------------


def test_a_key_that_acts_once_acts_once_however_long_it_is_held():
    made = hands(press="once")
    made.hold(LEFT, LEFT)
    assert ticks(made, 3) == [1, 0, 0]
    made.hold(LEFT, 0)  # a sign of life
    assert ticks(made, 2) == [0, 0]
    made.hold(0, 0)
    made.hold(LEFT, LEFT)
    assert ticks(made, 2) == [1, 0]


def test_a_press_whose_report_was_lost_still_acts():
    made = hands(press="once")
    made.hold(0, 0)
    made.hold(LEFT, 0)
    assert ticks(made, 2) == [1, 0]


def test_what_was_down_before_anybody_listened_was_not_pressed_now():
    """Another worker has the game now, or their line was gone: one press is one action."""
    made = hands(press="once", pointer=Pointer(lambda x, y, down: 5))
    for _ in range(2):
        made.point({POINTER: (0.1, 0.1, True)})
        made.hold(LEFT, 0)
        assert ticks(made, 2) == [0, 0]
        made.let_go()
    made.point({}, [(POINTER, (0.1, 0.1, True)), (POINTER, (0.1, 0.1, False))])
    assert ticks(made, 2) == [5, 0]  # with its edge it was


def test_a_key_that_acts_once_is_a_chord_with_what_is_held():
    made = hands(press="once")
    made.hold(LEFT, LEFT)
    made.take()
    made.hold(LEFT | RIGHT, RIGHT)
    assert ticks(made, 2) == [3, 0]


# --- nothing is pressed --------------------------------------------------------------------------


def test_the_last_action_goes_on_until_another():
    made = hands(Last(9))
    assert ticks(made, 2) == [9, 9]
    made.hold(LEFT, LEFT)
    assert ticks(made, 1) == [1]
    made.hold(0, 0)
    assert ticks(made, 2) == [1, 1]
    made.let_go()  # away: what they did last is not theirs any more
    assert ticks(made, 1) == [9]


def test_the_last_action_does_not_outlive_its_episode_and_is_known_after_a_takeover():
    made = hands(Last(9))
    made.hold(LEFT, LEFT)
    made.take()
    made.hold(0, 0)
    Chair(made)
    assert ticks(made, 1) == [9]

    elsewhere = hands(Last(9))
    chair = Chair(elsewhere)
    chair.resume(20, 2, 0)
    assert chair.decide(lambda: None, 0.01) == (2, "human")


def test_without_an_idle_action_nothing_is_done():
    made = hands(None)
    assert ticks(made, 2) == [None, None]


# --- pointer and sticks --------------------------------------------------------------------------


def test_a_pointer_acts_where_it_is_and_keys_come_first():
    made = hands(pointer=Pointer(x=(0, 10)))
    assert ticks(made, 1) == [0]
    made.point({POINTER: (0.5, 0.1, False)})
    assert ticks(made, 2) == [[5.0], [5.0]]
    made.hold(LEFT, LEFT)
    assert ticks(made, 1) == [1]
    made.hold(0, 0)
    made.point({})
    assert ticks(made, 1) == [0]


def test_a_click_between_two_ticks_acts_once_where_it_was():
    made = hands(None, {}, press="once", pointer=Pointer(lambda x, y, down: (x, down)))
    made.point(
        {POINTER: (0.9, 0, False)},
        [(POINTER, (0.2, 0, True)), (POINTER, (0.3, 0, True)), (POINTER, (0.9, 0, False))],
    )
    assert ticks(made, 3) == [(0.2, True), None, None]
    made.hold(0, 0)
    made.point({POINTER: (0.4, 0, True)})  # whose report was lost
    made.point({POINTER: (0.5, 0, True)})  # and dragged
    assert ticks(made, 3) == [(0.4, True), None, None]


def test_a_pointer_that_acts_while_it_is_down_does_not_otherwise():
    made = hands(pointer=Pointer(x=(0, 10), when="down"))
    made.point({POINTER: (0.5, 0, False)})
    assert ticks(made, 1) == [0]
    made.point({POINTER: (0.5, 0, True)}, [(POINTER, (0.5, 0, True))])
    assert ticks(made, 2) == [[5.0], [5.0]]


def test_a_function_that_means_nothing_there_is_the_idle_action():
    made = hands(pointer=Pointer(lambda x, y, down: None if x < 0.5 else 4))
    made.point({POINTER: (0.1, 0, False)})
    assert ticks(made, 1) == [0]
    made.point({POINTER: (0.6, 0, False)})
    assert ticks(made, 1) == [4]


def test_sticks_act_before_the_pointer():
    made = hands(pointer=Pointer(x=(0, 10)), gamepad=Gamepad(act=lambda *sticks: list(sticks)))
    made.point({POINTER: (0.5, 0, False), LEFT_STICK: (0.0, -1.0, False)})
    assert ticks(made, 1) == [[0.0, -1.0, 0.0, 0.0]]
    made.point({POINTER: (0.5, 0, False), RIGHT_STICK: (0.05, 0.0, False)})
    assert ticks(made, 1) == [[5.0]]


# --- turns and masks -----------------------------------------------------------------------------


def test_what_is_pressed_before_ones_turn_is_not_kept_for_it():
    made = hands(None, press="once", pointer=Pointer(lambda x, y, down: 5))
    chair = Chair(made)
    made.hold(LEFT, LEFT)
    made.point({POINTER: (0.5, 0, True)}, [(POINTER, (0.5, 0, True))])
    assert chair.rest() == (None, "rests")
    assert chair.decide(lambda: None, 0.01) == (None, "human")


@pytest.mark.parametrize(("idle", "done"), [(None, None), (0, 0)])
def test_an_action_that_is_not_allowed_now_is_not_done(idle, done):
    made = hands(idle)
    chair = Chair(made, lambda: [1, 0, 1])
    made.hold(LEFT, LEFT)
    assert chair.decide(lambda: None, 0.01) == (done, "human")
    made.hold(RIGHT, RIGHT)
    made.take()
    made.hold(RIGHT, 0)
    assert chair.decide(lambda: None, 0.01) == (2, "human")
