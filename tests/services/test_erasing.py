"""One person's data: given out, without a name, gone; and everybody else's as they were."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from igym.archive import assigned, erasing, parquet, vault
from igym.archive.audit import audit
from igym.archive.tables import TABLES
from igym.domain.access import ANY, Access, Role
from igym.domain.deeds import Did
from igym.errors import Conflict, NotFound
from igym.services import auditing
from igym.services.data import archiving, erasures
from igym.services.data.erasing import erase, perform, show
from igym.store import errands, games, records
from tests.services.conftest import Lab

pytestmark = pytest.mark.slow

ANN = {"PROLIFIC_PID": "prolific-of-ann", "STUDY_ID": "the-study"}
BOB = {"PROLIFIC_PID": "prolific-of-bob", "STUDY_ID": "the-study"}


class Pair:
    """Ann and Bob, who have played together and are done; what they did is partly archived."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.ann, self.bob = lab.to_lobby(**ANN), lab.to_lobby(**BOB)
        assert lab.match() == 1
        self.game = games.read(lab.deployment.redis, "counters", lab.read(self.ann).game)
        lab.connect(self.game, "left", "right")
        assert lab.play(self.game) == "finished"
        archiving.archive_all(lab.deployment)
        late = records.event_row(1.7e12, "error", session=self.ann.id, detail=f"of {self.ann.id}")
        records.add(lab.deployment.redis, "counters", "1", [late])
        records.problem(lab.deployment.redis, {"at_ms": 1, "message": f"{self.ann.id} saw it"})

    @property
    def root(self) -> Path:
        return parquet.folder(self.lab.deployment.data, "counters", "1")

    def rows(self, name: str) -> list[dict[str, Any]]:
        return parquet.rows(self.root, name)


@pytest.fixture
def pair(lab) -> Pair:
    return Pair(lab)


