"""A confirmed proposal becomes a game: who sits where, and every row that says so."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from igym.domain import seeds
from igym.domain.participant import Event, Phase, after
from igym.domain.plan import Plan, PlayPlan
from igym.domain.strategies import Ticket
from igym.services.sessions import advancing
from igym.store.games import Game
from igym.store.proposals import Player, Proposal
from igym.store.records import Row

_LETTERS = string.ascii_letters + string.digits

#: The most participants a session remembers to have met.
MOST_MET = 500


def new_game_id() -> str:
    """Eight letters or digits: 47 bits, short because it travels in every frame."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


@dataclass(frozen=True)
class Seating:
    """A game that is about to be: everything `store.proposals.queue_seal` takes."""

    game: Game
    players: list[Player]
    rows: list[Row]


def seated(
    plan: Plan,
    scene: str,
    mode: str,
    proposal: Proposal,
    members: Sequence[Ticket],
    director: str,
    at_ms: float,
) -> Seating:
    """The game in which `members`, in the order of the queue, sit."""
    play = plan.scene(scene).play
    assert play is not None
    game_id = new_game_id()
    seed = secrets.randbits(53)  # exact in JSON and in a float column
    order = list(play.humans)
    if play.assign == "random":
        order = seeds.shuffled(order, seeds.derive(seed, "seats"))
    seats = {seat: ticket.session for seat, ticket in zip(order, members, strict=False)}
    game = Game(
        id=game_id,
        experiment=plan.experiment,
        package=plan.package,
        release=plan.version,
        scene=scene,
        mode=mode,
        seed=seed,
        seats=seats,
        created_ms=at_ms,
        max_s=min((m.max_s for m in members if m.max_s), default=0),
        filled=[seat for seat in play.humans if seat not in seats],
        binding=plan.binding(scene),
    )
    seat_of = {session: seat for seat, session in seats.items()}
    phase = after(Phase.WAITING, Event.SEAT).value
    players = [
        Player(
            ticket.session,
            ticket.version,
            {
                "phase": phase,
                "game": game_id,
                "seat": seat_of[ticket.session],
                "groups": {**ticket.groups, scene: game_id},
                "met": _met(ticket, members),
            },
        )
        for ticket in members
    ]
    return Seating(game, players, _rows(plan, play, game, proposal, members, director))


def _met(ticket: Ticket, members: Sequence[Ticket]) -> list[str]:
    others = [m.participant for m in members if m is not ticket]
    return [*(met for met in ticket.met if met not in others), *others][-MOST_MET:]


def _rows(
    plan: Plan,
    play: PlayPlan,
    game: Game,
    proposal: Proposal,
    members: Sequence[Ticket],
    director: str,
) -> list[Row]:
    at_ms = game.created_ms
    return [
        (
            "matches",
            {
                "game_id": game.id,
                "day_ms": at_ms,
                "scene": game.scene,
                "strategy": play.group.strategy,
                "decision_id": proposal.decision,
                "proposal_id": proposal.id,
                "sessions": [m.session for m in members],
                "considered": proposal.considered,
                "filled": len(game.filled),
                "waited_ms": [at_ms - m.joined_ms for m in members],
                "matched_ms": at_ms,
                "director": director,
            },
        ),
        proposal_row(proposal, game.scene, at_ms, "sealed"),
        (
            "games",
            {
                "game_id": game.id,
                "day_ms": at_ms,
                "scene": game.scene,
                "mode": game.mode,
                "package": plan.package,
                "seed": game.seed,
                "fps": play.fps,
                "created_ms": at_ms,
            },
        ),
        *(seat_row(game, play, seat) for seat in play.seats),
        *(
            advancing.ticket_row(
                m.session,
                m.visit,
                game.scene,
                m.joined_ms,
                game_id=game.id,
                ended_ms=at_ms,
                end="matched",
            )
            for m in members
        ),
    ]


def proposal_row(proposal: Proposal, scene: str, at_ms: float, end: str) -> Row:
    """How a proposal ended."""
    row: dict[str, Any] = {
        "proposal_id": proposal.id,
        "day_ms": proposal.made_ms,
        "decision_id": proposal.decision,
        "scene": scene,
        "sessions": proposal.sessions,
        "made_ms": proposal.made_ms,
        "until_ms": proposal.until_ms,
        "ended_ms": at_ms,
        "end": end,
    }
    return ("proposals", row)


def seat_row(game: Game, play: PlayPlan, seat: str) -> Row:
    """Who sits there, for the whole game."""
    session = game.seats.get(seat)
    return (
        "seats",
        {
            "game_id": game.id,
            "seat": seat,
            "day_ms": game.created_ms,
            "seat_index": play.seats.index(seat),
            "session_id": session,
            "policy": None if session else play.policy(seat, game.filled),
        },
    )
