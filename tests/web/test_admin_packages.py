"""Packages on the dashboard: everybody sees and does what they may, and nothing else."""

from __future__ import annotations

from igym.domain.access import Role
from igym.domain.deeds import Did
from igym.domain.plan import Plan, ScenePlan, TreatmentPlan
from igym.services import auditing
from igym.services.connect import Deployment
from igym.services.operations import crowding
from igym.store import errands, keys, packages, quotas
from tests.web.api import checks, edited, quickly, raw, toml
from tests.web.desk import alive, ann, app, deployment, visitors

__all__ = ["ann", "app", "checks", "deployment", "quickly", "raw", "visitors"]

NASTY = '"><img src=x onerror=alert(1)>'


def test_a_package_is_sent_checked_activated_and_rolled_back(ann, raw, checks, deployment):
    first = ann.uploads(raw).json
    assert (first["experiment"], first["version"], first["new"]) == ("counters", "1", True)
    assert ann.uploads(raw).json["new"] is False, "the same files are as once"
    where = f"/admin/packages/{first['package']}"
    assert ann.asks(f"{where}/report.json").json["state"] == "waiting"
    refused = ann.sends(f"{where}/activate.json")
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    checks()
    report = ann.asks(f"{where}/report.json").json
    assert report["state"] == "passed" and {one["name"] for one in report["scenes"]}
    assert ann.sends(f"{where}/activate.json").status_code == 200

    second = ann.uploads(edited(raw, experiment=toml(version="2"))).json
    checks()
    assert ann.sends(f"/admin/packages/{second['package']}/activate.json").status_code == 200
    assert ann.shelf()["counters"]["active"] == "2"
    assert ann.sends(f"{where}/activate.json").status_code == 200

    one = ann.shelf()["counters"]
    assert (one["active"], one["open"]) == ("1", True)
    stands = {v["version"]: (v["standing"], v["sent_by"], v["size"] > 0) for v in one["versions"]}
    assert stands == {"2": ("retired", "ann", True), "1": ("active", "ann", True)}
    assert all("mode=preview" in v["preview"] for v in one["versions"])
    did = [deed.did for deed in auditing.read(deployment, experiment="counters")]
    assert did == [Did.ROLLED_BACK, Did.ACTIVATED, Did.SUBMITTED, Did.ACTIVATED, Did.SUBMITTED]


def test_what_is_wrong_with_an_upload_is_said_in_words(ann, raw, visitors, checks):
    assert "not a ZIP" in ann.uploads(b"hello").json["text"]
    large = ann.uploads(b"x" * 1_100_000)
    assert (large.status_code, "larger than 1 MB" in large.json["text"]) == (413, True)
    other = edited(raw, hello="FAIL")
    failed = ann.uploads(other).json
    checks()
    report = ann.asks(f"/admin/packages/{failed['package']}/report.json").json
    (found,) = report["findings"]
    assert report["state"] == "failed"
    assert (found["file"], found["line"], found["hint"]) == ("counters.py", 3, "Mend it.")
    rex = visitors("rex", Role.RESEARCHER, "garden")
    assert rex.uploads(raw).status_code == 403


def test_everybody_does_what_their_role_may(ann, visitors, raw, checks, deployment):
    package = ann.uploads(raw).json["package"]
    checks()
    alive(deployment, "director", "games")
    where = f"/admin/packages/{package}"
    who = {
        "ann": ann,
        "trusted": visitors("tom", Role.RESEARCHER, "counters", trusted=True),
        "researcher": visitors("rex", Role.RESEARCHER, "counters"),
        "viewer": visitors("vic", Role.VIEWER, "counters"),
        "stranger": visitors("sue", Role.RESEARCHER, "garden", trusted=True),
    }
    small = {"participants": 1, "seconds": 1}
    came = {}
    for name, one in who.items():
        errands.put(deployment.redis, ended(deployment, package))
        came[name] = [
            one.asks(f"{where}/report.json").status_code,
            one.uploads(raw).status_code,
            one.sends(f"{where}/activate.json").status_code,
            one.sends(f"{where}/retire.json").status_code,
            one.sends(f"{where}/rehearse.json", small).status_code,
        ]
    assert came == {
        "ann": [200, 200, 200, 200, 200],
        "trusted": [200, 200, 200, 200, 200],
        "researcher": [200, 200, 403, 403, 200],
        "viewer": [200, 403, 403, 403, 403],
        "stranger": [404, 403, 404, 404, 404],
    }
    assert who["stranger"].shelf() == {} and who["viewer"].shelf().keys() == {"counters"}


