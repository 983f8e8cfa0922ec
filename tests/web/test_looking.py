"""Sockets that look on: so many, for as long as they may, and whatever they say is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from igym import wire
from igym.errors import NotYours, OldClient, TooMuch
from igym.services.games import spectating
from igym.services.games.spectating import Permit
from igym.store import RedisError
from igym.store.games import Glance
from igym.web import looking
from igym.web.door import Door
from igym.web.hearing import Hearing
from igym.web.looking import Looking
from igym.web.outlet import Outlet
from igym.wire import inner
from tests.web.test_outlet import Outgoing, Socket


class Server:
    """As much of python-socketio as is asked for."""

    not_handled = object()

    def __init__(self) -> None:
        self.handlers: dict = {}
        self.gone: list[str] = []
        self.eio = SimpleNamespace(sockets={})
        self.manager = SimpleNamespace(eio_sid_from_sid=self._socket)
        self._handle_event = lambda *_: None

    def _socket(self, sid: str, nsp: str) -> str:
        made = self.eio.sockets[sid] = Socket()
        made.sid = sid  # type: ignore[attr-defined]
        made.close = lambda wait: self.gone.append(sid)  # type: ignore[attr-defined]
        return sid

    def on(self, event: str, handler: object) -> None:
        self.handlers[event] = handler


def stands(game: str, owner: str = "games-1", phase: str = "live") -> Glance:
    return Glance(game, owner, phase, 1, 0, 0, 0, 0)


@pytest.fixture
def seen(monkeypatch) -> dict:
    """Permit -> how its game stands; None = they may not any more."""
    found: dict[Permit, Glance | None] = {}

    def read(_: object, text: str) -> Permit:
        permit = Permit("visit", "pair", text)
        if found.get(permit, 1) is None:
            raise NotYours("You may not.")
        return permit

    monkeypatch.setattr(spectating, "read", read)
    monkeypatch.setattr(
        spectating, "look", lambda _, all: {t: found.get(t, stands(t.game)) for t in all}
    )
    monkeypatch.setattr(looking.gevent, "spawn", lambda call, *args: call(*args))
    return found


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def outlet(server) -> Outlet:
    made = Outlet("web-1", Outgoing(), lambda link: None)
    made.bind(server)
    return made


@pytest.fixture
def lookers(outlet) -> Looking:
    return Looking(None, outlet)


def admit(lookers: Looking, sid: str, game: str, seat: object = "left", **said: object) -> None:
    lookers.admit(sid, {"watch": game, "wire": wire.VERSION, "seat": seat, **said}, {})


def test_a_watcher_is_told_of_to_the_games_owner_and_again_when_another_has_it(
    lookers, outlet, seen
):
    permit = Permit("visit", "pair", "g")
    seen[permit] = stands("g", owner="")
    admit(lookers, "s", "g")
    assert outlet.outbox.said == []
    for owner in ("games-1", "games-1", "games-2"):
        seen[permit] = stands("g", owner)
        lookers._see(outlet.watchers())
    said = inner.Watch("g", "left", "web-1", 1)
    assert outlet.outbox.said == [("games-1", said), ("games-1", said), ("games-2", said)]
    lookers.left(outlet.watcher("s"))
    assert outlet.outbox.said[-1] == ("games-2", inner.Unwatch("g", "web-1", 1))
    assert outlet.watchers() == [] and outlet.known == 0


def test_whoever_may_not_look_on_any_more_is_hung_up_on(lookers, outlet, server, seen):
    seen[Permit("visit", "pair", "g")] = stands("g")
    seen[Permit("visit", "pair", "h")] = stands("h")
    admit(lookers, "s", "g"), admit(lookers, "t", "h")
    seen[Permit("visit", "pair", "g")] = None
    lookers._see(outlet.watchers())
    assert server.gone == ["s"]
    with pytest.raises(NotYours):
        admit(lookers, "u", "g")


def test_so_many_look_on_from_one_web_worker_and_only_with_todays_page(lookers, outlet, seen):
    for n in range(looking.MOST):
        admit(lookers, f"s{n}", "g", seat=n)
    assert {link.seat for link in outlet.watchers()} == {""}
    with pytest.raises(TooMuch):
        admit(lookers, "one more", "g")
    lookers.left(outlet.watcher("s0"))
    with pytest.raises(OldClient):
        admit(lookers, "old", "g", wire=wire.VERSION - 1)
    admit(lookers, "one more", "g", seat="x" * 10_000)
    assert max(len(link.seat) for link in outlet.watchers()) <= 80


def test_a_watcher_is_no_participant_to_whoever_counts_or_hears_them(lookers, outlet, server, seen):
    outlet.open("p", "pair", "ann")
    admit(lookers, "s", "g")
    assert [link.session for link in outlet] == ["ann"] and len(outlet) == 1
    assert outlet.by_sid("s") is None and outlet.known == 2
    hearing = Hearing(None, outlet)  # type: ignore[arg-type]
    for _ in range(2):
        hearing.turn_out()
        hearing._strangers_s = dict.fromkeys(hearing._strangers_s, -100.0)
    assert server.gone == [], "who looks on has said whose they are"


def test_frames_a_watcher_misses_are_no_participants_loss(lookers, outlet, seen):
    admit(lookers, "s", "g")
    for n in range(9):
        outlet.handle([inner.Deliver([1], inner.FRAME, b"frame %d" % n)])
    assert len(outlet.watcher("s").socket.queue) == 2 and outlet.dropped == 0


@pytest.mark.parametrize("kind", [wire.Keys, wire.Say, wire.Ready, wire.Withdraw, wire.Advance])
def test_whatever_a_watcher_says_is_refused_and_one_who_goes_on_is_hung_up_on(
    lookers, outlet, server, seen, kind
):
    door, did = Door(server, outlet, 100), []
    door.on(kind)(lambda link, said: did.append(said))
    admit(lookers, "s", "g")
    answers = [server.handlers[kind.event]("s", {"game": "g"}) for _ in range(3)]
    assert {answer["code"] for answer in answers} == {"not_yours"} and did == []
    assert server.gone == []
    for _ in range(3):
        server.handlers["*"]("something", "s", {})
    assert server.gone[:1] == ["s"]


def test_rights_are_looked_at_again_whatever_went_wrong_before(
    lookers, outlet, server, seen, monkeypatch
):
    admit(lookers, "s", "g")
    went = iter([ValueError("nobody thought of that"), RedisError("away"), None])

    def look(_: object, asked: list[Permit]) -> dict[Permit, None]:
        if (wrong := next(went)) is not None:
            raise wrong
        return dict.fromkeys(asked)

    class Enough(BaseException):
        """Ends what else goes on for ever."""

    turns = iter(range(3))

    def sleep(_: float) -> None:
        if next(turns, None) is None:
            raise Enough

    monkeypatch.setattr(spectating, "look", look)
    monkeypatch.setattr(looking.gevent, "sleep", sleep)
    with pytest.raises(Enough):
        lookers.run()
    assert server.gone == ["s"]
