"""What a deployment in containers refuses, and what nginx says over TLS."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.engine import docker
from tests.deploy.stack import igym
from tests.system.server import eventually

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]

GOOD = "q7Jx-2vR9_wLkZ4tYb8NfD3sHc6MgPa1uEoX"
SECRETS = ("-e", f"IGYM_SECRET_KEY={GOOD}", "-e", f"REDIS_URL=redis://:{GOOD}@redis")
ALONE = ("--rm", "--init", "--read-only", "--cap-drop", "ALL", "--tmpfs", "/tmp")


def test_a_container_with_weak_secrets_says_all_of_them_and_ends(images):
    said = docker(
        "run",
        *ALONE,
        "-e",
        "IGYM_SECRET_KEY=changeme-changeme-changeme-changeme",
        images.igym,
        "web",
        check=False,
    )
    for what in ("igym does not start", "IGYM_SECRET_KEY will not do: it", "REDIS_PASSWORD_WEB is"):
        assert what in said


def test_compose_does_not_begin_without_secrets_and_stops_at_weak_ones(stack):
    def compose(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        # A project of its own, which ends where the secrets are looked at.
        return subprocess.run(
            [*stack.command, "-p", f"{stack.project}weak", *words],
            env=stack.env | env, cwd=stack.home, capture_output=True, text=True, check=False,
        )  # fmt: skip

    missing = compose("config", "--quiet", REDIS_PASSWORD_WEB="")
    weak = compose("up", "--detach", "redis", REDIS_PASSWORD_WEB="short")
    why = compose("logs", "check")
    compose("down", "--volumes")

    assert missing.returncode != 0
    assert "variable REDIS_PASSWORD_WEB is missing" in missing.stderr
    assert "igym deploy init" in missing.stderr
    assert weak.returncode != 0
    assert 'service "check" didn\'t complete successfully: exit 78' in weak.stderr
    assert "its 5 characters" in why.stdout


def test_a_volume_that_cannot_be_written_to_is_named_with_what_to_do(images, tmp_path):
    tmp_path.chmod(0o755)
    volume = ("-v", f"{tmp_path}:/data")
    said = docker("run", *ALONE, *SECRETS, *volume, images.igym, "director", check=False)
    assert "/data cannot be written to by user 10001: Permission denied" in said
    assert "chown -R 10001" in said


def test_a_port_that_is_taken_is_said(stack, images):
    port = ("-p", f"127.0.0.1:{stack.port}:8080")
    said = docker("run", "--rm", *port, images.front, check=False)
    assert "port is already allocated" in said or "address already in use" in said


# --- nginx over TLS -----------------------------------------------------------------------------


class Front:
    """nginx alone, with TLS, and no web worker behind it."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.http, self.https = (self._port(port) for port in (8080, 8443))
        self.context = ssl.create_default_context()
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE

    def _port(self, inside: int) -> int:
        return int(docker("port", self.container, str(inside)).split(":")[-1])

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        """An answer over HTTPS."""
        line = http.client.HTTPSConnection("127.0.0.1", self.https, context=self.context)
        line.request("GET", path, headers=headers)
        return line.getresponse()

    def up(self) -> bool:
        """Whether it answers. Docker takes connections before it does."""
        try:
            return self.get("/healthz").status == 503
        except (OSError, http.client.HTTPException):
            return False

    def log(self) -> str:
        """What nginx has said."""
        return docker("logs", self.container, check=False)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """The ones that `igym deploy init` makes for an address with HTTPS."""
    home = tmp_path_factory.mktemp("tls")
    (home / "compose.yml").touch()
    igym("deploy", "init", "https://study.example.org", cwd=home)
    home.chmod(0o755)
    return home / "certs"