def written(data: Path) -> dict[str, bytes]:
    """Every file of the data volume, readable: what is in a Parquet file, and its raw bytes."""
    found = {}
    for path in (p for p in data.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += str(pq.read_table(path).to_pylist()).encode()
        found[str(path.relative_to(data))] = content
    return found


def kept(redis) -> dict[str, bytes]:
    """Every key of Redis and all that is in it."""
    read = {
        b"string": redis.get, b"hash": redis.hgetall, b"set": redis.smembers, b"stream":
        redis.xrange, b"list": lambda k: redis.lrange(k, 0, -1),
        b"zset": lambda k: redis.zrange(k, 0, -1),
    }  # fmt: skip
    return {k.decode(): k + str(read[redis.type(k)](k)).encode() for k in redis.scan_iter("*")}


def traces(pair: Pair, *ids: str) -> list[str]:
    """Where one of the ids still is: files, Redis, and Redis's own files."""
    server = Path(pair.lab.deployment.redis.connection_pool.connection_kwargs["path"]).parent
    places = written(pair.lab.deployment.data) | kept(pair.lab.deployment.redis)
    places |= {str(p): p.read_bytes() for p in server.rglob("*") if p.is_file()}
    return [place for place, content in places.items() for id in ids if id.encode() in content]


def test_an_erased_person_is_nowhere_and_their_partner_is_whole(pair):
    ids = (pair.ann.id, pair.ann.participant, "prolific-of-ann")
    assert len(traces(pair, *ids)) > 10
    before = {name: pair.rows(name) for name in TABLES}
    bob = pair.bob.id

    done = erase(pair.lab.deployment, "counters", "prolific-of-ann")

    assert (done.sessions, done.log_rewritten) == (1, True) and done.rows and done.keys
    assert traces(pair, *ids) == []
    for name in ("sessions", "visits", "answers", "tickets", "participants"):
        theirs = [
            r for r in before[name] if bob in r.values() or pair.bob.participant in r.values()
        ]
        assert pair.rows(name) == theirs != [], name
    assert {row["seat"] for row in pair.rows("ticks")} == {
        row["seat"] for row in before["seats"] if row["session_id"] == bob
    }
    assert audit(pair.root).problems == []
    assert len(pair.rows("seats")) == 2 and len(pair.rows("matches")) == 1
    assert vault.recruiter_ids(pair.lab.deployment.data, "counters", "1")[bob] == BOB


def test_the_erasure_is_noted_without_a_name_and_again_does_nothing(pair):
    erase(pair.lab.deployment, "counters", pair.ann.participant)
    (line,) = (pair.root / erasing.LOG).read_text().splitlines()
    assert json.loads(line)["what"] == "erase" and pair.ann.id not in line
    files = written(pair.lab.deployment.data)

    again = erase(pair.lab.deployment, "counters", pair.ann.participant)

    assert asdict(again) == {
        "what": "erase", "sessions": 0, "rows": 0, "keys": 0, "log_rewritten": False,
    }  # fmt: skip
    assert written(pair.lab.deployment.data) == files
    told = json.loads((pair.root / "manifest.json").read_text())
    there = {p.relative_to(pair.root).as_posix() for p in pair.root.rglob("*.parquet")}
    assert there <= set(told) and all((pair.root / name).exists() for name in told)


def test_what_was_cut_short_is_finished_by_doing_it_again(pair, monkeypatch):
    ids = (pair.ann.id, pair.ann.participant, "prolific-of-ann")
    whole, left = parquet.keep, iter(range(4))

    def full(*args):
        if next(left, None) is None:
            raise OSError(28, "No space left on device")
        whole(*args)

    monkeypatch.setattr(parquet, "keep", full)
    with pytest.raises(OSError, match="No space"):
        erase(pair.lab.deployment, "counters", "prolific-of-ann")
    monkeypatch.setattr(parquet, "keep", whole)
    erase(pair.lab.deployment, "counters", "prolific-of-ann")
    assert traces(pair, *ids) == []


def test_anonymised_rows_stay_and_nothing_leads_back(pair):
    ids = (pair.ann.id, pair.ann.participant, "prolific-of-ann")
    archiving.archive_all(pair.lab.deployment)
    before = {name: len(pair.rows(name)) for name in TABLES}

    erase(pair.lab.deployment, "counters", pair.ann.id, "anonymise")

    assert traces(pair, *ids) == []
    assert {name: len(pair.rows(name)) for name in TABLES} == before
    (anon,) = [r["session_id"] for r in pair.rows("sessions") if r["session_id"] != pair.bob.id]
    assert anon.startswith("anon-")
    assert anon in {row["session_id"] for row in pair.rows("answers")}
    assert anon in {row["session_id"] for row in pair.rows("seats")}
    assert assigned.broken(assigned.read(pair.root)) is None


def test_a_person_gets_everything_about_them_and_nothing_about_others(pair):
    (told,) = show(pair.lab.deployment, "counters", "prolific-of-ann")
    text = json.dumps(told)
    assert pair.ann.id in text and "for science" in text and "prolific-of-ann" in text
    assert pair.bob.id not in text and pair.bob.participant not in text
    assert {row["seat"] for row in told["tables"]["ticks"]} == {
        seat for seat, who in pair.game.seats.items() if who == pair.ann.id
    }
    assert told["columns"]["answers"]["value"]
    assert set(told["tables"]) == set(told["columns"])
    with pytest.raises(NotFound, match="nobody"):
        show(pair.lab.deployment, "counters", "nobody")
    # What everybody's link says is nobody's name.
    with pytest.raises(NotFound):
        show(pair.lab.deployment, "counters", "the-study")


def test_nobody_is_erased_while_they_take_part(lab):
    session = lab.to_lobby(**ANN)
    before = written(lab.deployment.data)
    with pytest.raises(Conflict, match="taking part now"):
        erase(lab.deployment, "counters", "prolific-of-ann")
    assert lab.read(session) == session and "vault/counters/1/manifest.json" not in before
    assert vault.recruiter_ids(lab.deployment.data, "counters", "1")[session.id] == ANN


def test_only_igyms_account_can_read_the_vault(pair):
    private = vault.folder(pair.lab.deployment.data, "counters", "1")
    erase(pair.lab.deployment, "counters", "prolific-of-bob")
    for path in (pair.lab.deployment.data / "vault", private, *private.rglob("*")):
        if path.name != ".lock":
            assert path.stat().st_mode & 0o077 == 0, path


def test_who_was_asked_for_on_the_dashboard_is_erased_and_the_order_names_them_no_more(pair):
    deployment, redis = pair.lab.deployment, pair.lab.deployment.redis
    boss = Access("boss", "boss", Role.ADMIN, (ANY,), True, 0.0, float("inf"))
    here = pair.lab.arrive(PROLIFIC_PID="prolific-of-cat")
    gone = erasures.order(deployment, "counters", "prolific-of-ann", "erase", boss)
    busy = erasures.order(deployment, "counters", here.participant, "anonymise", boss)
    nobody = erasures.order(deployment, "counters", "prolific-of-dan", "erase", boss)
    assert erasures.look(deployment)

    perform(deployment)

    assert not erasures.look(deployment)
    told = {one.id: errands.read(redis, "counters", one.id) for one in (gone, busy, nobody)}
    assert told[gone.id].said["sessions"] == 1 and told[gone.id].said["log_rewritten"]
    assert told[busy.id].state == "failed" and "taking part now" in told[busy.id].text
    assert told[nobody.id].state == "done" and told[nobody.id].said["sessions"] == 0
    assert all(one.about.keys() == {"how"} for one in told.values())
    assert traces(pair, pair.ann.id, pair.ann.participant, "prolific-of-ann") == []
    (deed, *_) = auditing.read(deployment, experiment="counters")
    assert (deed.did, deed.who) == (Did.ERASED, "boss")
