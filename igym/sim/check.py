"""An environment alone: does it keep its promises? What `igym check --env` runs.

`python -m igym.sim.check` waits for {env, folder, fps} on its standard input and prints a `Report`,
both as JSON. It imports the author's code: run it in the sandbox.
Gymnasium's own checker and PettingZoo's API test speak where they apply.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import json
import math
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import gymnasium
from gymnasium.utils.env_checker import check_env

from igym.errors import BadPackage
from igym.sim import trial
from igym.sim.host import Sim
from igym.sim.kinds import agent_ids, takes_turns

Verdict = Literal["ok", "warn", "fail", "skipped"]

#: Steps that PettingZoo's test takes.
CYCLES = 100

#: Complaints that are about a part that igym does not use: pictures are drawn by the scene.
_NOT_OURS = ("render", "different from the unwrapped version")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    verdict: Verdict
    said: str
    hint: str = ""


@dataclass
class Report:
    """Everything that was found of one environment."""

    env: str
    kind: str = ""
    seats: dict[str, dict[str, str]] = field(default_factory=dict)  # seat -> action, observation
    findings: list[Finding] = field(default_factory=list)
    tick_ms: float | None = None  # mean of a step; None = no step was taken
    longest_ms: float | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(found.verdict != "fail" for found in self.findings)

    def add(self, what: str, verdict: Verdict, said: str, hint: str = "") -> None:
        """Another finding."""
        self.findings.append(Finding(what, verdict, said, hint))


def factory(spec: str) -> Callable[[], Any]:
    """What makes the environment: "module:factory", or an id of Gymnasium's registry.

    Raises:
        BadPackage: there is no such thing.
        Whatever the module raises when it is imported.
    """
    module, colon, name = spec.partition(":")
    if not colon:
        if spec not in gymnasium.registry:
            raise BadPackage(
                f"{spec!r} is neither module:factory nor an id that Gymnasium knows.",
                hint="Write kitchen:CrampedRoom for the class CrampedRoom of kitchen.py.",
            )
        return lambda: gymnasium.make(spec)
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise BadPackage(f"{module} has nothing named {name!r}.")
        found = getattr(found, part)
    if not callable(found):
        raise BadPackage(f"{spec} is {type(found).__name__} and cannot be called.")
    made: Callable[[], Any] = found
    return made


def examine(spec: str, fps: float = 30) -> Report:
    """Try the environment in every way in which igym will use it. Never raises."""
    report = Report(spec)
    with _looked_at(report, "made"):
        make = factory(spec)
        env = make()
        report.kind = _kind(env)
        report.add("made", "ok", f"{type(env).__name__}: {report.kind}")
    if not report.ok:
        return report
    agents = sorted(agent_ids(env), key=str) or ["player"]
    if isinstance(env.action_space, gymnasium.spaces.Dict) and isinstance(env, gymnasium.Env):
        agents = ["player"]  # a dict of actions, not of agents

    def sim() -> Sim:
        return Sim(make(), agents, lambda env: [])

    with _looked_at(report, "spaces"):
        _spaces(report, sim())
    with _looked_at(report, "interface"):
        _interface(report, make)
    with _looked_at(report, "rewards"):
        _rewards(report, sim())
    if report.ok or all(f.what == "interface" for f in report.findings if f.verdict == "fail"):
        with _looked_at(report, "determinism"):
            _tried(report, sim, fps)
    close = getattr(env, "close", None)
    if callable(close):
        close()
    return report


@contextlib.contextmanager
def _looked_at(report: Report, what: str) -> Iterator[None]:
    """What is raised inside is a finding, with the author's own traceback."""
    try:
        yield
    except BadPackage as error:
        report.add(what, "fail", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - the author's code raises what it likes
        frames = traceback.extract_tb(error.__traceback__)
        at = next((f"{f.filename}:{f.lineno}: " for f in reversed(frames) if _theirs(f)), "")
        report.add(what, "fail", f"{at}{type(error).__name__}: {error}")


def _theirs(frame: traceback.FrameSummary) -> bool:
    ours = (f"{os.sep}igym{os.sep}", "importlib", "site-packages")
    return not any(part in frame.filename for part in ours)


def _kind(env: Any) -> str:
    if takes_turns(env):
        return "PettingZoo AEC, played in turns"
    if callable(env.action_space):
        return "PettingZoo parallel"
    if isinstance(env, gymnasium.Env):
        return "Gymnasium, one seat"
    return "dicts by agent id" if agent_ids(env) else "like Gymnasium, one seat"


def _spaces(report: Report, sim: Sim) -> None:
    sim.reset(trial.SEED)
    for seat in sim.seats:
        observed = sim.observe(seat)
        report.seats[seat] = {"action": str(sim.space(seat)), "observation": _shape(observed)}
        for action in trial.drawn(sim, seat, 4):
            if not sim.takes(seat, action):
                report.add(
                    "spaces", "fail",
                    f"{action!r}, a draw from the action space of {seat}, does not survive a log.",
                    "Use Box, Discrete, MultiDiscrete, MultiBinary, Dict or Tuple.",
                )  # fmt: skip
                return
    sim.close()
    report.add("spaces", "ok", "actions can be logged and given again")


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shape(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_shape, value)) + ")"
    kind = getattr(value, "dtype", type(value).__name__)
    return f"{kind}{list(value.shape)}" if getattr(value, "shape", ()) else str(kind)


