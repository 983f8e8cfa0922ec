"""What an author waits for: a new package on the bench, a save that is open again, a check."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from bench.figure import Figure
from igym.cli.nginx import free_port

IGYM = (sys.executable, "-c", "from igym.cli.main import main; main()")
EXAMPLES = Path(__file__).parents[1] / "examples"

#: Saves that are measured.
SAVES = 5


def _said(url: str) -> dict[str, Any]:
    """What the bench says now; empty while it says nothing."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            made: dict[str, Any] = json.load(answer)
            return made
    except (OSError, urllib.error.URLError, ValueError):
        return {}


def _until(url: str, is_new: str, patience_s: float = 60.0) -> str:
    """The package that is open once it is another than `is_new`."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        package = str((_said(url).get("plan") or {}).get("package", ""))
        if package and package != is_new:
            return package
        time.sleep(0.02)
    raise TimeoutError(f"{url} did not change within {patience_s} s")


def figures() -> list[Figure]:
    """Measure all three."""
    with tempfile.TemporaryDirectory(prefix="igym-") as home:
        env = {**os.environ, "IGYM_DATA_DIR": f"{home}/data"}
        port = free_port()
        url = f"http://127.0.0.1:{port}/api/bench/demo"
        began_s = time.monotonic()
        subprocess.run([*IGYM, "new", "two-player", "demo"], cwd=home, check=True, stdout=-3)
        running = subprocess.Popen(
            [*IGYM, "run", "demo", "--port", str(port), "--no-browser"],
            cwd=home,
            env=env,
            stdout=subprocess.DEVNULL,
        )
        try:
            package = _until(url, "")
            first_s = time.monotonic() - began_s
            file = Path(home) / "demo" / "lanterns.py"
            saves_s = []
            for number in range(SAVES):
                time.sleep(3)  # its author thinks
                text = file.read_text("utf-8")
                saved_s = time.monotonic()
                file.write_text(f"{text}\n# {number}\n", "utf-8")
                package = _until(url, package)
                saves_s.append(time.monotonic() - saved_s)
        finally:
            running.send_signal(signal.SIGINT)
            running.wait()
        checks_s = []
        for example in ("slime_volleyball", "slime_volleyball_ai"):
            began_s = time.monotonic()
            subprocess.run(
                [*IGYM, "check", str(EXAMPLES / example), "--json"],
                env=env, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            checks_s.append(time.monotonic() - began_s)
    return [
        Figure("`igym new` and `igym run` to a page on the bench", first_s, "s", 10),
        Figure("save to open, median of 5", sorted(saves_s)[SAVES // 2], "s", 2),
        Figure("save to open, longest of 5", max(saves_s), "s", 2),
        Figure("`igym check` of slime_volleyball", checks_s[0], "s", 15),
        Figure("`igym check` of slime_volleyball_ai", checks_s[1], "s", 15),
    ]
