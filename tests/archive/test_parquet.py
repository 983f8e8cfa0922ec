"""Files on the data volume are whole, written twice like once, and filled in as more is known."""

from __future__ import annotations

import hashlib
import io
import json
import threading

import pyarrow.parquet as pq
import pytest

from igym.archive import episodes, parquet
from igym.archive.tables import TABLES
from igym.wire.record import Chunk, Edge, Tick

DAY = 1_700_000_000_000.0


def session(id: str, **more):
    return ("sessions", {"session_id": id, "day_ms": DAY, **more})


def read(root, file):
    return pq.read_table(root / file).to_pylist()


def test_merging_twice_gives_the_same_file(tmp_path):
    person = ("participants", {"participant_id": "p", "day_ms": 0})
    rows = [session("a", mode="live"), session("b"), person]
    written = parquet.merge(tmp_path, rows)
    first = {file: (tmp_path / file).read_bytes() for file in written}
    assert sorted(written) == ["participants/all.parquet", "sessions/2023-11-14.parquet"]

    assert parquet.merge(tmp_path, rows) == written
    assert {file: (tmp_path / file).read_bytes() for file in written} == first


def test_later_rows_fill_in_what_was_not_known(tmp_path):
    (file,) = parquet.merge(tmp_path, [session("a", mode="live")])
    parquet.merge(tmp_path, [session("a", outcome="complete", unknown_column=1), session("b")])
    a, b = read(tmp_path, file)
    assert (a["mode"], a["outcome"], b["mode"]) == ("live", "complete", None)


def test_rows_of_two_days_live_in_two_files(tmp_path):
    later = ("sessions", {"session_id": "b", "day_ms": DAY + 86_400_000})
    assert len(parquet.merge(tmp_path, [session("a"), later])) == 2


def test_a_reader_never_sees_half_a_file(tmp_path):
    (file,) = parquet.merge(tmp_path, [session("first")])
    stop, seen, wrong = threading.Event(), [0], []

    def reader():
        while not stop.is_set():
            try:
                # Opened once: pyarrow given a path opens it again for the data.
                raw = (tmp_path / file).read_bytes()
                seen.append(pq.read_table(io.BytesIO(raw)).num_rows)
            except Exception as error:
                wrong.append(error)

    thread = threading.Thread(target=reader)
    thread.start()
    for n in range(20):
        parquet.merge(tmp_path, [session(f"s{n}-{k}") for k in range(50)])
    stop.set()
    thread.join()
    assert wrong == [] and seen == sorted(seen) and len(seen) > 2


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    (file,) = parquet.merge(tmp_path, [session("a")])
    before = (tmp_path / file).read_bytes()
    monkeypatch.setattr(parquet.os, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        parquet.merge(tmp_path, [session("b")])
    assert (tmp_path / file).read_bytes() == before
    assert not list(tmp_path.rglob("*.part"))


def test_the_manifest_has_the_hash_of_every_file(tmp_path):
    parquet.merge(tmp_path, [session("a"), ("participants", {"participant_id": "p", "day_ms": 0})])
    parquet.merge(tmp_path, [session("b")])
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert {name: note["sha256"] for name, note in told.items()} == {
        file.relative_to(tmp_path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in tmp_path.rglob("*.parquet")
    }


def test_every_table_has_its_key_and_foreign_keys_among_its_columns():
    for table in TABLES.values():
        assert set(table.key) <= set(table.columns), table.name
        for columns, target in table.foreign.items():
            assert set(columns.split(",")) <= set(table.columns), table.name
            assert target in TABLES


# --- from the log ----------------------------------------------------------------------------


def tick(n: int, action=(1, [0.5]), terminated=False) -> Tick:
    return Tick(n, 1.0, 2, 3_000, list(action), ["human", "bot"], [0.5, -0.5], terminated, False, [n - 1, -1], [12.5, -1])  # fmt: skip  # noqa: E501


def test_a_tick_written_twice_counts_once_and_the_first_time():
    chunks = [
        Chunk(1, [tick(0), tick(1)], []),
        Chunk(2, [tick(1, (9, 9)), tick(2, (2, 2), True)], []),
    ]
    rows = episodes.tick_rows(chunks, "g", "g-000", ("left", "right"))
    assert [(r["tick"], r["seat"], r["generation"]) for r in rows] == [
        (n, seat, generation)
        for n, generation in ((0, 1), (1, 1), (2, 2))
        for seat in ("left", "right")
    ]
    assert [r["terminated"] for r in rows] == [False] * 4 + [True] * 2


def test_unknown_is_null_and_not_a_number():
    left, right = episodes.tick_rows([Chunk(1, [tick(0)], [])], "g", "g-000", ("left", "right"))
    assert (left["seen_tick"], left["rtt_ms"], left["late_ms"]) == (None, 12.5, 3.0)
    assert (right["seen_tick"], right["rtt_ms"]) == (None, None)
    assert (left["action"], right["action"], right["action_json"]) == (1, None, "[0.5]")


def test_edges_are_numbered_by_seat_in_the_order_they_were_made():
    edges = [Edge(s, 1, "a", True, 1.0, 2.0, -1, 0) for s in ("left", "right", "left")]
    rows = episodes.input_rows([Chunk(1, [], edges[:2]), Chunk(1, [], edges[2:])], "g", "g-000")
    assert [(r["seat"], r["order"]) for r in rows] == [("left", 0), ("right", 0), ("left", 1)]


def test_an_episodes_files_are_written_whole_each_time(tmp_path):
    rows = episodes.tick_rows([Chunk(1, [tick(0)], [])], "g", "g-000", ("left", "right"))
    for _ in range(2):
        file = parquet.write_episode(tmp_path, "g-000", "ticks", rows)
    assert file == "ticks/g-000.parquet" and len(read(tmp_path, file)) == 2
    assert read(tmp_path, parquet.write_episode(tmp_path, "g-000", "inputs", [])) == []
