"""A Sentry hears of our own errors where one is set, and never of anybody who takes part."""

from __future__ import annotations

import gzip
import http.server
import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from igym import faults
from igym.errors import Unavailable

log = logging.getLogger("igym.somewhere")


class Receiver:
    """A Sentry's door: keeps what is posted."""

    def __init__(self) -> None:
        self.heard: queue.Queue[bytes] = queue.Queue()
        receiver = self

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                zipped = self.headers.get("Content-Encoding") == "gzip"
                receiver.heard.put(gzip.decompress(body) if zipped else body)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.dsn = f"http://public@127.0.0.1:{self.server.server_port}/7"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sentry() -> Iterator[Receiver]:
    receiver = Receiver()
    teller = faults.tell(receiver.dsn, "web", "1.2.3")
    yield receiver
    logging.getLogger().removeHandler(teller)
    receiver.server.shutdown()
    receiver.server.server_close()


def answered(name: str) -> None:
    mine = f"what {name} answered"
    raise ValueError(f"cannot read {mine}: 'I hated it'")


def test_an_error_is_told_with_its_place_and_without_anything_about_people(sentry):
    try:
        answered("ann@example.org")
    except ValueError:
        log.exception(
            "an answer of %s was not kept", "ann@example.org",
            extra={"session": "S3CR3T", "experiment": "kitchen", "scene": "about_you"},
        )  # fmt: skip
    raw = sentry.heard.get(timeout=10)
    for private in (b"ann@", b"S3CR3T", b"hated", b"127.0.0.1", b"PYTEST", b"/home/"):
        assert private not in raw, private
    told = json.loads(raw.splitlines()[2])
    assert told["message"] == "an answer of %s was not kept"
    assert told["tags"] == {"experiment": "kitchen", "scene": "about_you"}
    assert (told["release"], told["server_name"]) == ("igym@1.2.3", "web")
    (fault,) = told["exception"]["values"]
    assert (fault["type"], fault.get("value")) == ("ValueError", None)
    last = fault["stacktrace"]["frames"][-1]
    assert (last["filename"], last["function"]) == ("test_faults.py", "answered")
    assert "vars" not in last and "context_line" not in last


def test_what_is_no_error_is_not_told(sentry):
    log.warning("Redis is away")
    log.error("this is")
    assert b"this is" in sentry.heard.get(timeout=10)
    assert sentry.heard.empty()


def test_without_a_dsn_nothing_is_done_and_the_library_is_not_there():
    code = (
        "import igym.services.process, igym.faults, sys\n"
        "assert igym.faults.tell('', 'web', '1') is None\n"
        "print([m for m in sys.modules if m.startswith('sentry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_dsn_that_is_none_and_a_library_that_is_missing_are_named(monkeypatch):
    with pytest.raises(Unavailable, match="sentry_dsn cannot be used"):
        faults.tell("not a dsn", "web", "1")
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(Unavailable, match="not installed") as refused:
        faults.tell("https://k@sentry.lab.org/1", "web", "1")
    assert "igym[sentry]" in refused.value.hint
