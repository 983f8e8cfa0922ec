"""What a web worker does with requests that no browser of a participant makes. A real process."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from igym.cli.nginx import free_port
from tests.system.server import eventually, plain_env

pytestmark = pytest.mark.stack

#: As `python -m igym.web`, less patient.
START = """
from gevent import monkey; monkey.patch_all()
import runpy
from igym.web import serve
serve.IDLE_S = serve.HEAD_S = serve.BODY_S = 1.0
runpy.run_module("igym.web", run_name="__main__")
"""


class Worker:
    """One web worker."""

    def __init__(self, url: str, data: str) -> None:
        self.port = free_port()
        env = plain_env(
            IGYM_DATA_DIR=data, IGYM_REDIS_URL=url, IGYM_PORT=str(self.port),
            IGYM_ALLOWED_ORIGINS="https://partner.org", IGYM_REQUESTS_PER_SECOND="1",
        )  # fmt: skip
        self.process = subprocess.Popen([sys.executable, "-c", START], env=env)
        eventually(lambda: self.says(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), within_s=60)

    def line(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def says(self, request: bytes, *later: bytes) -> str:
        """What it answers, until it has nothing more to say for now."""
        try:
            with closing(self.line()) as line:
                line.sendall(request)
                for one in later:
                    line.sendall(one)
                return line.recv(65_536).decode("latin-1")
        except OSError:
            return ""


@pytest.fixture(scope="module")
def worker(redis_url, tmp_path_factory) -> Iterator[Worker]:
    made = Worker(redis_url, str(tmp_path_factory.mktemp("gate")))
    yield made
    assert made.process.poll() is None, "nothing of this may end it"
    made.process.terminate()
    made.process.wait(15)


def upgrade(worker: Worker, origin: str | None, told: str = "") -> str:
    lines = [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        f"Host: 127.0.0.1:{worker.port}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        *([] if origin is None else [f"Origin: {origin}"]),
        *([f"X-Forwarded-For: {told}"] if told else []),
    ]  # fmt: skip
    return worker.says("\r\n".join([*lines, "", ""]).encode())


def test_an_address_that_opens_sockets_in_a_loop_gets_a_429_and_no_more_of_them(worker):
    answers = [upgrade(worker, None, "203.0.113.9").partition("\r\n\r\n")[0] for _ in range(60)]
    assert answers[0].startswith("HTTP/1.1 101 ")
    # More than 20 at once and one a second: however slow this machine is, not 60.
    assert answers[-1].startswith("HTTP/1.1 429 ")
    assert "Retry-After: 1" in answers[-1]
    assert upgrade(worker, None, "198.51.100.7").startswith("HTTP/1.1 101 ")


def test_a_page_of_another_site_gets_a_403_and_no_socket(worker):
    ours = f"http://127.0.0.1:{worker.port}"
    for origin in (ours, "https://partner.org", None):
        assert upgrade(worker, origin).startswith("HTTP/1.1 101 "), origin
    for origin in ("https://evil.org", "null", f"{ours}.evil.org", "http://127.0.0.1:1"):
        answer = upgrade(worker, origin)
        assert answer.startswith("HTTP/1.1 403 "), (origin, answer)
        assert "101" not in answer and "Access-Control-Allow-Origin" not in answer
        assert "X-Content-Type-Options: nosniff" in answer


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5_000 + b"\r\n", "400"),
        (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", "400"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", "400"),
        (
            b"POST /api/x/a/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 999999999\r\n\r\n{",
            "4",
        ),
        (b"POST /api/x/a/join HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"),
        (
            b"POST /api/x/a/join HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "4",
        ),
        (b"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        (b"GET /static/%2e%2e/%2e%2e/app.py HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        (b"GET /assets/" + b"0" * 64 + b"/..%2f..%2fx.png HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
        (b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
    ],
    ids=lambda value: value[:24].decode("latin-1").strip() if isinstance(value, bytes) else "",
)
def test_what_is_too_large_or_malformed_is_refused(worker, request_, status):
    answer = worker.says(request_)
    assert answer.startswith(f"HTTP/1.1 {status}"), answer[:300]
    assert "Traceback" not in answer and "root:" not in answer


@pytest.mark.slow
@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/x/a/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 5000\r\n\r\n{",
    ],
    ids=["nothing", "its first line", "its headers", "its body"],
)
def test_whoever_sends_a_byte_now_and_then_is_hung_up_on(worker, begun):
    with closing(worker.line()) as line:
        line.sendall(begun)
        line.settimeout(0.2)
        began_s, gone = time.monotonic(), False
        while not gone and time.monotonic() - began_s < 8:
            try:
                gone = line.recv(4096) == b""
            except TimeoutError:
                line.sendall(b"a" if begun else b"")
            except OSError:
                gone = True
    assert gone, "it is still being read"
