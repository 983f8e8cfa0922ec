"""Callbacks are really called: in order, once, where the game is, and no game ends by one."""

from __future__ import annotations

import json
import time

import pytest

from igym.domain.callbacks import Callback, checked, hooks
from igym.errors import BadPackage
from igym.services.games import hooking
from igym.store import games, records
from igym.wire import inner, unpack
from tests.services.test_playing import assert_whole, at_step, tables
from tests.services.test_recovering import kill_at, planned, reaped, second
from tests.services.test_rounds import designed

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

CALLS: list[tuple[str, int, int]] = []


class Notes(Callback):
    """Notes every call with episode and tick."""

    def __init__(self) -> None:
        CALLS.append(("made", -1, -1))

    def on_episode_start(self, at):
        CALLS.append(("episode_start", at.episode, at.tick))
        at.record("seed", at.seed)

    def on_episode_end(self, at):
        CALLS.append(("episode_end", at.episode, at.tick))
        at.record("score", at.scores["left"])

    def on_game_tick_start(self, at):
        CALLS.append(("tick_start", at.episode, at.tick))

    def on_game_tick_end(self, at):
        assert list(at.rewards) == [0.5, 0.5] and len(at.actions) == 2
        CALLS.append(("tick_end", at.episode, at.tick))

    def on_graphics_start(self, at):
        CALLS.append(("graphics_start", at.episode, at.tick))

    def on_graphics_end(self, at):
        CALLS.append(("graphics_end", at.episode, at.tick))

    def on_game_end(self, at):
        CALLS.append(("game_end", at.episode, at.tick))
        at.record("outcome", at.outcome)


@pytest.fixture(autouse=True)
def nothing_called() -> None:
    CALLS.clear()


def recorded(data: dict[str, list[dict]]) -> list[tuple[str, int, object]]:
    said = [json.loads(e["detail"]) for e in data["events"] if e["kind"] == "recorded"]
    return [(one["name"], one["episode"], one["value"]) for one in said]


def an_episode(n: int, ticks: int = 10) -> list[tuple[str, int, int]]:
    told = [("episode_start", n, 0), ("graphics_start", n, 0), ("graphics_end", n, 0)]
    for tick in range(ticks):
        told += [("tick_start", n, tick), ("tick_end", n, tick + 1)]
        told += [("graphics_start", n, tick + 1), ("graphics_end", n, tick + 1)]
    return [*told, ("episode_end", n, ticks)]


def test_every_hook_of_a_game_is_called_in_the_documented_order_and_once(lab):
    designed(lab, callbacks=(Notes,))
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    assert [
        ("made", -1, -1), *an_episode(0), *an_episode(1), ("game_end", 1, 10),
    ] == CALLS  # fmt: skip
    data = tables(lab)
    assert_whole(data)
    said = recorded(data)
    assert [(name, n) for name, n, _ in said] == [
        ("seed", 0), ("score", 0), ("seed", 1), ("score", 1), ("outcome", 1),
    ]  # fmt: skip
    assert [value for name, _, value in said if name != "seed"] == [5.0, 5.0, "finished"]


def test_instances_and_classes_are_called_in_the_order_they_were_given(lab):
    class Named(Callback):
        def __init__(self, name="class"):
            self.name = name

        def on_episode_start(self, at):
            CALLS.append((self.name, at.episode, at.tick))

    designed(lab, episodes=1, callbacks=(Named("first"), Named, Named("last")))
    game = lab.pair()
    lab.connect(game, "left", "right")
    lab.play(game)
    assert [name for name, *_ in CALLS] == ["first", "class", "last"]


@pytest.mark.parametrize("hook", [*hooks(Notes()), "__init__"])
def test_a_hook_that_raises_is_told_with_its_people_and_does_not_end_the_game(lab, hook):
    def fails(self, *at):
        raise KeyError("cook")

    broken = type("Broken", (Callback,), {hook: fails})
    designed(lab, callbacks=(broken, Notes))
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    assert {p.outcome for p in lab.people(game).values()} == {"complete"}
    problems = records.problems(lab.deployment.redis)
    assert len(problems) == 1, "it is told once, however often it is called"
    assert "KeyError: 'cook'" in problems[0]["message"] and "fails" in problems[0]["trace"]
    assert problems[0]["game"] == game.id
    for known in ("scene count", "episode", "tick", *game.seats.values()):
        assert known in problems[0]["where"]
    if hook != "__init__":
        assert ("game_end", 1, 10) in CALLS  # the others are called
    assert [e["kind"] for e in tables(lab)["events"] if e["kind"] != "recorded"] == [
        "callback_failed"
    ]


@pytest.mark.parametrize("steps", [0, 4, 10, 13])
def test_a_takeover_calls_nothing_twice_that_was_written_and_replays_without_callbacks(lab, steps):
    designed(lab, callbacks=(Notes,))
    planned(lab, recovery="replay")
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, steps)
    before = len(CALLS)
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    data = tables(lab)
    assert_whole(data)
    said = [(name, n) for name, n, _ in recorded(data)]
    assert sorted(said) == sorted(
        [("seed", 0), ("score", 0), ("seed", 1), ("score", 1), ("outcome", 1)]
    )
    after = CALLS[before:]
    assert after[0] == ("made", -1, -1) and after[-1] == ("game_end", 1, 10)
    ticks = [(n, tick) for name, n, tick in after if name == "tick_end"]
    assert ticks == sorted(set(ticks)), "no tick is told of twice by one worker"


