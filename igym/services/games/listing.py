"""Games as admins see them: how those that are on go, and which were played lately.

Figures of a live game come from what its worker writes with each flush of its log, and from what
web workers know of its people's lines; nothing is asked of the worker.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from igym.errors import NotFound
from igym.services.connect import Deployment
from igym.services.lately import Lately
from igym.store import felt, games, keys, packages

_GAME = (
    "package", "scene", "mode", "phase", "seats", "created_ms", "claimed_ms", "owner",
    "generation", "episode", "logged", "done", "scores", "earned", "late_ms",
    "paused_ms", "benched",
)  # fmt: skip

#: Ticks a second are told over the last so many seconds: a flush holds a quarter of one.
WINDOW_S = 3.0

#: Finished games in one list.
MOST_FINISHED = 100

#: Live games that are looked at, at how much of a look at a time an admin is sent, and for how
#: long a look is fresh.
MOST_LIVE, PAGE, FRESH_S = 1_000, 30, 0.8

#: Ends of the steps of a histogram: ticks as played, of those that the scene declares.
PARTS = (0.5, 0.75, 0.9, 0.95, 0.99)

#: A game that plays less of what it declares is slow.
SLOW_BELOW = 0.9

#: How a game can go, the worst first.
GOES = ("poor", "fair", "good")


class Paces:
    """How many ticks a second games play, by how far they were when somebody looked before."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[float, str, int]]] = {}  # (when, episode, ticks)

    def pace(self, game: str, episode: str, ticks: int, now_s: float) -> float | None:
        """Ticks a second of that game lately; None = nobody looked long enough."""
        past = self._seen.setdefault(game, [])
        if past and past[-1][1] != episode:
            past.clear()
        past.append((now_s, episode, ticks))
        while len(past) > 2 and past[1][0] <= now_s - WINDOW_S:
            past.pop(0)
        since_s = now_s - past[0][0]
        return (ticks - past[0][2]) / since_s if since_s >= WINDOW_S / 2 else None

    def keep(self, ids: Collection[str]) -> None:
        """Forget all other games."""
        self._seen = {id: past for id, past in self._seen.items() if id in ids}


