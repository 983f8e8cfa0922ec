"""What a package depends on is installed beside igym's: whole or not at all, and the same again."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from igym.errors import BadPackage
from igym.services.functions import apart
from igym.services.packages import depending, publishing
from tests.services import wheels
from tests.services.conftest import PACKAGES


@pytest.fixture
def shop(tmp_path: Path, monkeypatch) -> Path:
    """A folder of wheels that uv knows instead of PyPI; a cache and a home of its own."""
    made = tmp_path / "shop"
    made.mkdir()
    config = tmp_path / "uv.toml"
    config.write_text(f'no-index = true\nfind-links = ["{made}"]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(config))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    return made


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def study(folder: Path, *dependencies: str, uses: str = "") -> Path:
    """The tiny study with dependencies; its environment's module imports `uses`."""
    shutil.copytree(PACKAGES / "counters", folder)
    with (folder / "experiment.toml").open("a") as file:
        file.write(f"\ndependencies = {list(dependencies)!r}\n".replace("'", '"'))
    module = folder / "counters.py"
    module.write_text(uses + "\n" + module.read_text())
    return folder


def version_seen(libraries: Path, name: str) -> str:
    """The version that a process of the package finds."""
    return subprocess.run(
        [sys.executable, "-c", f"import {name}; print({name}.VERSION)"],
        env=apart.environment(libraries), capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_two_packages_have_two_versions_of_one_library_each_in_its_own_folder(shop, data, tmp_path):
    for version in ("1.0", "2.0"):
        wheels.write(shop, "tinylib", version)
    old = depending.install(data, study(tmp_path / "old", "tinylib<2"), "a" * 64)
    new = depending.install(data, study(tmp_path / "new", "tinylib"), "b" * 64)

    assert (version_seen(old, "tinylib"), version_seen(new, "tinylib")) == ("1.0", "2.0")
    assert depending.libraries(data, "a" * 64) == old != new == depending.libraries(data, "b" * 64)


def test_a_lock_with_hashes_is_kept_and_holds_when_there_is_something_newer(shop, data, tmp_path):
    wheels.write(shop, "tinylib", "1.0", needs=["tinyother"])
    wheels.write(shop, "tinyother", "1.0")
    root = study(tmp_path / "study", "tinylib")
    first = depending.install(data, root, "a" * 64)
    lock = depending.lock(data, "a" * 64).read_text()
    assert lock.count("==1.0") == 2 and lock.count("--hash=sha256:") == 2

    wheels.write(shop, "tinylib", "2.0")
    shutil.rmtree(first)
    assert depending.install(data, root, "a" * 64) == first
    assert version_seen(first, "tinylib") == "1.0"
    # Another igym resolves again, and keeps what it can.
    file = depending.lock(data, "a" * 64)
    file.write_text(file.read_text().replace("# igym ", "# igym 0.0.0-"))
    assert depending.install(data, root, "a" * 64) == first


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_lock_from_elsewhere_holds_on_another_machine(shop, data, tmp_path, elsewhere):
    wheels.write(shop, "tinylib", "1.0")
    root = study(tmp_path / "study", "tinylib")
    depending.install(data, root, "a" * 64)
    made = depending.lock(data, "a" * 64)
    text = made.read_text()
    wheels.write(shop, "tinylib", "2.0")

    # Of another platform only the versions are of use.
    name = made.name.replace("linux", "plan9") if elsewhere else made.name
    text = text.replace("linux", "plan9") if elsewhere else text
    other = tmp_path / "other"
    depending.adopt(other, "a" * 64, {name: text})
    assert version_seen(depending.install(other, root, "a" * 64), "tinylib") == "1.0"
    # What is here already is not replaced.
    depending.adopt(other, "a" * 64, {name: "tinylib==3.0\n"})
    assert "tinylib==1.0" in depending.lock(other, "a" * 64).read_text()


def test_once_installed_neither_network_nor_uv_is_asked_again(shop, data, tmp_path, monkeypatch):
    wheels.write(shop, "tinylib", "1.0")
    root = study(tmp_path / "study", "tinylib")
    first = depending.install(data, root, "a" * 64)
    monkeypatch.setattr(depending, "_uv", None)
    assert depending.install(data, root, "a" * 64) == first


def test_what_igym_has_already_is_not_installed_again(data, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    root = study(tmp_path / "study", "numpy>=2.1", "Gymnasium")
    assert depending.install(data, root, "a" * 64) is None
    assert depending.libraries(data, "a" * 64) is None
    pins = depending.lock(data, "a" * 64).read_text()
    assert "numpy==" in pins and "gymnasium==" in pins and "cloudpickle==" in pins
    assert depending.install(data, study(tmp_path / "none"), "b" * 64) is None


def test_only_what_igym_lacks_lands_in_the_folder(shop, data, tmp_path):
    import numpy

    wheels.write(shop, "tinylib", "1.0", needs=["numpy"])
    wheels.write(shop, "numpy", numpy.__version__)
    made = depending.install(data, study(tmp_path / "study", "tinylib"), "a" * 64)
    assert [path.name for path in made.glob("*.py")] == ["tinylib.py"]
    assert f"numpy=={numpy.__version__}" in depending.lock(data, "a" * 64).read_text()


def test_what_does_not_fit_igym_is_refused_and_says_what(shop, data, tmp_path):
    wheels.write(shop, "tinylib", "1.0", needs=["numpy<2"])
    wheels.write(shop, "numpy", "1.26.4")
    with pytest.raises(BadPackage, match=r"numpy") as refused:
        depending.install(data, study(tmp_path / "study", "tinylib"), "a" * 64)
    assert "igym's own bounds" in refused.value.hint


def test_another_numpy_within_igyms_bounds_is_the_packages_own(shop, data, tmp_path):
    wheels.write(shop, "numpy", "2.1.77")
    made = depending.install(data, study(tmp_path / "study", "numpy==2.1.77"), "a" * 64)
    assert version_seen(made, "numpy") == "2.1.77"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("nosuchlib>=1", "nosuchlib was not found"),
        ("tinylib==3.0", "tinylib==3.0"),
        ("brokenlib", "no wheels for brokenlib today"),
    ],
)
def test_what_cannot_be_had_is_told_and_nothing_is_left(shop, data, tmp_path, asked, told):
    wheels.write(shop, "tinylib", "1.0")
    wheels.broken(shop, "brokenlib", "1.0", says="no wheels for brokenlib today")
    root = study(tmp_path / "study", asked)
    with pytest.raises(BadPackage, match=told) as refused:
        depending.install(data, root, "a" * 64)
    assert "experiment.toml" in refused.value.message
    assert [path for path in data.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "entry",
    ["-e .", "--index-url=https://example.org", "./wheels/x.whl", "x @ file:///etc/passwd", "",
     "x @ git+https://example.org/x", "x\n--pre", "x==1 --pre"],
)  # fmt: skip
def test_an_entry_that_is_no_requirement_is_refused(data, tmp_path, entry):
    root = tmp_path / "study"
    root.mkdir()
    listed = entry.replace("\n", "\\n")
    (root / "experiment.toml").write_text(f'dependencies = ["{listed}"]\n')
    with pytest.raises(BadPackage, match="is not a requirement"):
        depending.requirements(root)