class Wind(Callback):
    """Moves the environment itself, by what is in no log of actions."""

    changes_env = True

    def on_game_tick_end(self, at):
        at.env.blown = getattr(at.env, "blown", 0) + at.tick
        CALLS.append((at.env.blown, at.episode, at.tick))


def test_what_a_callback_did_to_the_environment_is_there_after_a_takeover(lab):
    lab.may_lose(20)
    designed(lab, callbacks=(Wind,))
    planned(lab, recovery="pickle", deterministic=False)  # as the compiler finds it
    game = lab.pair()
    lab.connect(game, "left", "right")
    kill_at(lab, lab.host, game, 7)
    at = games.read(lab.deployment.redis, "counters", game.id)
    assert 0 < at.logged < 10
    before = CALLS.copy()
    CALLS.clear()
    reaped(lab)
    assert second(lab).play("counters", game.id, 2) == "finished"
    first = [call for call in CALLS if call[1] == 0]
    assert [tick for _, _, tick in first] == list(range(at.logged + 1, 11))
    assert [blown for blown, _, _ in first] == [
        sum(range(tick + 1)) for tick in range(at.logged + 1, 11)
    ]
    assert before[at.logged - 1] == (sum(range(at.logged + 1)), 0, at.logged)
    data = tables(lab)
    assert_whole(data)
    assert [e["kind"] for e in data["events"] if e["kind"].startswith("game_")] == [
        "game_taken", "game_loaded",
    ]  # fmt: skip


class Coach(Callback):
    """Says something to each, and once to somebody who is not there."""

    def on_episode_end(self, at):
        at.say("Both of you: well done.")
        at.say(f"You scored {at.scores['left']:g}.", seat="left")
        if at.episode == 1:
            at.say("Hello?", seat="middle")

    def on_game_end(self, at):
        at.say(f"It is {at.outcome}.")


def hears(lab, conn: int) -> list[tuple[str, int, str]]:
    """What one browser was told between ticks: stage, episode, words."""
    said = []
    for _, one in lab.outbox.said:
        if isinstance(one, inner.Deliver) and one.what == inner.CONTROL and conn in one.conns:
            name, about = unpack(one.packet)["data"]
            if name == "episode":
                said.append((about["stage"], about["episode"], about["words"]))
    return said


def test_an_author_says_something_to_each_between_the_episodes_and_nobody_hears_the_others(lab):
    designed(lab, callbacks=(Coach,))
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    mine, both = "You scored 5.", "Both of you: well done."
    for conn, words in ((lab.conns["left"], mine), (lab.conns["right"], both)):
        heard = hears(lab, conn)
        assert ("between", 0, words) in heard and ("countdown", 1, words) in heard
        assert heard[-1] == ("over", 1, "It is finished.")
        assert {said for stage, _, said in heard if stage == "playing"} == {""}
        assert ("countdown", 0, "") in heard
    data = tables(lab)
    said = [json.loads(e["detail"]) for e in data["events"] if e["kind"] == "said"]
    assert [one["text"] for one in said if one["seat"] == "left"] == [
        both, mine, both, mine, "It is finished.",
    ]  # fmt: skip
    (problem,) = records.problems(lab.deployment.redis)
    assert "there is no person, only ['left', 'right']" in problem["message"]


def test_a_slow_tick_hook_is_left_out_for_the_rest_of_the_game(lab, monkeypatch):
    monkeypatch.setattr(hooking, "MOST_SLOW", 3)

    class Slow(Callback):
        budget_ms = 1.0

        def on_game_tick_start(self, at):
            CALLS.append(("slow", at.episode, at.tick))
            time.sleep(0.003)

        def on_episode_end(self, at):
            CALLS.append(("end", at.episode, at.tick))

    designed(lab, callbacks=(Slow,))
    game = lab.pair()
    lab.connect(game, "left", "right")
    assert lab.play(game) == "finished"
    assert [name for name, *_ in CALLS] == ["slow"] * 3 + ["end"] * 2
    (problem,) = records.problems(lab.deployment.redis)
    assert "Slow.on_game_tick_start took longer than 1 ms 3 times" in problem["message"]


def test_the_end_of_a_game_that_fails_is_told_too(lab, monkeypatch):
    def fails():
        raise ValueError("out of onions")

    designed(lab, callbacks=(Notes,))
    game = lab.pair()
    lab.connect(game, "left", "right")
    at_step(lab, monkeypatch, 5, fails)
    assert lab.play(game) == "failed"
    assert CALLS[-1][0] == "game_end"
    assert recorded(tables(lab))[-1] == ("outcome", 0, "failed")


def test_what_is_no_callback_is_refused():
    with pytest.raises(BadPackage, match=r"no igym\.Callback"):
        checked([print], "play('x')")
    assert hooks(Callback()) == [] and "on_game_end" in hooks(Notes())
