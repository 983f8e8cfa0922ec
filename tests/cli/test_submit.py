"""`igym submit` and `igym packages` against a real server: what they send, print and refuse."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from igym.cli import reach, remote, submit, tokens
from igym.cli.remote import Answered, Remote
from igym.domain.access import Role
from igym.errors import BadMessage, BadPackage, BadToken, NotFound, Unavailable
from igym.services import access
from tests.services.conftest import PACKAGES, compiled
from tests.web.api import app, checks, deployment, quickly

__all__ = ["app", "checks", "compiled", "deployment", "quickly"]


@pytest.fixture
def url(app) -> Iterator[str]:
    """The API on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def checking(checks) -> Iterator[None]:
    """Somebody who checks what comes in."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.02):
            checks()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.fixture
def token(deployment, monkeypatch, tmp_path) -> str:
    """An admin's token; nothing of the machine's own is read."""
    monkeypatch.delenv("IGYM_TOKEN", raising=False)
    monkeypatch.delenv("IGYM_URL", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return access.create(deployment, "Ann", Role.ADMIN, (), 1)[0]


@pytest.fixture
def root(tmp_path) -> Path:
    """The tiny study, to edit."""
    return Path(shutil.copytree(PACKAGES / "counters", tmp_path / "counters"))


def sent(root: Path, url: str, token: str, **how) -> int:
    given = {"activate": False, "wait": True, "as_json": True} | how
    return submit.submit(root, url, token, **given)


def test_a_package_goes_out_is_checked_and_can_be_given_to_newcomers(
    root, url, token, checking, capsys, deployment
):
    assert sent(root, url, token) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["new"] and said["report"]["state"] == "passed"
    assert said["package"]["standing"] == "checked"

    submit.move("activate", "counters/1", url, token, as_json=True)
    assert json.loads(capsys.readouterr().out)["package"]["standing"] == "active"
    submit.list_packages("", url, token, as_json=True)
    assert [v["standing"] for v in json.loads(capsys.readouterr().out)["packages"]] == ["active"]
    submit.show(said["package"]["package"][:12], url, token, as_json=True)
    assert json.loads(capsys.readouterr().out)["report"]["scenes"]
    submit.move("retire", "counters/1", url, token, as_json=True)
    assert json.loads(capsys.readouterr().out)["package"]["standing"] == "retired"


def test_people_read_the_report_and_what_to_do(root, url, token, checking, capsys):
    assert sent(root, url, token, as_json=False) == 0
    out = capsys.readouterr().out
    assert "Counting together · counters/1 · checked" in out
    assert (
        "It holds together" in out
        and "consent" in out
        and "igym packages activate counters/1" in out
    )
    assert sent(root, url, token, as_json=False, activate=True) == 0
    out = capsys.readouterr().out
    assert "had these very files already" in out and "active" in out
    submit.list_packages("counters", url, token, as_json=False)
    assert "active" in capsys.readouterr().out


def test_a_failed_check_is_printed_and_the_exit_code_says_so(root, url, token, checking, capsys):
    (root / "hello.md").write_text("FAIL")
    assert sent(root, url, token, as_json=False) == 1
    out = capsys.readouterr().out
    assert "ValueError: no" in out and "Mend it." in out and "counters.py:3" in out
    assert "packages activate" not in out


def test_other_files_of_the_same_version_are_refused_with_the_servers_words(
    root, url, token, checking
):
    sent(root, url, token)
    (root / "hello.md").write_text("# Other")
    with pytest.raises(Answered, match="with other files") as refused:
        sent(root, url, token)
    assert (refused.value.code, refused.value.http) == ("conflict", 409)
    assert "Raise the version" in refused.value.hint


def test_an_upload_that_is_refused_while_it_is_sent_is_told_why(root, url, token):
    (root / "much.bin").write_bytes(os.urandom(3_000_000))
    with pytest.raises((Answered, Unavailable)) as refused:
        sent(root, url, token)
    assert "larger than 1 MB" in str(refused.value) or "does not answer" in str(refused.value)


def test_a_folder_that_is_no_package_is_not_sent(root, url, token, tmp_path):
    (root / "experiment.toml").unlink()
    for folder in (root, tmp_path / "nowhere"):
        with pytest.raises(BadPackage):
            sent(folder, url, token)


def test_without_a_server_or_a_token_it_says_what_to_set(root, url, token):
    with pytest.raises(BadMessage, match="To which server"):
        sent(root, "", token)
    with pytest.raises(BadToken, match="no token") as refused:
        sent(root, url, "")
    assert "IGYM_TOKEN" in refused.value.hint
    with pytest.raises(Answered, match="not a token"):
        sent(root, url, "x")


def test_a_token_in_a_file_is_used_if_nobody_else_may_read_it(token, url, monkeypatch):
    file = remote.token_file()
    file.parent.mkdir(parents=True)
    file.write_text(f"{token}\n")
    file.chmod(0o644)
    with pytest.raises(BadToken, match="Others on this machine may read"):
        reach.there(url, None)
    file.chmod(0o600)
    there = reach.there(url, None)
    assert there is not None and there.call("GET", "/api/token")["name"] == "Ann"
    monkeypatch.setenv("IGYM_TOKEN", "another")
    assert remote.token(None) == "another"


@pytest.mark.parametrize("url", ["http://lab.example.org", "ftp://127.0.0.1", "lab", "http://"])
def test_a_token_is_not_sent_where_it_could_be_read(url):
    with pytest.raises(BadMessage):
        Remote(url, "t")
    assert Remote("https://lab.example.org/here/", "t").url == "https://lab.example.org/here"


def test_a_server_that_is_not_there_is_a_sentence():
    with pytest.raises(Unavailable, match="does not answer"):
        Remote("http://127.0.0.1:9", "t").call("GET", "/api/token")


def test_a_version_that_is_not_there_is_named(url, token):
    with pytest.raises(NotFound, match="counters/9"):
        submit.show("counters/9", url, token, as_json=True)
    with pytest.raises(BadMessage):
        submit.show("x", url, token, as_json=True)


def test_tokens_are_made_and_listed_on_the_machine_itself(deployment, monkeypatch, capsys):
    monkeypatch.setattr(reach, "here", lambda: deployment)
    tokens.create("Bob", "researcher", ("counters",), 7, trusted=True, as_json=True)
    made = json.loads(capsys.readouterr().out)
    assert access.identify(deployment, f"Bearer {made['text']}", "")
    tokens.list_tokens(as_json=False)
    listed = capsys.readouterr().out
    assert "Bob" in listed and made["text"] not in listed
    tokens.revoke(made["token"]["id"])
    tokens.list_tokens(as_json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"tokens": []}
    with pytest.raises(BadMessage, match="no role"):
        tokens.create("", "king", (), 7, trusted=False, as_json=True)


def test_versions_are_listed_and_moved_on_the_machine_itself(
    deployment, compiled, monkeypatch, capsys
):
    from igym.store import packages

    monkeypatch.setattr(reach, "here", lambda: deployment)
    monkeypatch.delenv("IGYM_URL", raising=False)
    packages.publish(deployment.redis, compiled)
    deployment.package_root(compiled.package).mkdir(parents=True)
    submit.list_packages("", None, None, as_json=False)
    assert "active" in capsys.readouterr().out
    submit.move("retire", "counters/1", None, None, as_json=False)
    submit.move("activate", "counters/1", None, None, as_json=False)
    submit.show("counters/1", None, None, as_json=False)
    out = capsys.readouterr().out
    assert "retired" in out and "It holds together" in out
