"""Files on the data volume are whole, written twice like once, and filled in as more is known."""

from __future__ import annotations

import hashlib
import io
import json
import threading

import msgspec
import pyarrow.parquet as pq
import pytest

from igym.archive import episodes, parquet
from igym.archive.tables import TABLES
from igym.wire.record import Chunk, Edge, Tick, decode_lists, encode_chunk

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


def listed(chunks):
    """As the archiver reads them."""
    return [decode_lists(encode_chunk(chunk)) for chunk in chunks]


def ticks_of(chunks):
    return episodes.tick_table(listed(chunks), "g", "g-000", ("left", "right")).to_pylist()


def tick(n: int, action=(1, [0.5]), terminated=False) -> Tick:
    return Tick(n, 1.0, 2, 3_000, list(action), ["human", "bot"], [0.5, -0.5], terminated, False, [n - 1, -1], [12.5, -1])  # fmt: skip  # noqa: E501


def test_a_tick_written_twice_counts_once_and_the_first_time():
    chunks = [
        Chunk(1, [tick(0), tick(1)], []),
        Chunk(2, [tick(1, (9, 9)), tick(2, (2, 2), True)], []),
    ]
    rows = ticks_of(chunks)
    assert [(r["tick"], r["seat"], r["generation"]) for r in rows] == [
        (n, seat, generation)
        for n, generation in ((0, 1), (1, 1), (2, 2))
        for seat in ("left", "right")
    ]
    assert [r["terminated"] for r in rows] == [False] * 4 + [True] * 2


def test_a_seat_that_ends_before_the_others_has_that_in_its_own_row():
    early = msgspec.structs.replace(tick(0), ends=[1, 0])
    last = msgspec.structs.replace(tick(1), truncated=True, ends=[0, 2])
    rows = ticks_of([Chunk(1, [early, last, tick(2, terminated=True)], [])])
    assert [(r["terminated"], r["truncated"]) for r in rows[:4]] == [
        (False, False), (False, False), (False, True), (False, True),
    ]  # fmt: skip
    assert [(r["seat_terminated"], r["seat_truncated"]) for r in rows] == [
        (True, False), (False, False), (False, False), (False, True), (True, False), (True, False),
    ]  # fmt: skip


def test_unknown_is_null_and_not_a_number():
    left, right = ticks_of([Chunk(1, [tick(0)], [])])
    assert (left["seen_tick"], left["rtt_ms"], left["late_ms"]) == (None, 12.5, 3.0)
    assert (right["seen_tick"], right["rtt_ms"]) == (None, None)
    assert (left["action"], right["action"], right["action_json"]) == (1, None, "[0.5]")


def test_edges_are_numbered_by_seat_in_the_order_they_were_made():
    edges = [Edge(s, 1, "a", True, 1.0, 2.0, -1, 0) for s in ("left", "right", "left")]
    chunks = [Chunk(1, [], edges[:2]), Chunk(1, [], edges[2:])]
    rows = episodes.input_table(listed(chunks), "g", "g-000").to_pylist()
    assert [(r["seat"], r["order"]) for r in rows] == [("left", 0), ("right", 0), ("left", 1)]


def test_an_episodes_files_are_written_whole_each_time(tmp_path):
    chunks = [Chunk(1, [tick(0)], [])]
    tables = {
        ("ticks", "g-000"): episodes.tick_table(listed(chunks), "g", "g-000", ("left", "right")),
        ("inputs", "g-000"): episodes.input_table(listed(chunks), "g", "g-000"),
    }
    for _ in range(2):
        packed = {which: parquet.packed(table) for which, table in tables.items()}
        files = parquet.write_episodes(tmp_path, packed)
    assert files == ["ticks/g-000.parquet", "inputs/g-000.parquet"]
    assert [len(read(tmp_path, file)) for file in files] == [2, 0]
    assert not list(tmp_path.rglob("*.part"))


def test_any_action_is_kept_as_json_and_whole_numbers_also_as_numbers():
    given = [3, True, 2.5, "up", [0.5, 1], {"a": 1}, None, 2**63, -1]
    chunks = [Chunk(1, [tick(n, (one, 0)) for n, one in enumerate(given)], [])]
    rows = [row for row in ticks_of(chunks) if row["seat"] == "left"]
    assert [json.loads(row["action_json"]) for row in rows] == given
    assert [row["action"] for row in rows] == [3, *[None] * 7, -1]


def test_the_digest_of_a_flush_stands_at_its_last_tick_by_seat():
    chunks = [Chunk(1, [tick(0), tick(1)], [], "a" * 16 + "b" * 16), Chunk(1, [tick(2)], [])]
    assert [row["digest"] for row in ticks_of(chunks)] == [
        None, None, "a" * 16, "b" * 16, None, None,
    ]  # fmt: skip


def test_who_acts_is_told_tick_by_tick_when_somebody_leaves():
    left = msgspec.structs.replace(tick(1), actors=["bot", "bot"])
    rows = ticks_of([Chunk(1, [tick(0), left], [])])
    assert [row["actor"] for row in rows] == ["human", "bot", "bot", "bot"]


def test_an_episode_without_a_tick_is_an_empty_table():
    table = episodes.tick_table([], "g", "g-000", ("left", "right"))
    assert table.num_rows == 0 and table.schema == TABLES["ticks"].schema


def test_a_browsers_clock_is_known_to_half_of_the_shortest_round_trip():
    behind_ms, rtt_ms = 5_000.0, (40.0, -1.0)  # the right seat's round trip was never measured
    edges = [
        Edge(seat, 1, "a", True, 1e12 - behind_ms, 1e12 + way_ms, 0, 0)
        for seat in ("left", "right") for way_ms in (90.0, 22.0, 300.0)
    ]  # fmt: skip
    ticks = [msgspec.structs.replace(tick(0), rtt_ms=[one, rtt_ms[1]]) for one in (55, rtt_ms[0])]
    log = listed([Chunk(1, ticks, edges)])
    rtts = episodes.tick_table(log, "g", "g-000", ("left", "right"))
    (row,) = episodes.clock_rows(log, rtts, "g", "g-000")
    assert row["seat"] == "left" and (row["error_ms"], row["edges"]) == (20.0, 3)
    assert abs(row["offset_ms"] - behind_ms) <= row["error_ms"]
    assert episodes.clock_rows(listed([Chunk(1, ticks, [])]), rtts, "g", "g-000") == []
