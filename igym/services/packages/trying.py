"""A package is tried: looked through, compiled, and what came of it said. Runs in the sandbox.

`python -m igym.services.packages.trying` loads what it needs, then waits for {root, package,
until_s} on its standard input. It prints one line of JSON with findings (`igym.domain.report`),
and after it the plan if it compiled.
"""

from __future__ import annotations

import difflib
import io
import json
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

from igym.domain.experiment import Experiment, Play
from igym.domain.plan import Plan
from igym.domain.policy import Onnx
from igym.domain.report import Finding
from igym.errors import BadPolicy, IgymError
from igym.services.functions import apart
from igym.services.games.casting import policies
from igym.services.packages import blame, sandbox
from igym.services.packages.compiling import compile_package
from igym.services.packages.loading import load
from igym.services.packages.manifest import manifest
from igym.store import packages

#: What a page shows from the package: Markdown's ![…](file) and HTML's src="file".
_SHOWN = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)|\bsrc\s*=\s*[\"']([^\"']+)", re.I)

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|/|#", re.I)

GB = 1 << 30


def attempt(root: Path, package: str) -> tuple[list[Finding], Plan | None]:
    """Load the package, look at every file it names, and compile it.

    What the researcher's code raises is a finding, with the line of theirs that led there.
    """
    found: list[Finding] = []
    plan = None
    try:
        manifest(root)
        experiment = load(root, f"c{package[:24]}")
        found += files(experiment, root)
        if not found:
            plan = compile_package(root, package)
    except Exception as error:  # noqa: BLE001 - the researcher's code raises what it likes
        found.append(finding(error, root))
    except SystemExit as error:
        said = f"The package ended its own process (exit code {error.code})."
        found.append(Finding("error", "exit", said, "Leave out exit() and sys.exit()."))
    told = {(each.code, each.file, each.line) for each in found}
    found += [e for e in _reached_out(root) if (e.code, e.file, e.line) not in told]
    return found, plan


def files(experiment: Experiment, root: Path) -> list[Finding]:
    """Every file that a scene names and that is not there, and what pages show of others."""
    made: list[Finding] = []
    for scene in experiment.scenes:
        if isinstance(scene, Play):
            named = [p.file for _, p in policies(scene) if isinstance(p, Onnx)]
        else:
            written = getattr(scene, "form", getattr(scene, "file", None))
            named = [written] if isinstance(written, str) else []
        for name in dict.fromkeys(named):
            made += _missing(name, root, scene.name)
            if name.endswith((".md", ".html")) and (root / name).is_file():
                made += _shown(name, root, scene.name)
    return made


