"""Whatever is lost, late or doubled on the way: every message once, in order, or a snapshot."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from igym import wire
from igym.services.sessions import mailing
from igym.store import mail, sockets
from igym.web.mailman import Mailman
from igym.web.outlet import Outlet
from igym.wire import inner

#: A second or so each: too many of them for `make fast`.
pytestmark = pytest.mark.slow

EXPERIMENT, SESSION = "kitchen", "ann"


def message(n: int) -> wire.Chat:
    return wire.Chat(0, "g", wire.ChatLine(n, "left", f"line {n}", float(n)))


class Socket:
    """engine.io's end of a connection: what is sent here arrives, until it breaks."""

    closed = False

    def __init__(self, browser: Browser) -> None:
        self.browser = browser

    def send(self, packet) -> None:
        if self.browser.socket is self:
            self.browser.hear(*msgspec.msgpack.decode(packet.encode())["data"])


class Browser:
    """A page: what it has seen, and the number up to which."""

    def __init__(self) -> None:
        self.socket: Socket | None = None
        self.seq: int | None = None
        self.lines: list[int] = []

    def hear(self, event: str, said) -> None:
        if event == "state":
            if said["snapshot"] is not None:
                self.lines = said["snapshot"]
            self.seq = said["seq"]
        elif said["seq"] > self.seq:
            assert said["seq"] == self.seq + 1, "a gap reached the browser"
            self.seq = said["seq"]
            self.lines = [*self.lines, said["line"]["line"]]
        else:
            pytest.fail(f"number {said['seq']} came again")


class Web:
    """One web worker: its outlet and its mailman, and no server."""

    def __init__(self, redis, name: str, written: list[int]) -> None:
        self.sockets: dict = {}
        self.name = name
        self.redis = redis
        self.outlet = Outlet(name, SimpleNamespace(put=lambda *_: None), lambda link: None)
        self.outlet.bind(
            SimpleNamespace(
                manager=SimpleNamespace(eio_sid_from_sid=lambda sid, nsp: sid),
                eio=SimpleNamespace(sockets=self.sockets),
            )
        )
        self.written = written
        self.mailman = Mailman(redis, self.outlet, self.show, lambda call, link: call(link))

    def show(self, link, *, seq: int) -> bool:
        """As the sockets do: whoever has nothing, or not enough, is told everything."""
        behind = link.claimed if link.seq < 0 else link.seq
        whole = None if 0 <= behind == seq else list(self.written)
        packet = {"data": ["state", {"seq": seq, "snapshot": whole}]}
        self.outlet.packet(link, msgspec.msgpack.encode(packet))
        return True

    def connect(self, browser: Browser):
        sid = f"{self.name}-{len(self.sockets)}"
        browser.socket = self.sockets[sid] = Socket(browser)
        link = self.outlet.open(sid, EXPERIMENT, SESSION)
        sockets.connect(self.redis, EXPERIMENT, SESSION, self.name, link.conn)
        self.mailman.greet(link, browser.seq)
        return link


