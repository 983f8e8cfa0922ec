"""What each message of a participant does. Decoding and refusals happen at the door."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import gevent
import socketio
from socketio.exceptions import ConnectionRefusedError as Refusal

from igym import log, wire
from igym.domain.participant import Phase
from igym.errors import (
    BadMessage,
    Conflict,
    IgymError,
    NotFound,
    NotYours,
    OldClient,
    Unavailable,
)
from igym.services.connect import Deployment, now_ms
from igym.services.games import replying
from igym.services.lobby import waiting
from igym.services.operations import commanding
from igym.services.sessions import advancing, chatting, display, screens, tokens, withdrawing
from igym.services.sessions.console import Console
from igym.store import RedisError, games, records, sessions, sockets
from igym.web import hearing
from igym.web.door import Door, refusal
from igym.web.entry import Entry
from igym.web.heartbeat import Heartbeat
from igym.web.looking import Looking
from igym.web.mailman import Mailman
from igym.web.outlet import Link, Outlet
from igym.web.speaking import Speaker
from igym.wire import inner

_log = logging.getLogger(__name__)


class Sockets:
    """The participants' namespace."""

    def __init__(
        self,
        deployment: Deployment,
        server: socketio.Server,
        outlet: Outlet,
        settled: Callable[[], object] = lambda: None,
    ) -> None:
        """`settled` returns once what was written is on disk, or nobody can say."""
        self._deployment = deployment
        self._server = server
        self._outlet = outlet
        self._entry = Entry(deployment)
        self.heart = Heartbeat(deployment.settings.ping_interval_s)
        self.looking = Looking(deployment, outlet)
        self._console = Console(deployment)
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        self.mailman = Mailman(deployment.redis, outlet, self._snapshot)
        self._speaker = Speaker(deployment)
        door = Door(
            server, outlet, deployment.settings.input_rate_per_s, settled, self._speaker.spoken
        )
        door.on(wire.Keys)(self._keys)
        self._take = door.short_way(self._keys)
        self._quick = door.quick(self._keys)
        door.on(wire.Advance)(self._advance)
        door.on(wire.Ready)(self._ready)
        door.on(wire.Probe)(self._probe)
        door.on(wire.Painted)(self._painted)
        door.on(wire.Notice)(self._notice)
        door.on(wire.Logged)(self._logged)
        door.on(wire.Say)(self._say)
        door.on(wire.Reply)(self._reply)
        door.on(wire.Withdraw)(self._withdraw)
        door.on(wire.Got)(self.mailman.got)
        door.on(wire.Screened)(self._screened)
        door.on(wire.Here)(self._here)
        door.on(wire.Choose)(self._choose)
        door.on(wire.Seen)(self._seen)

    # --- coming and going ------------------------------------------------------------------------

    def _connect(self, sid: str, environ: Mapping[str, Any], auth: Any = None) -> None:
        try:
            self._admit(sid, auth, environ)
        except IgymError as error:
            raise self._turned_away(auth, refusal(error)) from error
        except RedisError as error:
            _log.warning("a connection could not be admitted, Redis is away: %s", error)
            away = Unavailable(
                "We lost our own connection for a moment.", hint="We try again by ourselves."
            )
            raise self._turned_away(auth, refusal(away)) from error
        except Exception as error:
            _log.exception("a connection could not be admitted")
            what = "Something went wrong on our side."
            refused = wire.Refused("error", what, "We try again by ourselves.")
            raise self._turned_away(auth, refused) from error

    def _turned_away(self, auth: Any, refused: wire.Refused) -> Refusal:
        """As the browser hears it, in the language of the study its token is of."""
        experiment = ""
        with suppress(IgymError):
            token = auth.get("token") if isinstance(auth, dict) else None
            experiment, _ = tokens.identify(self._deployment, token)
        refused = self._speaker.spoken(experiment, refused)
        return Refusal(refused.text, wire.plain(refused))

    def _admit(self, sid: str, auth: Any, environ: Mapping[str, Any]) -> None:
        said: Mapping[str, Any] = auth if isinstance(auth, dict) else {}
        if "watch" in said:
            return self.looking.admit(sid, said, environ)
        holder = tokens.read(self._deployment, said.get("token"))
        experiment, session_id, _ = holder
        log.about(experiment=experiment, session=session_id)  # whatever this connection sends
        if said.get("wire") != wire.VERSION:
            raise OldClient("This page is from before an update.", hint="Reload it to go on.")
        redis = self._deployment.redis
        session = sessions.read(redis, experiment, session_id)
        link = self._outlet.open(sid, experiment, session_id, environ.get("wsgi.websocket"))
        try:
            self._entry.opened(link, session, environ)
            hearing.hear(link, self._take, self._quick, self.heart)
            if self._deployment.settings.store_device:
                row = display.device(session, str(environ.get("HTTP_USER_AGENT", "")))
                records.add(redis, experiment, session.release, [row])
            before = sockets.connect(redis, experiment, session_id, self._outlet.name, link.conn)
        except BaseException:
            self._outlet.close(link)  # Socket.IO tells of no end where there was no beginning
            self._entry.closed(link)
            raise
        if before is not None:
            web, conn = before
            self._outlet.outbox.put(web, inner.Displaced(conn))
        # The answer to `connect` must reach the browser first.
        gevent.spawn(self._greet, link, said.get("seq"), tokens.renewed(self._deployment, holder))

    def _greet(self, link: Link, seq: object, token: str | None) -> None:
        if token is not None:
            self._outlet.send(link, wire.Renewed(token))
        self.mailman.greet(link, seq)
        if link.stale:
            self.refresh(link)
        with suppress(RedisError):  # the director has it said again
            self._speak(link)

    def announced(self, link: Link) -> None:
        """An admin's command is about this session: look at everything anew."""
        gevent.spawn(self._announced, link)

    def _announced(self, link: Link) -> None:
        self.refresh(link, True)
        with suppress(RedisError):
            self._speak(link)

    def _speak(self, link: Link) -> None:
        """Send what admins have to say to them and they have not put away."""
        for command in commanding.words_for(self._deployment, link.experiment, link.session):
            self._outlet.send(link, wire.Announcement(command.id, command.text))
            commanding.sent(self._deployment, command)

    def _disconnect(self, sid: str, reason: str = "") -> None:
        if (watcher := self._outlet.watcher(sid)) is not None:
            self.looking.left(watcher)
        link = self._outlet.by_sid(sid)
        if link is None:
            return
        self._outlet.close(link)
        self._entry.closed(link)
        if link.worker:
            self._outlet.outbox.put(
                link.worker, inner.Detach(link.game, link.seat, self._outlet.name, link.conn)
            )
        gevent.spawn(self._forget, link)

    def _forget(self, link: Link) -> None:
        try:
            sockets.disconnect(
                self._deployment.redis, link.experiment, link.session, self._outlet.name, link.conn
            )
        except RedisError as error:
            _log.warning("socket of %s not forgotten: %s", link.session, error)

    def refresh(self, link: Link, always: bool = False) -> None:
        """Send the session's state if the link has not seen it yet."""
        if link.seq < 0:
            link.stale = True  # its first state is on its way, and may be from before
        else:
            self._show(link, always, link.seq)

    def _snapshot(self, link: Link, *, seq: int) -> bool:
        return self._show(link, True, seq)

    def _show(self, link: Link, always: bool, seq: int) -> bool:
        """Send the state; `seq` is the reliable message up to which the browser has them."""
        try:
            session = sessions.read(self._deployment.redis, link.experiment, link.session)
            if session.version <= link.version and not always:
                return False
            state = screens.state(self._deployment, session, self._outlet.name, seq)
        except NotFound as gone:
            self._outlet.send(link, self._speaker.refusal(link.experiment, gone))
            return False
        except RedisError as error:
            _log.warning("state of %s not sent yet: %s", link.session, error)
            return False
        if session.version < link.version:
            return False  # a newer one was sent while this one was read
        link.version = session.version
        waits = session.phase is Phase.WAITING
        link.lobby = (
            sessions.lobby_name(session.package, session.scene, session.mode) if waits else ""
        )
        view = state.view
        link.counts = isinstance(view, wire.LobbyView) and view.shows != "nothing"
        if session.game != link.game:
            link.game, link.seat, link.worker = "", "", ""
        self._outlet.send(link, state)
        return True

    # --- messages -------------------------------------------------------------------------------

    def _advance(self, link: Link, said: wire.Advance) -> None:
        session = sessions.read(self._deployment.redis, link.experiment, link.session)
        with suppress(Conflict):  # they moved on in the same moment: show where they are
            advancing.submit(self._deployment, session, said)
        self.refresh(link, True)

    def _screened(self, link: Link, said: wire.Screened) -> None:
        self._entry.screened(link, said)
        self.refresh(link, True)

    def _ready(self, link: Link, said: wire.Ready) -> None:
        redis = self._deployment.redis
        session = sessions.read(redis, link.experiment, link.session)
        if session.phase is not Phase.PLAYING or session.game != said.game:
            self.refresh(link, True)
            raise NotYours("That game is over.", hint="We show you what comes next.")
        plan = self._deployment.plans.get(session.experiment, session.package)
        play = plan.scene(session.scene).play
        assert play is not None
        link.game, link.seat, link.bits = session.game, session.seat, len(play.keys)
        link.moves = play.pointer or play.sticks
        self._attach(link)
        if said.opened_ms:
            records.add(redis, link.experiment, session.release, [display.opened(session, said)])

    def _attach(self, link: Link) -> None:
        """Tell the game's owner where the seat is; without one, whoever claims it reads that."""
        where = (self._outlet.name, link.conn)
        redis = self._deployment.redis
        owner = games.link(redis, link.experiment, link.game, link.seat, *where)
        if owner:
            self._outlet.outbox.put(owner, inner.Attach(link.game, link.seat, *where))

    def _keys(self, link: Link, said: wire.Keys) -> None:
        # The hot path: no Redis, no reply.
        if said.game != link.game:
            raise NotYours("That game is not yours, or it is over.", hint="Reload the page.")
        if said.held >> link.bits or any(index >= link.bits for index, _, _ in said.edges):
            raise BadMessage("That key is not used in this game.")
        if (said.spots or said.moves) and not link.moves:
            raise BadMessage("Pointer and gamepad are not used in this game.")
        # Also called in the event loop itself: nothing here may wait, and there `heard_s` is set
        # only afterwards. Whether the link may speak was looked at just now.
        link.keys_s = link.tokens_s
        if link.worker:
            self._outlet.outbox.put(
                link.worker, inner.Input(link.game, link.seat, now_ms(), said, link.rtt_ms)
            )

    def _probe(self, link: Link, said: wire.Probe) -> wire.Probed:
        if said.rtt_ms is not None:
            link.rtt_ms = said.rtt_ms
        if link.lobby or self._entry.waits(link):
            gevent.spawn(self._waits, link)
        elif link.game and not link.worker:
            self._attach(link)
        return wire.Probed(said.sent_ms, now_ms())

    def _say(self, link: Link, said: wire.Say) -> None:
        session = sessions.read(self._deployment.redis, link.experiment, link.session)
        chatting.say(self._deployment, self._outlet.outbox, session, said)

    def _reply(self, link: Link, said: wire.Reply) -> None:
        session = sessions.read(self._deployment.redis, link.experiment, link.session)
        replying.reply(self._deployment, session, said)
        if link.worker:
            self._outlet.outbox.put(link.worker, inner.Replied(said.game, session.seat))

    def _withdraw(self, link: Link, said: wire.Withdraw) -> None:
        withdrawing.withdraw(
            self._deployment, self._outlet.outbox, link.experiment, link.session, keep=said.keep
        )
        self.refresh(link, True)

    def _waits(self, link: Link) -> None:
        self.refresh(link)  # a lost nudge heals here
        if link.lobby and link.rtt_ms >= 0:
            with suppress(RedisError):  # the next probe says it again
                waiting.heard(
                    self._deployment, link.experiment, link.lobby, link.session, link.rtt_ms
                )

    def _here(self, link: Link, said: wire.Here) -> None:
        waiting.here(self._deployment, link.experiment, link.lobby, link.session, said.proposal)

    def _choose(self, link: Link, said: wire.Choose) -> None:
        session = sessions.read(self._deployment.redis, link.experiment, link.session)
        with suppress(Conflict):  # they moved on in the same moment: show where they are
            waiting.choose(self._deployment, session, said)
        self.refresh(link, True)

    def _seen(self, link: Link, said: wire.Seen) -> None:
        redis, experiment = self._deployment.redis, link.experiment
        text = commanding.seen(self._deployment, experiment, link.session, said.id, read=said.read)
        if text:
            session = sessions.read(redis, experiment, link.session)
            kind = "message_read" if said.read else "message_shown"
            row = records.event_row(now_ms(), kind, session=session.id, game=link.game, detail=text)
            records.add(redis, experiment, session.release, [row])

    def _painted(self, link: Link, said: wire.Painted) -> None:
        # The last one of a game comes when the next scene is on already.
        redis = self._deployment.redis
        session = sessions.read(redis, link.experiment, link.session)
        game = games.read(redis, link.experiment, said.game)
        if session.id not in game.seats.values():
            raise NotYours("That game is not yours, or it is over.", hint="Reload the page.")
        records.add(redis, link.experiment, session.release, [display.painted(session, said)])

    def _logged(self, link: Link, said: wire.Logged) -> None:
        link.voice = self._console.hear(link.experiment, link.session, link.voice, said)

    def _notice(self, link: Link, said: wire.Notice) -> None:
        if said.kind in ("hidden", "blur"):
            link.away = said.kind
        elif said.kind in ("visible", "focus"):
            link.away = ""
        session = sessions.read(self._deployment.redis, link.experiment, link.session)
        row = records.event_row(
            now_ms(),
            said.kind,
            session=link.session,
            game=link.game,
            detail=said.detail,
            browser_ms=said.at_ms,
        )
        records.add(self._deployment.redis, link.experiment, session.release, [row])
