"""From tickets to games. Run by whoever holds the director's lease."""

from __future__ import annotations

import logging
import secrets
import string

from igym.domain import flow, seeds, strategies
from igym.domain.participant import Event, Phase, after
from igym.domain.plan import Plan, PlayPlan, ScenePlan
from igym.domain.strategies import Ticket
from igym.errors import Conflict, NotFound
from igym.services import advancing
from igym.services.connect import Deployment, now_ms
from igym.store import jobs, lobby, packages, sessions, sockets
from igym.store.games import Game
from igym.store.post import Outbox
from igym.store.records import Row
from igym.store.sessions import Session
from igym.wire import inner

_log = logging.getLogger(__name__)
_LETTERS = string.ascii_letters + string.digits


def new_game_id() -> str:
    """Eight letters or digits: 47 bits, short because it travels in every frame."""
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def match_all(deployment: Deployment, outbox: Outbox) -> int:
    """Look at every lobby once: time-outs, then matches. Returns the number of games made."""
    made = 0
    for experiment in packages.active(deployment.redis):
        for name in lobby.names(deployment.redis, experiment):
            try:
                made += _match(deployment, outbox, experiment, name)
            except NotFound as gone:
                _log.warning("lobby %s of %s: %s", name, experiment, gone)
    return made


def _match(deployment: Deployment, outbox: Outbox, experiment: str, name: str) -> int:
    tickets = lobby.tickets(deployment.redis, experiment, name)
    if not tickets:
        return 0
    present: list[tuple[Ticket, Session]] = []
    for ticket in tickets:
        session = _waiting(deployment, experiment, name, ticket)
        if session is not None:
            present.append((ticket, session))
    if not present:
        return 0
    by_id = {session.id: session for _, session in present}
    plan = deployment.plans.get(experiment, present[0][1].package)
    scene = plan.scene(present[0][1].scene)
    play = scene.play
    assert play is not None
    made = 0
    # Who closed the page keeps their place, but nobody is seated with an empty chair.
    here = lobby.present(deployment.redis, experiment, name, deployment.settings.away_after_s)
    candidates = [ticket for ticket, _ in present if ticket.session in here]
    for group in strategies.fifo(candidates, len(play.humans)):
        members = [by_id.pop(ticket.session) for ticket in group]
        try:
            _seal(deployment, outbox, plan, scene, play, name, members, group)
            made += 1
        except Conflict as moved:
            _log.info("match in %s not sealed, somebody left: %s", name, moved.moved)
    _time_out(deployment, outbox, plan, play, name, list(by_id.values()))
    left = [session for session in by_id.values() if session.id in here]
    if left:
        _count(deployment, outbox, name, left, len(play.humans))
    return made


def _waiting(deployment: Deployment, experiment: str, name: str, ticket: Ticket) -> Session | None:
    """The ticket's session if it truly waits here; else the ticket is dropped."""
    try:
        session = sessions.read(deployment.redis, experiment, ticket.session)
    except NotFound:
        session = None
    if session is not None and session.phase is Phase.WAITING:
        return session
    lobby.drop(deployment.redis, experiment, name, ticket.session)
    return None


def _seal(
    deployment: Deployment,
    outbox: Outbox,
    plan: Plan,
    scene: ScenePlan,
    play: PlayPlan,
    name: str,
    members: list[Session],
    tickets: list[Ticket],
) -> None:
    at_ms = now_ms()
    game_id = new_game_id()
    seed = secrets.randbits(53)  # exact in JSON and in a float column
    order = list(play.humans)
    if play.assign == "random":
        order = seeds.shuffled(order, seeds.derive(seed, "seats"))
    seats = {seat: member.id for seat, member in zip(order, members, strict=True)}
    seat_of = {session: seat for seat, session in seats.items()}
    game = Game(
        id=game_id,
        experiment=plan.experiment,
        package=plan.package,
        release=plan.version,
        scene=scene.name,
        mode=members[0].mode,
        seed=seed,
        seats=seats,
        created_ms=at_ms,
        max_s=min((m.max_s for m in members if m.max_s), default=0),
    )
    rows: list[Row] = [
        (
            "matches",
            {
                "game_id": game_id,
                "day_ms": at_ms,
                "scene": scene.name,
                "strategy": "fifo",
                "sessions": [m.id for m in members],
                "considered": len(tickets),
                "waited_ms": [at_ms - t.since_ms for t in tickets],
                "matched_ms": at_ms,
            },
        ),
        (
            "games",
            {
                "game_id": game_id,
                "day_ms": at_ms,
                "scene": scene.name,
                "mode": game.mode,
                "package": plan.package,
                "seed": seed,
                "fps": play.fps,
                "created_ms": at_ms,
            },
        ),
        *(seat_row(game, play, seat) for seat in play.seats),
        *(
            advancing.ticket_row(
                m, m.visit, scene.name, m.entered_ms, game_id=game_id, ended_ms=at_ms, end="matched"
            )
            for m in members
        ),
    ]
    phase = after(Phase.WAITING, Event.SEAT).value
    players = [(m, {"phase": phase, "game": game_id, "seat": seat_of[m.id]}) for m in members]
    lobby.seal(deployment.redis, name, game, players, rows, at_ms)
    jobs.start_game(deployment.redis, game)
    nudge(outbox, deployment, plan.experiment, *game.seats.values())


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
            "policy": None if session else play.policies[seat],
        },
    )


def _time_out(
    deployment: Deployment,
    outbox: Outbox,
    plan: Plan,
    play: PlayPlan,
    name: str,
    members: list[Session],
) -> None:
    at_ms = now_ms()
    for member in members:
        if at_ms - member.entered_ms < play.waits_s * 1000:
            continue
        row = advancing.ticket_row(
            member, member.visit, member.scene, member.entered_ms, ended_ms=at_ms, end="timed_out"
        )
        try:
            advancing.enter(
                deployment,
                member,
                flow.last(plan),
                [row],
                outcome=play.unmatched.outcome,
                leave=name,
            )
        except Conflict:
            continue  # matched or gone in this very moment
        nudge(outbox, deployment, plan.experiment, member.id)


def nudge(outbox: Outbox, deployment: Deployment, experiment: str, *session_ids: str) -> None:
    """Tell whichever web workers have these sessions' sockets to look again."""
    for session, (web, _) in sockets.where(deployment.redis, experiment, session_ids).items():
        outbox.put(web, inner.Nudge(experiment, session))


def _count(
    deployment: Deployment, outbox: Outbox, name: str, waiting: list[Session], wanted: int
) -> None:
    """Tell everybody who waits how many they are."""
    where = sockets.where(deployment.redis, waiting[0].experiment, [s.id for s in waiting])
    for web in {web for web, _ in where.values()}:
        outbox.put(web, inner.LobbyCount(name, waiting[0].scene, len(waiting), wanted))
