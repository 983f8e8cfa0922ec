"""Chat between the players of a game. Text is text: nobody's markup, nobody's commands."""

from __future__ import annotations

import unicodedata

from igym import wire
from igym.domain.participant import Phase
from igym.errors import BadMessage, NotYours
from igym.services.connect import Deployment, now_ms
from igym.services.sessions import mailing
from igym.store import Redis, chats, games
from igym.store.post import Outbox
from igym.store.sessions import Session

#: Characters of one line, as bounded by `wire.Say`.
MOST_CHARS = 500


def plain(text: str) -> str:
    """`text` as one line: control and formatting characters are spaces, ends are trimmed."""
    shown = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)
    return " ".join(shown.split())


def say(deployment: Deployment, outbox: Outbox, session: Session, said: wire.Say) -> None:
    """Somebody wrote a line: keep it, and bring it to everybody in the game, them included.

    Said again with the same `count` it is the same line, and who has it is not sent it again.

    Raises:
        NotYours: they are not in that game (any more).
        BadMessage: there is no chat in this game, or nothing to read in the line.
        TooMuch: more lines than anybody reads.
    """
    if session.phase is not Phase.PLAYING or session.game != said.game:
        raise NotYours("That game is over.", hint="We show you what comes next.")
    plan = deployment.plans.get(session.experiment, session.package)
    play = plan.scene(session.scene).play
    if play is None or not play.chat:
        raise BadMessage("There is no chat in this game.")
    text = plain(said.text)
    if not text:
        raise BadMessage("There is nothing to read in that line.")
    redis = deployment.redis
    game = games.read(redis, session.experiment, session.game)
    at_ms = now_ms()
    line = chats.say(
        redis,
        session.experiment,
        session.release,
        game.id,
        session=session.id,
        seat=session.seat,
        count=said.count,
        text=text,
        row={
            "game_id": game.id,
            "day_ms": game.created_ms,
            "session_id": session.id,
            "said_ms": at_ms,
        },
        now_ms=at_ms,
    )
    if line is None:
        return
    message = wire.Chat(0, game.id, line)
    for member in game.seats.values():
        mailing.send(
            deployment,
            outbox,
            session.experiment,
            member,
            message,
            once=f"chat:{game.id}:{line.line}",
        )


def view(redis: Redis, session: Session) -> wire.ChatView:
    """The chat of the game that `session` is in."""
    lines, said = chats.lines(redis, session.experiment, session.game, session.id)
    return wire.ChatView(lines, said, MOST_CHARS)
