"""A hundred people who walk through forms at once, and what a change of scene takes the server.

One real web worker in a process of its own, with its answers on disk as always; the people are
simulated by another process, and read a page for 0.2 to 1 s: far faster than anybody does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.archive import deployment
from bench.figure import Figure
from igym.bots.report import percentiles
from igym.cli.nginx import free_port
from igym.cli.rehearsal import run_crowd
from igym.services.packages import publishing

PARTICIPANTS, SURVEYS = 100, 12

_STUDY = """
from igym import Experiment, consent, ending, page, survey
from igym.forms import choice, form, number, paragraph, scale

def asked(n):
    return survey(f"survey_{n}", form(
        number("age", "How old are you?", least=18, most=99),
        choice("hand", "Which hand?", ["left", "right"]),
        paragraph("why", "Why?"),
        scale("fun", "Was it fun?", points=7, low="no", high="yes"),
        scale("sure", "Are you sure?", points=7, low="no", high="yes"),
    ))

experiment = Experiment(
    consent("welcome", "page.md"), *(asked(n) for n in range(SURVEYS)),
    ending("thanks", "page.md", codes={"complete": "C"}),
)
"""


def study(root: Path) -> Path:
    """A package of nothing but forms."""
    root.mkdir()
    (root / "experiment.toml").write_text('id = "forms"\nversion = "1"\ntitle = "Forms"\n')
    (root / "experiment.py").write_text(_STUDY.replace("SURVEYS", str(SURVEYS)))
    (root / "page.md").write_text("# A page\n\nWith some words.\n")
    return root


def figures() -> list[Figure]:
    """Server time of a change of scene, and of the answer's way to the disk."""
    with tempfile.TemporaryDirectory(prefix="igym-") as name, deployment(Path(name)) as to:
        publishing.publish(to, study(Path(name) / "study"))
        port, times = free_port(), Path(name) / "times.json"
        env = {
            **os.environ, "REDIS_URL": to.settings.redis_url, "IGYM_DATA_DIR": str(to.data),
            "IGYM_PORT": str(port), "IGYM_HOST": "127.0.0.1", "BENCH_TIMES": str(times),
            "IGYM_LOG_LEVEL": "warning",
        }  # fmt: skip
        web = subprocess.Popen([sys.executable, "-m", "bench.scenes_web"], env=env)
        try:
            url = f"http://127.0.0.1:{port}/e/forms"
            told = run_crowd(url, PARTICIPANTS, 10, lambda: None)
        finally:
            web.terminate()
            web.wait()
        found = json.loads(times.read_text())
    shown = percentiles([s * 1000 for s in found["shown"]], (50, 99))
    kept = percentiles([s * 1000 for s in found["kept"]], (50, 99))
    count = len(found["shown"])
    return [
        Figure("through to the end", told["finished"], "people", PARTICIPANTS, at_least=True),
        Figure("changes of scene", count, ""),
        Figure("answer received to next scene sent, p50", shown["p50"] or 0, "ms"),
        Figure("answer received to next scene sent, p99", shown["p99"] or 0, "ms", 50),
        Figure("answer received to its receipt sent, on disk, p50", kept["p50"] or 0, "ms"),
        Figure("answer received to its receipt sent, on disk, p99", kept["p99"] or 0, "ms"),
        Figure("CPU of the web worker per change, joins included",
               found["cpu_s"] / max(1, count) * 1000, "ms"),
    ]  # fmt: skip
