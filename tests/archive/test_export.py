"""An export is whole, explains itself, and has what was asked for and nothing else."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from igym.archive import assigned, matches, parquet, vault
from igym.archive.codebook import items
from igym.archive.export import export
from igym.archive.tables import TABLES, Table
from igym.archive.written import JsonLines, harmless
from igym.errors import BadTarget, NotFound, Refused

DAY = 1_700_000_000_000.0

FORM = {
    "pages": [
        {
            "elements": [
                {
                    "type": "rating",
                    "name": "skill",
                    "title": {"default": "How skilled?", "de": "Wie gut?"},
                    "rateMax": 7,
                    "minRateDescription": "not",
                    "maxRateDescription": "very",
                },
                {"type": "panel", "name": "more", "elements": [
                    {"type": "radiogroup", "name": "again", "choices": [
                        {"value": "yes", "text": "Yes | please"}, "no"]},
                    {"type": "html", "name": "words", "html": "<p>hm</p>"},
                ]},
                {"type": "matrix", "name": "felt", "rows": ["calm"], "columns": [1, 2]},
            ]
        }
    ]
}  # fmt: skip

PLAN = {
    "experiment": "study", "version": "1", "title": "A study", "package": "f" * 64, "igym": "0",
    "dependencies": ["numpy"],
    "scenes": [
        {"name": "hello", "page": {"html": "", "button": "", "consent": True}},
        {"name": "game", "play": {
            "seats": ["left", "right"], "humans": ["left", "right"], "policies": {}, "fps": 30,
            "episodes": 1, "max_steps": 100, "keys": ["a"], "actions": {"a": 1, "": 0},
            "deterministic": True,
        }},
        {"name": "after", "survey": {"form": FORM, "items": ["skill", "again", "felt"]}},
        {"name": "check", "quiz": {"correct": {"q": [2]}, "asked": {"items": ["q"], "form": {
            "elements": [{"type": "radiogroup", "name": "q", "choices": [1, 2]}]}}}},
        {"name": "thanks", "end": {"html": "", "codes": {"complete": "C1"}, "redirects": {}}},
    ],
    "treatments": [{"name": "skill", "per": "participant", "cells": ["lo", "hi"], "wanted": 2,
                    "means": {"lo": "Onnx(file=lo.onnx)", "hi": "1"}}],
}  # fmt: skip


def row(table: str, /, **said):
    return (table, {"day_ms": DAY, **said})


def person(id: str, mode: str = "live", **more):
    return [
        row("participants", participant_id=f"p-{id}"),
        row("sessions", session_id=id, participant_id=f"p-{id}", mode=mode, package="f" * 64,
            **more),
        row("visits", session_id=id, visit=0, scene="after"),
        row("answers", session_id=id, visit=0, item="skill", scene="after", value='"=1+1"'),
        row("recruiter_ids", session_id=id, name="PROLIFIC_PID", value=f"prolific-{id}"),
        row("assignments", unit_id=id, treatment="skill", per="participant", session_id=id,
            mode=mode, cell="lo", cells=["lo", "hi"], wanted=2, over=0, seed=1,
            reserved_seen=[0, 0], valid_seen=[0, 0], reserved_ms=DAY, change=1),
        row("events", event_id=f"e-{id}", session_id=id, kind="=cmd|' /C calc'!A0", at_ms=DAY),
    ]  # fmt: skip


def game(id: str, left: str, right: str, mode: str = "live"):
    return [
        row("games", game_id=id, scene="game", mode=mode, package="f" * 64),
        row("seats", game_id=id, seat="left", seat_index=0, session_id=left),
        row("seats", game_id=id, seat="right", seat_index=1, session_id=right),
        row("episodes", episode_id=f"{id}-000", game_id=id, episode=0, seed=7, steps=3),
        row("matches", game_id=id, scene="game", sessions=[left, right]),
        row("decisions", decision_id=f"d-{id}", mode=mode, considered="[]", groups="[]",
            filled="[]", parameters="{}"),
        row("events", event_id=f"e-{id}", session_id=None, game_id=id, kind="game_taken"),
    ]  # fmt: skip


def ticks(id: str, n: int = 3) -> parquet.Packed:
    rows = [
        {"episode_id": f"{id}-000", "game_id": id, "tick": tick, "seat": seat, "action": 1,
         "action_json": "-1"}
        for tick in range(n) for seat in ("left", "right")
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=TABLES["ticks"].schema)
    return {("ticks", f"{id}-000"): parquet.packed(table)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two live people in a game, two of a pilot in another, one live who took all back."""
    data = tmp_path / "data"
    root = parquet.folder(data, "study", "1")
    rows = [
        *person("ann"), *person("bob"), *person("cat", "pilot"), *person("dan", "pilot"),
        *person("zed", keep_data=False, outcome="withdrew"), *game("g1", "ann", "bob"),
        *game("g2", "cat", "dan", "pilot"), *game("g3", "ann", "zed"),
    ]  # fmt: skip
    parquet.merge(root, rows)
    matches.merge(root, rows)
    assigned.merge(root, rows)
    vault.merge(data, "study", "1", rows)
    for id in ("g1", "g2", "g3"):
        parquet.write_episodes(root, ticks(id))
    parquet.keep(root, {f"plans/{'f' * 64}.json": json.dumps(PLAN).encode()})
    package = data / "packages" / ("f" * 64)
    (package / "policies").mkdir(parents=True)
    (package / "experiment.py").write_text("experiment = 1\n")
    (package / "policies" / "net.onnx").write_bytes(b"net")
    return data