class Mail(RuleBasedStateMachine):
    """Sends, losses, reconnects to either of two workers, acknowledgements, and a cap of four."""

    redis = None

    @initialize()
    def begin(self) -> None:
        self.redis.flushall()
        self.written: list[int] = []
        self.webs = [Web(self.redis, name, self.written) for name in ("web-1", "web-2")]
        self.flying: list[tuple[str, inner.Post]] = []
        self.browser, self.web = Browser(), self.webs[0]
        self.link = self.web.connect(self.browser)
        self.deployment = SimpleNamespace(redis=self.redis)
        self.outbox = SimpleNamespace(put=lambda to, said: self.flying.append((to, said)))

    @rule(many=st.integers(1, 3), again=st.booleans())
    def send(self, many: int, again: bool) -> None:
        for _ in range(many):
            n = len(self.written) + 1
            self.written.append(n)
            for _ in range(1 + again):  # a reply was lost: the sender says it again
                mailing.send(
                    self.deployment, self.outbox, EXPERIMENT, SESSION, message(n), once=f"line {n}"
                )

    @precondition(lambda self: self.flying)
    @rule(at=st.integers(0, 9), twice=st.booleans())
    def arrive(self, at: int, twice: bool) -> None:
        """A published message comes: in any order, perhaps twice, perhaps where nobody is."""
        to, said = self.flying[at % len(self.flying)]
        if not twice:
            self.flying.remove((to, said))
        next(web for web in self.webs if web.name == to).mailman.post(said)

    @precondition(lambda self: self.flying)
    @rule(at=st.integers(0, 9))
    def lose(self, at: int) -> None:
        del self.flying[at % len(self.flying)]

    @precondition(lambda self: self.link is None)
    @rule(which=st.integers(0, 1), fresh=st.sampled_from([False, False, True]))
    def connect(self, which: int, fresh: bool) -> None:
        if fresh:
            self.browser = Browser()  # the page was loaded again
        self.web = self.webs[which]
        self.link = self.web.connect(self.browser)

    @precondition(lambda self: self.link is not None)
    @rule(how=st.sampled_from(["stay", "stay", "vanish", "change"]), which=st.integers(0, 1))
    def lose_the_connection(self, how: str, which: int) -> None:
        """It ends; or the browser is elsewhere before its web worker has noticed."""
        if how == "vanish":
            self.browser.socket = None
            self.web.outlet.close(self.link)
            self.link = None
        elif how == "change":
            self.web = self.webs[which]
            self.link = self.web.connect(self.browser)

    @precondition(lambda self: self.link is not None)
    @rule(back=st.integers(0, 3))
    def acknowledge(self, back: int) -> None:
        """What it has, or an old number once more, or one it cannot have."""
        self.web.mailman.got(self.link, wire.Got(max(0, self.browser.seq - back)))
        self.web.mailman.got(self.link, wire.Got(self.browser.seq + 1 + back))

    @precondition(lambda self: self.link is not None)
    @rule()
    def heartbeat(self) -> None:
        """Whatever was lost before: now the browser has everything."""
        self.web.mailman.heal()
        assert self.browser.lines == self.written

    @invariant()
    def a_browser_has_a_beginning_of_everything_and_nothing_twice(self) -> None:
        lines = self.browser.lines
        assert lines == self.written[: len(lines)]

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        assert self.redis.xlen(f"igym:{{{EXPERIMENT}}}:mail:{SESSION}") <= 4


def test_any_interleaving_brings_every_message_once_or_a_snapshot(redis, monkeypatch):
    monkeypatch.setattr(mail, "MOST", 4)
    machine = type("Machine", (Mail,), {"redis": redis})
    how = settings(
        max_examples=100,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)


def test_a_number_from_before_redis_lost_its_memory_is_answered_with_a_snapshot(redis):
    web, browser = Web(redis, "web-1", [1, 2]), Browser()
    browser.seq = 9
    web.connect(browser)
    assert (browser.lines, browser.seq) == ([1, 2], 0)


def test_what_a_client_claims_is_a_number_or_nothing(redis):
    for odd in ("7", -1, 2**40, True, 1.5, [], {}):
        web, browser = Web(redis, "web-1", [1]), Browser()
        browser.seq = odd
        web.connect(browser)
        assert (browser.lines, browser.seq) == ([1], 0)


def test_a_message_for_a_browser_that_has_no_state_yet_waits_for_it(redis):
    web, browser = Web(redis, "web-1", []), Browser()
    browser.socket = web.sockets["sid"] = Socket(browser)
    link = web.outlet.open("sid", EXPERIMENT, SESSION)
    web.mailman.post(inner.Post(EXPERIMENT, SESSION, 1, b"never shown"))
    assert browser.seq is None and link.expects == 1
