"""What follows when a game is over, whoever finds out: its worker or the director.

Knows no environment: everything here is in the game's record, its log and its plan.
"""

from __future__ import annotations

import logging
from typing import Protocol

from igym.domain.outcome import GameOutcome, Outcome
from igym.errors import IgymError, NotFound
from igym.services import advancing, matching, problems
from igym.services.connect import Deployment, now_ms
from igym.store import bell, games, jobs, lease, packages
from igym.store.games import Game
from igym.store.post import Outbox
from igym.store.records import Row

_log = logging.getLogger(__name__)


class Unwritten(Protocol):
    """Something that may hold ticks nobody has written yet."""

    def flush(self) -> object:
        """Write them. Raises `IgymError` where they cannot be."""
        ...


def report(deployment: Deployment, game: Game, message: str, where: str, trace: str) -> None:
    """Tell the researcher what failed and where: in the log, the data and the admin page."""
    problems.report(
        deployment,
        game.experiment,
        game.release,
        "scene_failed",
        message,
        where=where,
        trace=trace,
        game=game.id,
    )


#: How a session ends whose game ended like that; "" goes on to the next scene.
_ENDS = {
    GameOutcome.FINISHED: "",
    GameOutcome.ABANDONED: Outcome.PARTNER_LEFT,
    GameOutcome.FAILED: Outcome.TECHNICAL_PROBLEM,
    GameOutcome.LOST: Outcome.TECHNICAL_PROBLEM,
}


def finish(
    deployment: Deployment,
    outbox: Outbox,
    game: Game,
    outcome: GameOutcome,
    away: tuple[str, ...] = (),
    stage: Unwritten | None = None,
) -> None:
    """End the game in the name of its generation and move its people on.

    Safe to call twice and to be cut short anywhere: the director finishes what is left.
    """
    redis, at_ms = deployment.redis, now_ms()
    if stage is not None and outcome is not GameOutcome.FINISHED:
        try:
            stage.flush()  # ticks of the episode that did not end
        except IgymError as lost:
            _log.warning("the last ticks of game %s were not written: %s", game.id, lost)
    fresh = games.read(redis, game.experiment, game.id)
    unclosed = fresh.episode if outcome is not GameOutcome.FINISHED else ""
    row: Row = (
        "games",
        {
            "game_id": game.id,
            "day_ms": game.created_ms,
            "ended_ms": at_ms,
            "outcome": outcome.value,
            "generation": game.generation,
        },
    )
    games.end(redis, game, outcome.value, [row], away=away, unclosed=unclosed, now_ms=at_ms)
    ended = games.read(redis, game.experiment, game.id)
    if ended.generation == game.generation and ended.phase == "over":
        settle(deployment, outbox, ended)  # as whoever was first to end it said


def settle(deployment: Deployment, outbox: Outbox, game: Game) -> None:
    """Move everybody of a game that is over to what follows, and forget the game."""
    ends_with = _ENDS[GameOutcome(game.outcome)]
    for seat, session in game.seats.items():
        ends = str(Outcome.LEFT if seat in game.away else ends_with)
        try:
            advancing.move_on(deployment, session, game.experiment, game.id, ends)
        except NotFound:
            continue  # the session has expired
        matching.nudge(outbox, deployment, game.experiment, session)
    games.settled(deployment.redis, game.experiment, game.id)
    bell.ring(deployment.redis)


def _forgotten(deployment: Deployment, game: Game) -> bool:
    """Whether no job for the game waits and none has claimed it meanwhile."""
    redis = deployment.redis
    if jobs.is_queued(redis, game):
        return False
    return not games.read(redis, game.experiment, game.id).owner


def reap(deployment: Deployment, outbox: Outbox) -> int:
    """Look after games nobody runs (any more). Returns how many were given up.

    A game that no worker has claimed is offered again; one whose worker is dead is ended
    with what its log holds; one that is over but not settled is settled.
    """
    redis, given_up = deployment.redis, 0
    patience_ms = 2 * deployment.settings.worker_lease_s * 1000
    for experiment in packages.active(redis):
        for game_id in games.open_games(redis, experiment):
            try:
                game = games.read(redis, experiment, game_id)
            except NotFound:
                games.settled(redis, experiment, game_id)
                continue
            if game.phase == "over":
                if now_ms() - game.ended_ms > patience_ms:
                    settle(deployment, outbox, game)
            elif not game.owner:
                if now_ms() - game.created_ms > patience_ms and _forgotten(deployment, game):
                    jobs.start_game(redis, game)
            elif not lease.alive(redis, game.owner):
                given_up += 1
                _log.error("the worker of game %s is dead", game_id)
                finish(deployment, outbox, game, GameOutcome.LOST)
    return given_up
