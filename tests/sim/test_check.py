"""What an author is told about an environment is true: what holds passes, what breaks is named."""

from __future__ import annotations

import json
import random
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from typer.testing import CliRunner

from igym.cli.main import app
from igym.sim import check, trial


class Good(gymnasium.Env):
    """np.float32 rewards, observations that are a dict with a number in it."""

    observation_space = spaces.Dict(
        {"at": spaces.Discrete(9), "way": spaces.Box(0, 9, (2,), np.float32)}
    )
    action_space = spaces.MultiDiscrete([2, 3])

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.at = int(self.np_random.integers(4))
        return self._seen(), {}

    def _seen(self) -> dict[str, Any]:
        return {"at": np.int64(self.at), "way": np.full(2, self.at, np.float32)}

    def step(self, action: Any) -> Any:
        self.at = min(8, self.at + int(action[0]))
        return self._seen(), np.float32(action[1]), self.at == 8, False, {}


class Unsaved(Good):
    def __init__(self) -> None:
        self.camera = (frame for frame in ())  # cannot be pickled


class Saved(Unsaved):
    def get_state(self) -> Any:
        return self.at, self.np_random.bit_generator.state

    def set_state(self, state: Any) -> None:
        self.at, self.np_random.bit_generator.state = state


class Dicey(Good):
    def step(self, action: Any) -> Any:
        self.at = random.randrange(8)
        return super().step(action)


class Worded(Good):
    def step(self, action: Any) -> Any:
        seen, _, over, cut, info = super().step(action)
        return seen, "well done", over, cut, info


class Endless(Good):
    def step(self, action: Any) -> Any:
        seen, _, over, cut, info = super().step(action)
        return seen, float("nan"), over, cut, info


class Blind(Good):
    def step(self, action: Any) -> Any:
        return {"at": 77}, 0.0, False, False, {}


class Stubborn(Good):
    action_space = spaces.Graph(spaces.Discrete(2), None)


def verdicts(spec: str) -> dict[str, set[str]]:
    """What was looked at -> how it came out."""
    made: dict[str, set[str]] = {}
    for found in check.examine(spec).findings:
        made.setdefault(found.what, set()).add(found.verdict)
    return made


def here(name: str) -> str:
    return f"{__name__}:{name}"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A few steps show it as well."""
    monkeypatch.setattr(trial, "STEPS", 30)
    monkeypatch.setattr(check, "CYCLES", 20)
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("FrozenLake-v1", "Gymnasium"),
        ("Pendulum-v1", "Gymnasium"),
        (here("Good"), "Gymnasium"),
        (here("Saved"), "Gymnasium"),
        ("tests.sim.worlds:Race", "parallel"),
        ("tests.sim.worlds:Nim", "AEC"),
    ],
)
def test_what_can_be_played_passes(spec, kind):
    report = check.examine(spec)
    assert [f for f in report.findings if f.verdict == "fail"] == []
    assert report.ok and kind in report.kind
    assert {f.what for f in report.findings} == {
        "made", "spaces", "interface", "rewards", "determinism", "state", "time",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "what", "said"),
    [
        ("Unsaved", "state", "cannot be saved"),
        ("Dicey", "determinism", "differ after step"),
        ("Worded", "rewards", "could not convert string to float"),
        ("Endless", "rewards", "nan"),
        ("Blind", "interface", "observation keys"),
        ("Stubborn", "spaces", "does not survive a log"),
        ("Missing", "made", "nothing named 'Missing'"),
    ],
)
def test_what_breaks_is_named(name, what, said):
    report = check.examine(here(name))
    failed = {f.what: f for f in report.findings if f.verdict == "fail"}
    assert what in failed and said in failed[what].said + failed[what].hint
    assert not report.ok


def test_a_published_game_lacks_nothing_but_a_state_that_can_be_saved():
    told = verdicts("pettingzoo.classic.tictactoe_v3:env")
    assert told.pop("state") == {"fail"}
    assert {v for several in told.values() for v in several} == {"ok", "warn"}


@pytest.mark.parametrize("spec", ["NoSuchGame-v0", "no_such_module:Env", "json:__name__"])
def test_what_is_not_there_is_said(spec):
    assert verdicts(spec) == {"made": {"fail"}}


def test_a_slow_step_is_told_with_the_tick(monkeypatch):
    assert {f.what: f.verdict for f in check.examine("CartPole-v1", fps=120).findings}[
        "time"
    ] == "ok"
    slow = trial.Trial(50.0, 90.0, 30, None, "pickle", "")
    monkeypatch.setattr(trial, "tried", lambda make, choices: slow)
    (found,) = [f for f in check.examine("CartPole-v1").findings if f.what == "time"]
    assert found.verdict == "warn" and "over a tick of 33 ms" in found.said


@pytest.mark.slow
def test_the_verb_prints_what_was_found_and_its_status_says_whether_it_will_do(tmp_path):
    (tmp_path / "court.py").write_text(
        "import gymnasium\n\nclass Court(gymnasium.Env):\n    action_space = None\n"
        "    def __init__(self):\n        print('noise')\n        raise RuntimeError('no ball')\n"
    )
    run = CliRunner().invoke
    good = run(app, ["check", "--env", "FrozenLake-v1", "--json"])
    assert good.exit_code == 0 and json.loads(good.stdout)["ok"]
    told = run(app, ["check", "--env", "Pendulum-v1"])
    assert told.exit_code == 0 and "It can be played." in told.stdout
    bad = run(app, ["check", str(tmp_path), "--env", "court:Court"])
    said = bad.stdout.replace("\n", "")  # a long path is wrapped anywhere
    assert bad.exit_code == 1 and "RuntimeError: no ball" in said and "court.py:7" in said
    assert run(app, ["check"]).exit_code == 2
