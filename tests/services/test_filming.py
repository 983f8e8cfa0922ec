"""An episode is filmed by running its log again: what people saw, for whoever may see it."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import struct
from typing import Any

import msgpack
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from igym.archive import parquet
from igym.archive.reading import Volume
from igym.domain.access import ANY, Access, Role
from igym.errors import NotFound, TooMuch
from igym.services import auditing
from igym.services.data import filming, reel
from igym.store import films, jobs
from igym.store.games import episode_id
from igym.wire import inner

#: Places in a frame as it travels.
TICK, BASE, OBJECTS, GONE, HUD = 3, 5, 7, 8, 9


def access(role: Role = Role.ADMIN, *experiments: str) -> Access:
    return Access("id", "ann", role, experiments, False, 0, 1e15)


def pictures(frames: list[list[Any]]) -> dict[int, tuple[dict, str]]:
    """Tick -> everything that is to be seen then."""
    things: dict[int, dict] = {}
    seen, hud = {}, ""
    for frame in frames:
        if frame[BASE] == -1:
            things = {}
        for handle in frame[GONE]:
            del things[handle]
        pairs = frame[OBJECTS]
        for handle, change in zip(pairs[::2], pairs[1::2], strict=True):
            things[handle] = dict(change) if 0 in change else {**things[handle], **change}
        hud = hud if frame[HUD] is None else frame[HUD]
        seen[frame[TICK]] = (dict(things), hud)
    return seen


def packet(raw: bytes) -> list[Any]:
    event, frame = msgpack.unpackb(raw, strict_map_key=False)["data"]
    assert event == "frame"
    return frame


def frames_of(content: bytes) -> list[list[Any]]:
    raw, at, found = gzip.decompress(content), 0, []
    while at < len(raw):
        (size,) = struct.unpack_from("<I", raw, at)
        found.append(packet(raw[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


def live(lab, game, number: int) -> list[list[Any]]:
    """Frames of that episode as the left seat's socket got them."""
    sent = [said for _, said in lab.outbox.said if isinstance(said, inner.Deliver)]
    frames = [packet(s.packet) for s in sent if s.what != inner.CONTROL and 1 in s.conns]
    return [frame for frame in frames if frame[2] == number]


@pytest.mark.slow
def test_a_film_shows_what_people_saw_and_is_made_once(lab, played):
    deployment, episode = lab.deployment, episode_id(played.id, 0)
    place = filming.find(deployment, access(), episode)
    assert filming.state(deployment, place) == {"state": "none"}
    assert filming.order(deployment, access(), place)["state"] == "waiting"
    assert filming.order(deployment, access(), place)["state"] == "waiting"
    before = jobs.asked(deployment.redis)
    assert (filming.look(deployment), filming.look(deployment)) == (1, 0)
    assert jobs.asked(deployment.redis) == before + 1

    filming.make(deployment, "counters", episode)

    now = filming.state(deployment, place)
    assert now["state"] == "ready", now
    about = now["about"]
    assert (about["ticks"], about["filmed"], about["differs"]) == (10, 10, "")
    assert about["whole"] and [view["pieces"] for view in about["views"]] == [[0]]
    assert {s["seat"]: s["session"] for s in about["seats"]} == played.seats
    assert now["others"] == [episode_id(played.id, n) for n in (0, 1)]
    filmed = pictures(frames_of(filming.content(place, "0-0.gz")))
    assert sorted(filmed) == list(range(11)) and filmed == pictures(live(lab, played, 0))

    strips = json.loads(gzip.decompress(filming.content(place, "strips.gz")))
    table = pq.read_table(place.ticks).to_pylist()
    for seat, said in strips["seats"].items():
        mine = [row for row in table if row["seat"] == seat]
        done = [strips["labels"][n]["action"] for n in said["actions"]]
        assert done == [row["action_json"] for row in mine]
        assert said["rewards"] == [row["reward"] for row in mine]
        (score,) = (s["score"] for s in about["seats"] if s["seat"] == seat)
        assert score == sum(said["rewards"])
    assert len(strips["late_ms"]) == 10
    keys = {label["action"]: label["keys"] for label in strips["labels"]}
    assert keys == {"0": "", "1": "a", "2": "b"}
    assert {line.what for line in auditing.read(deployment) if line.did == "replayed"} == {episode}

    # Then it is there for whoever comes next, until the ticks are others
    filming.make(deployment, "counters", episode)
    assert filming.order(deployment, access(), place)["state"] == "ready"
    assert films.waiting(deployment.redis) == [] and filming.sweep(deployment) == 0
    os.utime(place.ticks, (1, 1))
    assert filming.state(deployment, place) == {"state": "none"}
    assert filming.sweep(deployment) == 1 and not place.film.exists()


