"""Commands of admins: who may give them, who carries them out, and what became of them.

A command is written down before anything is done. What the server itself does is done at once;
a browser or a game's worker is told, and says when it has done its part. The director's round
(`look`) tells again whoever did not hear, ends what nobody took in time, and finishes what a web
worker left undone when it died.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from igym.domain.access import Access
from igym.domain.commands import FINAL, KINDS, MOST_WAIT_S, Command, Event, State, What
from igym.domain.deeds import Did
from igym.domain.outcome import GameOutcome, Outcome
from igym.domain.participant import Phase
from igym.errors import BadMessage, Conflict, IgymError, NotFound, NotYours
from igym.services import auditing
from igym.services.connect import Deployment, now_ms
from igym.services.lobby import extending
from igym.services.packages import releasing
from igym.services.sessions import excluding, removing
from igym.store import commands as store
from igym.store import games, packages, roster, sessions, sockets
from igym.store.post import Outbox
from igym.wire import api, inner

_log = logging.getLogger(__name__)

#: The most people that are spoken to at once.
MOST_PEOPLE = 2_000

#: So many open commands of an experiment are looked after in one round; more wait for the next.
MOST_OPEN = 2_000

#: Whoever has to act is told again after so long, and what a web worker began is taken over.
AGAIN_MS, ABANDONED_MS = 3_000.0, 5_000.0

#: So far back it is looked who did the same.
_BACK = 200


# --- giving -----------------------------------------------------------------------------------


def give(
    deployment: Deployment, outbox: Outbox, by: Access, experiment: str, wanted: api.NewCommand
) -> list[Command]:
    """Do what is asked for, or have it done. Asked twice with one id, it is done once.

    Returns:
        The commands as they stand: one, or one for each person. One that cannot be has failed,
        and says why.

    Raises:
        NotYours: they may not.
        NotFound: there is no such experiment, session or game.
        BadMessage: something is missing, or out of bounds.
    """
    kind = KINDS[wanted.what]
    if not by.may(kind.right, experiment):
        raise NotYours(
            f"You may not {wanted.what} in {experiment}.",
            hint=f"It needs the right to {kind.right}, for this experiment.",
        )
    if experiment not in packages.known(deployment.redis):
        raise NotFound("There is no experiment of that name.")
    made = _written(deployment, by, experiment, wanted)
    new = store.add(deployment.redis, made)
    for command, is_new in zip(made, new, strict=True):
        if is_new:
            carry_out(deployment, outbox, command, by)
    if wanted.what is What.MESSAGE and any(new):
        said = {"what": "message", "to": len(made), "characters": len(made[0].text)}
        auditing.note(
            deployment, by, Did.COMMANDED, experiment=experiment, what=wanted.id, after=said
        )
    return store.read(deployment.redis, experiment, [one.id for one in made])


def _written(
    deployment: Deployment, by: Access, experiment: str, wanted: api.NewCommand
) -> list[Command]:
    """What is asked for, as commands: about each person, or the one game or experiment."""
    what, kind, at_ms = wanted.what, KINDS[wanted.what], now_ms()
    text = "".join(c for c in wanted.text.strip() if c.isprintable() or c == "\n")
    if not text and what in (What.MESSAGE, What.EXCLUDE, What.ACTIVATE, What.RETIRE):
        asked = {What.MESSAGE: "what to say", What.EXCLUDE: "why"}.get(what, "which version")
        raise BadMessage(f"Say {asked}.")
    if what is What.WAIT and not 1 <= wanted.number <= MOST_WAIT_S:
        raise BadMessage(f"A wait is made 1 to {MOST_WAIT_S:.0f} s longer at a time.")
    plain = Command(
        wanted.id, what, experiment, by.name, at_ms, at_ms + kind.life_s * 1000, text=text,
        number=wanted.number, at_ms=at_ms,
    )  # fmt: skip
    if kind.to == "experiment":
        return [plain]
    if kind.to == "game":
        game = games.read(deployment.redis, experiment, wanted.game)
        if what in (What.BENCH, What.SEAT) and wanted.seat not in game.seats:
            raise NotFound(f"Nobody sits in a seat {wanted.seat[:60]!r} of that game.")
        return [replace(plain, game=game.id, seat=wanted.seat)]
    whom = _whom(deployment, experiment, wanted)
    if len(whom) == 1:
        return [replace(plain, session=whom[0])]
    return [
        replace(plain, id=_id(wanted.id, session), session=session, batch=wanted.id)
        for session in whom
    ]


def _id(batch: str, session: str) -> str:
    return hashlib.blake2b(f"{batch} {session}".encode(), digest_size=16).hexdigest()


def _whom(deployment: Deployment, experiment: str, wanted: api.NewCommand) -> list[str]:
    """The sessions it is about. Raises `BadMessage`, `NotFound`."""
    redis = deployment.redis
    named = list(dict.fromkeys(wanted.sessions))
    if not named and wanted.what is What.MESSAGE and (wanted.everybody or wanted.scene):
        named = roster.alive(redis, experiment, MOST_PEOPLE)
    found = roster.some(redis, experiment, named)
    if wanted.sessions and None in found:
        raise NotFound("There is no such session (any more).", hint="Reload the list.")
    whom = [
        session
        for session, fields in zip(named, found, strict=True)
        if fields is not None and wanted.scene in ("", fields["scene"])
    ]
    if not whom:
        raise BadMessage("There is nobody whom this would be about.")
    return whom


# --- carrying out -----------------------------------------------------------------------------


def carry_out(deployment: Deployment, outbox: Outbox, command: Command, by: Access | str) -> None:
    """Do it, or tell whoever has to. May be called again: what was done is not done twice."""
    try:
        why = _DO[command.what](deployment, outbox, command, by)
    except IgymError as error:
        _move(deployment, command, Event.COULD_NOT, error.message, error.hint)
        return
    if command.kind.by == "server":
        _move(deployment, command, Event.DID, why)


def _move(
    deployment: Deployment, command: Command, event: Event, why: str = "", hint: str = ""
) -> bool:
    # What came of steering a game is written down by the director, however it ended.
    steers = command.kind.by == "worker"
    return store.move(deployment.redis, command, event, now_ms(), why, hint, unlogged=steers)


def _note(
    deployment: Deployment, by: Access | str, command: Command, before: object, after: object
) -> None:
    """Into the audit log, without a word of whom it is about."""
    what = str(command.what)
    auditing.note(
        deployment, by, Did.COMMANDED, experiment=command.experiment, what=command.id,
        before={what: before}, after={what: after},
    )  # fmt: skip


def _message(deployment: Deployment, outbox: Outbox, command: Command, _: Access | str) -> str:
    _there(deployment, command)
    _announce(deployment, outbox, command.experiment, [command.session])
    return ""


def _there(deployment: Deployment, command: Command) -> sessions.Session:
    """The session, of somebody who has not left. Raises `NotFound`."""
    session = sessions.read(deployment.redis, command.experiment, command.session)
    if session.phase is Phase.ENDED:
        raise NotFound(f"They have left: {session.outcome}.", hint=earlier(deployment, command))
    return session


def _announce(deployment: Deployment, outbox: Outbox, experiment: str, whom: Sequence[str]) -> None:
    for session, (web, _) in sockets.where(deployment.redis, experiment, whom).items():
        outbox.put(web, inner.Announce(experiment, session))


def _remove(deployment: Deployment, outbox: Outbox, command: Command, by: Access | str) -> str:
    redis, experiment, session = deployment.redis, command.experiment, command.session
    before = sessions.read(redis, experiment, session)
    removed = removing.remove(deployment, outbox, experiment, session, command.text)
    now = sessions.read(redis, experiment, session)
    if removed:
        _note(deployment, by, command, str(before.phase), now.outcome)
        return f"Their code is {now.code}." if now.code else "There is no code for that outcome."
    if now.outcome == Outcome.ENDED_BY_RESEARCHER:
        return f"They had been removed before. {earlier(deployment, command)}".strip()
    raise Conflict(f"They have left by themselves: {now.outcome}.")


def _exclude(deployment: Deployment, _: Outbox, command: Command, by: Access | str) -> str:
    on = command.what is What.EXCLUDE
    before = excluding.exclude(
        deployment, command.experiment, command.session, command.text if on else "",
        auditing.name(by),
    )  # fmt: skip
    _note(deployment, by, command, bool(before), on)
    if bool(before) == on:
        return f"It was so before. {earlier(deployment, command)}".strip()
    return ""


def _wait(deployment: Deployment, outbox: Outbox, command: Command, by: Access | str) -> str:
    session = _there(deployment, command)
    more_s = extending.extend(deployment, session, command.id, command.number)
    _note(deployment, by, command, more_s - command.number, more_s)
    _announce(deployment, outbox, command.experiment, [command.session])
    return ""


def _steer(deployment: Deployment, outbox: Outbox, command: Command, _: Access | str) -> str:
    game = games.read(deployment.redis, command.experiment, command.game)
    if game.phase == "over":
        raise NotFound(f"The game is over: {game.outcome}.", hint=earlier(deployment, command))
    if command.what is What.BENCH:
        plan = deployment.plans.get(command.experiment, game.package)
        play = plan.scene(game.scene).play
        assert play is not None
        if play.dropped[command.seat].then != "policy" and play.fill is None:
            raise Conflict(
                f"Scene {game.scene} has no policy for a person's seat.",
                hint="A version with dropped=hold(…, then=policy) or fill=… has one.",
            )
    if game.owner:
        outbox.put(game.owner, inner.Steer(game.id))
    return ""


def _recruit(deployment: Deployment, _: Outbox, command: Command, by: Access | str) -> str:
    is_open = command.what is What.OPEN
    opening = packages.opening(deployment.redis, command.experiment)
    releasing.recruit(deployment, command.experiment, is_open=is_open, by=by)
    if is_open == (not opening.closed_ms):
        return f"It was so before. {earlier(deployment, command)}".strip()
    return ""


def _cap(deployment: Deployment, _: Outbox, command: Command, by: Access | str) -> str:
    releasing.cap(deployment, command.experiment, int(command.number), by=by)
    return ""


def _release(deployment: Deployment, _: Outbox, command: Command, by: Access | str) -> str:
    version = releasing.find(deployment, f"{command.experiment}/{command.text}")
    step = releasing.activate if command.what is What.ACTIVATE else releasing.retire
    step(deployment, version, by)
    return ""


_DO: dict[What, Callable[[Deployment, Outbox, Command, Access | str], str]] = {
    What.MESSAGE: _message,
    What.REMOVE: _remove,
    What.EXCLUDE: _exclude,
    What.INCLUDE: _exclude,
    What.WAIT: _wait,
    **dict.fromkeys((What.BENCH, What.SEAT, What.PAUSE, What.RESUME, What.END), _steer),
    What.OPEN: _recruit,
    What.CLOSE: _recruit,
    What.CAP: _cap,
    What.ACTIVATE: _release,
    What.RETIRE: _release,
}


def earlier(deployment: Deployment, command: Command) -> str:
    """Who did something to the same person, game or experiment last, as a sentence; "" = nobody."""
    for one in store.latest(deployment.redis, command.experiment, _BACK):
        if one.target == command.target and one.id != command.id and one.state is State.DONE:
            ago_s = max(0.0, now_ms() - one.at_ms) / 1000
            return f"{one.by} did “{one.what}” {ago_s:.0f} s ago."
    return ""


# --- hearing back -----------------------------------------------------------------------------


def words_for(deployment: Deployment, experiment: str, session: str) -> list[Command]:
    """What a session's browser has to show, in order."""
    at_ms = now_ms()
    return [
        one
        for one in store.due(deployment.redis, experiment, session)
        if one.what is What.MESSAGE and at_ms < one.until_ms
    ]


