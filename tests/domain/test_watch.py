"""Limits of connection and attention: a warning in time, no end for a single bad moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.watch import SAMPLE_S, Limit, Watch, Word, hidden, idle, slow
from igym.errors import BadPackage

TICK_S = 0.25


class Seat:
    """A person at a fake clock, watched four times a second."""

    def __init__(self, *limits: Limit) -> None:
        self.now_s = 1000.0
        self.rtt_ms, self.hidden, self.input_s = 30.0, False, self.now_s
        self.watch = Watch(limits, self.now_s)
        self.said: list[tuple[float, str, str]] = []

    def words(self) -> list[Word]:
        words = self.watch.feed(self.now_s, self.rtt_ms, self.hidden, self.input_s)
        self.said += [(self.now_s - 1000, word.what, word.kind) for word in words]
        return words

    def live(self, seconds: float, *, pressing: bool = True) -> list[tuple[float, str, str]]:
        start = len(self.said)
        for _ in range(round(seconds / TICK_S)):
            if pressing:
                self.input_s = self.now_s
            self.words()
            self.now_s += TICK_S
        return self.said[start:]

    def measure(self, *rtts_ms: float) -> list[tuple[float, str, str]]:
        start = len(self.said)
        for self.rtt_ms in rtts_ms:
            self.live(SAMPLE_S)
        return self.said[start:]


def test_hidden_for_ten_seconds_is_warned_at_three_and_out_at_ten():
    seat = Seat(hidden())
    seat.live(5)
    seat.hidden = True
    assert seat.live(20) == [(8, "warn", "hidden"), (15, "out", "hidden")]


def test_a_warning_says_until_when():
    seat = Seat(hidden(warn="3 s", out="10 s"))
    seat.hidden = True
    seat.live(3)
    assert seat.words() == [Word("warn", "hidden", 1010.0)]


def test_coming_back_clears_and_the_next_time_counts_from_its_own_beginning():
    seat = Seat(hidden())
    seat.hidden = True
    assert seat.live(9.75) == [(3, "warn", "hidden")]
    seat.hidden = False
    assert seat.live(1) == [(9.75, "clear", "hidden")]
    seat.hidden = True
    assert seat.live(9) == [(13.75, "warn", "hidden")]


def test_a_glance_away_is_nobodys_business():
    seat = Seat(hidden(), idle(), slow("200 ms"))
    for _ in range(20):
        seat.hidden = True
        seat.live(2.75)
        seat.hidden = False
        seat.live(0.25)
    assert seat.said == []


def test_who_presses_nothing_is_warned_and_then_out_and_one_key_clears():
    seat = Seat(idle(warn="20 s", out="40 s"))
    assert seat.live(30, pressing=False) == [(20, "warn", "idle")]
    seat.input_s = seat.now_s
    assert seat.live(1, pressing=False) == [(30, "clear", "idle")]
    assert [word for _, word, _ in seat.live(60, pressing=False)] == ["warn", "out"]


def test_a_connection_that_stays_slow_is_warned_and_then_out():
    seat = Seat(slow("200 ms", warn="5 s", out="15 s"))
    seat.measure(30, 30, 30)
    words = seat.measure(*[450.0] * 15)
    assert [word for _, word, _ in words] == ["warn", "out"]
    (warned_s, _, _), (out_s, _, _) = words
    assert out_s - warned_s == 10 and warned_s - 6 <= 5 + 2 * SAMPLE_S


def test_a_connection_that_recovers_is_cleared():
    seat = Seat(slow("200 ms"))
    seat.measure(30, 30, 30)
    assert [word for _, word, _ in seat.measure(*[450.0] * 5)] == ["warn"]
    assert [word for _, word, _ in seat.measure(40, 40, 40, 40, 40, 40, 40, 40)] == ["clear"]


@given(
    st.lists(st.floats(201, 60_000), min_size=1, max_size=20),
    st.integers(2, 5),
    st.integers(0, 3),
)
def test_single_spikes_never_even_warn_however_high(spikes, apart, before):
    seat = Seat(slow("200 ms", warn="1 s", out="2 s"))
    seat.measure(*[30.0] * before)
    for spike in spikes:
        seat.measure(spike, *[30.0 + n for n in range(apart)])
    assert seat.said == []


@given(st.lists(st.floats(0, 200), max_size=40))
def test_a_connection_within_the_limit_is_never_warned(rtts_ms):
    seat = Seat(slow("200 ms", warn="1 s", out="2 s"))
    assert seat.measure(*rtts_ms) == []


def test_a_round_trip_nobody_has_measured_is_not_slow():
    seat = Seat(slow("200 ms", warn="1 s", out="2 s"))
    assert seat.measure(*[-1.0] * 20) == []


def test_time_in_which_the_game_stood_still_counts_for_nobody():
    seat = Seat(hidden(), idle())
    seat.hidden = True
    seat.live(9, pressing=False)
    seat.now_s += 60  # another worker took over
    assert seat.watch.again(seat.now_s) == [Word("clear", "hidden")]
    seat.said.clear()
    assert seat.live(2.75, pressing=False) == []
    assert [word for _, word, kind in seat.live(10, pressing=False) if kind == "hidden"] == [
        "warn",
        "out",
    ]


def test_who_is_warned_late_has_as_long_to_come_back():
    seat = Seat(hidden(warn="3 s", out="10 s"))
    seat.hidden = True
    seat.words()
    seat.now_s += 30  # nobody looked
    assert seat.words() == [Word("warn", "hidden", 1000.0 + 30 + 7)]


moments = st.tuples(
    st.floats(0.05, 2),
    st.sampled_from([-1.0, 20.0, 150.0, 400.0, 5_000.0]),
    st.booleans(),
    st.booleans(),
)


@given(st.lists(moments, max_size=200))
def test_whatever_happens_nobody_is_out_without_a_warning_that_lasted(life):
    limits = (hidden(), idle(warn="2 s", out="5 s"), slow("200 ms", warn="2 s", out="4 s"))
    lasts = {limit.kind: limit.out_s - limit.warn_s for limit in limits}
    seat = Seat(*limits)
    warned: dict[str, float] = {}
    over: set[str] = set()
    for step_s, seat.rtt_ms, seat.hidden, pressed in life:
        seat.now_s += step_s
        if pressed:
            seat.input_s = seat.now_s
        for word in seat.words():
            assert word.kind not in over
            if word.what == "warn":
                assert word.kind not in warned
                assert word.until_s == pytest.approx(seat.now_s + lasts[word.kind])
                warned[word.kind] = seat.now_s
            else:
                since_s = warned.pop(word.kind)  # neither without a warning
            if word.what == "out":
                assert seat.now_s - since_s >= lasts[word.kind] - 1e-6
                over.add(word.kind)
        assert not (warned.get("hidden") and not seat.hidden)


@pytest.mark.parametrize("make", [hidden, idle, lambda **how: slow("1 s", **how)])
def test_a_warning_has_to_come_before_the_end(make):
    with pytest.raises(BadPackage, match="warning"):
        make(warn="10 s", out="10 s")


def test_a_warning_that_stands_can_be_told_again():
    watch = Watch([hidden(warn="3 s", out="10 s")], 0)
    assert watch.standing() == []
    for now_s in (0, 1, 2, 3, 3.5):
        watch.feed(now_s, 10, True, now_s)
    (word,) = watch.standing()
    assert (word.what, word.kind, word.until_s) == ("warn", "hidden", 10)
    watch.feed(4, 10, False, 4)
    assert watch.standing() == []
