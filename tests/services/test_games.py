"""Published and own environments, played by people and policies from the first tick to the last.

Each game goes the way of a package: it is rehearsed and proven, played through the tick loop
with a person's hands, logged as on the wire, lived again from the log, and gone on with after
its worker was lost at any tick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from pettingzoo.classic import tictactoe_v3

from igym import Gamepad, Heuristic, Human, Last, Pointer, Python, Random, hold, play
from igym.domain.experiment import Play
from igym.engine import runner
from igym.engine.hands import LEFT_STICK, POINTER, Hands
from igym.engine.replay import Story, relive
from igym.engine.seats import Decider
from igym.errors import BadPackage, SceneFailed
from igym.services.games.casting import Cast, simulated
from igym.services.packages.gallery import Gallery
from igym.services.packages.proving import prove
from igym.services.packages.rehearsing import rehearse
from igym.sim.host import Step
from igym.store.games import Game
from igym.wire.record import Chunk, Tick, decode_chunk, encode_chunk

#: act(tick, hands): what a person does just before that tick.
Act = Callable[[int, Hands], None]


def tried_out(scene: Play) -> None:
    """As when its package is compiled."""
    root = Path(__file__).parent / "packages" / "counters"
    rehearse(scene, root, {}, Gallery(root))


class Clock:
    """Time that passes only where it is waited for."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Now:
    """Work beside the loop that is done when it is asked for."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.get = call

    def wait(self, timeout_s: float) -> bool:
        return True


@dataclass
class Night:
    """One evening at the arcade: a scene, and the person in each human seat."""

    scene: Play
    acts: dict[str, Act]
    ticks: list[Tick] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sim = simulated(self.scene, {})
        self.hands = {str(seat): Hands(self.scene.controls) for seat in self.scene.humans}
        for one in self.hands.values():
            one.present = True
        self.deciders: list[Decider] = []
        self.chunks: list[Chunk] = []

    def begin(self, seed: int = 5) -> None:
        """Reset, with everybody in their seats."""
        game = Game("g", "e", "p", "1", self.scene.name, "live", 3, {}, 0.0)
        self.sim.reset(seed)
        cast = Cast(game, self.scene, {}, self.sim, Path(), self.hands, Now)
        self.deciders, self.actions = cast.deciders(0), cast.actions()

    def before(self, tick: int) -> bool:
        for seat, act in self.acts.items():
            act(tick, self.hands[seat])
        return False

    def record(
        self, tick: int, actions: list[Any], actors: list[str], step: Step, late_s: float
    ) -> None:
        row = Tick(
            tick, 0.0, 0, 0, actions, actors, list(step.rewards), step.terminated, step.truncated,
            [-1] * len(actions), [-1] * len(actions),
        )  # fmt: skip
        thoughts = [(i, t) for i, d in enumerate(self.deciders) for t in d.thoughts]
        for decider in self.deciders:
            decider.thoughts.clear()
        decisions = [decider.decisions for decider in self.deciders]
        chunk = Chunk(1, [row], [], self.sim.digest(), decisions, thoughts)
        self.chunks.append(decode_chunk(encode_chunk(chunk)))
        self.ticks.append(self.chunks[-1].ticks[0])

    def show(self, tick: int) -> None:
        assert self.sim.draw() is not None

    def go_on(self, first: int = 0) -> Step:
        """Play to the end."""
        _, last = runner.play(
            self.sim, self.deciders, self, Clock(),
            fps=self.scene.fps, max_steps=self.scene.max_steps, where="arcade", first=first,
        )  # fmt: skip
        return last

    def column(self, seat: str) -> list[Any]:
        """The seat's actions."""
        index = self.sim.seats.index(seat)
        return [tick.actions[index] for tick in self.ticks]

    def total(self) -> list[float]:
        return np.sum([tick.rewards for tick in self.ticks], axis=0).tolist()


def played(scene: Play, **acts: Act) -> tuple[Night, Step]:
    """The whole way of a package: tried, proven, played, and lived again with the same result."""
    tried_out(scene)
    assert prove(scene, {}).deterministic
    night = Night(scene, acts)
    night.begin()
    last = night.go_on()
    again = taken_over(night, len(night.ticks))
    assert again.sim.digest() == night.sim.digest()
    return night, last


def taken_over(night: Night, at: int) -> Night:
    """Another worker brings the game to that tick, from the log alone."""
    other = Night(night.scene, night.acts, night.ticks[:at])
    other.begin()
    story = Story.of(night.chunks[:at])
    relive(other.sim, other.deciders, story, other.actions, first=0, breathe=lambda: None)
    return other


