"""A second version comes in over the wire while people play the first; then back to the first."""

from __future__ import annotations

import io
import json
import os
import subprocess
import urllib.request
import zipfile
from pathlib import Path

import pytest

from igym.cli import remote
from tests.system.client import join
from tests.system.conftest import two
from tests.system.server import IGYM, Server, eventually, package, plain_env, serving

pytestmark = pytest.mark.stack


def igym(server: Server, *words: str, ends: int = 0, **env: str) -> dict:
    """A verb of igym's in a terminal beside the server, with --json."""
    done = subprocess.run(
        [*IGYM, *words, "--json"],
        env=plain_env(IGYM_DATA_DIR=str(server.data), **env),
        cwd=server.data.parent, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == ends, done.stderr + done.stdout + server.log[-3000:]
    return json.loads(done.stdout) if not ends else {"stderr": " ".join(done.stderr.split())}


def release(server: Server, token: str) -> str:
    """Which version that participant has."""
    from itsdangerous import URLSafeTimedSerializer

    secret = server.redis.get("igym:secret").decode()
    _, id = URLSafeTimedSerializer(secret, salt="participant").loads(token)
    return server.session("pair", id)["release"]


def test_a_new_version_is_submitted_checked_and_activated_while_people_play_the_old_one(tmp_path):

    with serving("pair", WEB="2", GAMES="1", IGYM_MAX_PACKAGE_MB="1") as server:
        admin = igym(server, "token", "create", "--role", "admin", "--days", "1")["text"]
        ann = igym(server, "token", "create", "--experiment", "pair", "--days", "1")["text"]
        old = two(server)

        # Given a second version, sent by somebody who may not activate it
        root = package(tmp_path, "pair")
        about = root / "experiment.toml"
        about.write_text(about.read_text().replace('version = "1"', 'version = "2"'))
        mine = {"IGYM_URL": server.url, "IGYM_TOKEN": ann}
        (root / "much").write_bytes(os.urandom(8_000_000))
        refused = igym(server, "submit", str(root), ends=1, **mine)
        assert "larger than 1 MB" in refused["stderr"]
        (root / "much").unlink()
        sent = igym(server, "submit", str(root), **mine)
        assert sent["report"]["state"] == "passed", sent
        assert sent["package"]["standing"] == "checked"
        assert release(server, join(server.url, "pair")) == "1"

        # When an admin activates it
        admins = {"IGYM_URL": server.url, "IGYM_TOKEN": admin}
        igym(server, "packages", "activate", "pair/2", **admins)

        # Then newcomers play it, and whoever was in a game of the first plays on to its end
        new = two(server)
        assert {release(server, one.token) for one in new} == {"2"}
        old[0].wait_frames(30)
        for pair in (old, new):
            pair[0].press(" ")
            for one in pair:
                one.wait("state", lambda s: s["scene"] == "after")
                assert one.advance(liked=3) is None
                one.wait("state", lambda s: s["phase"] == "ended")
        assert {release(server, one.token) for one in old} == {"1"}

        # And to go back is to activate the first
        igym(server, "packages", "activate", "pair/1", **admins)
        assert release(server, join(server.url, "pair")) == "1"
        standings = {
            one["version"]: one["standing"]
            for one in igym(server, "packages", "list", "pair")["packages"]
        }
        assert standings == {"1": "active", "2": "retired"}
        for one in (*old, *new):
            one.close()

        # And the data of each version can be fetched by who sent them
        eventually(lambda: (server.tables("pair") / "manifest.json").exists(), within_s=40)
        fetched = remote.Remote(server.url, ann)
        at = "/api/experiments/pair/exports"
        order = {"version": "1", "formats": ["csv"]}
        mine = f"{at}/{fetched.call('POST', at, order)['id']}"
        done = eventually(
            lambda: (now := fetched.call("GET", mine))["state"] != "waiting" and now, within_s=60
        )
        assert done["state"] == "done", done
        asked = urllib.request.Request(
            f"{server.url}{mine}/download", headers={"Authorization": f"Bearer {ann}"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            content = answer.read()
        assert len(content) == done["size"]
        with zipfile.ZipFile(io.BytesIO(content)) as made:
            assert {"csv/sessions.csv", "codebook.md", "manifest.json"} <= set(made.namelist())
        server.interrupt()
        assert {path.name for path in (Path(server.data) / "pair").iterdir()} >= {"1", "2"}
