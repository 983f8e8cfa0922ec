"""Figures are read by programs of other people's: in their format, under the names we publish."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from igym.domain.metrics import METRICS, Buckets, exposed
from tests.house.test_house import ROOT

NASTY = 'a "quoted" \\ name\nand a line'


def read(text: str) -> dict[str, list]:
    """Sample name -> its samples, as Prometheus reads them."""
    found: dict[str, list] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_what_is_written_is_read_back_by_prometheus():
    ages = Buckets((0.01, 0.1))
    for age in (0.001, 0.01, 0.05, 7):
        ages.observe(age)

    found = read(
        exposed([
            ("igym_games", (NASTY,), 3),
            ("igym_redis_latency_seconds", (), 0.000123456),
            ("igym_tick_late_seconds", ("games-1",), ages),
            ("igym_of_a_newer_one", (), 1),
        ])
    )  # fmt: skip

    assert found["igym_games"][0].labels == {"experiment": NASTY}
    assert found["igym_games"][0].value == 3
    assert found["igym_redis_latency_seconds"][0].value == 0.000123456
    buckets = {one.labels["le"]: one.value for one in found["igym_tick_late_seconds_bucket"]}
    assert buckets == {"0.01": 2, "0.1": 3, "+Inf": 4}
    assert found["igym_tick_late_seconds_sum"][0].value == pytest.approx(7.061)
    assert not any("newer" in name for name in found)


def test_names_and_kinds_are_as_prometheus_has_them():
    for name, metric in METRICS.items():
        assert re.fullmatch(r"igym_[a-z_]+", name)
        assert name.endswith("_total") == (metric.kind == "counter"), name
        assert bool(metric.bounds) == (metric.kind == "histogram"), name
        assert list(metric.bounds) == sorted(metric.bounds)


@pytest.mark.parametrize("file", ["prometheus/alerts.yml", "grafana/igym.json"])
def test_dashboards_and_alerts_use_figures_that_exist_and_all_of_them_are_shown(file):
    text = (ROOT / "deploy" / file).read_text("utf-8")
    rules = yaml.safe_load(text)
    if file.endswith(".yml"):
        asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    else:
        asked = [one["expr"] for panel in json.loads(text)["panels"] for one in panel["targets"]]
    names = {
        name if name in METRICS else re.sub(r"_(bucket|sum|count)$", "", name)
        for expr in asked
        for name in re.findall(r"\bigym_\w+", expr)
    }

    assert names <= set(METRICS)
    labels = {label for metric in METRICS.values() for label in metric.labels} | {"le", "job"}
    used = {one for expr in asked for one in re.findall(r"[{,]\s*(\w+)\s*=", expr)}
    used |= {w for e in asked for g in re.findall(r"by \((.*?)\)", e) for w in g.split(", ")}
    assert used <= labels
    if file.endswith(".json"):
        assert names == set(METRICS), "a figure that is on no dashboard is looked at by nobody"
