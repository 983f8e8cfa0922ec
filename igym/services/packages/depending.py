"""A package's own Python libraries: resolved, locked with hashes, and installed beside igym's.

`dependencies` of experiment.toml that igym's own environment does not have already go into a
folder of the data volume, `libraries/<key>`, which whatever runs the package's code finds
before igym's (`igym.services.functions.apart.environment`). What a package was locked to stays so,
in `libraries/locks`. Knows no Redis and imports nothing of what it installs.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import re
import resource
import signal
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from uv import find_uv_bin

from igym import __version__
from igym.errors import BadPackage
from igym.services.functions import apart

#: The longest that finding, downloading and building all of them may take.
LONGEST_S = 300.0

#: The most bytes one file may have, and all of them together.
MOST_FILE, MOST_BYTES = 2 << 30, 4 << 30

#: The most characters of uv's own words that are told.
MOST_WORDS = 2_000

#: Heard by uv: where packages come from, and what is needed to get there.
_KEPT = re.compile(
    r"UV_(?!PROJECT|PYTHON|SYSTEM|BREAK|CONSTRAINT|OVERRIDE|TARGET|PREFIX).*"
    r"|SSL_CERT_(FILE|DIR)|(HTTPS?|ALL|NO)_PROXY|XDG_(CACHE|CONFIG)_HOME",
    re.IGNORECASE,
)

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VERSION = r"(?:[<>=!~]=|<|>|===) *[\w.*+!-]+ *"
_REQUIREMENT = re.compile(
    rf"{_NAME} *(\[[\w ,.-]*\])? *(({_VERSION}(, *{_VERSION})*)?|@ *https://[^\s;]+ *)(;[^\n\r]*)?"
)


def requirements(root: Path) -> tuple[str, ...]:
    """What experiment.toml lists under `dependencies`.

    Raises:
        BadPackage: an entry is not a requirement such as "humanize>=4".
    """
    file = root / "experiment.toml"
    try:
        listed = tomllib.loads(file.read_text(encoding="utf-8")).get("dependencies", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ()  # compiling says what is wrong with it
    if not isinstance(listed, list):
        raise BadPackage(
            f"{file}: dependencies = {listed!r} is not a list.",
            hint='Write dependencies = ["humanize>=4"].',
        )
    for one in listed:
        if not isinstance(one, str) or not _REQUIREMENT.fullmatch(one.strip()):
            raise BadPackage(
                f"{file}: dependencies has {one!r}, which is not a requirement.",
                hint='Write a name of PyPI and versions, as in "humanize>=4,<5", or '
                '"name @ https://…/name-1.0-py3-none-any.whl". Folders belong into the package.',
            )
    return tuple(one.strip() for one in listed if _name(one) != "igym")


def install(data: Path, root: Path, package: str) -> Path | None:
    """Make what the package depends on importable. Twice is the same as once.

    Call it before the package's code is run for the first time (publishing and checking do),
    in any process: concurrent calls do not harm each other. Takes milliseconds when it was done
    before, seconds with a network, `LONGEST_S` at most.

    Args:
        data: the data volume.
        root: the package's folder.
        package: its content hash.

    Returns:
        The folder to put before igym's own libraries: give it to `compile_apart`, `Callees.call`
        or `apart.environment`. None where igym's environment has all it needs.

    Raises:
        BadPackage: an entry cannot be found, fits neither the others nor igym, cannot be
            built, or it took too long. In words for the researcher; nothing is left behind.
    """
    wanted = requirements(root)
    if not wanted:
        return None
    file = _lock_file(data, package)
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    missing = _missing(text)
    if not text.startswith(_head()) or any("--hash" not in one for one in missing):
        file.parent.mkdir(parents=True, exist_ok=True)
        text = _head() + (_present(data, wanted) or _resolve(data, root, wanted, text))
        _write(file, text)
        missing = _missing(text)
    if not missing:
        return None
    target = _folder(data, missing)
    if not target.is_dir():
        _fill(data, root, target, missing)
    return target


def adopt(data: Path, package: str, locks: Mapping[str, str]) -> None:
    """Have `install` take the very versions of a lock from elsewhere, as far as it will do here.

    Args:
        locks: text by file name. Where none is of this Python and platform, another one's
            versions are wanted.
    """
    mine = _lock_file(data, package)
    text = locks.get(mine.name) or next(iter(locks.values()), "")
    if text and not mine.is_file():
        mine.parent.mkdir(parents=True, exist_ok=True)
        _write(mine, text)


def libraries(data: Path, package: str) -> Path | None:
    """The folder `install` made for the package; None where it needs none, or has none yet."""
    lock = _lock_file(data, package)
    missing = _missing(lock.read_text(encoding="utf-8")) if lock.is_file() else ()
    target = _folder(data, missing)
    return target if missing and target.is_dir() else None


def lock(data: Path, package: str) -> Path | None:
    """The file with every version and hash the package runs with, for its export."""
    file = _lock_file(data, package)
    return file if file.is_file() else None


# --- the lock ------------------------------------------------------------------------------------


def _tag() -> str:
    """Python and platform: what is installed for one will not do for another."""
    return f"cp{sys.version_info[0]}{sys.version_info[1]}-{sysconfig.get_platform()}"


def _lock_file(data: Path, package: str) -> Path:
    return data / "libraries" / "locks" / f"{package}.{_tag()}.txt"


def _head() -> str:
    """The first line of a lock. One of another igym is made again, as near to it as possible."""
    return f"# igym {__version__}, {_tag()}\n"


def _name(requirement: str) -> str:
    """The distribution's name as PyPI compares it."""
    found = re.match(_NAME, requirement.strip())
    return re.sub(r"[-_.]+", "-", found.group()).lower() if found else ""