def goes_on_as_it_would_have(night: Night, at: int) -> None:
    """What is played after a takeover at that tick is what would have been played without."""
    at = at % len(night.ticks)
    other = taken_over(night, at)
    other.go_on(first=at)
    assert [(t.actions, t.actors, t.rewards) for t in other.ticks] == [
        (t.actions, t.actors, t.rewards) for t in night.ticks
    ]


def nothing(env: Any) -> list[Any]:
    return []


def solo(env: Callable[[], Any], **more: Any) -> Play:
    told = {"keys": {}, "draw": nothing, "max_steps": 400, **more}
    return play("solo", env, seats={"me": Human}, **told)


def holds(*stretches: tuple[int, int]) -> Act:
    """From each tick on hold that mask."""

    def act(tick: int, hands: Hands) -> None:
        since, mask = max((one for one in stretches if one[0] <= tick), default=(0, 0))
        hands.hold(mask, mask if tick == since else 0)

    return act


# --- one seat ------------------------------------------------------------------------------------


def test_cart_pole_falls_to_the_side_that_is_held():
    scene = solo(lambda: gymnasium.make("CartPole-v1"), keys={"ArrowRight": 1}, idle=0)
    night, last = played(scene, me=holds((3, 1)))
    assert last.terminated and night.column("me") == [0] * 3 + [1] * (len(night.ticks) - 3)


def test_mountain_car_gets_up_with_the_last_action_going_on():
    """Right and left are tapped as the car turns; in between nothing is held."""
    scene = solo(
        lambda: gymnasium.make("MountainCar-v0"), keys={"a": 0, "d": 2}, idle=Last(1), max_steps=200
    )

    def swing(tick: int, hands: Hands) -> None:
        wanted = 2 if night_sim.observe("me")[1] >= 0 else 1
        hands.hold(wanted, wanted)
        hands.hold(0, 0)

    night = Night(scene, {"me": swing})
    night_sim = night.sim
    night.begin()
    last = night.go_on()
    assert last.terminated and len(night.ticks) < 200
    assert set(night.column("me")) == {0, 2}
    assert taken_over(night, len(night.ticks)).sim.digest() == night.sim.digest()


def test_frozen_lake_moves_once_for_each_key_that_goes_down():
    scene = solo(
        lambda: gymnasium.make("FrozenLake-v1", is_slippery=False),
        keys={"ArrowLeft": 0, "ArrowDown": 1, "ArrowRight": 2, "ArrowUp": 3},
        press="once", idle=None,
    )  # fmt: skip
    down, right = 2, 4
    way = [down, down, right, right, down, right]
    stretches = [s for n, key in enumerate(way) for s in ((10 * n + 4, key), (10 * n + 9, 0))]
    night, last = played(scene, me=holds(*stretches))
    assert last.terminated and night.total() == [1.0]
    assert [a for a in night.column("me") if a is not None] == [1, 1, 2, 2, 1, 2]
    assert len(night.ticks) == 55  # it went on by itself in between
    goes_on_as_it_would_have(night, 33)


def test_a_pendulum_is_moved_by_pointer_stick_and_keys():
    scene = solo(
        lambda: gymnasium.make("Pendulum-v1"),
        keys={"x": np.float32([0.25])}, idle=[0.0],
        pointer=Pointer(x=(-3, 3)), gamepad=Gamepad(x=(-1, 1)),
    )  # fmt: skip

    def act(tick: int, hands: Hands) -> None:
        spots = {}
        if 10 <= tick < 20:
            spots[POINTER] = (tick / 20, 0.3, False)
        if 15 <= tick < 18:
            spots[LEFT_STICK] = (0.7, 0.0, False)
        hands.point(spots)
        hands.hold(int(tick == 17), 0)

    with pytest.raises(BadPackage, match=r"the pointer at \(0, 0\) gives \[-3"):
        tried_out(scene)
    scene = solo(
        lambda: gymnasium.make("Pendulum-v1"),
        keys={"x": np.float32([0.25])}, idle=[0.0],
        pointer=Pointer(x=(-2, 2)), gamepad=Gamepad(x=(-1, 1)),
    )  # fmt: skip
    night, last = played(scene, me=act)
    assert last.truncated and len(night.ticks) == 200
    actions = [action[0] for action in night.column("me")]
    assert actions[:10] == [0.0] * 10 and actions[20:] == [0.0] * 180
    assert actions[10:15] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])
    assert actions[15:17] == pytest.approx([0.7, 0.7]) and actions[17] == 0.25
    assert actions[18:20] == pytest.approx([1.6, 1.8])
    goes_on_as_it_would_have(night, 16)


