"""A look at the tables: what there is is counted, and every row is on one page."""

from __future__ import annotations

from igym.archive import browse, parquet
from igym.archive.tables import TABLES
from igym.services.data.browsing import SHOWN

DAY_MS = 86_400_000.0


def visits(tmp_path, count: int) -> None:
    rows = [
        ("visits", {"session_id": "s", "visit": n, "scene": "<img>", "day_ms": DAY_MS * (n % 3)})
        for n in range(count)
    ]
    parquet.merge(tmp_path, rows)


def test_rows_and_bytes_of_each_table_are_counted(tmp_path):
    visits(tmp_path, 12)
    (tmp_path / "match_log").mkdir()
    (tmp_path / "match_log" / "day.jsonl").write_text("{}\n")

    seen = browse.looked(tmp_path, "amounts")

    assert seen["tables"].keys() == {"visits"}
    files = [*(tmp_path / "visits").iterdir()]
    size = sum(file.stat().st_size for file in files)
    assert seen["tables"]["visits"] == {"rows": 12, "bytes": size, "whole": True}
    assert seen["other_bytes"] == 3 + (tmp_path / "manifest.json").stat().st_size


def test_pages_hold_every_row_once(tmp_path):
    visits(tmp_path, 12)
    found: list[str] = []
    for at in range(0, 12, 5):
        page = browse.looked(tmp_path, "page", "visits", str(at), "5")
        assert (page["total"], len(page["rows"])) == (12, min(5, 12 - at))
        found += [row[page["columns"].index("visit")] for row in page["rows"]]
    assert sorted(found, key=int) == [str(n) for n in range(12)]
    assert browse.looked(tmp_path, "page", "visits", "99", "5")["rows"] == []


def test_a_cell_is_short_text_and_null_is_null():
    assert browse._cell(None) is None and browse._cell(float("nan")) is None
    assert browse._cell(1.7e12) == "1700000000000" and browse._cell(0.5) == "0.5"
    assert browse._cell(True) == "true" and browse._cell(["a"]) == '["a"]'
    assert len(browse._cell("x" * 9_000) or "") == browse.MOST_TEXT + 1


def test_no_table_of_the_vault_is_shown():
    assert SHOWN.keys() <= {name for name, table in TABLES.items() if not table.private}
