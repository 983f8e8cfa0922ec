"""What a browser says of itself and its display, as rows. Believed: nothing depends on it."""

from __future__ import annotations

from igym import wire
from igym.domain import screening
from igym.store.records import Row
from igym.store.sessions import Session


def device(session: Session, user_agent: str) -> Row:
    """What somebody sits at, where it is to be kept. The user agent is read here and not kept."""
    kind, browser = screening.agent(user_agent)
    known = {"device": kind, "browser": browser}
    return ("sessions", {"session_id": session.id, "day_ms": session.started_ms, **known})


def opened(session: Session, said: wire.Ready) -> Row:
    """A game is on somebody's screen, again or for the first time."""
    return _row(
        session, said.game, said.opened_ms, width_px=said.width_px, height_px=said.height_px,
        refresh_hz=said.refresh_hz or None,
    )  # fmt: skip


def painted(session: Session, said: wire.Painted) -> Row:
    """How well that screen has kept up so far."""
    return _row(session, said.game, said.opened_ms, paints=said.paints, dropped_paints=said.dropped)


def _row(session: Session, game: str, opened_ms: float, **known: float | None) -> Row:
    # In the file of the day they arrived: a browser's clock may say anything.
    key = {"session_id": session.id, "game_id": game, "opened_ms": opened_ms}
    return ("screens", {**key, "day_ms": session.started_ms, **known})
