"""The nginx configuration we ship is one that a real nginx accepts and that carries a socket."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.nginx

TEMPLATE = Path(__file__).parents[2] / "deploy" / "nginx" / "igym.conf.template"
NAMES = {"LISTEN", "UPSTREAMS", "STATIC", "RUN_DIR", "PACKAGE_MB"}
BEHIND_ONE_ROOF = 100


def render(**values: object) -> str:
    """The whole contract of the template: five plain `${NAME}`s."""
    text = TEMPLATE.read_text("utf-8")
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", str(value))
    return text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Worker(BaseHTTPRequestHandler):
    """Ten lines of web worker: says what reached it, and takes a socket's handshake."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one packet

    def do_GET(self) -> None:
        if self.headers["Upgrade"] == "websocket" and self.headers["Connection"] == "upgrade":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"\x82\x02hi")
            self.close_connection = True
            return
        body = f"{self.command} {self.path}\n{self.headers}".encode()
        self.send_response(404 if self.path.endswith("/gone.js") else 200)
        if self.path.startswith("/static/assets/"):  # as igym.web does
            self.send_header("Cache-Control", "public, max-age=31536000, immutable")
        if self.path.startswith("/framed"):
            self.send_header("Content-Security-Policy", "frame-ancestors https://lab.example.org")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        pass


class Upstream(ThreadingHTTPServer):
    request_queue_size = 512  # the default of 5 loses joins that come at once
    daemon_threads = True


class Site:
    """nginx in front of one live worker and one that is down."""

    def __init__(self, port: int, run_dir: Path, worker: Upstream) -> None:
        self.port = port
        self.run_dir = run_dir
        self.worker = worker

    def get(self, path: str, headers: dict[str, str] | None = None, data: bytes | None = None):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read()


@pytest.fixture
def static(tmp_path: Path) -> Path:
    assets = tmp_path / "static" / "assets"
    assets.mkdir(parents=True)
    (assets / "app-1a2b.js").write_text("let a = 1;\n" * 400)
    (assets.parent / "index.html").write_text("a template")
    (assets.parent / "icon.svg").write_text("<svg/>")
    return assets.parent


@pytest.fixture
def site(nginx: Path, static: Path, tmp_path: Path) -> Iterator[Site]:
    worker = Upstream(("127.0.0.1", 0), Worker)
    threading.Thread(target=worker.serve_forever, daemon=True).start()
    run_dir, port = tmp_path / "run", free_port()
    run_dir.mkdir()
    shutil.copy(TEMPLATE.parent / "maintenance.html", run_dir)
    (run_dir / "nginx.conf").write_text(
        render(
            LISTEN=f"127.0.0.1:{port}",
            UPSTREAMS=f"server 127.0.0.1:{worker.server_port};"
            f" server 127.0.0.1:{free_port()} max_fails=3 fail_timeout=1s;",
            STATIC=static,
            RUN_DIR=run_dir,
            PACKAGE_MB=64,
        )
    )
    server = subprocess.Popen(command(nginx, run_dir))
    try:
        for _ in range(250):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield Site(port, run_dir, worker)
    finally:
        server.terminate()
        server.wait(10)
        worker.shutdown()
        worker.server_close()