def _missing(name: str, root: Path, scene: str) -> Iterator[Finding]:
    path = (root / name).resolve()
    file, line = blame.of_literal(name, root)
    if not path.is_relative_to(root.resolve()):
        said = f"{name} is outside the package."
        yield Finding("error", "outside", said, "Copy it into the package.", file, line, scene)
    elif not path.is_file():
        policy = name.endswith(".onnx")
        what = f"There is no policy file {name}" if policy else f"{name} is not in the package"
        here = [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]
        near = difflib.get_close_matches(name, here, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else "Make it, or correct its name."
        yield Finding("error", "missing_file", f"{what} ({root}).", hint, file, line, scene)


def _shown(name: str, root: Path, scene: str) -> Iterator[Finding]:
    """Pictures that a page shows and that are not there."""
    text = (root / name).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        for match in _SHOWN.finditer(line):
            target = (match[1] or match[2]).split("?")[0].split("#")[0]
            if not target or _ELSEWHERE.match(target):
                continue
            beside, top = root / Path(name).parent / target, root / target
            if not beside.is_file() and not top.is_file():
                said = f"{name} shows {target}, which is not in the package."
                hint = "Put it there, or correct the address."
                yield Finding("error", "missing_file", said, hint, name, number, scene)


def finding(error: BaseException, root: Path) -> Finding:
    """An error as a sentence, with the author's own line and what to do."""
    file, line = blame.of_error(error, root)
    trace = blame.shortened(error, root)
    match _first(error):
        case IgymError() as error:
            scene = re.search(r"(?:play|survey|page|ending|quiz)\('(\w+)'\)", error.message)
            if not file:
                file, line = _mentioned(error.message, root)
            code = "policy" if isinstance(error, BadPolicy) else "package"
            message, hint, trace = error.message, error.hint, ""
            name = scene[1] if scene else ""
            return Finding("error", code, message, hint, file, line, name, trace)
        case SyntaxError() as error:
            said = f"This is not Python: {error.msg}."
            return Finding("error", "syntax", said, "Mend that line.", file, line, "", trace)
        case ModuleNotFoundError() as error:
            said = f"The package needs {error.name}, which is not installed."
            name = (error.name or "").partition(".")[0]
            hint = "List what it is part of in experiment.toml, as in "
            hint += f'dependencies = ["{name}"].'
            return Finding("error", "dependency", said, hint, file, line, "", trace)
        case MemoryError():
            most = apart.MOST_BYTES // GB
            said = f"The package asked for more memory than the {most} GB it may have."
            hint = "Make large things when a game needs them, and smaller."
            return Finding("error", "memory", said, hint, file, line, "", trace)
        case sandbox.NoNetwork() as error:
            hint = "Put what it fetches into the package. Games must not depend on other machines."
            return Finding("error", "network", str(error), hint, file, line, "", trace)
        case OSError(errno=27):  # EFBIG
            most = sandbox.BOUNDS.file_bytes >> 20
            said = f"The package wrote a file of more than {most} MB."
            return Finding("error", "file_size", said, "", file, line, "", trace)
    said = f"{type(error).__name__}: {error}"
    return Finding("error", "raised", said, "", file, line, "", trace)


def _first(error: BaseException) -> BaseException:
    """What others have wrapped: the refusal of a network, where that is behind it."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, sandbox.NoNetwork):
        seen = seen.__cause__ or seen.__context__
    return seen or error


def _mentioned(message: str, root: Path) -> blame.Place:
    """The line that a message without one is about: a broken manifest's, or that of
    experiment.py which names the scene or file."""
    if toml := re.search(r"experiment\.toml.*\(at line (\d+)", message):
        return "experiment.toml", int(toml[1])
    for quoted in re.findall(r"'([^']+)'|\b([\w./-]+\.(?:md|html|json|onnx))\b", message):
        file, line = blame.of_literal(quoted[0] or quoted[1], root)
        if line:
            return file, line
    return blame.NOWHERE


def _reached_out(root: Path) -> list[Finding]:
    """What the package wanted of the system and did not get, whether it minded or not."""
    made = []
    for what, stack in sandbox.attempts:
        file, line = blame.of_text(stack, root)
        code = "processes" if "processes" in what else "network"
        said = f"While it was imported or tried, the package wanted {what}."
        hint = "Put what it fetches into the package. Games must not depend on other machines."
        if code == "processes":
            said, hint = f"While it was imported, the package started {what}.", "Start none."
        made.append(Finding("error", code, said, hint, file, line))
    return made


def main() -> int:
    """The command line of this module. The exit code is 1 where it did not compile."""
    sandbox.guard()
    line = sys.stdin.readline()
    if not line:  # it was prepared, and is not needed any more
        return 0
    said = json.loads(line)
    sandbox.arm(said["until_s"])
    with redirect_stdout(io.StringIO()):
        found, plan = attempt(Path(said["root"]), said["package"])
    out = sys.stdout.buffer
    out.write(json.dumps([asdict(each) for each in found]).encode() + b"\n")
    if plan is not None:
        out.write(packages.encode(plan))
    out.flush()
    return 0 if plan is not None else 1


if __name__ == "__main__":
    sys.exit(main())
