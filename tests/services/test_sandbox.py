"""Whatever a package does while it is tried, the machine does not notice and the author is told."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import psutil
import pytest

from igym.services.packages import publishing
from igym.services.packages.sandbox import Bounds
from igym.services.packages.tryout import prepared, tried
from tests.services.conftest import PACKAGES

#: A second or two each.
pytestmark = pytest.mark.slow

#: Enough to start Python and import what compiling needs on a busy machine.
ROOMY = Bounds(wall_s=60)

SHORT = Bounds(wall_s=8, cpu_s=8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGES / "counters", tmp_path / "counters"))


def spoil(root: Path, code: str) -> int:
    """Put `code` at the top of the package's second module. Returns its first line's number."""
    file = root / "counters.py"
    doc, _, rest = file.read_text().partition("\n")
    file.write_text(f"{doc}\n{code}\n{rest}")
    return 2


def refused(root: Path, bounds: Bounds = ROOMY):
    found, plan = tried(root, publishing.fingerprint(root), bounds=bounds)
    assert plan is None or found
    return found[0]


def test_an_import_that_hangs_is_ended_and_the_line_is_named(root):
    spoil(root, "import time\n\ntime.sleep(600)")
    began_s = time.monotonic()
    found = refused(root, SHORT)

    assert found.code == "time"
    assert (found.file, found.line) == ("counters.py", 4)
    assert "counters.py:4" in found.message
    assert time.monotonic() - began_s < 60


@pytest.mark.parametrize(
    "bomb",
    [
        "import os\nwhile True:\n    os.fork()",
        "import subprocess, sys\nwhile True:\n    subprocess.Popen(['sleep', '600'])",
    ],
    ids=["fork", "spawn"],
)
def test_a_fork_bomb_goes_off_inside_and_nothing_of_it_is_left(root, bomb):
    spoil(root, bomb)
    found = refused(root, SHORT)

    assert found.code in ("processes", "raised")
    assert "processes" in found.message
    ours = [p for p in psutil.process_iter() if {str(root), "600"} & set(_words(p))]
    assert ours == []


def test_a_fork_bomb_of_the_shell_is_ended(root):
    spoil(root, "import os\nos.system('for i in $(seq 200); do sleep 601 & done; wait')")
    found = refused(root)

    assert found.code == "processes"
    assert [p for p in psutil.process_iter() if _words(p) == ["sleep", "601"]] == []


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_ten_gigabytes_at_once_are_refused_by_the_kernel(root):
    line = spoil(root, "x = bytearray(10 << 30)")
    found = refused(root)

    assert (found.code, found.file, found.line) == ("memory", "counters.py", line)
    assert "8 GB" in found.message


def test_memory_that_is_really_used_is_bounded_over_all_its_processes(root):
    fill = "x = [bytearray(b'x') * (1 << 20) for _ in range(600)]"
    spoil(root, f"import time\n{fill}\ntime.sleep(60)")
    found = refused(root, Bounds(wall_s=60, resident_bytes=512 << 20))

    assert found.code == "memory"
    assert "0.5 GB" in found.message


@pytest.mark.parametrize("minds", [True, False], ids=["raises", "swallows it"])
def test_a_network_call_at_import_is_told_with_its_line_even_where_it_is_swallowed(root, minds):
    call = "urllib.request.urlopen('http://example.org/model.onnx', timeout=5)"
    then = "raise" if minds else "pass"
    spoil(root, f"import urllib.request\ntry:\n    {call}\nexcept OSError:\n    {then}")
    found, _ = tried(root, publishing.fingerprint(root))

    assert {each.code for each in found} == {"network"}
    assert {(each.file, each.line) for each in found} == {("counters.py", 4)}
    assert "example.org" in found[0].message


def test_a_file_without_end_is_cut_off(root, tmp_path):
    to = tmp_path / "large"
    write = "while True:\n        f.write(b'x' * (1 << 20))"
    spoil(root, f"with open({str(to)!r}, 'wb') as f:\n    {write}")
    found = refused(root, Bounds(file_bytes=8 << 20))

    assert found.code == "file_size"
    assert to.stat().st_size <= 8 << 20


def test_a_package_that_ends_its_process_is_told(root):
    spoil(root, "import sys\nsys.exit(3)")
    assert "exit code 3" in refused(root).message
    (root / "counters.py").write_text("import os\nos._exit(7)\n")
    assert "ended with 7" in refused(root).message


def test_none_of_it_is_heard_outside(root, capfd):
    spoil(root, "import os, sys\nos.write(1, b'heard')\nprint('heard', file=sys.stderr)")
    found, plan = tried(root, "ff")
    # What is written past Python spoils the answer, and is told as such.
    assert plan is not None or found
    assert "heard" not in "".join(capfd.readouterr())


def test_a_process_that_waits_compiles_as_one_that_was_just_started(root):
    child = prepared()
    try:
        found, plan = tried(root, "ff", child)
    finally:
        child.kill()
    assert found == []
    assert plan is not None and plan.experiment == "counters"


def test_a_process_that_was_prepared_and_is_not_needed_goes(root):
    child = prepared()
    assert child.alive
    child.kill()
    assert not child.alive
    assert not os.path.exists(f"/proc/{child._process.pid}/fd/0")