@pytest.fixture(scope="module")
def front(images, certificates) -> Iterator[Front]:
    options = [*ALONE, "--tmpfs", "/run/igym", "-v", f"{certificates}:/certs:ro"]
    options += ["-e", "TLS=1", "-e", "ACCESS_LOG=1", "-e", "PUBLIC_URL=https://study.example.org"]
    options += ["-p", "127.0.0.1::8080", "-p", "127.0.0.1::8443"]
    container = docker("run", "--detach", *options, images.front).strip()
    try:
        made = Front(container)
        eventually(made.up, within_s=60, what="nginx")
        yield made
    finally:
        docker("rm", "--force", container, check=False)


def test_http_only_leads_to_https(front):
    line = http.client.HTTPConnection("127.0.0.1", front.http)
    line.request("GET", "/x/pair?a=b", headers={"Host": "evil.example.com"})
    answer = line.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"] == "https://study.example.org/x/pair?a=b"


def test_tls_is_current_and_old_versions_are_refused(front):
    found = {}
    for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            with (
                socket.create_connection(("127.0.0.1", front.https), timeout=5) as line,
                context.wrap_socket(line) as inside,
            ):
                found[version.name] = inside.cipher()[0]
        except ssl.SSLError:
            found[version.name] = ""
    assert found["TLSv1_1"] == ""
    assert "GCM" in found["TLSv1_2"] or "CHACHA20" in found["TLSv1_2"]
    assert found["TLSv1_2"].startswith("ECDHE-")
    assert found["TLSv1_3"]


def test_https_is_remembered_and_the_page_without_workers_is_calm(front):
    answer = front.get("/x/pair", Accept="text/html")
    assert answer.status == 503
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=63072000"]
    assert b"Back in a moment" in answer.read()
    icon = front.get("/static/icon.svg")
    assert (icon.status, icon.headers["Content-Type"]) == (200, "image/svg+xml")
    assert icon.headers.get_all("Strict-Transport-Security") == ["max-age=63072000"]


def test_the_access_log_has_no_address_and_no_query(front):
    front.get("/admin/enter?key=s3cr3t", Accept="text/html").read()
    eventually(lambda: "/admin/enter" in front.log(), what="a line")
    lines = [json.loads(line) for line in front.log().splitlines() if line.startswith('{"at"')]
    assert lines[-1]["path"] == "/admin/enter"
    assert lines[-1]["status"] == 503
    assert "s3cr3t" not in json.dumps(lines)
    assert not [key for key in lines[-1] if "addr" in key or "remote" in key]


def expired(folder: Path) -> None:
    """A certificate of 2020, and its key."""
    (folder / "ca.conf").write_text(
        "[ca]\ndefault_ca=a\n[a]\ndatabase=index\nnew_certs_dir=.\nserial=serial\n"
        "rand_serial=yes\npolicy=p\ndefault_md=sha256\n[p]\ncommonName=supplied\n"
    )
    (folder / "index").touch()
    request = ["req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    request += ["-subj", "/CN=study.example.org", "-keyout", "privkey.pem", "-out", "request.pem"]
    signed = ["ca", "-selfsign", "-batch", "-notext", "-config", "ca.conf", "-in", "request.pem"]
    signed += ["-keyfile", "privkey.pem", "-out", "fullchain.pem"]
    signed += ["-startdate", "200101000000Z", "-enddate", "200201000000Z"]
    for words in (request, signed):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    (folder / "privkey.pem").chmod(0o644)


def test_without_a_certificate_nginx_says_which_file_and_with_an_old_one_it_warns(images, tmp_path):
    tmp_path.chmod(0o755)
    options = [*ALONE, "--tmpfs", "/run/igym", "-v", f"{tmp_path}:/certs:ro", "-e", "TLS=1"]
    said = docker("run", *options, images.front, check=False)
    assert "/certs/fullchain.pem is not there" in said
    assert "chown 10001" in said

    expired(tmp_path)
    container = docker("run", "--detach", *options[1:], images.front).strip()
    try:
        eventually(
            lambda: "has expired" in docker("logs", container, check=False),
            within_s=30,
            what="a warning",
        )
        assert docker("inspect", "--format", "{{.State.Running}}", container).strip() == "true"
    finally:
        docker("rm", "--force", container, check=False)