def everything(zip: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(zip) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


def sheet(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_manifest_has_the_hash_of_every_file_and_the_three_formats_agree(data, tmp_path):
    told = export(data, "study", to=tmp_path / "out.zip")
    files = everything(tmp_path / "out.zip")

    listed = json.loads(files.pop("manifest.json"))
    assert {n: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for n, c in files.items()
            } == listed  # fmt: skip
    assert told.files == len(files)
    for name in TABLES:
        if TABLES[name].private:
            assert not [file for file in files if name in file]
            continue
        table = pq.read_table(io.BytesIO(files[f"parquet/{name}.parquet"]))
        lines = [json.loads(one) for one in files[f"jsonl/{name}.jsonl"].splitlines()]
        cells = list(csv.DictReader(io.StringIO(files[f"csv/{name}.csv"].decode())))
        assert table.to_pylist() == lines and len(cells) == len(lines) == told.rows[name]
        assert table.schema.names == TABLES[name].schema.names


def test_an_export_has_the_modes_that_were_asked_for(data, tmp_path):
    def of(name, *modes):
        export(data, "study", to=tmp_path / "out", modes=modes, formats=["parquet"])
        return pq.read_table(tmp_path / "out" / "parquet" / f"{name}.parquet").to_pylist()

    assert {r["session_id"] for r in of("sessions", "live")} == {"ann", "bob", "zed"}
    assert {r["game_id"] for r in of("ticks", "pilot")} == {"g2"}
    assert {r["event_id"] for r in of("events", "pilot")} == {"e-cat", "e-dan", "e-g2"}
    assert {r["game_id"] for r in of("games", "live", "pilot")} == {"g1", "g2", "g3"}
    assert of("ticks", "rehearsal") == []


def test_who_took_everything_back_is_counted_and_says_nothing(data, tmp_path):
    export(data, "study", to=tmp_path / "out.zip", formats=["jsonl"])
    files = everything(tmp_path / "out.zip")

    def rows(name):
        return [json.loads(one) for one in files[f"jsonl/{name}.jsonl"].splitlines()]

    assert [r["outcome"] for r in rows("sessions") if r["session_id"] == "zed"] == ["withdrew"]
    for name in ("answers", "visits", "events", "participants"):
        assert "zed" not in str(rows(name))
    # Of their game the partner's rows are left.
    assert {r["seat"] for r in rows("ticks") if r["game_id"] == "g3"} == {"left"}
    assert {r["seat"] for r in rows("ticks") if r["game_id"] == "g1"} == {"left", "right"}


def test_no_recruiters_id_and_nothing_of_the_vault_is_in_an_export(data, tmp_path):
    export(data, "study", to=tmp_path / "out.zip", modes=["live", "pilot"])
    for name, content in everything(tmp_path / "out.zip").items():
        if name.endswith(".parquet"):
            content = str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
        assert b"prolific" not in content, name


def test_a_spreadsheet_finds_no_formula_and_numbers_stay_numbers(data, tmp_path):
    texts = ["=1+1", "+1+1", "-2+3", "@x", "\t=1", "-1", "+2.5e3", "plain", "", None, "ä=1"]
    assert harmless(pa.chunked_array([texts])).to_pylist() == [
        "'=1+1", "'+1+1", "'-2+3", "'@x", "'\t=1", "-1", "+2.5e3", "plain", "", None, "ä=1",
    ]  # fmt: skip
    export(data, "study", to=tmp_path / "out", formats=["csv", "jsonl"])
    (event, *_) = sheet(tmp_path / "out/csv/events.csv")
    assert event["kind"].startswith("'=cmd")
    (tick, *_) = sheet(tmp_path / "out/csv/ticks.csv")
    assert tick["action_json"] == "-1"
    raw = (tmp_path / "out/jsonl/events.jsonl").read_text().splitlines()[0]
    assert json.loads(raw)["kind"].startswith("=cmd")


def test_a_json_line_has_every_value_as_it_was():
    texts = ['"', "a\\b", "\n\t\x00", "ä🏐", "=1+1", "", None, "plain"]
    numbers = [0.1, -0.0, 1.7e12, 1e-7, 1e22, None, 123456789.123, 1 / 3]
    table = Table(
        "t", "", ("text",), {},
        {
            "text": (pa.string(), ""), 'odd "name"': (pa.float64(), ""),
            "unlike": (pa.float64(), ""), "whole": (pa.int64(), ""), "yes": (pa.bool_(), ""),
            "list": (pa.list_(pa.string()), ""), "nothing": (pa.string(), ""),
        },
    )  # fmt: skip
    columns = [
        texts, numbers, [float("inf"), *numbers[1:]], [2**62, None, *range(6)],
        [True, None, *[False] * 6], [["a", '"'], [], None, *[["x"]] * 5], [None] * 8,
    ]  # fmt: skip
    piece = pa.table([pa.chunked_array([c[:3], c[3:]], k) for c, (k, _) in zip(
        columns, table.columns.values(), strict=True)], schema=table.schema)  # fmt: skip
    out = io.BytesIO()
    writer = JsonLines(out, table)
    for rows in (piece, piece.slice(0, 0), piece.slice(5)):
        writer.write(rows)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    assert found == piece.to_pylist() + piece.slice(5).to_pylist()


def test_the_codebook_has_the_experiments_own_words(data, tmp_path):
    export(data, "study", to=tmp_path / "out", formats=["csv"])
    book = json.loads((tmp_path / "out" / "codebook.json").read_text())
    (package,) = book["packages"].values()
    assert [(i["scene"], i["item"], i["question"]) for i in package["items"]] == [
        ("after", "skill", "How skilled?"),
        ("after", "again", "again"),
        ("after", "felt", "felt"),
        ("check", "q", "q"),
    ]
    assert package["items"][3]["correct"] == [2]
    assert package["items"][1]["choices"] == [
        {"value": "yes", "text": "Yes | please"}, {"value": "no", "text": "no"},
    ]  # fmt: skip
    assert package["codes"] == {"complete": "C1"}
    assert package["games"]["game"]["actions"] == {"a": 1, "": 0}
    (policy,) = package["policies"]
    assert policy == {
        "file": "policies/net.onnx", "sha256": hashlib.sha256(b"net").hexdigest(), "seats": [],
    }  # fmt: skip
    assert book["tables"]["ticks"]["columns"]["reward"]["meaning"]
    assert book["outcomes"]["session"]["complete"].startswith("reached")
    read = (tmp_path / "out" / "codebook.md").read_text()
    for words in (
        "How skilled?",
        "1 (not) to 7 (very)",
        "Yes \\| please",
        "`C1`",
        "### answers",
        "| `lo` | Onnx(file=lo.onnx) |",
    ):
        assert words in read or words.strip("`") in read, words


def test_every_kind_of_question_is_in_the_codebook():
    kinds = ("text", "comment", "checkbox", "ranking", "imagepicker", "boolean", "slider")
    form = {"elements": [{"type": kind, "name": kind, "choices": [1]} for kind in kinds]}
    assert [item["item"] for item in items(form)] == list(kinds)


def test_the_chain_of_assignments_shows_what_was_changed_afterwards(data, tmp_path):
    export(data, "study", to=tmp_path / "out", formats=["csv"])
    chain = assigned.read(tmp_path / "out")
    told = json.loads((tmp_path / "out" / "provenance.json").read_text())["assignment_log"]
    assert told == {"entries": 5, "head": chain[-1]["hash"], "unbroken": True}
    assert chain[0]["unit"] == assigned.unit("ann") and "ann" not in str(chain)

    chain[2]["cell"] = "hi"
    assert assigned.broken(chain) == 2
    assert assigned.broken([*chain[:1], *chain[2:]]) == 1


def test_assignments_join_the_chain_once_and_before_anybody_knows_how_it_ends(data):
    root = parquet.folder(data, "study", "1")
    before = assigned.read(root)
    late = row("assignments", unit_id="ann", treatment="skill", valid_ms=DAY, settled_change=2)
    assert assigned.merge(root, [late, *person("ann"), *person("fay")]) == [assigned.FILE]
    after = assigned.read(root)
    assert after[:-1] == before and after[-1]["unit"] == assigned.unit("fay")
    assert assigned.broken(after) is None


def test_what_an_earlier_igym_wrote_has_null_for_what_it_did_not_know(data, tmp_path):
    root = parquet.folder(data, "study", "1")
    file = root / "ticks" / "g1-000.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["digest", "generation"]), file)
    export(data, "study", to=tmp_path / "out", formats=["parquet"])
    table = pq.read_table(tmp_path / "out/parquet/ticks.parquet")
    assert table.schema.names == TABLES["ticks"].schema.names and table["digest"].null_count == 9


def test_an_export_can_go_to_a_url(data):
    for url in ("memory://bucket/out.zip", "memory://bucket/folder"):
        export(data, "study", to=url, formats=["csv"])
    files = fsspec.filesystem("memory")
    with files.open("/bucket/out.zip") as file, zipfile.ZipFile(file) as zip:
        assert "csv/sessions.csv" in zip.namelist() and zip.testzip() is None
    assert files.cat("/bucket/folder/csv/sessions.csv").startswith(b'"session_id"')


def test_an_export_that_fails_leaves_what_was_there_and_no_litter(data, tmp_path, monkeypatch):
    out = tmp_path / "here"
    export(data, "study", to=out / "a.zip", formats=["csv"])
    export(data, "study", to=out / "a", formats=["csv"])
    before = (out / "a.zip").read_bytes()
    monkeypatch.setattr("igym.archive.codebook.make", lambda *_: 1 / 0)
    for to in (out / "a.zip", out / "a", "memory://bucket/broken.zip"):
        with pytest.raises(ZeroDivisionError):
            export(data, "study", to=to, formats=["csv"])
    assert (out / "a.zip").read_bytes() == before and (out / "a" / "codebook.md").exists()
    assert sorted(path.name for path in out.iterdir()) == ["a", "a.zip"]
    assert not fsspec.filesystem("memory").exists("/bucket/broken.zip")


def test_an_export_never_replaces_a_folder_that_is_something_else(data, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(BadTarget, match="no export"):
        export(data, "study", to=tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.tex").exists()


def test_what_is_not_there_is_refused_with_what_there_is(data, tmp_path):
    with pytest.raises(NotFound, match=r"nothing.*study"):
        export(data, "nothing", to=tmp_path / "a.zip")
    with pytest.raises(NotFound, match=r"version '9'.*1"):
        export(data, "study", version="9", to=tmp_path / "a.zip")
    with pytest.raises(Refused, match=r"mode 'real'.*pilot"):
        export(data, "study", modes=["real"], to=tmp_path / "a.zip")
    with pytest.raises(Refused, match=r"format 'xlsx'.*csv"):
        export(data, "study", formats=["xlsx"], to=tmp_path / "a.zip")
    parquet.merge(parquet.folder(data, "study", "2"), person("zoe"))
    with pytest.raises(NotFound, match=r"several versions.*--version 2"):
        export(data, "study", to=tmp_path / "a.zip")
    assert not list(tmp_path.glob("*.zip"))