def raw(site: Site, said: bytes, within_s: float = 20) -> bytes:
    """All that nginx answers to exactly these bytes, until it hangs up."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=within_s) as line:
        line.sendall(said)
        got = b""
        while chunk := line.recv(65536):
            got += chunk
        return got


def command(nginx: Path, run_dir: Path) -> list[str]:
    # As root, nginx's children would become "nobody", who may not read pytest's folders.
    as_root = ["-g", "user root;"] if os.geteuid() == 0 else []
    conf = str(run_dir / "nginx.conf")
    return [str(nginx), "-e", "stderr", "-p", str(run_dir), "-c", conf, *as_root]


def test_the_template_has_the_five_names_each_once_or_more_and_no_others():
    assert set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text("utf-8"))) == NAMES


#: The wheel's nginx always; the machine's own, which may be older, where there is one.
SYSTEM_NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")


@pytest.mark.parametrize("own", [None, SYSTEM_NGINX] if SYSTEM_NGINX else [None])
def test_nginx_accepts_the_configuration(own, nginx, tmp_path):
    (tmp_path / "nginx.conf").write_text(
        render(
            LISTEN="127.0.0.1:8080",
            UPSTREAMS="server 127.0.0.1:1;\n        server unix:/tmp/igym-2.sock;",
            STATIC=tmp_path,
            RUN_DIR=tmp_path,
            PACKAGE_MB=64,
        )
    )

    check = [*command(Path(own) if own else nginx, tmp_path), "-t"]
    said = subprocess.run(check, capture_output=True, text=True)

    assert said.returncode == 0, said.stderr
    assert "[warn]" not in said.stderr


def test_a_websocket_shakes_hands_through_nginx(site):
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as browser:
        browser.sendall(
            b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: lab\r\n"
            b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"
        )
        got = b""
        while chunk := browser.recv(4096):
            got += chunk

    assert got.startswith(b"HTTP/1.1 101 ")
    assert got.endswith(b"\x82\x02hi")


def test_a_worker_that_is_down_costs_nobody_a_page(site):
    assert [site.get("/healthz")[0] for _ in range(20)] == [200] * 20


def test_a_browser_cannot_forge_where_it_comes_from(site):
    _, headers, seen = site.get(
        "/x/slime", {"X-Forwarded-For": "6.6.6.6", "X-Request-Id": "from balancer\t1"}
    )
    assert b"X-Forwarded-For: 127.0.0.1\n" in seen
    assert b"6.6.6.6" not in seen
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-Id"])


def test_a_request_keeps_the_id_that_a_balancer_gave_it(site):
    _, headers, seen = site.get("/", {"X-Request-Id": "lb-0123456789"})
    assert headers["X-Request-Id"] == "lb-0123456789"
    assert b"X-Request-Id: lb-0123456789" in seen


def test_built_files_are_compressed_and_kept_for_ever_and_missing_ones_are_not(site):
    status, headers, _ = site.get("/static/assets/app-1a2b.js", {"Accept-Encoding": "gzip"})
    assert (status, headers["Content-Encoding"]) == (200, "gzip")
    assert headers["Content-Type"] == "text/javascript"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"

    status, headers, _ = site.get("/static/assets/gone.js")
    assert status in (404, 502), "502: the last worker that was asked for it is the dead one"
    assert headers["Cache-Control"] is None
    assert "immutable" not in site.get("/static/icon.svg")[1]["Cache-Control"]
    assert site.get("/static/index.html")[0] == 404


def test_a_file_that_only_workers_of_another_version_have_is_theirs_to_give(site):
    status, headers, body = site.get("/static/assets/survey-9z8y.js")
    assert (status, headers["Content-Type"]) == (200, "text/plain")
    assert headers.get_all("Cache-Control") == ["public, max-age=31536000, immutable"]
    assert body.startswith(b"GET /static/assets/survey-9z8y.js")


def test_safe_headers_are_added_only_where_the_app_says_nothing(site):
    plain, framed = site.get("/")[1], site.get("/framed")[1]
    assert plain["X-Content-Type-Options"] == "nosniff"
    assert plain["X-Frame-Options"] == "SAMEORIGIN"
    assert framed["X-Frame-Options"] is None
    assert "nginx/" not in plain["Server"]


def test_a_lab_behind_one_address_may_join_at_once_and_a_script_may_not(site):
    def join(times: int) -> list[int]:
        return [site.get("/api/x/slime/join", data=b"{}")[0] for _ in range(times)]

    assert join(BEHIND_ONE_ROOF) == [200] * BEHIND_ONE_ROOF
    assert 429 in join(1000)
    assert site.get("/healthz")[0] == 200


def test_an_oversize_join_is_refused_before_it_reaches_a_worker(site):
    status, headers, said = site.get("/api/x/slime/join", data=b"x" * 70_000)
    assert (status, headers["Content-Type"]) == (413, "application/json")
    assert json.loads(said)["code"] == "too_large"


HTML = {"Accept": "text/html,*/*"}


def test_people_see_a_calm_page_while_no_worker_answers_and_programs_see_json(site):
    site.worker.shutdown()
    site.worker.server_close()

    status, headers, page = site.get("/x/slime", HTML)
    assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "15", "no-store")
    assert b"Your place is kept" in page
    assert b'http-equiv="refresh"' in page
    assert not re.search(rb"(src|href)=|url\(|<script", page), "nothing can be fetched now"

    status, headers, said = site.get("/api/x/slime/join", data=b"{}")
    assert (status, headers["Content-Type"]) == (503, "application/json")
    assert json.loads(said)["code"] == "unavailable"


def test_newcomers_wait_during_maintenance_and_who_plays_does_not(site):
    (site.run_dir / "maintenance").touch()
    assert site.get("/x/slime", HTML)[0] == 503
    assert site.get("/socket.io/?EIO=4")[0] == 200
    assert site.get("/static/icon.svg")[0] == 200
    (site.run_dir / "maintenance").unlink()
    assert site.get("/x/slime", HTML)[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../igym.conf",
        "/static/..%2f..%2fetc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static/assets/....//....//etc/passwd",
        "/static../maintenance.html",
        "/static/assets/%00/etc/passwd",
    ],
)
def test_a_path_does_not_lead_out_of_the_files(site, path):
    (site.run_dir.parent / "secret").write_text("root:x:0")
    said = raw(site, f"GET {path} HTTP/1.0\r\nHost: lab\r\n\r\n".encode())
    assert b"root:" not in said
    assert b"daemon off" not in said
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 404", b"HTTP/1.1 200"))


def test_oversized_headers_are_refused_before_they_reach_a_worker(site):
    said = raw(site, b"GET / HTTP/1.1\r\nHost: lab\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400")


@pytest.mark.slow
def test_who_dribbles_headers_loses_the_line_in_ten_seconds(site):
    began_s = time.monotonic()
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: lab\r\n")
        with contextlib.suppress(OSError):
            for letter in itertools.count():
                line.sendall(f"X-{letter}: y\r\n".encode())
                line.settimeout(1)
                with contextlib.suppress(TimeoutError):
                    if not line.recv(100):
                        break
                assert time.monotonic() - began_s < 25
    assert 8 < time.monotonic() - began_s < 25


def test_only_a_balancer_that_is_named_says_where_people_are(site):
    said = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    assert b"X-Forwarded-Proto: http\n" in site.get("/", said)[2]

    (site.run_dir / "http").mkdir()
    (site.run_dir / "http" / "trust.conf").write_text(
        "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; real_ip_recursive on;"
    )
    os.kill(int((site.run_dir / "nginx.pid").read_text()), signal.SIGHUP)
    until = time.monotonic() + 10
    while b"X-Forwarded-For: 192.0.2.7\n" not in (seen := site.get("/", said)[2]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert b"X-Forwarded-Proto: https\n" in seen
    # The balancer itself, on its own behalf, with the browser's header passed through:
    assert b"X-Forwarded-Proto: http\n" in site.get("/", {"X-Forwarded-Proto": "gopher"})[2]