def _interface(report: Report, make: Callable[[], Any]) -> None:
    env = make()
    if isinstance(env, gymnasium.Env):
        name = "Gymnasium's checker"

        def test() -> None:
            check_env(env.unwrapped, skip_render_check=True)

    elif takes_turns(env) or callable(env.action_space):
        try:
            from pettingzoo.test import api_test, parallel_api_test
        except ImportError:
            report.add(
                "interface", "skipped", "PettingZoo's API test is not here",
                "pip install pettingzoo",
            )  # fmt: skip
            return
        name = "PettingZoo's API test"
        chosen = api_test if takes_turns(env) else parallel_api_test

        def test() -> None:
            chosen(env, num_cycles=CYCLES)

    else:
        report.add("interface", "skipped", "no checker knows environments of this kind")
        return
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        test()
    said = dict.fromkeys(_words(str(one.message)) for one in heard)
    complaints = [words for words in said if not any(part in words for part in _NOT_OURS)]
    for words in complaints:
        report.add("interface", "warn", words)
    if not complaints:
        report.add("interface", "ok", f"{name} has nothing to say")


def _words(message: str) -> str:
    """A warning without colours and ornaments."""
    for ornament in ("\x1b[33m", "\x1b[0m", "WARN: "):
        message = message.replace(ornament, "")
    return " ".join(message.split())


def _rewards(report: Report, sim: Sim) -> None:
    chooser = trial.Chooser(sim, [trial.drawn(sim, seat) for seat in sim.seats])
    sim.reset(trial.SEED)
    for taken in range(trial.STEPS):
        step = sim.step(chooser.draw())
        if not all(map(math.isfinite, step.rewards)):
            report.add("rewards", "fail", f"step {taken + 1} gave the rewards {step.rewards}")
            return
        if step.over:
            sim.reset(trial.SEED + taken + 1)
    sim.close()
    report.add("rewards", "ok", "finite numbers")


def _tried(report: Report, sim: Callable[[], Sim], fps: float) -> None:
    one = sim()
    choices = [trial.drawn(one, seat) for seat in one.seats]
    one.close()
    found = trial.tried(sim, choices)
    report.tick_ms, report.longest_ms = round(found.tick_ms, 4), round(found.longest_ms, 4)
    if found.deterministic:
        report.add("determinism", "ok", f"{found.steps} steps twice, the same each time")
    else:
        report.add(
            "determinism", "fail",
            f"two runs with the same seed and actions differ after step {found.differs}",
            "Draw from self.np_random or the seed of reset; use no clock and no global generator.",
        )  # fmt: skip
    if found.saves is not None:
        own = found.saves == "state"
        report.add("state", "ok", f"saved and loaded by {'get_state' if own else 'pickle'}")
    else:
        report.add(
            "state", "fail", found.why,
            "Give it get_state() and set_state(state), or let it be pickled: browsers that play"
            " together need it. On the server alone it would be replayed from its log.",
        )  # fmt: skip
    told = f"a step takes {found.tick_ms:.2g} ms, at most {found.longest_ms:.2g} ms"
    if found.longest_ms > 1000 / fps:
        report.add(
            "time", "warn", f"{told}: over a tick of {1000 / fps:.0f} ms",
            'Make it faster, lower fps, or say play(…, isolation="process").',
        )  # fmt: skip
    else:
        report.add("time", "ok", told)


def main(said: dict[str, Any]) -> None:
    """Print the report of {env, folder, fps}."""
    sys.path.insert(0, said["folder"])
    with contextlib.redirect_stdout(io.StringIO()):
        report = examine(said["env"], said["fps"])
    json.dump({**dataclasses.asdict(report), "ok": report.ok}, sys.stdout)


if __name__ == "__main__":
    main(json.loads(sys.stdin.readline()))
