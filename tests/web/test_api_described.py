"""The API does what its description says: requests are made from it, answers held to it."""

from __future__ import annotations

from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks

from igym.domain.access import Role
from igym.services import access
from igym.services.data import exporting
from igym.services.packages import submitting
from igym.wire import api as wire
from tests.web.api import Caller, app, deployment, raw
from tests.web.api import checks as checked

__all__ = ["app", "checked", "deployment", "raw"]

pytestmark = pytest.mark.slow


#: Of each route, valid and invalid.
EXAMPLES = 12

ANSWERS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@schemathesis.serializer("application/zip")
def as_it_is(_: object, value: object) -> bytes:
    """A ZIP travels as the bytes it is."""
    return value if isinstance(value, bytes) else bytes(str(value), "utf-8")


def test_every_route_answers_as_it_is_described(app, deployment, raw, checked, monkeypatch):
    text, _ = access.create(deployment, "Ann", Role.ADMIN, (), 1)
    admin = Caller(app, deployment, text)
    package = admin.submit(raw)[1]["package"]["package"]
    checked()
    admin("POST", f"/api/packages/{package}/activate")
    monkeypatch.setattr(access, "MOST_FAILURES", 10**9)
    monkeypatch.setattr(exporting, "MOST_OF_ONE", 10**9)
    monkeypatch.setattr(submitting, "unpack_apart", lambda *_: {"error": "Not a ZIP.", "hint": ""})
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    real = {"package": package, "experiment": "counters"}
    good: set[str] = set()

    for found in schema.get_all_operations():
        operation = found.ok()
        # What is declared is answered as declared, and what is not declared is refused.
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                cases = operation.as_strategy(generation_mode=mode)
                probe(cases, mode, text, real, good)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # a route without anything to get wrong

    routes = {f"{route.method} {route.path}" for route in wire.ROUTES}
    # An upload that means nothing, and tokens and exports nobody has, cannot be answered well.
    one = "/api/experiments/{experiment}/exports/{export}"
    assert routes - good <= {
        "POST /api/packages", "DELETE /api/tokens/{token}", f"GET {one}", f"GET {one}/download",
    }  # fmt: skip


def probe(cases, mode, text: str, real: dict[str, str], good: set[str]) -> None:
    """Send some of the cases, every other valid one with ids that there are."""
    turn = count()

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    @given(case=cases)
    def holds(case: schemathesis.Case) -> None:
        if next(turn) % 2 and mode is GenerationMode.POSITIVE:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = real.get(name, case.path_parameters[name])
        answer = case.call_and_validate(
            headers={"Authorization": f"Bearer {text}"},
            checks=[*ANSWERS, *([checks.negative_data_rejection] if mode.is_negative else [])],
        )
        if answer.status_code < 300:
            good.add(case.operation.label)

    holds()
