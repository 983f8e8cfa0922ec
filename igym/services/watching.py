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
from igym.services.games import listing
from igym.services.lately import Lately
from igym.services.sessions.identity import MODES
from igym.store import counts, games, jobs, keys, lobby, packages, records
from igym.store.packages import Opening

#: Two dashboards that ask within this time cost one look.
FRESH_S = 0.8

MOST_GAMES, MOST_PROBLEMS, MOST_TRACE = 100, 20, 8_000

#: Arrivals and endings are told for so many steps of so many minutes.
PACE_STEPS, PACE_MINUTES = 60, 2


class Watch:
    """The overview of one deployment, kept for a moment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lately = Lately(self._look, FRESH_S)
        self._paces = listing.Paces()

    def overview(self) -> dict[str, Any]:
        """Everything the admin page shows, as plain values. Costs a few ms, or nothing.

        Text in it comes from researchers, participants and tracebacks: whoever shows it
        escapes it.
        """
        return self._lately()

    def _look(self) -> dict[str, Any]:
        redis = self._deployment.redis
        openings = packages.openings(redis)
        experiments: list[dict[str, Any]] = []
        waiting: list[dict[str, Any]] = []
        live: list[dict[str, Any]] = []
        hidden = 0
        for name, opening in sorted(openings.items()):
            if not opening.active:
                continue
            try:
                plan = self._deployment.plans.get(name, opening.active)
            except NotFound:
                continue
            experiments.append(self._experiment(plan, opening))
            waiting += self._lobbies(plan)
            open_games = games.open_games(redis, name)
            some = open_games[: MOST_GAMES - len(live)]
            hidden += len(open_games) - len(some)
            live += listing.live(self._deployment, name, some, self._paces)
        self._paces.keep([one["id"] for one in live])
        return {
            "now_ms": now_ms(),
            "pace_minutes": PACE_MINUTES,
            "experiments": experiments,
            "lobbies": waiting,
            "games": live,
            "games_total": len(live) + hidden,
            "games_hidden": hidden,
            "workers": self._workers(),
            "queued": jobs.queued(redis),
            "problems": self._problems(),
        }

    def _experiment(self, plan: Plan, opening: Opening) -> dict[str, Any]:
        root = self._deployment.data / plan.experiment / plan.version
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
            "data": str(root),
            "load": f'pd.read_parquet("{root}/ticks")',
        }

    def _pace(self, experiment: str, mode: str) -> dict[str, list[int]]:
        """How many got so far in each step of `PACE_MINUTES`, the oldest first."""
        by_minute = counts.pace(
            self._deployment.redis, experiment, mode, now_ms(), PACE_STEPS * PACE_MINUTES
        )
        return {
            milestone: [
                sum(by_minute[milestone][at : at + PACE_MINUTES])
                for at in range(0, PACE_STEPS * PACE_MINUTES, PACE_MINUTES)
            ]
            for milestone in ("arrived", "ended")
        }

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

    def _problems(self) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{one.get('at_ms', 0)} {one.get('game', '')}",
                "at_ms": one.get("at_ms", 0),
                "kind": str(one.get("kind", "")),
                "severity": str(one.get("severity", "error")),
                "experiment": str(one.get("experiment", "")),
                "game": str(one.get("game", "")),
                "message": str(one.get("message", "")),
                "where": str(one.get("where", "")),
                "trace": str(one.get("trace", ""))[-MOST_TRACE:],
            }
            for one in records.problems(self._deployment.redis, MOST_PROBLEMS)
        ]


def _wanted(plan: Plan, scene: str) -> int:
    """People in a group of that scene; 0 where this version has no such scene (any more)."""
    try:
        play = plan.scene(scene).play
    except NotFound:
        return 0
    return len(play.humans) if play else 0