class Dresser(gymnasium.Env):
    """Actions and observations that are dicts and tuples; says what it was given."""

    observation_space = spaces.Tuple((spaces.Discrete(9), spaces.Box(0, 9, (2,), np.float32)))
    action_space = spaces.Dict(
        {
            "hat": spaces.Discrete(3),
            "shoes": spaces.MultiDiscrete([2, 2]),
            "coat": spaces.Tuple((spaces.Box(-1, 1, (1,), np.float32), spaces.Discrete(2))),
        }
    )

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.steps = 0
        return (0, np.zeros(2, np.float32)), {}

    def step(self, action: Any) -> Any:
        assert self.action_space.contains(action), action
        self.steps += 1
        seen = (int(action["hat"]), np.float32([action["coat"][0][0], action["shoes"].sum()]))
        return seen, np.float32(action["coat"][1]), self.steps == 12, False, {}


def test_actions_of_dicts_and_tuples_are_what_was_promised():
    bare = {"hat": 0, "shoes": [0, 0], "coat": (0.0, 0)}
    scene = solo(
        Dresser, keys={"c": {**bare, "coat": [0.1, 1]}, "h": {**bare, "hat": 2}}, idle=bare
    )
    night, last = played(scene, me=holds((2, 1), (6, 2)))
    assert last.terminated and night.total() == [4.0]
    (coat,) = {str(action["coat"]) for action in night.column("me")[2:6]}
    assert coat == str([[float(np.float32(0.1))], 1])
    goes_on_as_it_would_have(night, 5)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"keys": {"a": 7}}, r"keys 'a' gives 7, which is no action of seat 'me': Discrete\(2\)"),
        ({"keys": {"a": 1}, "idle": 2}, "idle gives 2"),
        ({"keys": {("a", "b"): [1]}}, r"keys 'a'\+'b' gives \[1\]"),
        ({"pointer": Pointer(lambda x, y, down: x)}, "the pointer at"),
    ],
)
def test_an_action_that_the_environment_does_not_have_is_refused_with_its_key(more, said):
    scene = solo(lambda: gymnasium.make("CartPole-v1"), **more)
    with pytest.raises(BadPackage, match=said):
        tried_out(scene)


def test_an_action_that_only_people_have_is_the_environments_business():
    class Wide(Dresser):
        action_space = spaces.Discrete(2)

        def step(self, action: Any) -> Any:
            return (int(action), np.zeros(2, np.float32)), 0.0, action == 5, False, {}

    night, last = played(solo(Wide, keys={"q": 5}, idle=0), me=holds((4, 1)))
    assert last.terminated and night.column("me") == [0] * 4 + [5]


# --- several seats -------------------------------------------------------------------------------


def race() -> Any:
    from tests.sim.worlds import Race

    return Race(limit=9)


def nim() -> Any:
    from tests.sim.worlds import Nim

    return Nim(stones=12)


class Runner:
    """Walks at random, faster the longer it has walked."""

    def __init__(self) -> None:
        self.walked = 0

    def __call__(self, seen: Any, rng: np.random.Generator) -> int:
        self.walked += 1
        return int(rng.integers(2)) if self.walked < 4 else 1


def test_a_race_whose_runners_drop_out_one_by_one_ends_with_the_last():
    scene = play(
        "race", race,
        seats={"ann": Human, "bob": Python(Runner, memory=True), "cat": Random(every=3)},
        keys={"w": 2}, max_steps=50, dropped=hold("1 s", "shrink"),
    )  # fmt: skip
    night, last = played(scene, ann=holds((0, 1)))
    ann = [tick.actors[0] for tick in night.ticks]
    assert ann[:3] == ["human"] * 3 and set(ann[3:]) == {"rests"}
    assert night.column("ann") == [2, 2, 2] + [None] * (len(ann) - 3)
    assert all(tick.rewards[0] == 0 for tick in night.ticks[3:])
    assert last.over and len(night.ticks) <= 9


@settings(max_examples=15)
@given(st.integers(0, 8), st.lists(st.integers(0, 1), min_size=9, max_size=9))
def test_a_race_goes_on_after_a_takeover_at_any_tick(at, keys):
    scene = play(
        "race", race,
        seats={"ann": Human, "bob": Python(Runner, memory=True), "cat": Random(every=2)},
        keys={"w": 2}, max_steps=50,
    )  # fmt: skip
    night = Night(scene, {"ann": lambda tick, hands: hands.hold(keys[tick], 0)})
    night.begin()
    night.go_on()
    goes_on_as_it_would_have(night, at)


def stones(wanted: int) -> Act:
    """Try to take that many, then one; a press in each three ticks."""

    def act(tick: int, hands: Hands) -> None:
        bit = 1 << ((wanted if tick % 2 else 1) - 1)
        hands.hold(bit if tick % 3 == 0 else 0, bit if tick % 3 == 0 else 0)

    return act


