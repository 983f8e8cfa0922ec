"""Looking on at a live game: who may, with which permit, and where the game is just now.

The right is looked at when a permit is given out, when a socket comes with it, and every second
after that: whoever is signed out, or looks after other experiments now, sees no further frame.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from igym import wire
from igym.domain.access import Access, Right
from igym.domain.deeds import Did
from igym.domain.plan import PlayPlan
from igym.errors import NotFound, NotYours
from igym.services import accounts, auditing
from igym.services.connect import Deployment
from igym.services.sessions import tokens
from igym.services.sessions.screens import labels
from igym.store import games
from igym.store.accounts import Visit
from igym.store.games import Game, Glance

#: A socket can connect with a permit for so long; once it is there, for as long as it may.
PERMIT_S = 600


@dataclass(frozen=True, slots=True)
class Permit:
    """What somebody may look on at, as whom."""

    visit: str  # id of their visit
    experiment: str
    game: str


def admit(
    deployment: Deployment, visit: Visit, access: Access, experiment: str, game_id: str
) -> dict[str, Any]:
    """Let somebody look on. Returns the permit, and what a page needs to show the game.

    Raises:
        NotYours: it is no experiment of theirs.
        NotFound: there is no such game, or it is over.
    """
    if not access.may(Right.SEE, experiment):
        raise NotYours("That is no experiment of yours.", hint="Ask an admin to add you to it.")
    game = games.read(deployment.redis, experiment, game_id)
    if game.phase == "over":
        raise NotFound("That game is over.", hint="Its episodes can be replayed.")
    play = deployment.plans.get(experiment, game.package).scene(game.scene).play
    assert play is not None
    auditing.note(deployment, access, Did.WATCHED, experiment=experiment, what=game_id)
    return {
        "permit": tokens.issue_watch(deployment, visit.id, experiment, game_id),
        "wire": wire.VERSION,
        "scene": game.scene,
        "mode": game.mode,
        "title": play.title,
        "fps": play.fps,
        "aspect": play.aspect,
        "background": play.background,
        "seats": labels(play, ""),
        "people": {seat: game.seats[seat] for seat in play.humans if seat in game.seats},
        "policies": {s: _policy(game, play, s) for s in play.seats if s not in game.seats},
        "marks": play.marks,
        "assets": list(play.assets),
        "assets_at": f"/assets/{game.package}/",
    }


def _policy(game: Game, play: PlayPlan, seat: str) -> str:
    """What plays there, as its researcher calls it; where a treatment says that, with its cell."""
    if treatment := play.treated.get(seat):
        return f"{treatment}: {game.cells[treatment]}" if treatment in game.cells else treatment
    return play.policy(seat, game.filled) or ""


def read(deployment: Deployment, text: object) -> Permit:
    """What a permit says, if its holder still may. Raises `BadToken`, `NotYours`, `NotFound`."""
    permit = Permit(*tokens.read_watch(deployment, text, PERMIT_S))
    if not may(deployment, permit):
        raise NotYours("You may not look on there (any more).", hint="Sign in again.")
    games.read(deployment.redis, permit.experiment, permit.game)
    return permit


def may(deployment: Deployment, permit: Permit) -> bool:
    """Whether its holder is still signed in and may still see that experiment."""
    found = accounts.opens(deployment, permit.visit)
    return found is not None and found[1].may(Right.SEE, permit.experiment)


def look(deployment: Deployment, permits: Collection[Permit]) -> dict[Permit, Glance | None]:
    """How each game stands for who looks on; None for whom there is nothing to see (any more)."""
    found: dict[Permit, Glance | None] = {}
    for permit in set(permits):
        (game,) = games.glance(deployment.redis, permit.experiment, [permit.game])
        found[permit] = game if may(deployment, permit) else None
    return found
