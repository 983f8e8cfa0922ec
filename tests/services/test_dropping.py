"""Somebody is missing in a game: the scene's rule acts, and the data say who sat where."""

from __future__ import annotations

import dataclasses
import time
from threading import Timer

import pytest

from igym import wire
from igym.domain.dropout import Hold, hold
from igym.domain.participant import Phase
from igym.domain.plan import HoldPlan
from igym.domain.policy import Random
from igym.domain.watch import hidden
from igym.services.packages.loading import load_stored
from igym.store import games, mail
from igym.wire import inner
from tests.services.conftest import Lab
from tests.services.test_playing import assert_whole, tables

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow


def rule(lab: Lab, made: Hold, **more: object) -> None:
    """The scene's rule for everybody, in the plan and in the author's own words."""
    plan = HoldPlan(
        made.grace_s, made.then, "random", made.returns, made.message, made.leaver, made.partner
    )
    plans = lab.deployment.plans._plans
    for (experiment, package), whole in list(plans.items()):
        scenes = tuple(
            dataclasses.replace(
                scene,
                play=dataclasses.replace(
                    scene.play, dropped=dict.fromkeys(scene.play.humans, plan), **more
                ),
            )
            if scene.play
            else scene
            for scene in whole.scenes
        )
        plans[experiment, package] = dataclasses.replace(whole, scenes=scenes)
        scene = load_stored(lab.deployment, package).experiment.scene("count")
        object.__setattr__(scene, "dropped", dict.fromkeys(scene.dropped, made))


@pytest.fixture
def game(lab, monkeypatch):
    """Two people in a long game. `lab.at` says what happens at which tick."""
    monkeypatch.setattr(lab.env, "length", 10**6)
    lab.at = {}
    made = lab.pair()
    lab.connect(made, "left", "right")
    step = lab.env.step

    def stepped(self, actions):
        lab.at.pop(self.steps, lambda: None)()
        return step(self, actions)

    monkeypatch.setattr(lab.env, "step", stepped)
    return made


def back(lab: Lab, game, seat: str) -> None:
    lab.host.handle([inner.Attach(game.id, seat, "web-2", 9)])


def actors(data, seat: str, episode: int = 0) -> list[str]:
    told = [
        t for t in data["ticks"] if t["seat"] == seat and t["episode_id"].endswith(f"{episode:03d}")
    ]
    return [t["actor"] for t in sorted(told, key=lambda t: t["tick"])]


def episodes(lab: Lab) -> list[wire.Episode]:
    """What was told of the game's standing, each once."""
    told = []
    for _, said in lab.outbox.said:
        if isinstance(said, inner.Deliver) and said.what == inner.CONTROL:
            event, content = wire.unpack(said.packet)["data"]
            if event == "episode":
                told.append(wire.parse(wire.Episode, content))
    return told


@pytest.mark.parametrize(
    ("then", "actor"), [("noop", "default"), ("shrink", "default"), (Random(), "bot")]
)
def test_after_the_grace_the_game_goes_on_and_says_who_acts(lab, game, then, actor):
    rule(lab, hold("50 ms", then, message="One moment."))
    lab.at = {5: lambda: lab.leave(game, "right")}
    assert lab.play(game) == "finished"

    data = tables(lab)
    assert_whole(data)
    assert actors(data, "right") == ["human"] * 6 + [actor] * 44
    assert actors(data, "right", 1) == [actor] * 50
    assert actors(data, "left") == ["human"] * 50
    if then == "shrink":
        gone = [t for t in data["ticks"] if t["seat"] == "right" and t["actor"] == "default"]
        assert {t["action_json"] for t in gone} == {"null"}
    kinds = [e["kind"] for e in data["events"] if e["kind"].startswith("seat_")]
    assert kinds == ["seat_left", "seat_replaced"]
    held = [said for said in episodes(lab) if said.stage == "held"]
    assert held and held[0].away == ["right"] and held[0].text == "One moment."
    assert held[0].starts_ms > 0


def test_whoever_comes_back_gets_the_seat_back(lab, game):
    rule(lab, hold("30 ms", Random()))
    lab.at = {5: lambda: lab.leave(game, "right"), 20: lambda: back(lab, game, "right")}
    assert lab.play(game) == "finished"
    data = tables(lab)
    assert actors(data, "right") == ["human"] * 6 + ["bot"] * 15 + ["human"] * 29
    assert {p.outcome for p in lab.people(game).values()} == {"complete"}


