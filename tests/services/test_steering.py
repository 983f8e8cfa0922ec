"""An admin's word in a live game: it stands still, ends, or a policy plays for somebody."""

from __future__ import annotations

from itertools import pairwise
from threading import Timer

import pytest

from igym.domain.commands import State, What
from igym.domain.dropout import hold
from igym.domain.participant import Phase
from igym.domain.policy import Random
from igym.services.games import steering
from igym.services.operations import commanding
from igym.services.sessions import screens
from igym.store import commands as store
from igym.store import games
from igym.wire import inner
from tests.services.test_commanding import BOB, again, deeds, give
from tests.services.test_dropping import actors, episodes, game, rule
from tests.services.test_playing import assert_whole, tables

__all__ = ["game"]

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


def ask(lab, game, what, seat="", **how):
    """Give the command, and have the worker hear of it as from its inbox."""
    lab.outbox.said.clear()
    made = give(lab, what, game=game.id, seat=seat, **how)
    lab.host.handle([said for _, said in lab.outbox.said if isinstance(said, inner.Steer)])
    return made


def killed():
    raise KeyboardInterrupt


def next_worker(lab, game) -> str:
    """The worker is dead, and the next one goes on."""
    name = f"igym:{{counters}}:game:{game.id}"
    lab.deployment.redis.hset(name, mapping={"generation": 2, "owner": ""})
    return lab.host.play("counters", game.id, 2)


def test_a_paused_game_takes_no_step_and_nobody_is_late_when_it_goes_on(lab, game):
    said = []
    later = Timer(0.4, lambda: said.append(ask(lab, game, What.RESUME)))

    def pause():
        said.append(ask(lab, game, What.PAUSE))
        said.append(ask(lab, game, What.PAUSE, by=BOB))
        later.start()

    lab.at = {5: pause}
    stood = []
    lab.outbox.put = lambda peer, message, put=lab.outbox.put: (
        stood.append(message), put(peer, message)
    )  # fmt: skip
    assert lab.play(game) == "finished"
    first, second, third = (again(lab, one) for one in said)
    assert {first.state, second.state, third.state} == {State.DONE}
    assert second.why == "It was paused before, by ann."
    data = tables(lab)
    assert_whole(data)
    ticks = sorted(
        (t for t in data["ticks"] if t["episode_id"].endswith("000") and t["seat"] == "left"),
        key=lambda t: t["tick"],
    )
    gaps_ms = [b["wall_ms"] - a["wall_ms"] for a, b in pairwise(ticks)]
    assert max(gaps_ms) > 300 and gaps_ms.index(max(gaps_ms)) == 5
    assert max(t["late_ms"] for t in ticks) < 250
    lab.outbox.said = [("web-1", one) for one in stood]
    stages = [one.stage for one in episodes(lab)]
    assert "paused" in stages and stages[stages.index("paused") + 1 :].count("playing")
    kinds = [e["kind"] for e in data["events"]]
    assert (kinds.count("paused"), kinds.count("resumed")) == (1, 1)


def test_a_pause_outlives_the_worker(lab, game):
    lab.at = {30: lambda: ask(lab, game, What.PAUSE)}
    put = lab.outbox.put

    def paused(peer, message):
        """It is killed as it tells that it stands still."""
        put(peer, message)
        if game.id in lab.host.stages and lab.host.stages[game.id].steering.paused_ms:
            lab.outbox.put = put
            killed()

    lab.outbox.put = paused
    with pytest.raises(KeyboardInterrupt):
        lab.play(game)
    fresh = games.read(lab.deployment.redis, "counters", game.id)
    assert fresh.paused_ms and fresh.paused_by == "ann"
    Timer(0.3, lambda: ask(lab, game, What.RESUME)).start()
    assert next_worker(lab, game) == "finished"
    assert games.read(lab.deployment.redis, "counters", game.id).paused_ms == 0


def test_a_paused_game_that_was_given_to_another_worker_is_let_go_of(lab, game, monkeypatch):
    monkeypatch.setattr(steering, "STILL_OURS_S", 0.05)
    name = f"igym:{{counters}}:game:{game.id}"
    taken = Timer(0.2, lambda: lab.deployment.redis.hset(name, "generation", 2))
    lab.at = {5: lambda: (ask(lab, game, What.PAUSE), taken.start())}
    assert lab.play(game) == ""


