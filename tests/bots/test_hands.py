"""Simulated fingers: real changes, real pauses, the same for the same seed."""

from __future__ import annotations

import random
from itertools import islice

from igym.bots.hands import LONGEST_S, SHORTEST_S, presses


def test_edges_always_lead_from_what_was_held_to_what_is_held():
    held = 0
    for change in islice(presses(random.Random(1), 3), 500):
        assert change.edges
        for key, down in change.edges:
            assert bool(held >> key & 1) is not down
            held ^= 1 << key
        assert held == change.held < 8


def test_nobody_changes_faster_than_a_person_or_sleeps():
    waits = [change.wait_s for change in islice(presses(random.Random(1), 3), 500)]

    assert min(waits) >= SHORTEST_S
    assert max(waits) <= LONGEST_S


def test_every_key_chords_and_open_hands_all_happen():
    held = {change.held for change in islice(presses(random.Random(1), 3), 500)}

    assert {0, 1, 2, 4} < held
    assert any(mask.bit_count() == 2 for mask in held)


def test_the_same_seed_presses_the_same_keys():
    first, second = (list(islice(presses(random.Random(7), 3), 50)) for _ in range(2))

    assert first == second


def test_a_game_without_keys_is_only_watched():
    assert list(presses(random.Random(1), 0)) == []


def test_a_game_with_a_pointer_is_clicked_all_over_and_its_keys_are_pressed_too():
    clicks = [c.click for c in islice(presses(random.Random(1), 0, True), 200)]
    assert all(click is not None for click in clicks)
    assert {(x > 5_000, y > 5_000) for x, y in clicks} == {(a, b) for a in (0, 1) for b in (0, 1)}
    both = list(islice(presses(random.Random(1), 2, True), 200))
    assert {bool(c.edges) for c in both} == {c.click is None for c in both} == {True, False}


def test_a_game_with_one_key_goes_on_for_ever():
    assert len(list(islice(presses(random.Random(1), 1), 100))) == 100
