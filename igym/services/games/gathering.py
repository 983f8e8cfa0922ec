"""Asking the people of a game something between its episodes: everybody, and for so long only.

The game waits for the answers in the game scene, so seats and group stay as they are. Whoever has
answered waits for the others until the limit, and then it goes on without what is missing.
"""

from __future__ import annotations

import time
from typing import Any

from igym.domain.dropout import Seated
from igym.domain.plan import AskPlan
from igym.services.connect import Deployment, now_ms
from igym.services.games.consulting import Insist
from igym.services.games.stage import LOOK_S, Stage
from igym.store import replies
from igym.store.records import event_row

#: A game that waits for answers looks for them this often; usually it is told.
AGAIN_S = 1.0


def gather(
    deployment: Deployment, insist: Insist, stage: Stage, ask: AskPlan, *, begun: bool
) -> dict[str, dict[str, Any]]:
    """Ask about the stage's round and wait. Returns seat -> answers, as far as there are any.

    Whoever takes the game over meanwhile goes on with the same limit.

    Args:
        begun: an episode was played, so people are missed, and not just waited for.

    Raises:
        GameOver: a scene's rule ends the game meanwhile, or nobody is left.
        LeaseLost: as `Journal.flush`.
    """
    game, journal, episode = stage.game, stage.journal, stage.round.episode
    until_ms = game.asking_ms if game.asked.get(ask.name, -1) < episode else 0
    until_ms = until_ms or now_ms() + ask.limit_s * 1000
    journal.note(asking_ms=until_ms)
    journal.flush()
    found: dict[str, dict[str, Any]] = {}
    told: list[str] | None = None
    looked_s = float("-inf")
    stage.gathering = not begun
    while True:
        changed = stage.look()
        if stage.replied or time.monotonic() - looked_s > AGAIN_S:
            stage.replied, looked_s = False, time.monotonic()
            found = insist(
                lambda: replies.of(
                    deployment.redis, game.experiment, game.id, ask.name, episode, ask.seats
                )
            )
        missing = [
            seat
            for seat, person in stage.people.items()
            if seat in ask.seats
            and seat not in found
            and person.stands in (Seated.HERE, Seated.AWAY)
        ]
        if not missing or now_ms() >= until_ms:
            break
        # Masked, that a partner has answered is nobody's business.
        if told is None or (missing != told and not stage.play.masked):
            told = missing
            stage.tell("asking", starts_ms=until_ms, away=missing, ask=ask.name)
        if changed:
            journal.flush()
        time.sleep(LOOK_S)
    for seat in missing:
        detail = f"{ask.name}, episode {episode}, seat {seat}: no answers within {ask.limit_s:g} s"
        session = game.seats[seat]
        journal.add(event_row(now_ms(), "unanswered", session=session, game=game.id, detail=detail))
    return found
