"""How long it took people to have again what they had, told from their trails."""

from __future__ import annotations

from collections import Counter

import pytest

from igym.archive.audit import Audit
from igym.bots.trail import Trail
from igym.cli import verdict
from igym.cli.trouble import Blow, blow
from igym.cli.words import spelled_out
from igym.errors import BadMessage
from igym.store.counts import Counts

AT = 1_800_000_000_000.0  # of every blow


def trail(*, frames=(), downs=(), ups=(), signs=(), ended_ms=0.0):
    """A trail; times are seconds after the blow. Frames are (time, game, generation)."""
    made = Trail()
    for at_s, what, *more in sorted(
        [(at, "frame", *rest) for at, *rest in frames]
        + [(at, "down") for at in downs]
        + [(at, "up") for at in ups]
        + [(at, "sign") for at in signs]
    ):
        getattr(made, what)(AT + at_s * 1000, *more)
    made.ended_ms = AT + ended_ms * 1000 if ended_ms else 0.0
    return made.plain()


def steady(begin, end, game="g", generation=1):
    """Frames at 30 fps."""
    return [(begin + n / 30, game, generation) for n in range(int((end - begin) * 30))]


def struck(role, back_s=0.0):
    return Blow(role, 5, name="x", struck_ms=AT, back_ms=AT + back_s * 1000 if back_s else 0.0)


def test_who_lost_their_web_worker_is_back_with_the_picture():
    frames = steady(-2, 0) + steady(0.8, 3)
    told = verdict.resumed(
        [trail(frames=frames, downs=[0.1], ups=[0.6]), trail(frames=steady(-2, 3))],
        [struck("web")],
    )

    spread = told["resume_s"]["web"]
    assert spread["of"] == 1  # the other one had another web worker
    assert spread["max"] == pytest.approx(0.8, abs=0.05)
    assert told["never_back"] == 0


def test_who_read_a_page_is_back_with_a_state():
    told = verdict.resumed([trail(downs=[0.1], ups=[0.4])], [struck("web")])

    assert told["resume_s"]["web"]["max"] == pytest.approx(0.4)


def test_who_never_connects_again_is_counted():
    assert verdict.resumed([trail(downs=[0.1])], [struck("web")])["never_back"] == 1


def test_a_game_is_back_with_a_frame_of_the_next_generation():
    mine = trail(frames=steady(-2, 0) + steady(2.5, 5, generation=2))
    other = trail(frames=steady(-2, 5))

    told = verdict.resumed([mine, other], [struck("game")])

    assert told["resume_s"]["game"]["of"] == 1
    assert told["resume_s"]["game"]["max"] == pytest.approx(2.5, abs=0.05)


def test_a_game_that_never_goes_on_is_counted_and_fails():
    told = verdict.resumed([trail(frames=steady(-2, 0), signs=[-3])], [struck("game")])

    assert told["never_back"] == 1
    assert verdict.failed({"outcomes": {}, **told})


def test_redis_is_counted_from_when_it_answers():
    playing = trail(frames=steady(-2, 0.1) + steady(3, 5))
    waiting = trail(signs=[-1, 1.8])

    told = verdict.resumed([playing, waiting], [struck("redis", back_s=1.0)])

    assert told["resume_s"]["redis"]["of"] == 2
    assert told["resume_s"]["redis"]["max"] == pytest.approx(2.0, abs=0.05)


def test_a_director_is_back_when_another_one_leads():
    told = verdict.resumed([], [struck("director", back_s=3.5)])

    assert told["resume_s"]["director"]["max"] == 3.5


def test_an_answer_that_was_acknowledged_and_is_not_in_the_data_is_lost():
    found = Audit(answers={("s", "after", "fun"): ["4"]})

    assert verdict.answers_lost([["s", "after", {"fun": 4}]], found) == []
    assert len(verdict.answers_lost([["s", "after", {"fun": 5, "why": "so"}]], found)) == 2


def test_what_the_admin_page_counts_has_to_be_in_the_data():
    there = {"arrived": 2, "playing": 2, "ended": 1, "outcome:complete": 1}
    found = Audit(reached=Counter({("live", name): count for name, count in there.items()}))
    said = Counts(Counter(playing=1, ended=1), Counter(arrived=2, playing=2, ended=1))

    assert len(verdict.counts_off({"live": said}, found)) == 1  # its outcome
    said.outcomes["complete"] = 1
    assert verdict.counts_off({"live": said}, found) == []
    said.now["waiting"] = -1
    assert len(verdict.counts_off({"live": said}, found)) == 1
    assert len(verdict.counts_off({}, found)) == 4


@pytest.mark.parametrize("name", verdict.INVARIANTS)
def test_every_invariant_fails_a_rehearsal(name):
    well = dict.fromkeys(verdict.INVARIANTS, 0) | {"outcomes": {"complete": 2}}
    assert not verdict.failed(well)
    assert verdict.failed(well | {name: 1})


def test_blows_are_role_at_seconds():
    one = blow("web@5")

    assert (one.role, one.after_s, one.signal.name) == ("web", 5, "SIGKILL")
    for text in ("web", "web@", "cook@5", "web@-1", "web@soon"):
        with pytest.raises(BadMessage):
            blow(text)


def test_the_short_way_to_write_an_option_is_spelled_out():
    words = ["rehearse", "a@b", "--kill", "web@5", "--restart-redis@12", "--kill@game@8"]

    assert spelled_out(words) == [
        *("rehearse", "a@b", "--kill", "web@5", "--restart-redis", "12", "--kill", "game@8")
    ]