def test_a_film_ends_where_the_episode_went_another_way(lab, played, tmp_path):
    place = filming.find(lab.deployment, access(), episode_id(played.id, 0))
    table = pq.read_table(place.ticks)
    rows = table.to_pylist()
    rows[2 * 6]["reward"] = 99.0
    spoiled = parquet.packed(pa.Table.from_pylist(rows, schema=table.schema))
    parquet.write_episodes(place.root, {("ticks", place.episode): spoiled})

    archive = Volume(place.root, lab.deployment.data / "packages")
    about = reel.shoot(archive, place.episode, tmp_path)

    assert (about["filmed"], about["ticks"]) == (6, 10) and "the reward" in about["differs"]
    assert len(frames_of((tmp_path / "0-0.gz").read_bytes())) == 7


def test_a_long_film_is_cut_into_pieces_that_each_begin_whole(lab, played, tmp_path, monkeypatch):
    monkeypatch.setattr(reel, "PIECE_TICKS", 4)
    place = filming.find(lab.deployment, access(), episode_id(played.id, 1))
    archive = Volume(place.root, lab.deployment.data / "packages")
    about = reel.shoot(archive, place.episode, tmp_path)
    assert [view["pieces"] for view in about["views"]] == [[0, 4, 8]]
    pieces = [frames_of((tmp_path / f"0-{n}.gz").read_bytes()) for n in range(3)]
    assert [(p[0][TICK], p[0][BASE], len(p)) for p in pieces] == [
        (0, -1, 4),
        (4, -1, 4),
        (8, -1, 3),
    ]
    one_by_one = [pictures(piece) for piece in pieces]
    whole = pictures([frame for piece in pieces for frame in piece])
    assert {tick: seen for piece in one_by_one for tick, seen in piece.items()} == whole
    assert whole == pictures(live(lab, played, 1))

    monkeypatch.setattr(reel, "MOST_BYTES", 1)
    about = reel.shoot(archive, place.episode, tmp_path)
    assert (about["filmed"], about["whole"]) == (0, False)


def test_a_film_has_a_view_for_each_person_where_the_game_had(lab, played, tmp_path):
    place = filming.find(lab.deployment, access(), episode_id(played.id, 0))
    source = lab.deployment.package_root(played.package) / "counters.py"
    source.chmod(0o644)
    source.write_text(source.read_text().replace("def draw(self):", "def draw(self, seat):"))
    archive = Volume(place.root, lab.deployment.data / "packages")
    about = reel.shoot(archive, place.episode, tmp_path)
    assert [view["seat"] for view in about["views"]] == ["left", "right"]
    for n, seat in enumerate(("left", "right")):
        (things, _) = pictures(frames_of((tmp_path / f"{n}-0.gz").read_bytes()))[10]
        assert {thing[17] for thing in things.values() if 17 in thing} == {seat}, (
            "points out oneself"
        )


