"""Practice, gates and what comes next: the same results give the same answer, and games end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igym.domain.rounds import Result, Round, scored, upcoming, won
from igym.errors import BadPackage


def result(episode: int, red: float = 0, blue: float = 0, **more) -> Result:
    more = {"practice": False, "people": ("red",), "steps": 10} | more
    return Result(episode, scores={"red": red, "blue": blue}, **more)


def told(results: list[Result], **design) -> str:
    found = upcoming(results, **{"practice": 0, "episodes": 3, "gate": False} | design)
    if not isinstance(found, Round):
        return found
    return f"{'practice' if found.practice else 'round'} {found.number} of {found.of}"


def test_practice_comes_first_and_is_counted_apart():
    played = [
        result(0, practice=True),
        result(1, practice=True),
        result(2),
        result(3),
    ]
    assert [told(played[:n], practice=2, episodes=2) for n in range(5)] == [
        "practice 1 of 2", "practice 2 of 2", "round 1 of 2", "round 2 of 2", "over",
    ]  # fmt: skip


def test_a_gate_ends_the_practice_as_soon_as_it_is_reached():
    missed, reached = result(0, practice=True), result(1, practice=True, reached=True)
    design = {"practice": 5, "episodes": 2, "gate": True}
    assert told([], **design) == told([missed], **design).replace("2", "1") == "practice 1 of 0"
    assert told([missed, reached], **design) == "round 1 of 2"
    assert told([missed, reached, result(2), result(3)], **design) == "over"


def test_a_gate_that_stays_closed_ends_the_game_after_the_last_practice():
    missed = [result(n, practice=True) for n in range(3)]
    assert told(missed[:2], practice=3, gate=True) == "practice 3 of 0"
    assert told(missed, practice=3, gate=True) == "unreached"


def test_without_practice_the_gate_is_about_the_episodes_themselves():
    assert told([result(0)], gate=True) == "round 2 of 0"
    assert told([result(0), result(1, reached=True)], gate=True) == "over"
    assert told([result(n) for n in range(3)], gate=True) == "unreached"


@given(st.integers(0, 4), st.integers(1, 4), st.booleans(), st.lists(st.booleans(), min_size=9))
def test_every_design_comes_to_an_end_without_a_round_twice(practice, episodes, gate, verdicts):
    results: list[Result] = []
    while isinstance(
        found := upcoming(results, practice=practice, episodes=episodes, gate=gate), Round
    ):
        assert found.episode == len(results) < practice + episodes
        looked_at = gate and (found.practice or not practice)
        reached = looked_at and verdicts[found.episode]
        results.append(result(found.episode, practice=found.practice, reached=reached))
    counted = sum(not r.practice for r in results)
    if found == "over" and not (gate and not practice):
        assert counted == episodes
    assert found == "over" or (gate and not any(r.reached for r in results))


def test_goals_look_at_every_person_unless_a_seat_is_named():
    both = result(0, red=3, blue=1, people=("red", "blue"))
    assert not scored(2)([both]) and scored(2, "red")([both]) and scored(1)([both])
    assert won("red")([both]) and not won("blue")([both])
    assert won()([result(0, red=3, blue=1)]) and not won()([result(0, red=1, blue=1)])


def test_in_a_row_means_the_last_ones():
    runs = [result(n, red=score) for n, score in enumerate([5, 5, 0, 5])]
    assert scored(5, times=2)(runs[:2]) and not scored(5, times=2)(runs)
    assert scored(5, times=3, in_a_row=False)(runs)
    assert not scored(5)([])


@pytest.mark.parametrize("made", [lambda: scored(float("nan")), lambda: won(times=0)])
def test_a_goal_checks_itself(made):
    with pytest.raises(BadPackage):
        made()