def test_a_seat_that_is_not_given_back_ends_the_session_of_who_was_away(lab, game):
    rule(lab, hold("30 ms", Random(), returns=False))
    lab.at = {5: lambda: lab.leave(game, "right"), 20: lambda: back(lab, game, "right")}
    assert lab.play(game) == "finished"
    people = lab.people(game)
    assert (people["right"].outcome, people["left"].outcome) == ("left", "complete")
    assert actors(tables(lab), "right")[6:] == ["bot"] * 44


def test_who_stops_taking_part_is_not_waited_for_and_the_other_plays_on(lab, game):
    rule(lab, hold("60 s", "noop"))
    leave = inner.Leave(game.id, "right", "withdrew")
    lab.at = {5: lambda: lab.host.handle([leave])}
    assert lab.play(game) == "finished"
    assert lab.people(game)["right"].outcome == "withdrew"
    assert actors(tables(lab), "right")[6:] == ["default"] * 44


def test_who_stops_taking_part_ends_the_game_where_that_is_the_rule(lab, game):
    rule(lab, hold("60 s", "end", partner="partner_left"))
    lab.at = {5: lambda: lab.host.handle([inner.Leave(game.id, "right", "withdrew")])}
    assert lab.play(game) == "abandoned"
    assert lab.people(game)["left"].outcome == "partner_left"


def test_a_game_that_everybody_has_left_does_not_go_on(lab, game):
    rule(lab, hold("40 ms", Random()))
    lab.at = {5: lambda: (lab.leave(game, "right"), lab.leave(game, "left"))}
    assert lab.play(game) == "abandoned"
    assert {p.phase for p in lab.people(game).values()} == {Phase.ENDED}
    assert len(actors(tables(lab), "left")) == 6


def test_a_scene_that_waits_stands_still_until_they_are_back(lab, game):
    rule(lab, hold("10 ms", "wait"))
    later = Timer(0.3, back, [lab, game, "right"])
    lab.at = {5: lambda: (lab.leave(game, "right"), later.start())}
    assert lab.play(game) == "finished"
    assert set(actors(tables(lab), "right")) == {"human"}


def test_a_takeover_remembers_whose_seat_was_taken(lab, game):
    rule(lab, hold("20 ms", Random()))

    def killed():
        raise KeyboardInterrupt

    lab.at = {5: lambda: lab.leave(game, "right"), 30: killed}
    with pytest.raises(KeyboardInterrupt):
        lab.play(game)
    fresh = games.read(lab.deployment.redis, "counters", game.id)
    assert (fresh.replaced, fresh.gone) == (["right"], [])
    lab.deployment.redis.hset(
        f"igym:{{counters}}:game:{game.id}", mapping={"generation": 2, "owner": ""}
    )
    lab.deployment.redis.hdel(f"igym:{{counters}}:links:{game.id}", "right")
    assert lab.host.play("counters", game.id, 2) == "finished"
    # Nobody waited once more for who had been waited for.
    assert actors(tables(lab), "right")[6:] == ["bot"] * 44


def test_a_hidden_tab_is_warned_and_then_the_rule_acts_with_its_own_outcome(lab, game):
    rule(lab, hold("60 s", "noop"), limits=(hidden(warn="60 ms", out="120 ms"),), max_steps=10**6)
    count = iter(range(1, 10**6))

    def say(seat: str, is_hidden: bool) -> None:
        keys = wire.Keys(game.id, next(count), 0, 0, [], is_hidden)
        lab.host.handle([inner.Input(game.id, seat, 5.0, keys, 12.5)])

    lab.clock.meanwhile = lambda: game.id in lab.host.stages and say("right", True)
    until_s = time.monotonic() + 10

    def ends():
        assert time.monotonic() < until_s
        over = lab.read(game.seats["right"]).phase is Phase.ENDED
        lab.at = dict.fromkeys(range(10**4), ends)
        if over:
            lab.host.handle([inner.Leave(game.id, "left", "withdrew")])

    lab.at = {30: ends}
    lab.play(game)
    assert lab.people(game)["right"].outcome == "excluded"
    told = mail.after(lab.deployment.redis, "counters", game.seats["right"], 0)
    assert told is not None
    kinds = [e["kind"] for e in tables(lab)["events"] if e["kind"].startswith("limit_")]
    assert kinds == ["limit_warn", "limit_out"]


def test_nothing_tells_a_masked_partner_from_a_machine(lab, game):
    rule(lab, hold("20 ms", Random()), masked=True)
    lab.at = {5: lambda: lab.leave(game, "right")}
    assert lab.play(game) == "finished"
    assert {tuple(said.away) for said in episodes(lab)} == {()}
    frames = [
        wire.unpack(said.packet)["data"][1]
        for _, said in lab.outbox.said
        if isinstance(said, inner.Deliver) and said.what != inner.CONTROL
    ]
    assert {tuple(frame[6]) for frame in frames} == {()}  # acks
