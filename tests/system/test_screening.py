"""Entry screening over real sockets, with an author's function in a real checks worker."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator

import pandas as pd
import pytest

from igym.store import records
from tests.services import choosy
from tests.system.client import Client, fetch, join
from tests.system.line import Line
from tests.system.server import Server, eventually, serving

pytestmark = [pytest.mark.stack, pytest.mark.slow]

CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0 Safari/537.36"
FITS = {
    "device": "desktop",
    "browser": "chrome",
    "width_px": 1200,
    "height_px": 800,
    "rtt_ms": [20.0, 25.0, 30.0],
    "kbps": 9_000,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("screening")
    text = choosy.EXPERIMENT.replace(
        'screen(check=check, limit="1 s")',
        'screen(devices=["desktop"], max_rtt="1.5 s", check=check, limit="1 s")',
    )
    with serving(choosy.write(home / "choosy", experiment=text)) as made:
        yield made


def arrive(server: Server, **query: str) -> Client:
    client = Client(server.url, join(server.url, "choosy", **query), **{"User-Agent": CHROME})
    assert client.state["phase"] == "screening", client.state
    return client


def say(client: Client, **said: object) -> object:
    return client.ask("screened", {"version": client.state["version"], **FITS, **said})


def rows(server: Server, client: Client) -> list[dict]:
    """The verdicts that wait for the archiver or are on the disk."""
    session = client.state["session"]
    waiting = records.waiting(server.redis, "choosy", "1", 10_000)[1]
    found = [row for table, row in waiting if table == "screenings"]
    for file in (server.tables("choosy") / "screenings").glob("*.parquet"):
        found += pd.read_parquet(file).to_dict("records")
    return [row for row in found if row["session_id"] == session]


def test_who_fits_is_let_in_by_the_authors_function(server):
    with arrive(server, id="fits", do="pass") as client:
        assert client.state["view"] == {"type": "screening", "probes": 8, "bytes": 0}
        assert say(client) is None
        state = client.wait("state", lambda s: s["phase"] == "reading", within_s=30)
        assert (state["scene"], state["view"]["type"]) == ("consent", "page")
        began_s = time.monotonic()
    with arrive(server, id="fits too", do="pass") as client:
        say(client)
        client.wait("state", lambda s: s["phase"] == "reading", within_s=10)
        assert time.monotonic() - began_s < 5, "the package is loaded by now"


@pytest.mark.parametrize(
    ("do", "reads"),
    [
        ("say", "Only on Sundays."),
        ("raise", "You cannot take part in this study."),
        ("hang", "You cannot take part in this study."),
    ],
)
def test_who_is_kept_out_reads_why_and_never_sees_a_scene(server, do, reads):
    with arrive(server, do=do, id=f"out {do}") as client:
        assert say(client) is None
        state = client.wait("state", lambda s: s["phase"] == "ended", within_s=40)
        assert state["view"]["outcome"] == "screened_function"
        assert (state["view"]["code"], state["view"]["reason"]) == ("NOT-FOR-YOU", reads)
        assert {s["phase"] for s in client.all("state")} == {"screening", "ended"}
        assert "RuntimeError" not in str(client.heard)


def test_a_client_that_skips_the_screening_is_never_given_a_scene(server):
    with arrive(server, id="skips", do="pass") as client:
        for scene in ("consent", "count", "thanks"):
            said = {"scene": scene, "version": client.state["version"], "answers": {}}
            client.ask("advance", said)
        refused = client.ask("ready", {"game": "nothing", "width_px": 1, "height_px": 1})
        assert refused["code"] == "not_yours"
        assert {s["phase"] for s in client.all("state")} == {"screening"}
        assert rows(server, client) == []


def test_a_slow_connection_is_measured_by_the_server_whatever_the_client_says(server):
    token = join(server.url, "choosy", id="lies", do="pass")
    with Line(server.port, lag_s=0.8) as line, Client(line.url, token) as client:
        assert say(client, rtt_ms=[1.0] * 8) is None
        state = client.wait("state", lambda s: s["phase"] == "ended", within_s=20)
        assert state["view"]["outcome"] == "screened_rtt"
        (row,) = eventually(lambda: rows(server, client), what="a row")
        assert row["browser_rtt_ms"] == 1.0 and row["server_rtt_ms"] >= 1_600


def test_a_checks_worker_killed_in_the_middle_keeps_nobody_out(server):
    with arrive(server, id="unlucky", do="slow") as client:
        assert say(client) is None
        callees = eventually(
            lambda: server.children("igym.services.functions.callee"), within_s=30, what="a call"
        )
        (worker,) = server.children("workers checks")
        worker.kill()
        assert client.wait("state", lambda s: s["phase"] == "reading", within_s=50)
        gone = [callee for callee in callees if not callee.is_running()]
        assert gone == callees, "its processes leave with it"


@pytest.mark.parametrize(
    "said",
    [
        {"device": "fridge"},
        {"browser": "x" * 41},
        {"width_px": -1},
        {"height_px": 2**40},
        {"rtt_ms": [-1.0]},
        {"rtt_ms": [1.0] * 51},
        {"rtt_ms": ["soon"]},
        {"rtt_ms": [float("nan")]},
        {"kbps": 1e12},
        {"kbps": float("nan")},
        {"function": True},
    ],
)
def test_facts_out_of_bounds_are_refused_and_decide_nothing(server, said):
    with arrive(server, do="pass") as client:
        assert say(client, **said)["code"] == "bad_message"
        assert client.state["phase"] == "screening" and rows(server, client) == []


def test_a_reload_in_the_middle_comes_back_to_the_screening_and_then_in(server):
    token = join(server.url, "choosy", id="reload", do="pass")
    with Client(server.url, token, **{"User-Agent": CHROME}) as first:
        say(first)
        first.drop()
    with Client(server.url, token, **{"User-Agent": CHROME}) as again:
        if again.state["phase"] == "screening":
            say(again)
        again.wait("state", lambda s: s["phase"] == "reading", within_s=20)


# --- bandwidth ----------------------------------------------------------------------------------


def test_the_bytes_for_the_bandwidth_cannot_be_made_smaller_or_kept(server):
    import zlib

    asked = urllib.request.Request(
        f"{server.url}/api/probe?bytes=200000", headers={"Accept-Encoding": "gzip, br"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        content = answer.read()
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Content-Encoding" not in answer.headers
    assert len(content) == 200_000 and len(zlib.compress(content)) > 199_000


@pytest.mark.parametrize("bytes", ["", "0", "-1", "2000001", "1e3", "٣", "9" * 400, "x"])
def test_a_download_is_bounded(server, bytes):
    status, said = fetch(f"{server.url}/api/probe?bytes={urllib.request.quote(bytes)}")
    assert (status, said["code"]) == (400, "bad_message")