def take_one(seen: Any) -> int:
    assert seen["action_mask"].any(), "asked when it is not its turn"
    return 1


def nim_scene(**more: Any) -> Play:
    seats = {"player_0": Human, "player_1": Random(), "player_2": Heuristic(take_one, every=2)}
    told = {"seats": seats, "keys": {"1": 1, "2": 2, "3": 3}, "press": "once", "idle": None, **more}
    return play("nim", nim, max_steps=200, **told)


def test_a_game_of_turns_waits_for_whoever_is_on_turn_and_asks_nobody_else():
    night, last = played(nim_scene(), player_0=stones(2))
    assert last.terminated and sorted(night.total())[-1] >= 1.0
    for tick in night.ticks:
        on = [i for i, actor in enumerate(tick.actors) if actor != "rests"]
        assert len(on) == 1
        assert all(a is None for i, a in enumerate(tick.actions) if i not in on)
    # nobody took what was not there, so nobody was out before the end
    assert sum(a or 0 for tick in night.ticks for a in tick.actions) in (12, 13, 14)
    waited = [t for t in night.ticks if t.actors[0] == "human" and t.actions[0] is None]
    assert waited and all(t.rewards == [0.0] * 3 for t in waited)


@settings(max_examples=15)
@given(st.integers(0, 200), st.integers(1, 3))
def test_a_game_of_turns_goes_on_after_a_takeover_at_any_tick(at, wanted):
    night = Night(nim_scene(), {"player_0": stones(wanted)})
    night.begin()
    night.go_on()
    goes_on_as_it_would_have(night, at)


def test_with_an_idle_action_a_game_of_turns_waits_for_nobody():
    seats = {f"player_{n}": Human for n in range(3)}
    night, last = played(nim_scene(seats=seats, idle=1, press="held"))
    assert last.over
    assert [[a for a in t.actions if a is not None] for t in night.ticks] == [[1]] * len(
        night.ticks
    )


def test_tic_tac_toe_is_played_by_clicks_against_whatever_is_free():
    def cell(x: float, y: float, down: bool) -> int:
        return 3 * min(2, int(x * 3)) + min(2, int(y * 3))

    scene = play(
        "tictactoe", tictactoe_v3.env,
        seats={"player_1": Human, "player_2": Random()},
        pointer=Pointer(cell), press="once", idle=None, draw=nothing, max_steps=300,
    )  # fmt: skip

    def click(tick: int, hands: Hands) -> None:
        """Each cell in turn, taken ones too: they are no move."""
        at = ((tick // 4 % 9 // 3 + 0.5) / 3, (tick // 4 % 3 + 0.5) / 3, tick % 4 < 2)
        hands.point({POINTER: at}, [(POINTER, at)] if tick % 4 == 0 else [])
        hands.hold(0, 0)

    night, last = played(scene, player_1=click)
    assert last.terminated
    moves = [a for tick in night.ticks for a in tick.actions if a is not None]
    assert len(moves) == len(set(moves)) >= 5
    assert sorted(night.total()) in ([-1.0, 1.0], [0.0, 0.0])
    goes_on_as_it_would_have(night, len(night.ticks) // 2)


# --- what does not fit ---------------------------------------------------------------------------


def test_a_seat_cannot_be_left_out_of_a_game_of_turns():
    with pytest.raises(BadPackage, match="it would stand still"):
        tried_out(nim_scene(dropped=hold("1 s", "shrink")))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Heuristic(lambda seen: 9), "heuristic:.* gives 9, which is no action of seat 'cat'"),
        (Python(lambda: 3), "made 3, which cannot be called"),
    ],
)
def test_a_policy_whose_actions_are_none_of_its_seat_is_refused(policy, said):
    seats = {"ann": Human, "bob": Random(), "cat": policy}
    scene = play("race", race, seats=seats, keys={"w": 2}, dropped=hold("1 s", "noop"))
    with pytest.raises(BadPackage if "gives" in said else Exception, match=said):
        tried_out(scene)


def test_a_policy_that_fails_is_reported_with_its_tick():
    def fails(seen: Any) -> int:
        return 1 // (3 - int(seen[1]))

    seats = {"ann": Human, "bob": Heuristic(fails), "cat": Random()}
    night = Night(play("race", race, seats=seats, keys={"w": 2}), {})
    night.begin()
    with pytest.raises(SceneFailed, match="ZeroDivisionError") as failed:
        night.go_on()
    assert failed.value.where == "arcade, tick 3" and "fails" in failed.value.trace