@pytest.mark.slow
def test_what_takes_too_long_is_ended_with_all_it_started(shop, data, tmp_path, monkeypatch):
    witness = tmp_path / "witness"
    wheels.broken(shop, "slowlib", "1.0", runs=f"import time; open({str(witness)!r}, 'w'); "
                  "time.sleep(600)")  # fmt: skip
    whole = depending._uv
    monkeypatch.setattr(
        depending, "_uv", lambda data, args, limit_s=3: whole(data, args, min(limit_s, 3))
    )
    with pytest.raises(BadPackage, match="within 3 s"):
        depending.install(data, study(tmp_path / "study", "slowlib"), "a" * 64)
    assert witness.exists()
    assert not subprocess.run(["pgrep", "-f", str(witness)], capture_output=True).stdout


def test_building_a_library_does_not_see_our_secrets(shop, data, tmp_path, monkeypatch):
    monkeypatch.setenv("IGYM_SECRET_KEY", "x" * 40)
    wheels.broken(
        shop, "nosy", "1.0",
        runs="import os; raise SystemExit(f'sees {[k for k in os.environ if k[:4] == \"IGYM\"]}')",
    )  # fmt: skip
    with pytest.raises(BadPackage, match=r"sees \[\]"):
        depending.install(data, study(tmp_path / "study", "nosy"), "a" * 64)


def test_many_who_install_the_same_at_once_all_find_it_whole(shop, data, tmp_path):
    wheels.write(shop, "tinylib", "1.0")
    root = study(tmp_path / "study", "tinylib")
    found: list[Path | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(depending.install(data, root, "a" * 64)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 6 and len(set(found)) == 1
    assert version_seen(found[0], "tinylib") == "1.0"
    assert not list((data / "libraries").glob(".half-*"))


@pytest.mark.slow
def test_a_published_package_is_compiled_with_its_libraries(shop, deployment, tmp_path):
    wheels.write(shop, "tinylib", "1.0")
    uses = 'import tinylib\nassert tinylib.VERSION == "1.0"'
    plan = publishing.publish(deployment, study(tmp_path / "study", "tinylib", uses=uses))
    assert plan.bound and plan.dependencies == ("tinylib",)
    assert publishing.publish(deployment, tmp_path / "study") == plan
