"""What an operator writes is what every process gets, or a sentence saying why not."""

from __future__ import annotations

import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from igym import settings
from igym.domain import secret
from igym.errors import IgymError
from igym.settings import BadSettings, Settings, load, redacted

#: As `secrets.token_urlsafe` draws them.
DRAWN = "Qm3wZ8tK-xv5RjN1bHc9Ys_4LgPd7FuA"

#: A text that is not the default, for every setting, and the value it stands for.
TOLD = {
    "redis_url": ("redis://db:6379/1", "redis://db:6379/1"),
    "data_dir": ("/srv/igym", Path("/srv/igym")),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("9001", 9001),
    "web": ("3", 3),
    "games": ("4", 4),
    "inference": ("1", 1),
    "store_device": ("true", True),
    "bound": ("2", 2),
    "browser_logs": ("warn", "warn"),
    "secret_key": (f"{DRAWN}, {DRAWN[::-1]}", (DRAWN, DRAWN[::-1])),
    "checks_redis_url": ("redis://checks@db", "redis://checks@db"),
    "admin_password": ("correct horse battery", "correct horse battery"),
    "public_url": ("https://lab.example.org", "https://lab.example.org"),
    "inside_url": ("http://web:8000", "http://web:8000"),
    "allowed_origins": ("https://a.org, https://b.org", ("https://a.org", "https://b.org")),
    "trusted_proxies": ("10.0.0.0/8,::1", ("10.0.0.0/8", "::1")),
    "arrivals_per_minute": ("60", 60),
    "requests_per_second": ("50", 50),
    "environment": ("production", "production"),
    "debug": ("true", True),
    "ping_interval_s": ("1.5", 1.5),
    "ping_timeout_s": ("7", 7.0),
    "away_after_s": ("4", 4.0),
    "notice_s": ("2", 2.0),
    "ack_patience_s": ("0", 0.0),
    "worker_lease_s": ("6", 6.0),
    "worker_beat_s": ("0.5", 0.5),
    "director_lease_s": ("3", 3.0),
    "picture_kb_s": ("250", 250.0),
    "log_flush_ms": ("100", 100),
    "max_load": ("0.5", 0.5),
    "input_rate_per_s": ("60", 60),
    "max_package_mb": ("8", 8),
    "retention_days": ("7", 7),
    "turn_urls": ("turn:a:3478,turns:a:5349", ("turn:a:3478", "turns:a:5349")),
    "turn_secret": (DRAWN, DRAWN),
    "metrics_token": (DRAWN, DRAWN),
    "metrics_from": ("10.0.0.0/8, 127.0.0.1", ("10.0.0.0/8", "127.0.0.1")),
    "log_level": ("debug", "debug"),
    "log_format": ("json", "json"),
    "log_file": ("/var/log/igym.log", "/var/log/igym.log"),
    "log_file_mb": ("1.5", 1.5),
    "log_files": ("3", 3),
    "log_json": ("1", True),
    "sentry_dsn": ("https://k@sentry.lab.org/1", "https://k@sentry.lab.org/1"),
}


#: Settings that only come with another.
COMPANY = {
    "turn_urls": {"IGYM_TURN_SECRET": DRAWN},
    "turn_secret": {"IGYM_TURN_URLS": "turn:a"},
}


def test_every_setting_has_an_example_here():
    assert tuple(TOLD) == Settings.__struct_fields__


@pytest.mark.parametrize("name", TOLD)
def test_a_variable_sets_its_field_and_no_other(name, tmp_path):
    text, value = TOLD[name]

    told = load({f"IGYM_{name.upper()}": text, **COMPANY.get(name, {})}, tmp_path)

    assert getattr(told, name) == value
    untouched = load({}, tmp_path)
    others = set(TOLD) - {name} - ({"turn_urls", "turn_secret"} if name in COMPANY else set())
    assert {o: getattr(told, o) for o in others} == {o: getattr(untouched, o) for o in others}


@pytest.mark.parametrize("name", ["port", "web", "games", "redis_url"])
def test_the_four_plain_names_are_heard_and_the_longer_name_wins(name, tmp_path):
    text, value = TOLD[name]
    longer = {"redis_url": "redis://other", "port": "7000", "web": "7", "games": "7"}[name]

    assert getattr(load({name.upper(): text}, tmp_path), name) == value
    both = load({name.upper(): text, f"IGYM_{name.upper()}": longer}, tmp_path)
    assert str(getattr(both, name)) == longer