@functools.cache
def _installed() -> dict[str, str]:
    """Name -> version of everything in igym's own environment."""
    return {
        _name(d.metadata["Name"]): d.version
        for d in importlib.metadata.distributions()
        if d.metadata["Name"]
    }


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """(first line, all lines) for each distribution of a lock."""
    for block in re.split(r"\n(?=\S)", text):
        if block and not block.startswith("#"):
            yield block.partition("\n")[0].rstrip(" \\"), block.strip() + "\n"


def _missing(text: str) -> tuple[str, ...]:
    """Those of a lock that igym's environment does not have in the very version."""
    here = {f"{name}=={version}" for name, version in _installed().items()}
    return tuple(sorted(block for first, block in _blocks(text) if first not in here))


def _folder(data: Path, missing: Sequence[str]) -> Path:
    digest = hashlib.sha256("".join((_tag(), *missing)).encode()).hexdigest()
    return data / "libraries" / digest[:40]


def _present(data: Path, wanted: Sequence[str]) -> str:
    """The lock where igym's own environment will do, without hashes; "" where it will not.

    Asked first: it needs no network, and who installed a library beside igym meant it to be used.
    """
    told = _uv(
        data, ["pip", "install", "--dry-run", "--offline", "--python", sys.executable, *wanted],
        limit_s=30,
    )  # fmt: skip
    if told.returncode or "Would make no changes" not in told.stderr:
        return ""
    pins, names = {}, [_name(one) for one in wanted]
    here = _installed()
    while names:
        name = names.pop()
        if name in pins or name not in here:
            continue
        pins[name] = here[name]
        needs = importlib.metadata.requires(name) or ()
        names += [_name(one) for one in needs if "extra ==" not in one]
    return "".join(f"{name}=={version}\n" for name, version in sorted(pins.items()))


