"""Brings each browser its reliable messages: every one once, in order, or a snapshot instead.

What is published may be lost, twice there, or late. The numbers decide: the next one is sent,
an earlier one is dropped, and for anything else the mail itself is read. Every `HEAL_S` it is
asked for all browsers together what they should have, so a lost publish heals although nothing
follows it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

import gevent

from igym import wire
from igym.store import Redis, RedisError, mail
from igym.web.outlet import Link, Outlet
from igym.wire import inner

_log = logging.getLogger(__name__)

#: How often mail that comes while it is read is looked for again, before the next `heal`.
LOOKS = 4

#: How often it is looked whether anything was lost, and for how many browsers in a round trip.
HEAL_S, HEALED = 2.0, 200


class Show(Protocol):
    """Sends a link the session's state, in which every message up to `seq` is. True: sent."""

    def __call__(self, link: Link, *, seq: int) -> bool: ...


class Mailman:
    """The reliable messages of this web worker's links."""

    def __init__(
        self,
        redis: Redis,
        outlet: Outlet,
        show: Show,
        spawn: Callable[[Callable[[Link], None], Link], object] = gevent.spawn,
    ) -> None:
        self._spawn = spawn
        self._redis = redis
        self._outlet = outlet
        self._show = show

    def greet(self, link: Link, seq: object) -> None:
        """The first state of a connection, and what its browser missed.

        `seq` is the last number the browser says it has; anything that is not a number it
        can have is answered with a snapshot.
        """
        link.claimed = seq if type(seq) is int and 0 <= seq <= 2**31 else -1
        self.bring(link)

    def post(self, said: inner.Post) -> None:
        """A message was put into a session's mail."""
        for link in self._outlet.of(said.experiment, said.session):
            link.expects = max(link.expects, said.seq)
            if link.fetching or link.seq < 0 or said.seq <= link.seq:
                continue  # the one who fetches looks again; before the first state nothing is sent
            if said.seq == link.seq + 1:
                link.seq = said.seq
                self._outlet.packet(link, said.packet)
            else:
                self._spawn(self.bring, link)

    def run(self) -> None:
        """Heal for ever. Redis away is waited for."""
        while True:
            gevent.sleep(HEAL_S)
            try:
                self.heal()
            except RedisError as error:
                _log.warning("what was lost of the mail is not known yet: %s", error)

    def heal(self) -> None:
        """Bring what was published and lost, and first states that could not be sent."""
        links = []
        for link in self._outlet:
            if link.seq < 0:
                self._spawn(self.bring, link)
            else:
                links.append(link)
        for begin in range(0, len(links), HEALED):
            some = links[begin : begin + HEALED]
            kept = mail.last(self._redis, [(one.experiment, one.session) for one in some])
            for link, number in zip(some, kept, strict=True):
                # A lower one is of a mail that began anew: Redis has lost its memory.
                if number and number != link.seq:
                    self._spawn(self.bring, link)

    def bring(self, link: Link) -> None:
        """Read the mail and send what is missing. Never two at once for one link."""
        if link.fetching:
            return
        link.fetching = True
        try:
            for _ in range(LOOKS):
                if not self._fetch(link) or link.expects <= link.seq:
                    break
            link.expects = link.seq
        except RedisError as error:
            _log.warning("mail of %s not brought yet: %s", link.session, error)
        finally:
            link.fetching = False

    def _fetch(self, link: Link) -> bool:
        """One look. False: try again with the next `heal`."""
        first = link.seq < 0
        seq = link.claimed if first else link.seq
        gap = mail.after(self._redis, link.experiment, link.session, max(0, seq))
        # A number from before the mail began anew is no better than none.
        whole = gap.whole and 0 <= seq <= gap.head
        start = seq if whole else gap.head
        if first or not whole:
            if not self._show(link, seq=start):
                return False
            link.seq = start
        for number, packet in gap.messages if whole else ():
            link.seq = number
            self._outlet.packet(link, packet)
        return True

    def got(self, link: Link, said: wire.Got) -> None:
        """The browser has everything up to a number. One it was not sent means nothing."""
        if 0 < said.seq <= link.seq:
            mail.got(self._redis, link.experiment, link.session, said.seq)
