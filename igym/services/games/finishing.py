"""What follows when a game is over, whoever finds out: its worker or the director.

Knows no environment: everything here is in the game's record, its log and its plan.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from typing import Protocol

from igym.domain.outcome import GameOutcome, Outcome
from igym.domain.plan import PlayPlan
from igym.errors import IgymError, NotFound
from igym.services import nudging, problems
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import advancing
from igym.store import bell, games, jobs, records
from igym.store.games import Game
from igym.store.post import Outbox
from igym.store.records import Row

_log = logging.getLogger(__name__)


class Unwritten(Protocol):
    """Something that may hold ticks nobody has written yet."""

    def flush(self) -> object:
        """Write them. Raises `IgymError` where they cannot be."""
        ...


def report(
    deployment: Deployment,
    game: Game,
    message: str,
    where: str,
    trace: str,
    *,
    kind: str = "scene_failed",
) -> None:
    """Tell the researcher what failed and where: in the log, the data and the admin page."""
    problems.report(
        deployment,
        game.experiment,
        game.release,
        kind,
        message,
        where=where,
        trace=trace,
        game=game.id,
    )


#: A game that was taken over so often without a tick in between is given up: it kills workers.
MOST_FRUITLESS = 3


def finish(
    deployment: Deployment,
    outbox: Outbox,
    game: Game,
    outcome: GameOutcome,
    away: tuple[str, ...] = (),
    stage: Unwritten | None = None,
    rows: Sequence[Row] = (),
) -> None:
    """End the game in the name of its generation and move its people on.

    Safe to call twice and to be cut short anywhere: the director finishes what is left.

    Args:
        stage: what may hold ticks that are not written yet.
        rows: further ones that are written with the end.
    """
    redis, at_ms = deployment.redis, now_ms()
    whole = outcome in (GameOutcome.FINISHED, GameOutcome.UNREACHED)
    if stage is not None and not whole:
        try:
            stage.flush()  # ticks of the episode that did not end
        except IgymError as lost:
            _log.warning("the last ticks of game %s were not written: %s", game.id, lost)
    fresh = games.read(redis, game.experiment, game.id)
    unclosed = "" if whole else fresh.episode
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
    games.end(redis, game, outcome.value, [row, *rows], away=away, unclosed=unclosed, now_ms=at_ms)
    ended = games.read(redis, game.experiment, game.id)
    if ended.generation == game.generation and ended.phase == "over":
        settle(deployment, outbox, ended)  # as whoever was first to end it said


def settle(deployment: Deployment, outbox: Outbox, game: Game) -> None:
    """Move everybody of a game that is over to what follows, and forget the game."""
    for seat, session in game.seats.items():
        ends = _ends(deployment, game, seat)
        try:
            advancing.move_on(deployment, session, game.experiment, game.id, ends, game.results)
        except NotFound:
            continue  # the session has expired
        nudging.nudge(outbox, deployment, game.experiment, session)
    games.settled(deployment.redis, game.experiment, game.id)
    bell.ring(deployment.redis)


def _ends(deployment: Deployment, game: Game, seat: str) -> str:
    """The outcome with which the game ends the session of that seat; "" = it goes on."""
    match GameOutcome(game.outcome):
        case GameOutcome.FINISHED:
            return ""
        case GameOutcome.UNREACHED:
            return _play(deployment, game).never
        case GameOutcome.ABANDONED:
            play = _play(deployment, game)
            if seat in game.away:
                return play.dropped[seat].leaver
            left = next((one for one in game.away if one in play.dropped), seat)
            return play.dropped[left].partner
        case GameOutcome.ENDED_BY_RESEARCHER:
            return str(Outcome.ENDED_BY_RESEARCHER)
        case _:
            return str(Outcome.TECHNICAL_PROBLEM)


def _play(deployment: Deployment, game: Game) -> PlayPlan:
    play = deployment.plans.get(game.experiment, game.package).scene(game.scene).play
    assert play is not None
    return play


def dismiss(deployment: Deployment, outbox: Outbox, game: Game, seat: str, outcome: str) -> None:
    """The game goes on without the person of that seat: their session ends with `outcome`."""
    session = game.seats[seat]
    with contextlib.suppress(NotFound):  # it has expired
        played = games.read(deployment.redis, game.experiment, game.id).results
        advancing.move_on(deployment, session, game.experiment, game.id, outcome, played)
    nudging.nudge(outbox, deployment, game.experiment, session)


def take_over(
    deployment: Deployment, game: Game, owner: str, why: str, *, given: bool = False
) -> int:
    """Offer the game to another worker, in the next generation; `given` by the `owner` itself.

    Returns:
        The generation; 0 where it is over or somebody was faster.
    """
    row = records.event_row(
        now_ms(),
        "game_taken",
        game=game.id,
        detail=f"from {owner}, generation {game.generation}: {why}",
    )
    generation, fruitless = games.take(
        deployment.redis, game, owner, [row], now_ms=now_ms(), given=given
    )
    if not generation:
        return 0
    _log.warning("game %s goes to generation %s: %s", game.id, generation, why)
    if fruitless < MOST_FRUITLESS:
        jobs.start_game(deployment.redis, games.read(deployment.redis, game.experiment, game.id))
    return generation