def _resolve(data: Path, root: Path, wanted: Sequence[str], before: str) -> str:
    """Versions and hashes of everything: as before, or as igym's own, where that is possible."""
    with tempfile.TemporaryDirectory() as folder:
        ask, bound, answer = (Path(folder) / name for name in ("in.txt", "bound.txt", "lock.txt"))
        ask.write_text("\n".join(wanted) + "\n", encoding="utf-8")
        bound.write_text("\n".join(_bounds()) + "\n", encoding="utf-8")
        near = _installed() | dict(
            first.split("==", 1) for first, _ in _blocks(before) if "==" in first
        )
        answer.write_text("".join(f"{n}=={v}\n" for n, v in near.items()), encoding="utf-8")
        done = _uv(
            data,
            ["pip", "compile", "--quiet", "--python", sys.executable, "--generate-hashes",
             "--no-header", "--no-annotate", "--constraints", str(bound),
             "--output-file", str(answer), str(ask)],
        )  # fmt: skip
        if done.returncode:
            raise _refusal(root, done.stderr.replace(folder + os.sep, ""))
        return answer.read_text(encoding="utf-8")


def _bounds() -> list[str]:
    """What igym itself needs: both are loaded into one process."""
    try:
        needs = importlib.metadata.requires("igym") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [re.sub(r"\[.*?\]", "", one) for one in needs if "extra ==" not in one]


# --- the folder ----------------------------------------------------------------------------------


def _fill(data: Path, root: Path, target: Path, missing: Iterable[str]) -> None:
    """Install into a folder beside `target` and rename it: it is there whole, or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".half-") as half:
        listed, made = Path(half) / "lock.txt", Path(half) / "made"
        listed.write_text("".join(missing), encoding="utf-8")
        done = _uv(
            data,
            ["pip", "install", "--quiet", "--python", sys.executable, "--target", str(made),
             "--no-deps", "--require-hashes", "--requirements", str(listed)],
        )  # fmt: skip
        if done.returncode:
            raise _refusal(root, done.stderr)
        size = sum(f.stat().st_size for f in made.rglob("*") if f.is_file())
        if size > MOST_BYTES:
            raise BadPackage(
                f"{root / 'experiment.toml'}: the dependencies take {size / 1e9:.1f} GB, "
                f"and a package may have {MOST_BYTES / 1e9:.1f}.",
                hint="Policies run from ONNX files without the library they were trained with.",
            )
        with contextlib.suppress(OSError):  # somebody else was as fast
            made.rename(target)


def _write(file: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as half:
        half.write(text)
    os.replace(half.name, file)


def _refusal(root: Path, said: str) -> BadPackage:
    words = re.sub(r"\x1b\[[0-9;]*m", "", said).strip()[-MOST_WORDS:]
    return BadPackage(
        f"{root / 'experiment.toml'}: the dependencies cannot be installed.\n{words}",
        hint="Check names and versions. They share a process with igym, so what igym needs itself "
        "(numpy, gymnasium, onnxruntime …) can only be had within igym's own bounds.",
    )


# --- uv ------------------------------------------------------------------------------------------


def _environment(data: Path) -> Mapping[str, str]:
    """No secrets of ours: building a library runs its author's code."""
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    made = apart.environment() | kept | {"NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
    if "UV_CACHE_DIR" not in made and not os.access(Path.home(), os.W_OK):
        made["UV_CACHE_DIR"] = str(data / "libraries" / "cache")
    return made


def _limits() -> None:
    apart.with_parent()
    apart.bound_memory()
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILE, MOST_FILE))


def _uv(
    data: Path, args: Sequence[str], limit_s: float = LONGEST_S
) -> subprocess.CompletedProcess[str]:
    """Run uv, with everything it starts, for `limit_s` at most.

    Raises:
        BadPackage: it took longer.
    """
    process = subprocess.Popen(
        [find_uv_bin(), *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=_environment(data),
        start_new_session=True,
        preexec_fn=_limits,
    )
    try:
        _, said = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise BadPackage(
            f"The dependencies were not installed within {limit_s:g} s.",
            hint="Ask for libraries that come as wheels, or try again when the network is faster.",
        ) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return subprocess.CompletedProcess(args, process.returncode, "", said or "")