class Live:
    """The live games of a deployment, as they were a moment ago."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._paces = Paces()
        self._lately = Lately(self._look, FRESH_S)

    def games(self, sees: Callable[[str], bool]) -> list[dict[str, Any]]:
        """Those of the experiments that somebody `sees`, the ones in trouble first."""
        return [one for one in self._lately() if sees(one["experiment"])]

    def figures(self) -> dict[str, dict[str, Any]]:
        """Experiment -> how many there are, and how many of those that play do so at which part
        of their declared pace (by `PARTS`)."""
        made: dict[str, dict[str, Any]] = {}
        for one in self._lately():
            its = made.setdefault(one["experiment"], {"count": 0, "parts": [0] * (len(PARTS) + 1)})
            its["count"] += 1
            if (part := _part(one)) is not None:
                its["parts"][bisect_left(PARTS, part)] += 1
        return made

    def _look(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for name in packages.known(self._deployment.redis):
            ids = games.open_games(self._deployment.redis, name)[: MOST_LIVE - len(found)]
            found += live(self._deployment, name, ids, self._paces)
        self._paces.keep({one["id"] for one in found})
        return sorted(found, key=lambda one: GOES.index(one["goes"][0]))


def _part(game: dict[str, Any]) -> float | None:
    """Its ticks as played lately, of those declared; None where it stands still or nobody knows.

    Before an episode, between two and while somebody is waited for no tick is played.
    """
    if not game["pace"] or not game["fps"] or game["paused_ms"]:
        return None
    return float(game["pace"] / game["fps"])


def goes(game: dict[str, Any]) -> tuple[str, str]:
    """How a game goes, by `GOES` and in words."""
    if not game["owner"]:
        return "poor", "waits for a worker"
    if gone := [seat["seat"] for seat in game["seats"] if seat["away"] == "gone"]:
        return "poor", f"{', '.join(gone)} not connected"
    if game["paused_ms"]:
        return "fair", "paused by an admin"
    if game["pace"] == 0:
        return "fair", "stands still"
    if (part := _part(game)) is not None and part < SLOW_BELOW:
        return "poor", "slower than declared"
    if game["fps"] and game["late_ms"] > 1000 / game["fps"]:
        return "fair", "ticks are late"
    if away := [seat["seat"] for seat in game["seats"] if seat["away"]]:
        return "fair", f"{', '.join(away)} looks away"
    if (taken := int(game["generation"] or 1) - 1) > 0:
        return "fair", f"taken over {taken} time{'s' * (taken > 1)}"
    return "good", "well"


def live(
    deployment: Deployment, experiment: str, ids: Sequence[str], paces: Paces
) -> list[dict[str, Any]]:
    """Those of these games that are not over. Two round trips."""
    with deployment.redis.pipeline(transaction=False) as pipe:
        for game in ids:
            pipe.hmget(keys.game(experiment, game), *_GAME)
        read = pipe.execute()
    made, now_s = [], time.monotonic()
    for game, values in zip(ids, read, strict=True):
        about = {k: v.decode() if v else "" for k, v in zip(_GAME, values, strict=True)}
        if about["phase"] and about["phase"] != "over":
            made.append(_game(deployment, experiment, game, about, paces, now_s))
    people = [seat["session"] for one in made for seat in one["seats"]]
    lines = felt.read(deployment.redis, experiment, people)
    for one in made:
        for seat in one["seats"]:
            seat["rtt_ms"], seat["away"] = lines.get(seat["session"], (None, "gone"))
        one["goes"] = goes(one)
    return made


def _game(
    deployment: Deployment,
    experiment: str,
    game: str,
    about: dict[str, str],
    paces: Paces,
    now_s: float,
) -> dict[str, Any]:
    seats: dict[str, str] = json.loads(about["seats"] or "{}")
    fps, episodes = 0.0, 0
    try:
        play = deployment.plans.get(experiment, about["package"]).scene(about["scene"]).play
        fps, episodes = (play.fps, play.most_episodes) if play is not None else (0.0, 0)
    except NotFound:
        pass
    ticks = int(about["logged"] or 0)
    scores: dict[str, float] = defaultdict(float, json.loads(about["scores"] or "{}"))
    number = about["episode"].rsplit("-", 1)[-1].partition(".")[0]
    if about["episode"] and int(number) >= int(about["done"] or 0):  # not yet among `scores`
        for seat, earned in json.loads(about["earned"] or "{}").items():
            scores[seat] += earned
    return {
        "id": game,
        "experiment": experiment,
        "scene": about["scene"],
        "mode": about["mode"],
        "seats": [{"seat": seat, "session": who} for seat, who in seats.items()],
        "since_ms": float(about["claimed_ms"] or 0) or float(about["created_ms"] or 0),
        "owner": about["owner"],
        "generation": about["generation"],
        "paused_ms": float(about["paused_ms"] or 0),
        "benched": json.loads(about["benched"] or "{}"),
        "episode": int(number) if about["episode"] else None,
        "episodes": episodes,
        "tick": ticks,
        "fps": fps,
        "pace": _tenths(paces.pace(game, about["episode"], ticks, now_s)),
        "late_ms": round(float(about["late_ms"] or 0), 1),
        "scores": dict(scores),
    }


def _tenths(pace: float | None) -> float | None:
    return None if pace is None else round(pace, 1)


def finished(
    deployment: Deployment, experiments: Sequence[str], sees: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """The last games that ended, newest first, of the experiments that somebody `sees`."""
    found = [
        {
            "experiment": name,
            "id": one.id,
            "scene": one.scene,
            "mode": one.mode,
            "outcome": one.outcome,
            "created_ms": float(one.created_ms or 0),
            "ended_ms": float(one.ended_ms),
            "generation": int(one.generation or 1),
            "episodes": int(one.done or 0),
            "episode": one.episode,
            "scores": json.loads(one.scores or "{}"),
        }
        for name in experiments
        if sees(name)
        for one in games.finished(deployment.redis, name, MOST_FINISHED)
    ]
    return sorted(found, key=lambda one: -float(str(one["ended_ms"])))[:MOST_FINISHED]
