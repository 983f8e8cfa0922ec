"""What was acknowledged is kept, whoever is killed right afterwards; no screen waits for it."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from igym.store import RedisError, keys
from tests.system.client import Client, join
from tests.system.server import Server, eventually, serving

pytestmark = pytest.mark.stack

PEOPLE = 12


def consent_all(server: Server, acked: Callable[[], None]) -> dict[str, float]:
    """Everybody agrees at the same time; `acked` is called with the first answer of all.

    Returns session -> seconds until its answer, of those who had one.
    """
    people = [Client(server.url, join(server.url, "solo")) for _ in range(PEOPLE)]
    sessions = {one.state["session"]: one for one in people}
    took_s: dict[str, float] = {}

    def agree(session: str, one: Client) -> None:
        began_s = time.monotonic()
        try:
            if one.advance() is None:
                took_s[session] = time.monotonic() - began_s
                acked()
        except AssertionError:
            pass  # the worker died first: nobody was told that it was kept

    threads = [threading.Thread(target=agree, args=item) for item in sessions.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    for one in people:
        with suppress(OSError):
            one.drop()
    return took_s


def moved_on(server: Server, session: str) -> bool:
    try:
        return int(server.session("solo", session).get("version", 0)) > 1
    except RedisError:
        return False


def agreed(server: Server) -> set[str]:
    """Sessions whose visit to the consent page has an end, in the rows for the data."""
    import msgspec

    rows = [
        msgspec.json.decode(fields[b"d"])
        for _, fields in server.redis.xrange(keys.records("solo", "1"))
        if fields[b"t"] == b"visits"
    ]
    return {row["session_id"] for row in rows if row["visit"] == 0 and row.get("left_ms")}


def test_the_answer_waits_for_the_disk_and_the_next_screen_does_not():
    with serving("solo", WEB="1", IGYM_ACK_PATIENCE_S="4") as server:
        screen_s, answer_s = [], []
        for _ in range(5):
            with Client(server.url, join(server.url, "solo")) as ann:
                mark = (ann.state, ann.mark())[1]
                began_s = time.monotonic()
                assert ann.advance() is None
                answer_s.append(time.monotonic() - began_s)
                shown = next(h for h in ann.heard[mark:] if h.event == "state")
                screen_s.append(shown.at_s - began_s)
        assert statistics.median(screen_s) < 0.5 * statistics.median(answer_s)
        assert max(answer_s) < 4
        assert "does not say" not in server.log


@pytest.mark.parametrize("patience_s", ["0", "2.5"])
@pytest.mark.parametrize("victim", ["web", "redis"])
def test_no_acknowledged_answer_is_lost_when_all_of_them_are_killed(victim, patience_s):
    with serving("solo", WEB="2", IGYM_ACK_PATIENCE_S=patience_s) as server:
        words = ("igym.web",) if victim == "web" else ("valkey-server", "redis-server")
        processes = [p for word in words for p in server.children(word)]
        once = threading.Lock()

        def kill() -> None:
            if once.acquire(blocking=False):
                for process in processes:
                    process.kill()

        took_s = consent_all(server, kill)
        assert took_s, "nobody was answered: nothing was tested"
        for session in took_s:
            eventually(lambda s=session: moved_on(server, s), within_s=15, what="its next scene")
        assert set(took_s) <= agreed(server) | archived(server)


def archived(server: Server) -> set[str]:
    """The same from the data volume, for rows that the archiver already took."""
    import pandas as pd

    folder = server.tables("solo") / "visits"
    if not folder.exists():
        return set()
    visits = pd.read_parquet(folder)
    return set(visits[(visits.visit == 0) & visits.left_ms.notna()].session_id)
