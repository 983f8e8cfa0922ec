"""Redis elsewhere, over TLS and with a password: every tier works, and a forger is refused."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
import trustme

from igym.store import RedisError
from igym.store.client import open_redis
from tests.redis_server import Server as RedisServer
from tests.system.conftest import two
from tests.system.server import eventually, serving

pytestmark = pytest.mark.stack

PASSWORD = "correct-horse"


class Terminator:
    """TLS on a port of loopback, and behind it the socket of a real server: as managed ones do."""

    def __init__(self, authority: trustme.CA, behind: str) -> None:
        self._behind = behind
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self._listener = context.wrap_socket(
            socket.create_server(("127.0.0.1", 0)), server_side=True, do_handshake_on_connect=False
        )
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: ssl.SSLSocket) -> None:
        with suppress(OSError), line, socket.socket(socket.AF_UNIX) as inside:
            line.do_handshake()
            inside.connect(self._behind)
            threading.Thread(target=_pump, args=(inside, line), daemon=True).start()
            _pump(line, inside)

    def close(self) -> None:
        self._listener.close()


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while said := one.recv(65_536):
            other.sendall(said)
    with suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def url(own_server: RedisServer, tmp_path) -> Iterator[str]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    open_redis(own_server.url).config_set("requirepass", PASSWORD)
    terminator = Terminator(authority, str(own_server.socket))
    yield f"rediss://:{PASSWORD}@localhost:{terminator.port}/0?ssl_ca_certs={tmp_path}/ca.pem"
    terminator.close()


def test_a_game_is_played_and_archived_by_tiers_that_reach_redis_over_tls(url):
    with serving("pair", WEB="1", GAMES="1", REDIS_URL=url) as lab:
        pair = two(lab)
        pair[0].wait_frames(5)
        pair[0].press(" ")
        pair[0].wait("state", lambda state: state["phase"] != "playing")
        for one in pair:
            one.close()
        ticks = lab.tables("pair") / "ticks"
        eventually(lambda: [*ticks.glob("*.parquet")], within_s=30, what="its ticks on the disk")
        assert not (lab.data / "redis" / "redis.sock").exists(), "there is no other Redis"
        assert PASSWORD not in lab.log


def test_a_certificate_of_somebody_else_or_for_another_name_is_refused(url, tmp_path):
    assert open_redis(url).ping()
    stranger = trustme.CA()
    stranger.cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(RedisError, match="certificate verify failed"):
        open_redis(url.replace("ca.pem", "other.pem")).ping()
    with pytest.raises(RedisError, match="certificate"):
        open_redis(url.replace("localhost", "127.0.0.1")).ping()
