"""A preview may begin anywhere while a study is developed; nobody else may, ever."""

from __future__ import annotations

from dataclasses import replace

import pytest

from igym import settings
from igym.archive import parquet
from igym.domain import places
from igym.domain.participant import Phase
from igym.domain.plan import TreatmentPlan
from igym.errors import BadMessage
from igym.services.data import archiving
from igym.services.sessions import arriving
from igym.store import packages


def join(lab, query, deployment=None):
    return lab.read(arriving.join(deployment or lab.deployment, "counters", query, None)[1])


@pytest.mark.parametrize(
    ("scene", "phase"),
    [("about", Phase.READING), ("count", Phase.WAITING), ("thanks", Phase.ENDED)],
)
def test_a_preview_begins_at_the_scene_it_asks_for(lab, scene, phase):
    session = join(lab, {"mode": "preview", "scene": scene})
    assert (session.scene, session.phase) == (scene, phase)


def test_at_the_ending_it_has_the_outcome_it_asks_for(lab):
    session = join(lab, {"mode": "preview", "scene": "thanks", "outcome": "no_partner"})
    assert (session.outcome, session.code) == ("no_partner", "CODE-NOBODY")


@pytest.mark.parametrize("mode", ["live", "pilot", "rehearsal"])
def test_whoever_is_no_preview_begins_at_the_beginning(lab, mode):
    session = join(lab, {"mode": mode, "scene": "thanks"})
    assert (session.scene, session.code) == ("consent", "")


def test_in_production_no_link_leads_straight_to_a_code(lab):
    told = settings.replace(lab.deployment.settings, environment="production")
    session = join(
        lab, {"mode": "preview", "scene": "thanks"}, replace(lab.deployment, settings=told)
    )
    assert (session.scene, session.code) == ("consent", "")


def test_a_preview_is_in_the_cell_it_asks_for_and_takes_no_place(lab, compiled):
    skill = TreatmentPlan("skill", "participant", ("weak", "strong"), wanted=1)
    plan = replace(compiled, treatments=(skill,), package="f" * 64)
    packages.publish(lab.deployment.redis, plan)
    for cell in ("strong", "weak", "strong", "strong"):
        session = join(lab, {"mode": "preview", "cell.skill": cell})
        assert (session.cells, session.holds) == ({"skill": cell}, {})
    assert join(lab, {"mode": "live", "cell.skill": "weak"}).holds  # by chance, as ever

    archiving.archive_all(lab.deployment)
    root = parquet.folder(lab.deployment.data, "counters", plan.version)
    rows = parquet.rows(root, "assignments")
    named = [row["cell"] for row in rows if row["seed"] is None]
    assert sorted(named) == ["strong", "strong", "strong", "weak"]
    assert [row["mode"] for row in rows if row["seed"] is not None] == ["live"]
    assert not places.account(rows).problems


@pytest.mark.parametrize(
    ("query", "said"), [({"scene": "cuont"}, "count"), ({"cell.skill": "x"}, "no treatment")]
)
def test_a_scene_or_treatment_that_does_not_exist_is_named_with_the_nearest(lab, query, said):
    with pytest.raises(BadMessage) as refused:
        join(lab, {"mode": "preview", **query})
    assert said in refused.value.hint
