"""What an operator sees of a running deployment. Reads only; knows no page and no login.

Built when somebody looks, at most about once a second per process, and bounded in everything
that grows with the study: a list says how many there are where it shows fewer.
"""

from __future__ import annotations

from typing import Any

from igym.domain.participant import Phase
from igym.domain.plan import Plan
from igym.errors import NotFound
from igym.services.connect import Deployment, now_ms
from igym.services.games.listing import Live
from igym.services.lately import Lately
from igym.services.sessions.identity import MODES
from igym.store import counts, jobs, keys, lobby, packages, records
from igym.store.packages import Opening

#: Two dashboards that ask within this time cost one look.
FRESH_S = 0.8

#: Problems that are told of, and letters of each.
MOST_PROBLEMS, MOST_MESSAGE, MOST_TRACE = 20, 500, 8_000

#: Arrivals and endings are told for so many steps of so many minutes.
PACE_STEPS, PACE_MINUTES = 60, 2


class Watch:
    """The overview of one deployment, kept for a moment."""

    def __init__(self, deployment: Deployment, live: Live) -> None:
        self._deployment = deployment
        self._live = live
        self._lately = Lately(self._look, FRESH_S)
        self._problems = Lately(self._look_at_problems, FRESH_S)

    def overview(self) -> dict[str, Any]:
        """What is seen at a glance, as plain values. Costs a few ms, or nothing.

        A few kB: it has figures of games and no list of them, and no traceback. Text in it comes
        from researchers, participants and exceptions: whoever shows it escapes it.
        """
        return self._lately()

    def problems(self) -> list[dict[str, Any]]:
        """The latest problems with their tracebacks, newest first."""
        return self._problems()

    def _look(self) -> dict[str, Any]:
        redis = self._deployment.redis
        openings = packages.openings(redis)
        experiments: list[dict[str, Any]] = []
        waiting: list[dict[str, Any]] = []
        for name, opening in sorted(openings.items()):
            if not opening.active:
                continue
            try:
                plan = self._deployment.plans.get(name, opening.active)
            except NotFound:
                continue
            experiments.append(self._experiment(plan, opening))
            waiting += self._lobbies(plan)
        return {
            "now_ms": now_ms(),
            "pace_minutes": PACE_MINUTES,
            "experiments": experiments,
            "lobbies": waiting,
            "games": self._live.figures(),
            "workers": self._workers(),
            "queued": jobs.queued(redis),
            "problems": [short(one) for one in self.problems()],
        }

    def _experiment(self, plan: Plan, opening: Opening) -> dict[str, Any]:
        counted = counts.read(self._deployment.redis, plan.experiment, MODES)
        counted.setdefault("live", counts.Counts())
        return {
            "id": plan.experiment,
            "title": plan.title,
            "version": plan.version,
            "package": plan.package[:16],
            "modes": [
                {
                    "mode": mode,
                    **{phase.value: one.now[phase.value] for phase in Phase},
                    "ever": {milestone: one.ever[milestone] for milestone in counts.MILESTONES},
                    "outcomes": dict(one.outcomes),
                    "pace": self._pace(plan.experiment, mode),
                    "waits": dict(one.waits),
                    "vain": dict(one.vain),
                }
                for mode, one in sorted(counted.items())
            ],
            "closed_ms": opening.closed_ms,
            "cap": opening.cap,
            "taken": counts.taken(counted["live"]),
            "data": str(self._deployment.data / plan.experiment / plan.version),
        }

    def _pace(self, experiment: str, mode: str) -> dict[str, list[int]]:
        """How many got so far in each step of `PACE_MINUTES`, the oldest first; nothing of what
        nobody did in all of them."""
        by_minute = counts.pace(
            self._deployment.redis, experiment, mode, now_ms(), PACE_STEPS * PACE_MINUTES
        )
        steps = {
            milestone: [
                sum(by_minute[milestone][at : at + PACE_MINUTES])
                for at in range(0, PACE_STEPS * PACE_MINUTES, PACE_MINUTES)
            ]
            for milestone in ("arrived", "ended")
        }
        return steps if any(map(any, steps.values())) else {}

    def _lobbies(self, plan: Plan) -> list[dict[str, Any]]:
        redis, made = self._deployment.redis, []
        away_s = self._deployment.settings.away_after_s
        for name in lobby.names(redis, plan.experiment):
            waiting = len(lobby.present(redis, plan.experiment, name, away_s))
            first: Any = redis.zrange(keys.lobby(plan.experiment, name), 0, 0, withscores=True)
            if not waiting or not first:
                continue
            _, scene, mode = name.rsplit(":", 2)
            made.append(
                {
                    "id": f"{plan.experiment} {name}",
                    "experiment": plan.experiment,
                    "scene": scene,
                    "mode": mode,
                    "waiting": waiting,
                    "wanted": _wanted(plan, scene),
                    "since_ms": first[0][1],
                }
            )
        return made

    def _workers(self) -> list[dict[str, Any]]:
        """Game workers whose lease runs, by RQ's register of names."""
        redis = self._deployment.redis
        registered: Any = redis.smembers("rq:workers")
        names = sorted(one.decode().removeprefix("rq:worker:") for one in registered)
        with redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hmget(keys.worker(name), "pid", "load", "games", "still_s")
            read = pipe.execute()
        return [
            {
                "name": name,
                "pid": pid.decode(),
                "load": float(load or 0),
                "games": int(playing or 0),
                "still_s": float(still_s or 0),
            }
            for name, (pid, load, playing, still_s) in zip(names, read, strict=True)
            if pid
        ]

    def _look_at_problems(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{one.get('at_ms', 0)} {one.get('game', '')}",
                "at_ms": one.get("at_ms", 0),
                "kind": str(one.get("kind", "")),
                "severity": str(one.get("severity", "error")),
                "experiment": str(one.get("experiment", "")),
                "game": str(one.get("game", "")),
                "message": str(one.get("message", ""))[:MOST_MESSAGE],
                "where": str(one.get("where", "")),
                "trace": str(one.get("trace", ""))[-MOST_TRACE:],
            }
            for one in records.problems(self._deployment.redis, MOST_PROBLEMS)
        ]


def short(problem: dict[str, Any]) -> dict[str, Any]:
    """That problem without its traceback."""
    return {name: value for name, value in problem.items() if name != "trace"}


def _wanted(plan: Plan, scene: str) -> int:
    """People in a group of that scene; 0 where this version has no such scene (any more)."""
    try:
        play = plan.scene(scene).play
    except NotFound:
        return 0
    return len(play.humans) if play else 0