@pytest.mark.slow
def test_an_episode_without_some_of_its_ticks_cannot_be_filmed_and_says_why(lab, played):
    deployment = lab.deployment
    place = filming.find(deployment, access(), episode_id(played.id, 0))
    table = pq.read_table(place.ticks)
    erased = parquet.packed(table.filter(pa.compute.equal(table["seat"], "left")))
    parquet.write_episodes(place.root, {("ticks", place.episode): erased})
    filming.order(deployment, access(), place)

    filming.make(deployment, "counters", place.episode)

    now = filming.state(deployment, place)
    assert now["state"] == "failed" and "lacks actions" in now["text"]
    assert "erased" in now["hint"] and str(deployment.data) not in json.dumps(now)
    assert not place.film.exists() and list(place.film.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("role", "experiments", "sees"),
    [
        (Role.ADMIN, (), True),
        (Role.RESEARCHER, ("counters",), True),
        (Role.VIEWER, ("counters",), True),
        (Role.VIEWER, (ANY,), True),
        (Role.RESEARCHER, ("other",), False),
        (Role.VIEWER, ("other",), False),
    ],
)
def test_an_episode_is_there_for_who_may_see_its_experiment(lab, role, experiments, sees):
    ticks = lab.deployment.data / "counters" / "1" / "ticks"
    ticks.mkdir(parents=True)
    (ticks / "game-000.parquet").write_bytes(b"")
    if sees:
        found = filming.find(lab.deployment, access(role, *experiments), "game-000")
        assert found.root == ticks.parent
        return
    with pytest.raises(NotFound):
        filming.find(lab.deployment, access(role, *experiments), "game-000")


@pytest.mark.parametrize(
    "episode", ["", "x", "../game-000", "game-000/../../x", "*-000", "game-000.parquet", "a" * 999]
)
def test_an_address_that_is_no_episodes_leads_nowhere(lab, episode):
    with pytest.raises(NotFound):
        filming.find(lab.deployment, access(), episode)


def a_film(lab, episode: str = "game-000") -> filming.Place:
    """A film that somebody made, of ticks that are there."""
    root = lab.deployment.data / "counters" / "1"
    (root / "ticks").mkdir(parents=True, exist_ok=True)
    (root / "ticks" / f"{episode}.parquet").write_bytes(b"ticks")
    place = filming.find(lab.deployment, access(), episode)
    place.film.mkdir(parents=True)
    (place.film / "about.json").write_text('{"ticks": 1}')
    (place.film / "0-0.gz").write_bytes(b"x" * 1000)
    (place.film / "source").write_text(json.dumps(place.source()))
    return place


def test_nothing_but_a_film_is_read_from_where_a_package_could_write(lab, tmp_path):
    place = a_film(lab)
    secret = tmp_path / "secret"
    secret.write_text("not for you")
    (place.film / "0-1.gz").symlink_to(secret)
    os.link(secret, place.film / "other")
    assert filming.content(place, "0-0.gz")
    for name in ("0-1.gz", "other", "source", "../game-000/about.json", "0-2.gz", ".", ""):
        with pytest.raises(NotFound):
            filming.content(place, name)


def test_films_are_thrown_away_the_one_that_was_not_looked_at_first(lab, monkeypatch):
    old, new, gone = (a_film(lab, f"game-00{n}") for n in range(3))
    os.utime(old.film, (1e9, 1e9))
    gone.ticks.unlink()
    monkeypatch.setattr(filming, "KEPT_S", 1e12)
    assert filming.sweep(lab.deployment) == 1 and not gone.film.exists()
    monkeypatch.setattr(filming, "KEPT_BYTES", 1_500)
    assert filming.sweep(lab.deployment) == 1 and new.film.exists() and not old.film.exists()
    shutil.rmtree(new.film)
    assert filming.state(lab.deployment, new) == {"state": "none"}


def test_so_many_films_wait_and_one_that_ends_its_worker_is_given_up(lab, monkeypatch):
    deployment = lab.deployment
    places = [a_film(lab, f"game-00{n}") for n in range(3)]
    for place in places:
        shutil.rmtree(place.film)
    monkeypatch.setattr(filming, "MOST", 2)
    assert filming.order(deployment, access(), places[0])["ahead"] == 0
    assert filming.order(deployment, access(), places[1])["state"] == "waiting"
    with pytest.raises(TooMuch):
        filming.order(deployment, access(), places[2])
    film = films.read(deployment.redis, "counters", "game-000")
    films.put(deployment.redis, films.Film(film.experiment, film.episode, 1.0, tries=2))
    filming.look(deployment)
    now = filming.state(deployment, places[0])
    assert now["state"] == "failed" and "never came to an end" in now["text"]
    assert filming.order(deployment, access(), places[0])["state"] == "waiting"


def test_what_a_package_prints_is_no_word_of_ours():
    assert filming._said(b'hello\n{"ticks": 3}\n') == {"ticks": 3}
    assert filming._said(b"[1]") == filming._said(b"") == filming._said(b"nonsense") == {}