def sent(deployment: Deployment, command: Command) -> None:
    """It was sent to a browser that is there."""
    _move(deployment, command, Event.SENT)


def seen(deployment: Deployment, experiment: str, session: str, id: str, *, read: bool) -> str:
    """A browser shows a message, or who read it has put it away. Twice is as once.

    Returns:
        What was said, the first time; else "".

    Raises:
        NotYours: it was not for them.
    """
    found = store.read(deployment.redis, experiment, [id])
    if not found:
        return ""
    command = found[0]
    if command.session != session or command.what is not What.MESSAGE:
        raise NotYours("That message is not for you.")
    if not read:
        return command.text if _move(deployment, command, Event.TAKEN) else ""
    moved = store.move(deployment.redis, command, Event.DID, now_ms(), read=True)
    return command.text if moved else ""


# --- looking after ----------------------------------------------------------------------------


def look(deployment: Deployment, outbox: Outbox) -> None:
    """Tell again, end what is late, finish what was left. The director's, about once a second."""
    for experiment in packages.known(deployment.redis):
        found = store.still_open(deployment.redis, experiment, MOST_OPEN)
        if not found:
            continue
        over = store.ended(deployment.redis, experiment, [one.session for one in found])
        lost: list[str] = []
        for command in found:
            try:
                if _attend(deployment, outbox, command, over):
                    lost.append(command.session)
            except NotFound as gone:
                _move(deployment, command, Event.COULD_NOT, gone.message)
        _announce(deployment, outbox, experiment, lost)


