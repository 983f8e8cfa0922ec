"""JSON schemas of what leaves igym as JSON: a compiled plan, and a check's report.

    python -m igym.store.schema plan > docs/plan.schema.json

`docs/build.py` writes both; a test fails where they are not those of the types.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from igym.domain.plan import Plan
from igym.domain.report import Report

#: Name -> (type, what it is).
SCHEMAS: dict[str, tuple[type, str]] = {
    "plan": (Plan, "A compiled experiment: all that web workers and directors ever read of one."),
    "check": (Report, "What `igym check --json` prints, with `ok` beside it."),
}


def schema(name: str) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the type, which refuses no field it does not know."""
    kind, what = SCHEMAS[name]
    made = msgspec.json.schema(kind)
    if name == "check":
        made["$defs"]["Report"]["properties"]["ok"] = {"type": "boolean"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"igym {name}",
        "description": what,
        **made,
    }


def written(name: str) -> str:
    """The same as the text of docs/<name>.schema.json."""
    return json.dumps(schema(name), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written(sys.argv[1]))