def test_a_later_source_wins_default_file_dotenv_environment(tmp_path):
    assert load({}, tmp_path).port == 8000
    (tmp_path / "igym.toml").write_text("port = 8001\nweb = 5\nallowed_origins = ['https://a.org']")
    assert load({}, tmp_path).port == 8001
    (tmp_path / ".env").write_text("PORT=8002\nEDITOR=ed\n")
    assert load({}, tmp_path).port == 8002

    last = load({"PORT": "8003"}, tmp_path)

    assert (last.port, last.web, last.allowed_origins) == (8003, 5, ("https://a.org",))


def test_the_file_may_have_another_name(tmp_path):
    (tmp_path / "lab.toml").write_text("games = 9")
    assert load({"IGYM_CONFIG": "lab.toml"}, tmp_path).games == 9
    (tmp_path / ".env").write_text("IGYM_CONFIG=lab.toml")
    assert load({}, tmp_path).games == 9


def test_a_variable_for_the_build_does_not_stop_the_server(tmp_path):
    assert load({"IGYM_SKIP_CLIENT": "1"}, tmp_path) == load({}, tmp_path)


def test_an_empty_variable_counts_as_not_set(tmp_path):
    assert load({"PORT": "", "WEB": "", "GAMES": "", "REDIS_URL": ""}, tmp_path) == load(
        {}, tmp_path
    )


def test_data_stays_where_it_was_when_a_process_changes_its_folder(tmp_path):
    assert load({}, tmp_path).data_dir == tmp_path / "data"
    assert load({"IGYM_DATA_DIR": "/srv/x"}, tmp_path).data_dir == Path("/srv/x")


