"""Rendered pictures: as many and as good as fits, and never the same one twice."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from igym.engine import camera
from igym.engine.camera import Camera, Pace, encode, placed
from igym.engine.seats import INLINE_MS
from igym.sim.look import Pixels

FPS = 30


def plain(value: int, width: int = 6, height: int = 4) -> Pixels:
    return Pixels(width, height, bytes([value]) * (3 * width * height))


def pace(most: float = FPS, quality: int = 75, least: float = 0.2) -> Pace:
    made = Pace(FPS, most, quality, least)
    made.begin(0)
    return made


class Later:
    """A thread that is done when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Later.Work] = []

    def __call__(self, call: Callable[[], Any]) -> Later.Work:
        self.waiting.append(Later.Work(call))
        return self.waiting[-1]

    class Work:
        def __init__(self, call: Callable[[], Any]) -> None:
            self.get, self.ready, self.waits = call, False, []

        def wait(self, timeout_s: float) -> bool:
            self.waits.append(timeout_s)
            return self.ready or timeout_s > 0.2  # whoever waits for long gets it


@pytest.fixture(autouse=True)
def no_time_passes(monkeypatch) -> None:
    """What is measured here would depend on the machine."""
    monkeypatch.setattr(camera, "time", SimpleNamespace(perf_counter=lambda: 0.0))


def a_camera(**how: Any) -> Camera:
    made = Camera(how.pop("pace", None) or pace(), 1.5, how.pop("background", Later()))
    made.begin(0)
    return made


# --- what is sent ------------------------------------------------------------------------------


def test_a_picture_comes_out_as_a_jpeg_of_the_same_size_and_colour():
    red = Pixels(8, 8, b"\xff\x00\x00" * 64)
    image = Image.open(io.BytesIO(encode(red, 90)))
    assert (image.format, image.size) == ("JPEG", (8, 8))
    r, g, b = image.convert("RGB").getpixel((4, 4))
    assert r > 240 and g < 20 and b < 20


def test_an_unchanged_picture_is_not_encoded_again(monkeypatch):
    made = []
    monkeypatch.setattr(camera, "encode", lambda seen, q: made.append(seen) or b"%d" % len(made))
    one = a_camera()
    shown = []
    for tick, value in enumerate((1, 1, 1, 2, 2, 1)):
        one.take(tick, lambda value=value: plain(value))
        shown += [shape.data for shape in one.shown(0)]
    assert shown == [b"1", b"1", b"1", b"2", b"2", b"3"]


def test_an_unchanged_picture_is_sent_again_when_it_can_be_much_better(monkeypatch):
    made = []
    monkeypatch.setattr(camera, "encode", lambda seen, quality: made.append(quality) or b"x")
    how = pace(quality=80)
    how._level = 0.2
    one = a_camera(pace=how)
    one.take(0, lambda: plain(1))
    for tick in range(1, FPS * 40):
        one.take(tick, lambda: plain(1))
    assert made[0] == 40 and made[-1] >= 70 and 2 <= len(made) <= 4


def busy(rng: random.Random) -> Pixels:
    """A picture that JPEG cannot make small."""
    return Pixels(96, 64, rng.randbytes(3 * 96 * 64))


@pytest.mark.parametrize("kb_s", [20, 40, 100])
def test_a_budget_is_kept_by_quality_first_and_then_by_rate(kb_s):
    rng = random.Random(1)
    one = a_camera(pace=Pace(FPS, FPS, 75, 0.2, kb_s * 1000))
    sent: list[tuple[int, int]] = []  # tick, bytes

    def play(first: int, seconds: int, render: Callable[[], Pixels]) -> None:
        for tick in range(first * FPS, (first + seconds) * FPS):
            one.take(tick, render)
            (shown,) = one.shown(0)
            if not sent or shown.data is not seen[-1]:
                seen.append(shown.data)
                sent.append((tick, len(shown.data)))

    seen: list[bytes] = []
    play(0, 20, lambda: busy(rng))
    late = [size for tick, size in sent if tick >= 10 * FPS]
    assert 0.6 * kb_s < sum(late) / 10_000 <= 1.05 * kb_s
    assert len(late) >= 2 * 10
    if kb_s == 100:
        assert one.pace.quality == 75 and len(late) < 9.5 * FPS  # fewer, but at least half of them
    if kb_s == 40:
        assert 30 < one.pace.quality < 75 and len(late) / 10 >= 10
    if kb_s == 20:
        assert one.pace.quality == 30  # and the rate has to do the rest
    play(20, 20, lambda: plain(rng.randrange(250), 96, 64))  # which is small
    assert one.pace.quality == 75
    assert len([tick for tick, _ in sent if tick >= 35 * FPS]) > 4.5 * FPS


