"""Settings as people read them: without secrets, and as the page of documentation."""

from __future__ import annotations

import json
import re
from typing import Any

from igym.settings import reading
from igym.settings.declared import PASSWORDED_FIELDS, SECRET_FIELDS, Settings, fields, plain, values


def redacted(settings: Settings) -> dict[str, Any]:
    """The settings as plain values for people to read, with nothing in it worth stealing."""
    shown = {name: plain(value) for name, value in values(settings).items()}
    for name in SECRET_FIELDS:
        unset = "(made at start)" if name == "secret_key" else ""
        shown[name] = "(set)" if shown[name] else unset
    for name in PASSWORDED_FIELDS:
        shown[name] = re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", shown[name])
    return shown


def reference() -> str:
    """The page `docs/settings.md`: `python -m igym.settings > docs/settings.md`."""
    rows = "".join(
        f"| `{f.name}` | `{f.variable}` | `{json.dumps(plain(f.default))}` | {f.description} |\n"
        for f in fields()
    )
    intro = (reading.__doc__ or "").split("\n", 2)[2].rsplit("\n\n", 1)[0].strip("\n")
    return (
        "# Settings\n\n<!-- Written by `python -m igym.settings`; do not edit. -->\n\n"
        f"{intro}\n\n| in igym.toml | variable | default | what it is |\n"
        f"| --- | --- | --- | --- |\n{rows}"
    )
