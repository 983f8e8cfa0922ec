"""What a participant sees is measured as it was: rates, ages, gaps and replies."""

from __future__ import annotations

import pytest

from igym.bots.eyes import Eyes

START_MS = 1_800_000_000_000.0


def frame(tick, *, base=None, at_ms=START_MS, acks=(0, 0), episode=0, generation=1):
    """The fields of a `wire.Frame`; a delta of the tick before unless told otherwise."""
    base = tick - 1 if base is None else base
    return ["g", generation, episode, tick, int(at_ms) % 2**32, base, list(acks), [], [], None]


@pytest.fixture
def eyes() -> Eyes:
    made = Eyes()
    made.enter("right", ["left", "right"])
    return made


def watch(eyes: Eyes, ticks, period_ms=33.0) -> float:
    """Show those ticks at an even pace. Returns the time after the last."""
    at_ms = START_MS
    for tick in ticks:
        eyes.frame(frame(tick), at_ms)
        at_ms += period_ms
    return at_ms - period_ms


def test_an_even_game_has_its_own_rate(eyes):
    end_ms = watch(eyes, range(101), period_ms=40.0)
    eyes.pause(end_ms)

    # The frame after reset is no tick, and the first tick starts the watch.
    assert eyes.frames == 99
    assert eyes.playing_ms == pytest.approx(99 * 40.0)
    assert (eyes.dropped, eyes.gaps, eyes.ghosts) == (0, 0, 0)


def test_a_game_that_stands_still_before_it_ends_is_slower(eyes):
    end_ms = watch(eyes, range(101), period_ms=40.0)
    eyes.pause(end_ms + 4_000)

    assert eyes.frames / eyes.playing_ms * 1000 == pytest.approx(99 / (99 * 0.04 + 4))


def test_a_delta_of_a_frame_we_miss_is_a_gap_until_the_next_keyframe(eyes):
    watch(eyes, range(4))
    eyes.frame(frame(5), START_MS)  # changes 4, which never came
    eyes.frame(frame(6), START_MS)
    assert (eyes.gaps, eyes.tick) == (2, 3)

    eyes.frame(frame(7, base=-1), START_MS)

    assert eyes.tick == 7
    assert eyes.dropped == 3


def test_a_repeated_keyframe_is_not_a_frame(eyes):
    watch(eyes, range(4))
    eyes.frame(frame(3, base=-1), START_MS)

    assert (eyes.frames, eyes.dropped) == (2, 0)


def test_frames_of_a_superseded_generation_or_episode_are_ghosts(eyes):
    eyes.frame(frame(0, episode=1, generation=2), START_MS)
    eyes.frame(frame(9, base=-1, generation=1, episode=1), START_MS)
    eyes.frame(frame(9, base=-1, generation=2, episode=0), START_MS)

    assert eyes.ghosts == 2
    assert eyes.tick == 0


def test_the_age_of_a_frame_survives_the_turn_of_the_counter(eyes):
    turn_ms = (START_MS // 2**32 + 1) * 2**32
    eyes.frame(frame(0, at_ms=turn_ms - 2), turn_ms + 3)

    assert list(eyes.raw_age_ms) == [5.0]


def test_a_reply_is_the_first_frame_that_knows_of_the_keys_of_our_seat(eyes):
    watch(eyes, range(2))
    eyes.pressed(7, START_MS + 100)
    eyes.frame(frame(2, acks=(9, 6)), START_MS + 110)  # 9 is the other seat's
    assert list(eyes.reply_ms) == []

    eyes.frame(frame(3, acks=(9, 8)), START_MS + 130)

    assert list(eyes.reply_ms) == [30.0]


def test_the_only_person_among_bots_has_the_only_counter(eyes):
    watch(eyes, range(2))
    eyes.pressed(1, START_MS)
    eyes.frame(frame(2, acks=(1,)), START_MS + 20)

    assert list(eyes.reply_ms) == [20.0]


def test_replies_nobody_can_see_after_the_end_are_not_waited_for(eyes):
    watch(eyes, range(2))
    eyes.pressed(1, START_MS)
    eyes.pause(START_MS)
    eyes.frame(frame(0, base=-1, episode=1, acks=(0, 1)), START_MS + 5_000)

    assert list(eyes.reply_ms) == []


def test_a_game_that_was_taken_over_goes_on_a_few_ticks_back_and_nothing_counts_as_dropped(eyes):
    watch(eyes, range(101))
    eyes.frame(frame(95, base=-1, generation=2), START_MS + 5_000)
    eyes.frame(frame(96, generation=2), START_MS + 5_033)
    eyes.frame(frame(101), START_MS + 5_050)  # of the worker that lost the game

    assert list(eyes.back) == [5]
    assert (eyes.tick, eyes.dropped, eyes.gaps, eyes.ghosts) == (96, 0, 0, 1)
