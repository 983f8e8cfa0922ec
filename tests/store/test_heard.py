"""Whoever sends anything is there, by Redis's clock; silence alone makes somebody be away."""

from __future__ import annotations

from igym.store import heard, sockets


def test_who_was_heard_of_lately_is_there_and_who_was_not_is_away(redis):
    heard.note(redis, "kitchen", {"ann": 0, "bob": 2_500, "cat": 3_500})
    assert heard.present(redis, "kitchen", ["ann", "bob", "cat", "dan"], 3) == {"ann", "bob"}
    assert heard.present(redis, "kitchen", [], 3) == set()


def test_a_late_note_of_an_early_message_hides_nothing(redis):
    heard.note(redis, "kitchen", {"ann": 0})
    heard.note(redis, "kitchen", {"ann": 60_000})  # from the web worker they left
    assert heard.present(redis, "kitchen", ["ann"], 3) == {"ann"}


def test_a_connection_is_a_sign_of_life(redis):
    sockets.connect(redis, "kitchen", "ann", "web-1", 1)
    assert heard.ago_ms(redis, "kitchen", ["ann"])["ann"] < 1_000


def test_who_was_not_heard_of_for_a_day_is_forgotten(redis):
    heard.note(redis, "kitchen", {"ann": 86_400_001})
    heard.note(redis, "kitchen", {"bob": 0})
    assert set(heard.ago_ms(redis, "kitchen", ["ann", "bob"])) == {"bob"}
