"""From tickets to games. Run by whoever holds the director's lease.

A round looks at a lobby, ends the proposals that are due, lets go of whoever has waited for
too long, decides who is to meet, and asks them whether they are there. What a director knows
beside Redis only saves work: another one goes on from wherever this one stopped.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import igym.services.lobby.choosing as authors
from igym.domain import matchlog
from igym.domain.matchlog import Inputs
from igym.domain.participant import Phase
from igym.domain.plan import Plan, PlayPlan
from igym.domain.strategies import Ticket
from igym.errors import Conflict, NotFound
from igym.services import nudging
from igym.services.connect import Deployment, now_ms
from igym.services.lobby import seating, waiting
from igym.services.sessions import assigning, screens
from igym.store import decisions, jobs, lobby, packages, proposals, quotas, records, sessions
from igym.store.games import Game
from igym.store.lobby import Lobby
from igym.store.post import Outbox
from igym.store.proposals import Proposal
from igym.wire import inner

_log = logging.getLogger(__name__)

#: Who was asked and has not answered is asked again after so long: the question may be lost.
ASK_AGAIN_S = 1.0

#: The numbers in the waiting room are told again after so long, changed or not.
COUNT_AGAIN_S = 1.0

#: Scripts that leave in one write.
_BATCH = 100

#: People let go in one round of a lobby, so that a round stays short.
_TIMED_OUT = 200


class Matcher:
    """The matching of one director."""

    def __init__(
        self,
        deployment: Deployment,
        outbox: Outbox,
        director: str,
        renew: Callable[[], object] = lambda: None,
    ) -> None:
        """`renew` keeps the lease while a round takes long."""
        self._renew = renew
        self._deployment = deployment
        self._redis = deployment.redis
        self._outbox = outbox
        self._director = director
        self._token = 0
        self._asked_s: dict[str, float] = {}  # proposal -> when its people were last asked
        self._counted: dict[str, tuple[float, tuple[Any, ...]]] = {}  # lobby -> when, what
        self._authors = authors.Authors(deployment)

    def round(self, token: int) -> int:
        """Look at every lobby once. Returns the number of games made.

        Args:
            token: the fencing token of the lease.

        Raises:
            LeaseLost: a newer director acts.
        """
        self._token = token
        made = 0
        for experiment in packages.known(self._redis):
            for moved in waiting.choose_for_the_silent(self._deployment, experiment):
                nudging.nudge(self._outbox, self._deployment, experiment, moved)
            for name in lobby.names(self._redis, experiment):
                try:
                    made += self._lobby(experiment, name)
                except NotFound as gone:
                    _log.warning("lobby %s of %s: %s", name, experiment, gone)
        now_s = time.monotonic()
        self._asked_s = {p: s for p, s in self._asked_s.items() if now_s - s < 60}
        return made

    def _lobby(self, experiment: str, name: str) -> int:
        away_s = self._deployment.settings.away_after_s
        found = lobby.look(self._redis, experiment, name, away_s)
        if not found.tickets and not found.proposals:
            return 0
        scene, _ = lobby.scene_of(name)
        package = next((t.package for t in found.tickets.values()), "")
        if not package:  # proposals whose people have all left
            for proposal in found.proposals:
                self._release(experiment, "", name, proposal, "broken")
            return 0
        plan = self._deployment.plans.get(experiment, package)
        play = plan.scene(scene).play
        assert play is not None
        made, released = self._settle(plan, name, found)
        if released:  # who answered is first in line again
            found = lobby.look(self._redis, experiment, name, away_s)
        self._full(plan, name, found)
        free = self._time_out(plan, play, name, found)
        made += self._decide(plan, play, name, found, free)
        self._count(play, name, found)
        return made

    # --- proposals ------------------------------------------------------------------------------

    def _settle(self, plan: Plan, name: str, found: Lobby) -> tuple[int, bool]:
        """Seat who has confirmed, release what failed, ask again who may not have heard.

        Returns the games made, and whether anybody was released.
        """
        ready: list[Proposal] = []
        released = False
        at_ms, now_s = now_ms(), time.monotonic()
        for proposal in found.proposals:
            states = {s: found.states.get(s, "") for s in proposal.sessions}
            mine = (proposal.id, f"{proposal.id}!")
            if not all(state in mine and s in found.tickets for s, state in states.items()):
                self._release(plan.experiment, plan.version, name, proposal, "broken")
                released = True
            elif all(state == mine[1] for state in states.values()):
                ready.append(proposal)
            elif at_ms > proposal.until_ms:
                # What another director asked may not have left it: nobody is to blame.
                end = "silent" if proposal.token == self._token else "orphaned"
                self._release(plan.experiment, plan.version, name, proposal, end, plan)
                released = True
            elif now_s - self._asked_s.get(proposal.id, 0) > ASK_AGAIN_S:
                self._ask(plan, name, proposal, [s for s in states if states[s] == mine[0]], found)
        return self._seal(plan, name, ready, found), released

    def _ask(
        self, plan: Plan, name: str, proposal: Proposal, whom: Iterable[str], found: Lobby
    ) -> None:
        self._asked_s[proposal.id] = time.monotonic()
        scene, _ = lobby.scene_of(name)
        play = plan.scene(scene).play
        assert play is not None
        for session in whom:
            if session in found.here:
                said = inner.Ask(
                    plan.experiment, session, proposal.id, proposal.until_ms, play.group.asks
                )
                self._outbox.put(found.here[session][0], said)

    def _release(
        self,
        experiment: str,
        release: str,
        name: str,
        proposal: Proposal,
        end: str,
        plan: Plan | None = None,
    ) -> None:
        """Give it up. With a `plan`, who was silent for the second time is out."""
        at_ms = now_ms()
        scene, _ = lobby.scene_of(name)
        rows = [seating.proposal_row(proposal, scene, at_ms, end)] if release else []
        silent = proposals.release(
            self._redis,
            experiment,
            release or "0",
            name,
            proposal.id,
            self._token,
            rows,
            at_ms,
            blame=end == "silent",
        )
        for session_id, times in silent.items():
            _log.info("%s did not answer (%d)", session_id, times)
            if times < 2 or plan is None:
                continue
            try:
                session = sessions.read(self._redis, experiment, session_id)
                if session.phase is Phase.WAITING:
                    waiting.absent(self._deployment, plan, session)
            except (Conflict, NotFound):
                continue  # gone, or matched, in this very moment
            nudging.nudge(self._outbox, self._deployment, experiment, session_id)

    def _seal(self, plan: Plan, name: str, ready: Sequence[Proposal], found: Lobby) -> int:
        scene, mode = lobby.scene_of(name)
        play = plan.scene(scene).play
        assert play is not None
        made = 0
        for start in range(0, len(ready), _BATCH):
            self._renew()
            some = ready[start : start + _BATCH]
            at_ms = now_ms()
            seatings = []
            with self._redis.pipeline(transaction=False) as pipe:
                for proposal in some:
                    members = [found.tickets[s] for s in proposal.sessions]
                    seats = seating.seated(
                        plan, scene, mode, proposal, members, self._director, at_ms
                    )
                    seatings.append(seats)
                    fill = lobby.fill_field(name) if seats.game.filled else ""
                    proposals.queue_seal(
                        pipe,
                        name,
                        proposal.id,
                        self._token,
                        seats.game,
                        seats.players,
                        seats.rows,
                        at_ms,
                        fill=fill,
                        fills_at_most=play.fill.at_most if play.fill else 0,
                        takes=assigning.for_group(plan, seats.game, members),
                    )
                answers = pipe.execute()
            sealed: list[Game] = []
            for proposal, seats, answer in zip(some, seatings, answers, strict=True):
                try:
                    proposals.settled(answer)
                except Conflict as moved:
                    _log.info("match in %s not sealed, somebody left: %s", name, moved.moved)
                    self._release(plan.experiment, plan.version, name, proposal, "broken")
                    continue
                except quotas.Full:  # somebody may still give theirs back: they wait on
                    self._release(plan.experiment, plan.version, name, proposal, "full")
                    continue
                sealed.append(seats.game)
                for session in seats.game.seats.values():
                    found.tickets.pop(session)
                    if session in found.here:
                        web, _ = found.here[session]
                        self._outbox.put(web, inner.Nudge(plan.experiment, session))
            jobs.start_games(self._redis, sealed)
            made += len(sealed)
        return made

    # --- deciding -------------------------------------------------------------------------------

    def _time_out(self, plan: Plan, play: PlayPlan, name: str, found: Lobby) -> list[Ticket]:
        """Let go of whoever has waited for too long. Returns who is here and free."""
        at_ms = now_ms()
        due = [
            ticket
            for ticket in found.tickets.values()
            if ticket.session not in found.states
            and at_ms - ticket.joined_ms >= (play.waits_s + ticket.more_s) * 1000
        ]
        for ticket in due[:_TIMED_OUT]:
            found.tickets.pop(ticket.session)
            try:
                session = sessions.read(self._redis, plan.experiment, ticket.session)
                if session.phase is not Phase.WAITING or session.version != ticket.version:
                    raise NotFound("The session does not wait there.")
                waiting.unmatched(self._deployment, plan, session)
            except NotFound:
                lobby.drop(self._redis, plan.experiment, name, ticket.session)
            except Conflict:
                continue  # matched or gone in this very moment
            nudging.nudge(self._outbox, self._deployment, plan.experiment, ticket.session)
        return found.free

    def _full(self, plan: Plan, name: str, found: Lobby) -> None:
        """Let go of whoever waits for a place that cannot come free any more."""
        scene, mode = lobby.scene_of(name)
        treatments = assigning.grouped(plan, scene)
        if not assigning.spent(self._deployment, plan, mode, treatments):
            return
        theirs = {treatment.name for treatment in treatments}
        due = [
            ticket.session
            for ticket in found.tickets.values()
            if ticket.session not in found.states and not theirs & set(ticket.cells)
        ]
        for session_id in due[:_TIMED_OUT]:
            found.tickets.pop(session_id)
            try:
                session = sessions.read(self._redis, plan.experiment, session_id)
                if session.phase is Phase.WAITING:
                    waiting.full(self._deployment, plan, session)
            except (Conflict, NotFound):
                continue  # gone in this very moment
            nudging.nudge(self._outbox, self._deployment, plan.experiment, session_id)

    def _decide(
        self, plan: Plan, play: PlayPlan, name: str, found: Lobby, free: Sequence[Ticket]
    ) -> int:
        """Decide who is to meet, and ask them. Returns the games that could be made at once."""
        scene, mode = lobby.scene_of(name)
        most = assigning.groups_left(self._deployment, plan, scene, mode) - len(found.proposals)
        if not free or most <= 0:
            return 0
        fills = screens.fills(self._deployment, plan.experiment, play, name)
        after_s = play.fill.after_s if play.fill and fills else None
        tickets = [replace(t, group=t.groups.get(play.group.scene, "")) for t in free]
        answer: Any = None
        if play.group.strategy == "custom":
            verdict = self._authors.verdict(plan, name, play, tickets)
            if verdict is None:
                return 0
            answer, tickets = verdict
        said = Inputs(play.group, len(play.humans), now_ms(), tickets, after_s, answer)
        decision = matchlog.decide(said)
        if decision.refused:
            self._authors.refuse(plan, name, decision.refused)
        if not decision.groups and not decision.filled:
            return 0
        entry = {
            "decision_id": f"{int(said.now_ms)}-{secrets.token_hex(6)}",
            "day_ms": said.now_ms,
            "scene": scene,
            "mode": mode,
            "director": self._director,
            "token": self._token,
            **matchlog.entry(said, decision),
        }
        groups = [*decision.groups, *decision.filled][:most]  # the others when places are free
        return self._propose(plan, play, name, found, entry, groups)

    def _propose(
        self,
        plan: Plan,
        play: PlayPlan,
        name: str,
        found: Lobby,
        entry: dict[str, Any],
        groups: Sequence[Sequence[Ticket]],
    ) -> int:
        row = ("decisions", matchlog.packed(entry))
        records.add(self._redis, plan.experiment, plan.version, [row])
        decisions.keep(self._redis, plan.experiment, entry)
        at_ms = now_ms()
        made = [
            Proposal(
                id=secrets.token_hex(8),
                sessions=[ticket.session for ticket in group],
                decision=entry["decision_id"],
                made_ms=at_ms,
                until_ms=at_ms + play.group.confirm_s * 1000,
                token=self._token,
                # Nobody waits for somebody who plays alone: the game itself does. Masked, they
                # are asked all the same: it must look as with a partner.
                asked=len(group) > 1 or play.group.asks or play.masked,
                filled=len(play.humans) - len(group),
                considered=len(entry["considered"]),
            )
            for group in groups
        ]
        ready: list[Proposal] = []
        for start in range(0, len(made), _BATCH):
            self._renew()
            some = made[start : start + _BATCH]
            with self._redis.pipeline(transaction=False) as pipe:
                for proposal in some:
                    proposals.queue_propose(pipe, plan.experiment, name, proposal, self._token)
                answers = pipe.execute()
            for proposal, answer in zip(some, answers, strict=True):
                try:
                    proposals.settled(answer)
                except Conflict as moved:
                    _log.info("nothing proposed in %s, somebody left: %s", name, moved.moved)
                    continue
                if proposal.asked:
                    self._ask(plan, name, proposal, proposal.sessions, found)
                else:
                    ready.append(proposal)
        return self._seal(plan, name, ready, found)

    # --- the waiting room -----------------------------------------------------------------------

    def _count(self, play: PlayPlan, name: str, found: Lobby) -> None:
        """Tell everybody who waits how many they are, or where they stand."""
        waits = [s for s in found.tickets if s in found.here]
        if play.shows == "nothing" or play.masked or not waits:
            return
        by_web: dict[str, dict[str, int]] = {}
        for place, session in enumerate(waits, 1):
            places = by_web.setdefault(found.here[session][0], {})
            if play.shows == "position":
                places[session] = place
        what = (len(waits), tuple(waits) if play.shows == "position" else tuple(by_web))
        now_s = time.monotonic()
        when_s, before = self._counted.get(name, (0.0, ()))
        if what == before and now_s - when_s < COUNT_AGAIN_S:
            return
        self._counted[name] = (now_s, what)
        scene, _ = lobby.scene_of(name)
        for web, places in by_web.items():
            said = inner.LobbyCount(name, scene, len(waits), len(play.humans), places)
            self._outbox.put(web, said)