def test_who_is_away_in_a_pause_has_their_whole_grace_after_it(lab, game):
    rule(lab, hold("200 ms", "end"))
    lab.at = {
        5: lambda: (
            lab.leave(game, "right"),
            ask(lab, game, What.PAUSE),
            Timer(0.5, lambda: ask(lab, game, What.RESUME)).start(),
        )
    }
    assert lab.play(game) == "abandoned"
    data = tables(lab)
    (resumed,) = [e for e in data["events"] if e["kind"] == "resumed"]
    (ended,) = data["games"]
    assert ended["ended_ms"] - resumed["at_ms"] > 190


def test_an_ended_game_ends_for_everybody_with_a_code_and_a_sentence(lab, game):
    commands = []
    lab.at = {5: lambda: commands.append(ask(lab, game, What.END))}
    assert lab.play(game) == "ended_by_researcher"
    for person in lab.people(game).values():
        assert (person.phase, person.outcome) == (Phase.ENDED, "ended_by_researcher")
        view = screens.state(lab.deployment, person, "web-1").view
        assert "ended it for you" in view.reason
    commanding.look(lab.deployment, lab.outbox)
    commanding.look(lab.deployment, lab.outbox)
    assert again(lab, commands[0]).state is State.DONE
    assert store.still_open(lab.deployment.redis, "counters", 9) == []
    assert deeds(lab)[-1][2]["end"]["state"] == "done"
    data = tables(lab)
    assert_whole(data)
    assert [one["outcome"] for one in data["games"]] == ["ended_by_researcher"]
    assert len(actors(data, "left")) == 6


def test_a_policy_plays_for_somebody_who_is_there_until_they_have_their_seat_back(lab, game):
    rule(lab, hold("60 s", Random()))
    said = []
    lab.at = {
        5: lambda: said.append(ask(lab, game, What.BENCH, "right")),
        10: lambda: said.append(ask(lab, game, What.BENCH, "right", by=BOB)),
        20: lambda: said.append(ask(lab, game, What.SEAT, "right")),
    }
    told = []
    lab.outbox.put = lambda peer, message, put=lab.outbox.put: (
        told.append((peer, message)), put(peer, message)
    )  # fmt: skip
    assert lab.play(game) == "finished"
    assert [again(lab, one).state for one in said] == [State.DONE] * 3
    assert "by the word of ann" in again(lab, said[1]).why
    data = tables(lab)
    assert_whole(data)
    assert actors(data, "right") == ["human"] * 6 + ["bot"] * 15 + ["human"] * 29
    assert actors(data, "left") == ["human"] * 50
    assert {p.outcome for p in lab.people(game).values()} == {"complete"}
    lab.outbox.said = told
    assert any(one.benched and one.away == ["right"] for one in episodes(lab))


def test_a_takeover_remembers_for_whom_a_policy_plays(lab, game):
    rule(lab, hold("60 s", Random()))
    lab.at = {5: lambda: ask(lab, game, What.BENCH, "right"), 30: killed}
    with pytest.raises(KeyboardInterrupt):
        lab.play(game)
    assert next_worker(lab, game) == "finished"
    assert actors(tables(lab), "right")[6:] == ["bot"] * 44


def test_when_a_policy_plays_for_the_last_of_them_the_game_is_played_to_its_end(lab, game):
    rule(lab, hold("60 s", Random()))
    lab.at = {5: lambda: [ask(lab, game, What.BENCH, seat) for seat in ("left", "right")]}
    assert lab.play(game) == "finished"
    assert actors(tables(lab), "left")[6:] == ["bot"] * 44
    assert {p.outcome for p in lab.people(game).values()} == {"complete"}


def test_who_has_left_for_good_is_not_given_a_policy(lab, game):
    rule(lab, hold("60 s", "noop"))
    plans = lab.deployment.plans._plans
    said = []
    lab.at = {
        5: lambda: lab.host.handle([inner.Leave(game.id, "right", "withdrew")]),
        10: lambda: said.append(ask(lab, game, What.BENCH, "right")),
    }
    lab.play(game)
    command = again(lab, said[0])
    assert plans and command.state is State.FAILED and command.why


def test_what_was_asked_while_no_worker_had_the_game_is_done_by_the_first(lab, game):
    command = ask(lab, game, What.END)
    assert command.state is State.PENDING
    assert lab.play(game) == "ended_by_researcher"
    commanding.look(lab.deployment, lab.outbox)
    assert again(lab, command).state is State.DONE