def ended(deployment: Deployment, package: str) -> errands.Errand:
    """What was asked for before is over."""
    id = crowding.id_of(package)
    return errands.Errand("rehearse", "counters", id, "me", 1.0, {"version": "1"}, state="done")


def test_a_rehearsal_is_one_at_a_time_and_says_why_it_cannot_be(ann, raw, checks, deployment):
    package = ann.uploads(raw).json["package"]
    where = f"/admin/packages/{package}/rehearse.json"

    def asked(participants: object = 4, seconds: object = 5) -> str:
        said = ann.sends(where, {"participants": participants, "seconds": seconds})
        return "" if said.status_code == 200 else f"{said.json['text']} {said.json['hint']}"

    assert "has not passed" in asked()
    checks()
    assert "No director" in asked()
    alive(deployment, "director")
    assert "No game worker" in asked()
    alive(deployment, "games")
    for people, seconds in ((0, 5), (51, 5), (4, 0), (4, 121), ("4", 5), (True, 5), (4.5, 5)):
        assert asked(people, seconds) != ""
    assert ann.sends(where, data=b"[]", json=None).status_code == 400
    assert asked() == ""
    assert "being rehearsed" in asked()

    (version,) = ann.shelf()["counters"]["versions"]
    told = version["rehearsal"]
    assert (told["state"], told["participants"], told["asked_by"]) == ("waiting", 4, "ann")
    (deed, *_) = auditing.read(deployment, experiment="counters")
    assert (deed.did, deed.after) == (Did.REHEARSED, {"participants": 4, "seconds": 5})


def test_places_of_treatments_are_shown_as_they_are(ann, deployment, redis):
    partner = TreatmentPlan("partner", "participant", ("novice", "expert"), wanted=40)
    scenes = (ScenePlan("thanks"),)
    plan = Plan("kitchen", "1", NASTY, "0" * 64, scenes, treatments=(partner,))
    packages.publish(redis, plan)
    places = quotas.names("kitchen", "1", "live")[0]
    redis.hset(places, mapping={"partner:novice:valid": 3, "partner:novice:reserved": 2})

    packages.cap(redis, "kitchen", 30)
    redis.hset(keys.counts("kitchen", "1", "live"), mapping={"now:playing": 2, "now:ended": 9})
    redis.hset(keys.counts("kitchen", "1", "live"), "outcome:complete", 3)

    one = ann.shelf()["kitchen"]

    assert (one["cap"], one["taken"]) == (30, 5)
    assert one["title"] == NASTY, "as it is: whoever shows it makes it text"
    (live,) = one["places"]
    assert (live["mode"], live["wanted"], live["name"]) == ("live", 40, "partner")
    cells = {c["cell"]: (c["valid"], c["reserved"]) for c in live["cells"]}
    assert cells == {"novice": (3, 2), "expert": (0, 0)}
    page = ann.asks("/admin/packages").text
    assert "<img" not in page


def test_no_form_token_nothing_done(ann, raw, checks):
    package = ann.uploads(raw).json["package"]
    checks()
    ann.token = "guessed"
    for path in ("/admin/packages.json", f"/admin/packages/{package}/activate.json"):
        assert ann.sends(path).status_code == 400
    assert ann.shelf()["counters"]["active"] == ""
