"""What a browser paints from differences is what the environment drew."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from igym import draw, wire
from igym.sim import draw as sim_draw
from igym.sim.draw import FIELDS, KINDS, Picture, Shape

#: The JSON of one tick of 20 circles in the predecessor.
PREDECESSOR_BYTES = 3_471


BLANK = list(Shape("", -1)._asdict().items())


class Screen:
    """What a browser knows: handle -> fields."""

    def __init__(self) -> None:
        self.objects: dict[int, dict[int, Any]] = {}

    def take(self, objects: list[Any], gone: list[int]) -> None:
        for handle, change in zip(objects[::2], objects[1::2], strict=True):
            if 0 in change:
                self.objects[handle] = dict(change)
            else:
                self.objects[handle].update(change)
        for handle in gone:
            del self.objects[handle]

    def shown(self) -> dict[int, dict[int, Any]]:
        """Without the values a browser takes for granted."""
        blank = {FIELDS.index(name): value for name, value in BLANK if name != "id"}
        return {
            handle: {n: v for n, v in fields.items() if n == 0 or v != blank.get(n)}
            for handle, fields in self.objects.items()
        }


PLACE = st.integers(-10, 10).map(lambda n: n / 10)
COLOUR = st.sampled_from(["", "#fff", "#123456"])


def shapes(id: str) -> st.SearchStrategy[Shape]:
    points = st.lists(st.tuples(PLACE, PLACE), min_size=2, max_size=3)
    one = st.just(id)
    return st.one_of(
        st.builds(draw.circle, one, PLACE, PLACE, PLACE, fill=COLOUR, snap=st.booleans()),
        st.builds(draw.rect, one, PLACE, PLACE, PLACE, PLACE, fill=COLOUR, angle=PLACE),
        st.builds(draw.ellipse, one, PLACE, PLACE, PLACE, PLACE, stroke=COLOUR, line=PLACE),
        st.builds(draw.line, one, points, stroke=COLOUR, depth=st.integers(-2, 2)),
        st.builds(draw.polygon, one, points, fill=COLOUR),
        st.builds(draw.arc, one, PLACE, PLACE, PLACE, start=PLACE, span=PLACE),
        st.builds(draw.text, one, PLACE, PLACE, st.text(max_size=5), fill=COLOUR),
        st.builds(
            draw.sprite,
            one,
            st.sampled_from(["a.png", "b.json"]),
            PLACE,
            PLACE,
            PLACE,
            PLACE,
            frame=st.sampled_from(["", "up"]),
            flip=st.booleans(),
            opacity=st.sampled_from([0, 1]),
        ),
        st.builds(sim_draw.picture, one, PLACE, PLACE, PLACE, PLACE, st.binary(max_size=3)),
    )


FRAMES = st.lists(
    st.lists(st.sampled_from("abc"), unique=True).flatmap(lambda ids: st.tuples(*map(shapes, ids))),
    max_size=5,
)


@given(FRAMES, st.sets(st.sampled_from("abc")), st.lists(shapes("c"), max_size=1))
def test_whoever_got_every_difference_sees_what_a_newcomer_sees(frames, named, scenery):
    picture, screen = Picture(named, scenery), Screen()
    for frame in frames:
        screen.take(*picture.change(frame))

        newcomer = Screen()
        newcomer.take(picture.whole(), [])
        assert screen.shown() == newcomer.shown()
        assert len(newcomer.objects) == len({shape.id for shape in (*frame, *scenery)})


@given(FRAMES)
def test_a_handle_means_the_same_object_for_ever(frames):
    picture, owners, ids = Picture("abc"), {}, {}
    for frame in frames:
        picture.change(frame)
        whole = picture.whole()
        for handle, change in zip(whole[::2], whole[1::2], strict=True):
            assert owners.setdefault(handle, change[17]) == change[17]
            assert ids.setdefault(change[17], handle) == handle


@given(FRAMES)
def test_a_frame_in_which_nothing_moved_says_nothing(frames):
    picture = Picture()
    for frame in [*frames, []]:
        picture.change(frame)
        assert picture.change(frame) == ([], [])


def test_an_object_that_went_and_came_back_is_told_whole_under_its_old_handle():
    picture, ball = Picture(), draw.circle("ball", 0.5, 0.5, 0.1)
    picture.change([draw.circle("sun", 0, 0, 0.1), ball])

    assert picture.change([draw.circle("sun", 0, 0, 0.1)]) == ([], [1])
    assert picture.change([draw.circle("sun", 0, 0, 0.1), ball]) == (
        [1, {0: 1, 1: 5_000, 2: 5_000, 5: 1_000}],
        [],
    )


def test_scenery_is_sent_once_and_stays_without_being_drawn_again():
    hill = draw.rect("hill", 0, 0.5, 1, 0.5, fill="#080")
    picture = Picture((), [hill])

    assert picture.change([]) == ([0, {0: 0, 2: 5_000, 3: 10_000, 4: 5_000, 7: "#080"}], [])
    assert picture.change([draw.circle("ball", 0, 0, 0.1)])[1] == []
    assert picture.change([]) == ([], [1])  # the ball goes, the hill stays
    assert len(picture.whole()) == 2


def test_a_shape_covers_the_scenery_of_its_id_as_long_as_it_is_drawn():
    picture = Picture((), [draw.rect("door", 0, 0, 1, 1, fill="#800")])
    picture.change([])

    assert picture.change([draw.rect("door", 0, 0, 1, 1, fill="#080")]) == ([0, {7: "#080"}], [])
    assert picture.change([]) == ([0, {7: "#800"}], [])


def test_every_option_of_a_sprite_is_on_the_wire():
    picture = Picture()
    cook = draw.sprite("cook", "cooks.json", 0.1, 0.2, 0.3, 0.4)
    assert picture.change([cook]) == (
        [0, {0: 7, 1: 1_000, 2: 2_000, 3: 3_000, 4: 4_000, 18: "cooks.json"}],
        [],
    )
    other = draw.sprite(
        "cook", "cooks.json", 0.1, 0.2, 0.3, 0.4,
        frame="up", angle=0.25, flip=True, opacity=0.5, depth=3, snap=True,
    )  # fmt: skip
    changed = {19: "up", 12: 2_500, 21: True, 20: 5_000, 14: 3, 16: True}
    assert picture.change([other]) == ([0, changed], [])


def test_numbers_of_numpy_can_be_sent_as_any_other():
    half, two, yes = np.float32(0.5), np.int64(2), np.bool_(True)
    shapes = [
        draw.rect("a", half, two, half, two, angle=half, depth=two, snap=yes),
        draw.circle("b", half, two, half, depth=two, snap=yes),
        draw.ellipse("c", half, two, half, two, depth=two, snap=yes),
        draw.line("d", [(half, two)], stroke="#fff", width=half, depth=two, snap=yes),
        draw.polygon("e", [(half, two)], line=half, depth=two, snap=yes),
        draw.arc("f", half, two, half, start=half, span=half, depth=two, snap=yes),
        draw.text("g", half, two, two, size=half, depth=two, snap=yes),  # type: ignore[arg-type]
        draw.sprite("h", "a.png", half, two, half, half, opacity=half, flip=yes, depth=two),
    ]
    assert packet(Picture(), 0, shapes)
    assert packet(Picture(), 0, [sim_draw.scaled(shape, 600, 400) for shape in shapes])


def test_an_object_that_becomes_another_kind_is_told_whole():
    picture = Picture()
    picture.change([draw.circle("it", 0.5, 0.5, 0.1, fill="#fff")])
    assert picture.change([draw.rect("it", 0.5, 0.5, 0.1, 0)]) == (
        [0, {0: 0, 1: 5_000, 2: 5_000, 3: 1_000}],
        [],
    )


def test_an_id_used_twice_in_one_frame_cannot_leave_a_screen_wrong():
    picture, screen = Picture(), Screen()
    screen.take(*picture.change([draw.circle("a", 0.1, 0.1, 0.1)]))
    twice = [draw.circle("a", 0.9, 0.1, 0.1), draw.circle("a", 0.1, 0.1, 0.1)]
    screen.take(*picture.change(twice))

    newcomer = Screen()
    newcomer.take(picture.whole(), [])
    assert screen.shown() == newcomer.shown()


def test_shapes_have_the_fields_the_wire_has_numbers_for():
    assert FIELDS[:17] == Shape._fields[1:18] and FIELDS[17] == "name"
    assert FIELDS[18:] == Shape._fields[18:]
    made = [
        draw.rect("a", 0, 0, 1, 1), draw.circle("a", 0, 0, 1), draw.ellipse("a", 0, 0, 1, 1),
        draw.line("a", [(0, 0), (1, 1)], stroke="#fff"), draw.polygon("a", [(0, 0), (1, 1)]),
        draw.arc("a", 0, 0, 1, start=0, span=0.5), draw.text("a", 0, 0, "hi"),
        draw.sprite("a", "cook.png", 0, 0, 1, 1), sim_draw.picture("a", 0, 0, 1, 1, b"jpeg"),
    ]  # fmt: skip
    assert [KINDS[shape.kind] for shape in made] == list(KINDS)


# --- weight on the wire --------------------------------------------------------------------------


def circles(tick: int) -> list[Shape]:
    """Twenty circles, each on its own way."""
    return [
        draw.circle(
            f"circle_{n}",
            0.5 + 0.4 * math.sin(tick / 30 + n),
            0.5 + 0.4 * math.cos(tick / 17 + n * 1.3),
            0.02,
            fill="#4fb3d9",
        )
        for n in range(20)
    ]


def packet(picture: Picture, tick: int, shapes: list[Shape]) -> bytes:
    """A frame as `services.stage` sends it: a short game id, two people, no new text."""
    objects, gone = picture.change(shapes)
    base = tick - 1 if tick else -1
    frame = wire.Frame(
        "Ab3dEf7h", 1, 0, tick, 0xFFFF_FFFF, base, [9_999, 9_999], objects, gone, None
    )
    return wire.packet(frame)


def test_twenty_moving_circles_take_a_quarter_of_the_predecessors_bytes():
    picture = Picture()
    sizes = [len(packet(picture, tick, circles(tick))) for tick in range(300)]

    assert max(sizes[1:]) <= 900
    assert sum(sizes) / len(sizes) <= 0.25 * PREDECESSOR_BYTES
    assert sizes[0] <= 1_200  # the keyframe, with colours and radii


def test_an_unchanged_frame_takes_60_bytes():
    picture = Picture()
    packet(picture, 0, circles(0))
    assert len(packet(picture, 65_535, circles(0))) <= 60
