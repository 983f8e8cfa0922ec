"""No deployment in containers runs with a secret that is missing, a placeholder or a guess."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from igym.cli import container, deploy
from igym.cli.deploy import BadDeployment, findings, read, told
from igym.store import acl
from tests.system.server import plain_env

GOOD = "q7Jx-2vR9_wLkZ4tYb8NfD3sHc6MgPa1uEoX"
WHOLE = dict.fromkeys(deploy.NEEDED, GOOD)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "compose.yml").touch()
    return tmp_path


def names(env: dict[str, str]) -> list[str]:
    return [found.what for found in findings(env)]


def test_init_makes_secrets_that_only_the_owner_reads_and_nobody_else_has(folder, tmp_path):
    deploy.init("https://study.example.org", folder)

    made, other = folder / ".env", deploy.env_file("http://localhost:8080")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    env = read(made)
    assert names(env) == []
    assert env["IGYM_PUBLIC_URL"] == "https://study.example.org"
    assert env["COMPOSE_PROFILES"] == "tls"
    secrets = [env[name] for name in ("TURN_SECRET", *deploy.NEEDED)]
    assert len(set(secrets)) == len(secrets)
    for secret in secrets:
        assert len(secret) == 64
        assert secret not in other


def test_init_never_overwrites(folder):
    (folder / ".env").write_text("mine")
    with pytest.raises(BadDeployment, match="was left as it is"):
        deploy.init("https://study.example.org", folder)
    assert (folder / ".env").read_text() == "mine"


@pytest.mark.parametrize(
    "url", ["study.example.org", "ftp://x", "https://", "https://a.org/path", "https://a.org?x"]
)
def test_init_refuses_what_links_cannot_begin_with(url, folder):
    with pytest.raises(BadDeployment, match="cannot be where"):
        deploy.init(url, folder)
    assert not (folder / ".env").exists()


def test_init_says_where_compose_yml_is_missing(tmp_path):
    with pytest.raises(BadDeployment, match=r"no compose\.yml"):
        deploy.init("https://a.org", tmp_path)


@pytest.mark.parametrize("name", WHOLE)
def test_each_missing_secret_is_named_with_how_to_make_one(name):
    (found,) = findings(WHOLE | {name: ""})
    assert found.what == name
    assert "is missing" in told(found)
    assert "token_urlsafe" in told(found)


def test_every_secret_is_looked_at_whoever_needs_it():
    short = {"IGYM_SECRET_KEY": GOOD[:31], "REDIS_PASSWORD_WEB": "web", "TURN_SECRET": "turn"}
    assert sorted(names(WHOLE | short)) == sorted(short)
    assert names(WHOLE | {"IGYM_SECRET_KEY": f"{GOOD},changeme"}) == ["IGYM_SECRET_KEY"]
    assert names(WHOLE | {"REDIS_PASSWORD_GAME": GOOD + "@/:"}) == ["REDIS_PASSWORD_GAME"]


def test_every_redis_user_has_a_password_of_its_own():
    assert sorted(deploy.TIERS) == sorted(tier.name for tier in acl.Tier)


def test_who_signs_nothing_needs_no_key():
    assert list(findings({"REDIS_URL": f"redis://game:{GOOD}@redis"}, signs=False)) == []


def test_a_password_in_a_url_is_looked_at():
    key = {"IGYM_SECRET_KEY": GOOD}
    assert names(key | {"REDIS_URL": f"redis://:{GOOD}@redis:6379/0"}) == []
    assert names(key | {"REDIS_URL": f"rediss://web:{GOOD}@redis"}) == []
    assert names(key | {"REDIS_URL": "unix:///run/redis.sock"}) == []
    for weak in ("redis://redis:6379/0", "redis://:redis@redis", "redis://:[@x"):
        assert names(key | {"REDIS_URL": weak}) == ["the password in REDIS_URL"]


def test_a_secret_may_be_in_a_file_that_is_mounted(tmp_path):
    (tmp_path / "key").write_text(f"{GOOD}\n")
    (tmp_path / "url").write_text("redis://:redis@redis\n")
    mounted = {"IGYM_SECRET_KEY_FILE": f"{tmp_path}/key", "REDIS_URL_FILE": f"{tmp_path}/url"}
    assert names(mounted) == ["the password in REDIS_URL"]
    unset = WHOLE | {"IGYM_SECRET_KEY": "", "IGYM_SECRET_KEY_FILE": "/nowhere"}
    assert names(unset) == ["IGYM_SECRET_KEY"]


def test_check_exits_with_1_for_a_file_that_others_read(folder):
    deploy.init("http://localhost:8080", folder)
    igym = [sys.executable, "-c", "from igym.cli.main import main; main()", "deploy", "check"]

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*igym, str(folder / ".env")],
            env=plain_env(), capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert check().returncode == 0
    (folder / ".env").chmod(0o644)
    said = check()
    assert said.returncode == 1
    assert "chmod 600" in said.stdout


@pytest.mark.parametrize("verb", [["web"], ["worker", "games"]])
def test_no_role_starts_with_a_weak_secret_or_a_volume_it_cannot_write(verb, tmp_path):
    (tmp_path / "data").touch()  # a file where a folder should be
    said = subprocess.run(
        [sys.executable, "-m", "igym.cli.container", *verb],
        env=plain_env(
            IGYM_SECRET_KEY="secret", REDIS_URL="redis://redis", IGYM_DATA_DIR=f"{tmp_path}/data"
        ),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 78
    for what in (
        "IGYM_SECRET_KEY will not do: its 6",
        "password in REDIS_URL",
        "cannot be written",
        "chown",
    ):
        assert what in said.stderr


@pytest.mark.slow
def test_a_game_worker_whose_loop_stands_still_is_not_well(tmp_path):
    run = tmp_path / "igym-run-x"
    run.mkdir()
    with pytest.raises(ValueError, match="no game worker"):
        container._turns(tmp_path)
    (run / "games-1.progress").write_bytes(container.PROGRESS.pack(7, 0.1, 0))
    with pytest.raises(ValueError, match="stands still"):
        container._turns(tmp_path)


def test_health_asks_redis(redis_url):
    container._pong(redis_url)
    with pytest.raises((OSError, ValueError)):
        container._pong("redis://127.0.0.1:1")
