"""Watching, replays and the list of games: each for who may see the experiment, and no more."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from igym.domain.access import Role
from igym.services import accounts, auditing
from igym.services.connect import Deployment
from igym.services.data import filming
from igym.store import games, keys
from tests.web.test_admin import account, deployment, signs_in, slime, the_app, told

__all__ = ["deployment", "slime"]

EPISODE = "game-000"


@pytest.fixture
def study(deployment: Deployment, slime, redis) -> Path:
    """An episode with its film, and a live game."""
    root = deployment.data / slime / "1"
    (root / "ticks").mkdir(parents=True)
    (root / "ticks" / f"{EPISODE}.parquet").write_bytes(b"the ticks")
    film = deployment.data / "run" / "films" / slime / EPISODE
    film.mkdir(parents=True)
    (film / "about.json").write_text('{"ticks": 7}')
    (film / "strips.gz").write_bytes(gzip.compress(b'{"late_ms": []}'))
    (film / "0-0.gz").write_bytes(gzip.compress(b"frames"))
    about = (root / "ticks" / f"{EPISODE}.parquet").stat()
    (film / "source").write_text(json.dumps([about.st_mtime_ns, about.st_size]))
    made = games.Game("g1", slime, "0123456789abcdef" * 4, "1", "together", "live", 1,
                      {"left": "cat"}, 0.0)  # fmt: skip
    redis.hset(keys.game(slime, "g1"), mapping={**made.fields(), "phase": "live"})
    redis.expire(keys.game(slime, "g1"), 60)
    return film


def entered(deployment, role: Role, *experiments: str):
    """(browser, what its pages send along)."""
    browser = the_app(deployment).test_client()
    account(deployment, "eve", role, experiments)
    assert signs_in(browser, "eve").status_code == 303
    return browser, {"X-Form-Token": told(browser.get("/admin"))["form_token"]}


#: Every address of a game or an episode: (method, path, the right beyond looking on).
DOORS = [
    ("POST", "/admin/games/slime/g1/watch.json", ""),
    ("POST", f"/admin/episodes/{EPISODE}/film.json", ""),
    ("GET", f"/admin/episodes/{EPISODE}.json", ""),
    ("GET", f"/admin/episodes/{EPISODE}/strips.json", ""),
    ("GET", f"/admin/episodes/{EPISODE}/0-0.json", ""),
    ("GET", f"/admin/episodes/{EPISODE}/download.zip", "export"),
]


@pytest.mark.parametrize(
    ("role", "experiments", "opens"),
    [
        (Role.ADMIN, (), {"", "export"}),
        (Role.RESEARCHER, ("slime",), {"", "export"}),
        (Role.VIEWER, ("slime",), {""}),
        (Role.RESEARCHER, ("other",), set()),
        (Role.VIEWER, ("other",), set()),
    ],
)
def test_each_door_opens_for_who_may_see_that_experiment(
    deployment, study, role, experiments, opens
):
    browser, header = entered(deployment, role, *experiments)
    for method, path, right in DOORS:
        with browser.open(path, method=method, headers=header) as answer:
            assert (answer.status_code == 200) == (right in opens), (path, answer.status)
            if not opens:
                assert answer.status_code in (403, 404), path
    deeds = [(d.did, d.what) for d in auditing.read(deployment) if d.who == "eve"]
    seen = {("watched", "g1"), ("replayed", EPISODE)} if "" in opens else set()
    kept = {("exported", EPISODE)} if "export" in opens else set()
    assert set(deeds) - {("signed_in", "eve")} == seen | kept


@pytest.mark.parametrize(("method", "path", "right"), DOORS)
def test_nobody_comes_in_without_signing_in_or_asks_without_our_own_page(
    deployment, study, method, path, right
):
    answer = the_app(deployment).test_client().open(path, method=method)
    assert answer.status_code in (302, 401)
    browser, _ = entered(deployment, Role.ADMIN)
    if method == "POST":
        assert browser.post(path).status_code == 400
        assert browser.post(path, headers={"X-Form-Token": "guessed"}).status_code == 400


def test_a_film_comes_as_it_is_kept_and_nothing_beside_it(deployment, study):
    browser, _ = entered(deployment, Role.VIEWER, "slime")
    now = browser.get(f"/admin/episodes/{EPISODE}.json").json
    assert (now["state"], now["about"], now["may_export"]) == ("ready", {"ticks": 7}, False)
    piece = browser.get(f"/admin/episodes/{EPISODE}/0-0.json")
    assert piece.headers["Content-Encoding"] == "gzip" and gzip.decompress(piece.data) == b"frames"
    assert piece.headers["Cache-Control"] == "no-store"
    for path in ("0-1.json", "99999-0.json", "..%2f..%2fsource.json", "about.json"):
        assert browser.get(f"/admin/episodes/{EPISODE}/{path}").status_code == 404
    (study / "source").write_text("[1, 2]")
    assert browser.get(f"/admin/episodes/{EPISODE}.json").json["state"] == "none"


def test_the_data_of_an_episode_are_its_tables(deployment, study):
    browser, _ = entered(deployment, Role.RESEARCHER, "slime")
    with browser.get(f"/admin/episodes/{EPISODE}/download.zip") as answer:
        assert f"{EPISODE}.zip" in answer.headers["Content-Disposition"]
        content = answer.data
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.namelist() == ["parquet/ticks.parquet"]
        assert packed.read("parquet/ticks.parquet") == b"the ticks"


def test_the_list_of_finished_games_is_of_ones_own_experiments(deployment, study, redis, slime):
    game = games.read(redis, slime, "g1")
    assert games.end(redis, game, "finished", [], now_ms=2_000)
    mine, _ = entered(deployment, Role.VIEWER, slime)
    assert [one["id"] for one in mine.get("/admin/finished.json").json["games"]] == ["g1"]
    accounts.change(deployment, "eve", Role.VIEWER, ("other",))
    assert mine.get("/admin/finished.json").json["games"] == []


def test_an_experiments_films_are_not_taken_for_its_data(deployment, study):
    assert filming.sweep(deployment) == 0 and study.is_dir()
