"""Games as admins see them: how those that are on go, and which were played lately.

Figures of a live game come from what its worker writes with each flush of its log, and from what
web workers know of its people's lines; nothing is asked of the worker.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from igym.errors import NotFound
from igym.services.connect import Deployment
from igym.store import felt, games, keys

_GAME = (
    "package", "scene", "mode", "phase", "seats", "created_ms", "claimed_ms", "owner",
    "generation", "episode", "logged", "done", "scores", "earned", "late_ms",
    "paused_ms", "benched",
)  # fmt: skip

#: Ticks a second are told over the last so many seconds: a flush holds a quarter of one.
WINDOW_S = 3.0

#: Finished games in one list.
MOST_FINISHED = 100


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

    def keep(self, ids: Sequence[str]) -> None:
        """Forget all other games."""
        self._seen = {id: past for id, past in self._seen.items() if id in ids}


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
        "pace": paces.pace(game, about["episode"], ticks, now_s),
        "late_ms": float(about["late_ms"] or 0),
        "scores": dict(scores),
    }


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
