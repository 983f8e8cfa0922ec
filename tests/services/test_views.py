"""A frame is made once for each view and goes to those who may see it, and to nobody else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgpack
import numpy as np
import pytest
from gymnasium import spaces

from igym import draw, wire
from igym.domain.controls import Controls
from igym.domain.keymap import KeyMap
from igym.domain.rounds import Round
from igym.engine import camera
from igym.engine.seats import Chair
from igym.services.games import audience
from igym.services.games.stage import Stage
from igym.settings import Settings
from igym.sim.host import Sim
from igym.store.games import Game
from igym.wire import inner
from tests.services.conftest import Now
from tests.services.paper import Outgoing, a_play

SEATS = ("s0", "s1", "s2")
#: Places in a frame as it travels.
EPISODE, TICK, BASE, ACKS, OBJECTS, GONE, HUD = 2, 3, 5, 6, 7, 8, 9


class Cards:
    """Each seat holds a card that changes with every step."""

    render_mode: str | None = None

    def __init__(self) -> None:
        self.action_space = spaces.Dict({seat: spaces.Discrete(2) for seat in SEATS})
        self.cards = dict.fromkeys(SEATS, 0)

    def reset(self, *, seed: int) -> Any:
        self.cards = {seat: n for n, seat in enumerate(SEATS)}
        return self.cards, {}

    def step(self, actions: Any) -> Any:
        self.cards = {seat: card + 10 for seat, card in self.cards.items()}
        return self.cards, {}, {"__all__": False}, {}, {}


class Rendered(Cards):
    """What they hold as a picture, by seat."""

    def render_for(self, seat: str) -> np.ndarray:
        return np.full((4, 8, 3), self.cards[seat] % 256, np.uint8)


def hand(env: Cards, seat: str) -> list[draw.Shape]:
    return [draw.text("card", 0, 0, f"{seat} holds {env.cards[seat]}")]


def table(env: Cards) -> list[draw.Shape]:
    return [draw.text("sum", 0, 0, str(sum(env.cards.values())))]


class Theatre:
    """A stage with three people in two web workers, and what each connection was sent."""

    def __init__(self, sim: Sim, **about: Any) -> None:
        self.outbox = Outgoing()
        self.sim = sim
        about = {"aspect": 2.0, "max_steps": 100} | about
        seats = {seat: f"session-{seat}" for seat in SEATS}
        game = Game("g", "e", "f" * 64, "1", "play", "rehearsal", 1, seats, 0.0)
        log: Any = None  # too few ticks to be written
        self.stage = Stage(
            Settings(), log, self.outbox, "games-1", game, a_play(3, **about),
            Controls(KeyMap.of({"a": 1}, 0)), sim, None, 60, lambda *_: None, lambda *_: None, Now,
        )  # fmt: skip
        for conn, seat in enumerate(SEATS):
            self.stage.attach(inner.Attach("g", seat, f"web-{conn % 2}", conn))
        self.episode(0)

    def episode(self, number: int) -> None:
        self.sim.reset(1)
        chairs = [Chair(person.hands) for person in self.stage.people.values()]
        self.stage.enter(Round(number, False, number + 1, 0))
        self.stage.begin(chairs, lambda seat: chairs[0])

    def tick(self, number: int) -> None:
        self.sim.step([0, 0, 0])
        self.stage.show(number)

    def sent(self) -> dict[int, list[list[Any]]]:
        """Connection -> frames since the last call."""
        found: dict[int, list[list[Any]]] = {}
        for _, said in self.outbox.said:
            if isinstance(said, inner.Deliver) and said.what != inner.CONTROL:
                event, frame = msgpack.unpackb(said.packet, strict_map_key=False)["data"]
                assert event == "frame"
                assert (said.what == inner.KEYFRAME) == (frame[BASE] == -1)
                for conn in said.conns:
                    found.setdefault(conn, []).append(frame)
        self.outbox.said = []
        return found

    def packets(self) -> int:
        """Different finished frames since the last call."""
        said = [one for _, one in self.outbox.said if isinstance(one, inner.Deliver)]
        return len({one.packet for one in said if one.what != inner.CONTROL})


def words(frame: list[Any]) -> str:
    """The one text in it."""
    return frame[OBJECTS][1][10]


@pytest.fixture(autouse=True)
def at_once(monkeypatch) -> None:
    """Encoding takes no time, whatever the machine does beside."""
    monkeypatch.setattr(camera, "time", SimpleNamespace(perf_counter=lambda: 0.0))


def test_what_all_see_is_made_once_and_sent_to_each_web_worker():
    theatre = Theatre(Sim(Cards(), SEATS, table))
    theatre.sent()
    theatre.tick(1)
    assert theatre.packets() == 1 and len(theatre.outbox.said) == 2
    assert {conn: words(frame) for conn, (frame,) in theatre.sent().items()} == {
        0: "33", 1: "33", 2: "33",
    }  # fmt: skip


def test_each_seat_sees_its_own_hand_and_nobody_elses():
    theatre = Theatre(Sim(Cards(), SEATS, hand))
    first = theatre.sent()
    assert {conn: words(frames[-1]) for conn, frames in first.items()} == {
        n: f"{seat} holds {n}" for n, seat in enumerate(SEATS)
    }
    assert all(frames[-1][BASE] == -1 for frames in first.values())

    theatre.tick(1)
    assert theatre.packets() == 3
    for conn, frames in theatre.sent().items():
        assert [frame[OBJECTS] for frame in frames] == [[0, {10: f"s{conn} holds {10 + conn}"}]]
        assert frames[0][BASE] == 0


def test_a_keyframe_is_of_the_view_of_whoever_asks_for_it():
    theatre = Theatre(Sim(Cards(), SEATS, hand))
    theatre.tick(1)
    theatre.sent()

    theatre.stage.want_keyframe(inner.WantKeyframe("g", "s1", "web-1", 1))
    theatre.stage.want_keyframe(inner.WantKeyframe("g", "s1", "web-0", 0))  # not that seat's
    sent = theatre.sent()
    assert {conn: (words(f), f[TICK], f[BASE]) for conn, (f,) in sent.items()} == {
        1: ("s1 holds 11", 1, -1)
    }
    # and somebody who connects anew continues from it
    theatre.stage.attach(inner.Attach("g", "s2", "web-7", 42))
    assert words(theatre.sent()[42][0]) == "s2 holds 12"
    theatre.tick(2)
    assert theatre.sent()[42][0][BASE] == 1


def test_the_line_above_the_stage_can_be_by_seat_too():
    theatre = Theatre(Sim(Cards(), SEATS, table, lambda env, seat: f"You are {seat}"))
    assert [frames[-1][HUD] for frames in theatre.sent().values()] == [
        "You are s0", "You are s1", "You are s2",
    ]  # fmt: skip
    theatre.tick(1)
    assert {frames[0][HUD] for frames in theatre.sent().values()} == {None}


def test_a_view_points_out_its_own_person_only():
    marks = dict.fromkeys(SEATS, "card")
    for about, marked in ((marks, "card"), ({"s1": "card"}, None)):
        theatre = Theatre(Sim(Cards(), SEATS, hand), marks=about)
        assert theatre.sent()[0][-1][OBJECTS][1].get(17) == marked


def test_a_masked_game_says_nothing_of_who_pressed_in_any_view():
    open_, masked = (Theatre(Sim(Cards(), SEATS, hand), masked=how) for how in (False, True))
    assert [f[-1][ACKS] for f in open_.sent().values()] == [[0, 0, 0]] * 3
    assert [f[-1][ACKS] for f in masked.sent().values()] == [[]] * 3


def test_scenery_is_in_the_keyframe_of_each_episode_and_in_no_change():
    hills: list[str] = []

    def scenery(env: Cards) -> list[draw.Shape]:
        hills.append("asked")
        return [draw.rect("hill", 0, 0.5, 1, 0.5)]

    theatre = Theatre(Sim(Cards(), SEATS, table, scenery=scenery))
    assert len(theatre.sent()[0][-1][OBJECTS]) == 4
    theatre.tick(1)
    assert len(theatre.sent()[0][0][OBJECTS]) == 2
    theatre.episode(1)
    assert [(f[BASE], len(f[OBJECTS])) for f in theatre.sent()[0]] == [(-1, 4)]
    assert hills == ["asked"] * 2


# --- rendered ------------------------------------------------------------------------------------


def jpeg(frame: list[Any]) -> bytes:
    """The picture in it; b"" where it has none."""
    return frame[OBJECTS][1].get(22, b"") if frame[OBJECTS] else b""


def test_each_seat_is_sent_its_own_picture_with_the_frame_and_only_when_it_changed():
    theatre = Theatre(Sim(Rendered(), SEATS))
    first = {conn: jpeg(frames[-1]) for conn, frames in theatre.sent().items()}
    assert len(set(first.values())) == 3 and all(d[:2] == b"\xff\xd8" for d in first.values())

    theatre.stage.show(1)  # nothing happened
    assert all(frames[0][OBJECTS] == [] for frames in theatre.sent().values())
    theatre.tick(2)
    second = {conn: jpeg(frames[0]) for conn, frames in theatre.sent().items()}
    assert all(second[conn] and second[conn] != first[conn] for conn in first)

    theatre.stage.want_keyframe(inner.WantKeyframe("g", "s2", "web-0", 2))
    assert jpeg(theatre.sent()[2][0]) == second[2]


def test_pictures_come_at_their_own_rate_and_frames_at_every_tick():
    theatre = Theatre(Sim(Rendered(), SEATS), picture_fps=10)
    theatre.sent()
    for tick in range(1, 31):
        theatre.tick(tick)
    frames = theatre.sent()[0]
    assert len(frames) == 30
    assert 9 <= sum(bool(jpeg(frame)) for frame in frames) <= 11


def test_what_a_person_saw_is_the_tick_of_the_picture_and_not_of_the_frame_it_came_with():
    theatre = Theatre(Sim(Rendered(), SEATS), picture_fps=10)
    shown, now = {}, 0
    for tick in range(1, 13):
        theatre.tick(tick)
        for frame in theatre.sent()[0]:
            now = frame[TICK] if jpeg(frame) else now
        shown[tick] = now
    assert len(set(shown.values())) in (4, 5)

    for tick, seen in shown.items():
        keys = wire.Keys("g", tick, tick, 0, [])
        theatre.stage.hear(inner.Input("g", "s0", 0.0, keys, 1.0))
        assert theatre.stage.people["s0"].seen == seen
    theatre.stage.hear(inner.Input("g", "s0", 0.0, wire.Keys("g", 99, -1, 0, []), 1.0))
    assert theatre.stage.people["s0"].seen == -1


def test_a_picture_that_was_looked_at_and_did_not_change_is_of_now():
    theatre = Theatre(Sim(Rendered(), SEATS))
    theatre.tick(1)
    theatre.stage.show(2)
    theatre.stage.hear(inner.Input("g", "s0", 0.0, wire.Keys("g", 1, 2, 0, []), 1.0))
    assert theatre.stage.people["s0"].seen == 2


def test_a_worker_that_is_a_tick_late_takes_fewer_pictures():
    theatre = Theatre(Sim(Rendered(), SEATS))
    pace = theatre.stage._views.of("s0").camera.pace
    step = theatre.sim.step([0, 0, 0])
    theatre.stage.record(0, [0, 0, 0], ["human"] * 3, step, 0.02)
    assert pace.rate == 30
    theatre.stage.record(1, [0, 0, 0], ["human"] * 3, step, 0.04)
    assert pace.rate < 20


def test_a_socket_that_asks_for_keyframes_gets_fewer_and_smaller_pictures():
    theatre = Theatre(Sim(Rendered(), SEATS))
    view = theatre.stage._views.of("s0")
    before = view.camera.pace.rate, view.camera.pace.quality
    theatre.stage.want_keyframe(inner.WantKeyframe("g", "s0", "web-0", 0))
    assert view.camera.pace.rate < before[0] and view.camera.pace.quality < before[1]
    other = theatre.stage._views.of("s1").camera.pace
    assert (other.rate, other.quality) == before


# --- watchers ------------------------------------------------------------------------------------


def watch(theatre: Theatre, conn: int, seat: str = "s0", web: str = "web-1") -> None:
    theatre.stage.watch(inner.Watch("g", seat, web, conn))


def test_who_looks_on_is_sent_the_bytes_that_people_are_sent_and_nothing_is_made_for_them():
    theatre = Theatre(Sim(Cards(), SEATS, hand))
    theatre.tick(1)
    theatre.sent()
    watch(theatre, 70, "s1", "web-9")
    told = {type(said).__name__ for web, said in theatre.outbox.said if web == "web-9"}
    assert told == {"Owned", "Deliver"}
    (first,) = theatre.sent()[70]
    assert (words(first), first[TICK], first[BASE]) == ("s1 holds 11", 1, -1)

    theatre.tick(2)
    assert theatre.packets() == 3
    delivered = [one for _, one in theatre.outbox.said if isinstance(one, inner.Deliver)]
    theirs, mine = (next(d.packet for d in delivered if conn in d.conns) for conn in (1, 70))
    assert mine is theirs


def test_a_watcher_is_nobody_the_game_knows():
    theatre = Theatre(Sim(Cards(), SEATS, table))
    watch(theatre, 70, "nobody's seat")
    theatre.stage.hear(inner.Input("g", "nobody's seat", 0.0, wire.Keys("g", 5, 1, 1, []), 1.0))
    assert [person.count for person in theatre.stage.people.values()] == [0, 0, 0]
    assert [person.link for person in theatre.stage.people.values()] == [
        ("web-0", 0), ("web-1", 1), ("web-0", 2),
    ]  # fmt: skip
    assert len(theatre.sent()[70]) == 1, "who names no seat sees the first one's"


def test_a_watcher_who_does_not_keep_up_costs_people_no_picture_and_the_game_hardly_a_keyframe():
    theatre = Theatre(Sim(Rendered(), SEATS))
    watch(theatre, 70)
    theatre.sent()
    pace = theatre.stage._views.of("s0").camera.pace
    before = (pace.rate, pace.quality)
    for _ in range(20):
        theatre.stage.want_keyframe(inner.WantKeyframe("g", "s0", "web-1", 70))
    assert (pace.rate, pace.quality) == before
    assert theatre.sent() == {}, "they were given one just now"


def test_watchers_are_forgotten_once_nobody_says_that_they_are_there(monkeypatch):
    theatre = Theatre(Sim(Cards(), SEATS, table))
    now = [100.0]
    monkeypatch.setattr(audience, "time", SimpleNamespace(monotonic=lambda: now[0]))
    watch(theatre, 70), watch(theatre, 71), watch(theatre, 72)
    theatre.stage.audience.unwatch(inner.Unwatch("g", "web-1", 72))
    now[0] += audience.FORGOTTEN_S - 1
    watch(theatre, 71)
    now[0] += 2
    theatre.sent()
    theatre.tick(1)
    assert set(theatre.sent()) == {0, 1, 2, 71}


def test_so_many_may_look_on_and_no_more():
    theatre = Theatre(Sim(Cards(), SEATS, table))
    for conn in range(100, 110 + audience.MOST_WATCHERS):
        watch(theatre, conn)
    theatre.sent()
    theatre.tick(1)
    assert len(theatre.sent()) == 3 + audience.MOST_WATCHERS


def test_a_watcher_hears_where_the_game_stands_as_the_person_does_whose_view_it_is():
    theatre = Theatre(Sim(Cards(), SEATS, hand))
    theatre.stage.say("only for you", "s1")
    watch(theatre, 70, "s1"), watch(theatre, 71, "s2")
    theatre.outbox.said = []
    theatre.stage.tell("between")
    heard = {
        conn: msgpack.unpackb(said.packet)["data"][1]["words"]
        for _, said in theatre.outbox.said
        for conn in said.conns
    }
    assert heard == {0: "", 1: "only for you", 2: "", 70: "only for you", 71: ""}
