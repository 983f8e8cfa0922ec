"""What is known of one participant, as authors' functions are given it (`igym.Record`)."""

from __future__ import annotations

from typing import Any

from igym.errors import NotFound
from igym.services.connect import Deployment
from igym.store import games
from igym.store.sessions import Session


def recorded(deployment: Deployment, session: Session) -> dict[str, Any]:
    """The record (`igym.domain.bonus.Record`) so far, as JSON can hold it."""
    played = dict(session.played)
    for scene, game_id in session.groups.items():
        if scene not in played:  # they left it before it was over
            try:
                game = games.read(deployment.redis, session.experiment, game_id)
            except NotFound:
                continue
            seats = [seat for seat, who in game.seats.items() if who == session.id]
            played[scene] = {"seat": seats[0], "results": game.results} if seats else {}
    return {
        "session": session.id,
        "mode": session.mode,
        "wave": session.wave,
        "outcome": session.outcome,
        "treatments": dict(session.cells),
        "answers": dict(session.attributes),
        "episodes": [
            {"scene": scene, "seat": one["seat"], "result": result}
            for scene, one in played.items()
            for result in one.get("results", ())
        ],
    }