def _attend(deployment: Deployment, outbox: Outbox, command: Command, over: set[str]) -> bool:
    """Look after one. Whether its words have to be sent (again)."""
    at_ms = now_ms()
    if command.state in FINAL:
        # Its worker has no business with the audit log.
        told = {"state": str(command.state), "game": command.game, "seat": command.seat}
        _note(deployment, command.by, command, "", {**told, "why": command.why})
        store.logged(deployment.redis, command)
    elif command.kind.by == "browser" and command.session in over:
        _move(deployment, command, Event.COULD_NOT, "They left before it was on their screen.")
    elif command.kind.by == "worker" and _over(deployment, command):
        pass
    elif at_ms > command.until_ms:
        _late(deployment, command)
    elif command.kind.by == "worker":
        _steer(deployment, outbox, command, command.by)
    elif command.kind.by == "server":
        if at_ms - command.made_ms > ABANDONED_MS and KINDS[command.what].to == "session":
            carry_out(deployment, outbox, command, command.by)
    else:
        return at_ms - command.at_ms > AGAIN_MS
    return False


def _over(deployment: Deployment, command: Command) -> bool:
    """Whether its game is over; then it has ended as well."""
    game = games.read(deployment.redis, command.experiment, command.game)
    if game.phase != "over":
        return False
    ended = command.what is What.END and game.outcome == GameOutcome.ENDED_BY_RESEARCHER
    event, why = (Event.DID, "") if ended else (Event.COULD_NOT, f"The game ended: {game.outcome}.")
    store.move(deployment.redis, command, event, now_ms(), why, unlogged=True)
    return True


def _late(deployment: Deployment, command: Command) -> None:
    why, hint = {
        "browser": ("Their page was not open in all that time.", "It is not shown any more."),
        "worker": ("No worker took it in time.", "Look whether the game has one, and try again."),
        "server": ("The process that was to do it has stopped.", "Try again."),
    }[command.kind.by]
    _move(deployment, command, Event.LATE, why, hint)


# --- listing ----------------------------------------------------------------------------------


def recent(deployment: Deployment, experiment: str, most: int) -> list[Command]:
    """The latest commands of an experiment, the last one first."""
    return store.latest(deployment.redis, experiment, most)
