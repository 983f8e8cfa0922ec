"""A first look at the data: what there is is counted, and three plots can be looked at."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from igym.archive import parquet, plots, preview

DAY_MS = 86_400_000.0


@pytest.fixture
def root(tmp_path):
    """Two episodes of a person and a policy."""
    tick = {
        "game_id": "g", "action": 1, "terminated": False, "truncated": False, "wall_ms": DAY_MS,
        "mono_us": 1, "generation": 1,
    }  # fmt: skip
    rows = [("sessions", {"session_id": "s", "mode": "preview", "day_ms": DAY_MS})]
    for n in range(2):
        episode = {"episode_id": f"g-{n}", "started_ms": DAY_MS + n * 60_000}
        rows.append(("episodes", {**episode, "day_ms": DAY_MS}))
        ticks = [
            {
                **tick, "episode_id": f"g-{n}", "tick": t, "seat": seat, "reward": 1.0 + n,
                "actor": actor, "action_json": str(t % 2), "rtt_ms": rtt_ms, "late_ms": 0.5,
            }
            for t in range(10)
            for seat, actor, rtt_ms in (("you", "human", 20.0), ("ai", "bot", None))
        ]  # fmt: skip
        parquet.write_episode(tmp_path, f"g-{n}", "ticks", ticks)
    parquet.merge(tmp_path, rows)
    return tmp_path


def test_rows_returns_actions_and_times_are_those_of_the_tables(root):
    seen = preview.read(root)

    assert seen.rows == {"sessions": 1, "episodes": 2, "ticks": 40}
    assert seen.modes == {"preview": 1}
    assert seen.returns["you"] == [(DAY_MS, 10.0), (DAY_MS + 60_000, 20.0)]
    assert seen.actions == {"you": {"0": 10, "1": 10}}  # a policy's are not people's
    assert len(seen.late_ms) == 20  # once a tick, not once a seat
    assert seen.rtt_ms == [20.0] * 20


def test_the_plots_are_pictures_with_a_name(root):
    drawn = preview.drawn(preview.read(root))

    assert len(drawn) == 3
    for title, svg in drawn:
        picture = ElementTree.fromstring(svg)
        assert title and picture.attrib["aria-label"]
        assert "No data yet" not in svg


def test_where_nothing_was_recorded_they_say_so(tmp_path):
    assert all("No data yet" in plot["svg"] for plot in preview.look(tmp_path)["plots"])


def test_what_people_wrote_is_text_in_a_picture(root):
    svg = plots.bars({"<b>": {'"><script>': 3}}, "<x>", "y")
    ElementTree.fromstring(svg)
    assert "<script>" not in svg and "<b>" not in svg
    assert "<script>" not in plots.page("<script>", preview.look(root))


def test_a_legend_of_many_long_names_stays_in_its_picture():
    svg = plots.lines({f"{n} " * 40: [(0, n)] for n in range(5)}, "x", "y")
    picture = ElementTree.fromstring(svg)
    *_, wide, high = (float(n) for n in picture.attrib["viewBox"].split())
    words = [one for one in picture.iter() if one.tag.endswith("text") and "…" in (one.text or "")]
    assert len(words) == 5 and len({(one.get("x"), one.get("y")) for one in words}) == 5
    for one in words:
        assert float(one.get("x")) + 7 * len(one.text) <= wide and float(one.get("y")) <= high


@pytest.mark.parametrize(
    ("low", "high", "made"),
    [(0, 10, [0, 2.5, 5, 7.5, 10]), (0, 0.7, [0, 0.2, 0.4, 0.6, 0.8]), (3, 3, [2, 2.5, 3, 3.5, 4])],
)
def test_axes_have_round_numbers_that_span_what_is_shown(low, high, made):
    assert plots.ticks(low, high) == made
