"""What a browser would stumble over on its way is found from a terminal."""

from __future__ import annotations

import http.server
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from igym.bots import reaching
from igym.cli.nginx import free_port


class Answers(http.server.BaseHTTPRequestHandler):
    """Something that answers as igym's /readyz does, and passes no WebSocket on."""

    protocol_version = "HTTP/1.1"
    ready = b'{"ok":true}'

    def do_GET(self) -> None:
        known = self.path == "/readyz"
        self.send_response(200 if known else 400)
        self.send_header("Content-Length", str(len(self.ready) if known else 0))
        self.end_headers()
        self.wfile.write(self.ready if known else b"")

    def log_message(self, *_: object) -> None:
        pass


class Page(Answers):
    ready = b"<h1>Welcome to the lab</h1>"


@pytest.fixture
def site(request) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def seen(url: str) -> dict[str, reaching.Finding]:
    return {one.what: one for one in reaching.look(url, 1.0)}


@pytest.mark.parametrize("site", [Answers], indirect=True)
def test_a_proxy_that_does_not_pass_websockets_is_found(site):
    found = seen(site)

    assert found["address"].verdict == "ok"
    assert found["websocket"].verdict == "fail"
    assert "400" in found["websocket"].said and "upgrades" in found["websocket"].hint


@pytest.mark.parametrize("site", [Page], indirect=True)
def test_another_page_is_not_taken_for_igym(site):
    assert "something else" in seen(site)["address"].said


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://nowhere.invalid", "x://y"])
def test_an_address_where_nobody_is_is_found(url):
    found = seen(url.format(port=free_port()))

    assert found["address"].verdict == "fail"
    assert "websocket" not in found


def certificate(home: Path, start: str, end: str) -> tuple[Path, Path]:
    """One for localhost, good between those moments, which is its own authority."""
    key, request, made = home / "key.pem", home / "request.pem", home / "made.pem"
    (home / "index").touch()
    (home / "serial").write_text("01")
    (home / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=a\n[a]\ndatabase={home}/index\nserial={home}/serial\n"
        f"new_certs_dir={home}\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n"
        "[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\nbasicConstraints=CA:true\n"
        "[req]\ndistinguished_name=d\n[d]\n"
    )
    quiet = {"check": True, "capture_output": True}
    subprocess.run(
        ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request,
         "-subj", "/CN=localhost", "-config", home / "ca.cnf"], **quiet,
    )  # fmt: skip
    subprocess.run(
        ["openssl", "ca", "-batch", "-config", home / "ca.cnf", "-selfsign", "-keyfile", key,
         "-in", request, "-out", made, "-startdate", start, "-enddate", end], **quiet,
    )  # fmt: skip
    return key, made


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")
@pytest.mark.parametrize(
    ("end", "verdict", "word"),
    [
        ("20990101000000Z", "ok", "Good for"),
        ("20250101000000Z", "fail", "expired"),
        ("soon", "warn", "It ends in"),
        ("nobody's", "fail", "self"),
    ],
)
def test_a_certificate_that_has_ended_or_will_soon_is_found(
    tmp_path, monkeypatch, end, verdict, word
):
    if end == "soon":
        import datetime

        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)
        until = later.strftime("%Y%m%d%H%M%SZ")
    else:
        until = end if end[0] == "2" else "20990101000000Z"
    key, made = certificate(tmp_path, "20240101000000Z", until)
    if end != "nobody's":
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()

    (found,) = reaching.certificate(f"https://localhost:{server.server_port}")

    server.shutdown()
    server.server_close()
    assert found.verdict == verdict
    assert word in found.said


def test_a_relay_is_asked_whether_it_is_there():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        port = relay.getsockname()[1]

        def answer() -> None:
            asked, who = relay.recvfrom(100)
            relay.sendto(struct.pack("!HH", 0x0101, 0) + asked[4:20], who)

        threading.Thread(target=answer, daemon=True).start()
        assert reaching.relay(f"turn:127.0.0.1:{port}").verdict == "ok"
    assert reaching.relay(f"turn:127.0.0.1:{port}").verdict == "fail"
    assert reaching.relay(f"turn:127.0.0.1:{free_port()}?transport=tcp").verdict == "fail"
