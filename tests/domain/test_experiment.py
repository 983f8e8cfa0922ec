"""An author's mistake is refused on the author's own line, in words that say what to do."""

from __future__ import annotations

import pytest

from igym import Experiment, Human, Onnx, Random, Sample, Touch, consent, ending, page, play, survey
from igym.errors import BadPackage


class Env:
    """Never made here."""


def a_game(**changes):
    return play(**{"name": "game", "env": Env, "seats": {"a": Human}, "keys": {"x": 1}} | changes)


END = ending("end", "end.md")
HELLO = consent("hello", "hello.md")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"env": "Env"}, "env must be callable"),
        ({"seats": {}}, "seats is empty"),
        ({"seats": {"a": Human, "b": "bot"}}, "seat 'b' is 'bot'"),
        ({"seats": {"a": Random()}}, "no seat is Human"),
        ({"fps": 0.5}, "fps=0.5 is not between 1 and 120"),
        ({"fps": 121}, "fps=121 is not between"),
        ({"fps": float("nan")}, "fps=nan is not between"),
        ({"episodes": 0}, "episodes=0 is below 1"),
        ({"max_steps": 0}, "max_steps=0 is below 1"),
        ({"aspect": 0.1}, "aspect=0.1 is not between"),
        ({"aspect": 6}, "aspect=6 is not between"),
        ({"assign": "alphabetical"}, "assign='alphabetical' is not"),
        ({"labels": {"z": "Zoe"}}, r"labels names seats that are not in seats: \['z'\]"),
        ({"marks": {"z": "ball"}}, r"marks names seats that are not in seats: \['z'\]"),
        ({"waits": "soon"}, "'soon' is not a duration"),
        ({"waits": "20"}, "'20' is not a duration"),
        ({"countdown": "3"}, "'3' is not a duration"),
        ({"pause": ""}, "'' is not a duration"),
        ({"keys": {(): 1}}, "a chord without a key"),
    ],
)
def test_a_game_that_cannot_be_is_refused_with_the_value_to_blame(changes, told):
    with pytest.raises(BadPackage, match=told):
        a_game(**changes)


@pytest.mark.parametrize("edge", [{"fps": 1}, {"fps": 120}, {"aspect": 0.2}, {"aspect": 5}])
def test_the_bounds_themselves_are_allowed(edge):
    a_game(**edge)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Sample(0), "must be above 0"),
        (lambda: Sample(float("nan")), "must be above 0"),
        (lambda: Onnx("p.onnx", choose="best"), "choose='best'"),
        (lambda: Onnx("p.onnx", every=0), "every=0"),
        (lambda: Random(every=0), "every=0"),
        (lambda: Touch("Jump", "x", side="middle"), "side='middle'"),
    ],
)
def test_a_policy_or_button_that_cannot_be_is_refused(make, told):
    with pytest.raises(BadPackage, match=told):
        make()


@pytest.mark.parametrize(
    ("scenes", "told"),
    [
        ((), "last scene must be an ending"),
        ((HELLO,), "last scene must be an ending"),
        ((HELLO, END, page("more", "m.md"), ending("end2", "e.md")), "Only the last scene"),
        ((a_game(), END), "first scene must be a page"),
        ((END,), "first scene must be a page"),
        ((HELLO, HELLO, END), "Two scenes are named 'hello'"),
        ((page("Hello", "h.md"), END), "'Hello' will not do"),
        ((page("../etc", "h.md"), END), "'../etc' will not do"),
        ((page("", "h.md"), END), "'' will not do"),
        ((page("a" * 42, "h.md"), END), "will not do"),
        ((page("hello\n", "h.md"), END), "will not do"),
    ],
)
def test_an_experiment_that_cannot_be_run_is_refused(scenes, told):
    with pytest.raises(BadPackage, match=told):
        Experiment(*scenes)


def test_an_experiment_is_a_value_with_its_scenes_in_order():
    scenes = (HELLO, survey("about", "about.json"), a_game(), END)
    made = Experiment(*scenes)

    assert made == Experiment(*scenes)
    assert [scene.name for scene in made.scenes] == ["hello", "about", "game", "end"]
    assert made.scene("game").humans == ("a",)
    with pytest.raises(BadPackage, match="no scene named 'gone'"):
        made.scene("gone")


def test_changing_the_authors_dict_afterwards_changes_no_scene():
    seats = {"a": Human}
    scene = a_game(seats=seats)
    seats["b"] = Human
    assert scene.humans == ("a",)


def test_nobody_came_has_an_outcome_without_the_author_saying_so():
    assert a_game().unmatched.outcome == "no_partner"