@pytest.mark.parametrize(
    ("file", "env", "says"),
    [
        ("", {"IGYM_PROT": "1"}, ["IGYM_PROT", "the environment", "IGYM_PORT"]),
        ("", {"IGYM_WEBS": "1"}, ["IGYM_WEBS", "IGYM_WEB?"]),
        ("log_levle = 'info'", {}, ["log_levle", "igym.toml", "log_level"]),
        ("port = ", {}, ["igym.toml", "not valid TOML"]),
        ("[web]\nport = 1", {}, ["web in", "igym.toml"]),
        ("", {"IGYM_CONFIG": "gone.toml"}, ["IGYM_CONFIG", "gone.toml", "not a file"]),
        ("", {"PORT": "many"}, ["port", "the environment", "TCP port"]),
        ("", {"PORT": "70000"}, ["port", "65535"]),
        ("", {"WEB": "0"}, ["web", "1"]),
        ("", {"IGYM_LOG_FLUSH_MS": "300"}, ["log_flush_ms", "250"]),
        ("", {"IGYM_MAX_LOAD": "80"}, ["max_load", "1"]),
        ("", {"IGYM_ENVIRONMENT": "prod"}, ["environment", "prod"]),
        ("", {"REDIS_URL": "localhost:6379"}, ["redis_url", "redis://"]),
        ("", {"IGYM_PUBLIC_URL": "lab.example.org"}, ["public_url", "https://"]),
        ("", {"IGYM_SECRET_KEY": "hunter2"}, ["secret_key", "7 characters", "32", "token_urlsafe"]),
        ("", {"IGYM_SECRET_KEY": f"{DRAWN},hunter2"}, ["secret_key", "7 characters"]),
        ("", {"IGYM_SECRET_KEY": "k" * 40}, ["secret_key", "1 different character"]),
        ("", {"IGYM_SECRET_KEY": f"changeme-{DRAWN}"}, ["secret_key", "placeholder"]),
        ("", {"IGYM_SECRET_KEY": "0123456789abcdef" * 3}, ["secret_key", "counts up"]),
        ("", {"IGYM_SECRET_KEY_FILE": "/gone"}, ["IGYM_SECRET_KEY_FILE", "/gone", "Mount"]),
        ("", {"IGYM_SECRET_KEY_FIEL": "/gone"}, ["IGYM_SECRET_KEY_FIEL", "not a setting"]),
        ("", {"IGYM_CHECKS_REDIS_URL": "db:6379"}, ["checks_redis_url", "redis://"]),
        ("", {"IGYM_TURN_URLS": "turn:a"}, ["turn_secret", "relays", "both"]),
        ("", {"IGYM_TURN_SECRET": DRAWN}, ["turn_urls", "both"]),
        ("turn_urls = ['turn:a']", {"IGYM_TURN_SECRET": "turn"}, ["turn_secret", "4 characters"]),
        ("turn_urls = ['a:3478']", {"IGYM_TURN_SECRET": DRAWN}, ["turn_urls", "'a:3478'"]),
        ("", {"IGYM_TRUSTED_PROXIES": "10.0.0.0/8,nginx"}, ["trusted_proxies", "'nginx'"]),
        ("worker_beat_s = 2", {}, ["worker_beat_s", "igym.toml", "worker_lease_s"]),
        ("", {"IGYM_WORKER_LEASE_S": "3"}, ["three beats", "Raise worker_lease_s"]),
        (
            "",
            {"IGYM_PING_INTERVAL_S": "5"},
            ["away_after_s", "heard of every ping_interval_s = 5 s", "lower ping_interval_s"],
        ),
        ("away_after_s = 2.5", {}, ["away_after_s", "igym.toml", "count as away after 2.5 s"]),
        (
            "",
            {"IGYM_PING_TIMEOUT_S": "2"},
            ["ping_timeout_s", "the environment", "cut after 2 s", "away_after_s = 3"],
        ),
        (
            "environment = 'production'",
            {"IGYM_DEBUG": "1"},
            ["debug", "the environment", "production"],
        ),
        (
            "environment = 'production'\nallowed_origins = ['*']",
            {},
            ["allowed_origins", "igym.toml"],
        ),
        (
            "environment = 'production'",
            {"REDIS_URL": "rediss://h:6380/0?ssl_cert_reqs=none"},
            ["redis_url", "the environment", "anybody on the way can be Redis"],
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_its_source_and_what_to_do(
    file, env, says, tmp_path
):
    if file:
        (tmp_path / "igym.toml").write_text(file)

    with pytest.raises(BadSettings) as refused:
        load(env, tmp_path)

    assert isinstance(refused.value, IgymError)
    assert refused.value.hint
    for part in says:
        assert part in str(refused.value)


def test_a_refusal_does_not_repeat_the_secret(tmp_path):
    with pytest.raises(BadSettings) as refused:
        load({"IGYM_SECRET_KEY": "hunter2"}, tmp_path)
    assert "hunter2" not in str(refused.value)


def test_what_is_printed_holds_no_secret(tmp_path):
    told = load(
        {
            "IGYM_SECRET_KEY": DRAWN,
            "REDIS_URL": "rediss://igym:open-sesame@db:6379/0",
            "IGYM_CHECKS_REDIS_URL": "redis://checks:open-sesame@db",
        },
        tmp_path,
    )

    shown = redacted(told)

    assert tuple(shown) == Settings.__struct_fields__
    assert shown["secret_key"] == "(set)"
    assert shown["redis_url"] == "rediss://igym:***@db:6379/0"
    assert DRAWN not in str(shown) and "sesame" not in str(shown)


def test_a_mounted_file_gives_a_value_where_the_variable_does_not(tmp_path):
    (tmp_path / "key").write_text(f"{DRAWN}\n")
    (tmp_path / "url").write_text("redis://web:pw@db:6379/0")
    (tmp_path / "words").write_text("correct horse battery\n")
    files = {
        "IGYM_SECRET_KEY_FILE": str(tmp_path / "key"),
        "REDIS_URL_FILE": str(tmp_path / "url"),
        "IGYM_ADMIN_PASSWORD_FILE": str(tmp_path / "words"),
    }

    told = load(files, tmp_path)
    child = load({**files, "IGYM_SECRET_KEY": DRAWN[::-1], "REDIS_URL": "redis://db"}, tmp_path)

    assert (told.secret_key, told.redis_url) == ((DRAWN,), "redis://web:pw@db:6379/0")
    assert told.admin_password == "correct horse battery"
    assert (child.secret_key, child.redis_url) == ((DRAWN[::-1],), "redis://db")


@pytest.mark.parametrize("made", [secret.made, lambda: secrets.token_hex(32)])
def test_a_key_that_was_drawn_is_never_called_weak(made):
    assert {secret.weakness(made()) for _ in range(1_000)} == {""}


def test_a_settings_object_cannot_be_changed(tmp_path):
    with pytest.raises(AttributeError):
        load({}, tmp_path).port = 1  # type: ignore[misc]


def test_settings_are_light_to_import():
    heavy = {"pydantic", "flask", "redis", "rq", "gevent", "numpy", "gymnasium", "typer"}
    code = f"import igym.settings, sys; print(sorted({heavy!r} & set(sys.modules)))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


def test_every_setting_says_what_it_is_and_in_which_unit():
    units = {
        "_kb_s": "a second",
        "_s": "econds",
        "_ms": "illiseconds",
        "_bytes": "Bytes",
        "_per_s": "a second",
    }
    for field in settings.fields():
        assert len(field.description) > 15, field.name
        suffix = next(
            (u for u in ("_per_s", "_kb_s", "_ms", "_bytes", "_s") if field.name.endswith(u)), ""
        )
        assert units.get(suffix, "") in field.description, field.name