def test_without_a_budget_nothing_is_saved():
    rng = random.Random(1)
    one = a_camera()
    for tick in range(5 * FPS):
        one.take(tick, lambda: busy(rng))
        one.shown(0)
    assert (one.pace.rate, one.pace.quality) == (FPS, 75)


def test_a_slow_encoder_works_beside_the_loop_and_its_picture_comes_with_a_later_frame():
    beside = Later()
    one = a_camera(background=beside)
    one.take(0, lambda: plain(1))
    (first,) = one.shown(0)
    one._encode_ms = INLINE_MS * 3  # as measured on larger pictures

    one.take(1, lambda: plain(2))
    assert one.shown(0.01) == [first]
    assert beside.waiting[0].waits == [0.01]
    one.take(2, lambda: plain(3))  # not begun while one is on its way
    assert len(beside.waiting) == 1

    beside.waiting[0].ready = True
    (second,) = one.shown(0)
    assert second.data == encode(plain(2), 75) != first.data


def test_the_last_picture_of_an_episode_is_the_one_it_ended_with():
    beside = Later()
    one = a_camera(background=beside, pace=pace(most=2))
    one.take(0, lambda: plain(1))
    assert one.shown(0)
    one.take(1, lambda: plain(2), last=True)  # no picture is due for half a second
    assert one.shown(0, last=True)[0].data == encode(plain(2), 75)

    one._encode_ms = INLINE_MS * 3  # and where encoding takes long, it is waited for
    one.take(2, lambda: plain(3), last=True)
    assert one.shown(0, last=True)[0].data == encode(plain(3), 75)


def test_nothing_of_an_episode_is_shown_in_the_next():
    one = a_camera()
    one.take(0, lambda: plain(1))
    assert one.shown(0)
    one.begin(0)
    assert one.shown(0) == []
    one.take(0, lambda: plain(1))
    assert one.shown(0)


@pytest.mark.parametrize(
    ("width", "height", "at"),
    [
        (600, 400, (0, 0, 10_000, 10_000)),
        (601, 400, (0, 0, 10_000, 10_000)),  # nobody sees a margin of a pixel
        (300, 400, (2_500, 0, 5_000, 10_000)),
        (1_200, 400, (0, 2_500, 10_000, 5_000)),
    ],
)
def test_a_picture_keeps_its_shape_on_a_stage_of_another(width, height, at):
    shape = placed(Pixels(width, height, b""), 1.5, b"jpeg")
    assert (shape.x, shape.y, shape.w, shape.h) == at


# --- how often and how good ----------------------------------------------------------------------


def taken(one: Pace, seconds: int, start: int = 0) -> int:
    return sum(one.due(tick) for tick in range(start, start + seconds * FPS))


@pytest.mark.parametrize(("most", "a_second"), [(30, 30), (20, 20), (7.5, 7.5), (120, 30)])
def test_pictures_come_as_often_as_the_author_allows(most, a_second):
    assert taken(pace(most), 10) == pytest.approx(10 * a_second, abs=1)


def test_pictures_that_cost_a_quarter_of_the_worker_come_less_often():
    one = pace()
    one.took(25)  # ms: ten a second are a quarter
    assert one.rate == pytest.approx(10)
    assert taken(one, 10) == pytest.approx(100, abs=2)
    for _ in range(100):
        one.took(2)
    assert one.rate == FPS


def test_however_dear_they_are_two_a_second_are_left():
    one = pace()
    one.took(10_000)
    assert taken(one, 10) == pytest.approx(20, abs=1)


def test_a_socket_that_falls_behind_lowers_rate_and_quality_and_time_raises_them_again():
    one = pace()
    one.behind(0)
    one.behind(3)  # the same trouble
    assert (one.rate, one.quality) == (pytest.approx(18), 57)
    for second in range(1, 9):
        one.behind(second * FPS)
    assert (one.rate, one.quality) == (pytest.approx(6), 39)

    taken(one, 30, start=8 * FPS)
    assert (one.rate, one.quality) == (FPS, 75)


def test_somebody_with_a_slow_line_takes_at_most_half_from_the_others():
    one = pace(least=0.5)
    for second in range(9):
        one.behind(second * FPS)
    assert one.rate == pytest.approx(15)
