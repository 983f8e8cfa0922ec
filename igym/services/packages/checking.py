"""`igym check`: everything that can be known about a package before a participant meets it.

What can be read is read here; what has to be run runs in the sandbox (`tryout`).
"""

from __future__ import annotations

import ast
import difflib
import re
import sys
import time
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from igym import __version__
from igym.domain import reachable
from igym.domain.answers import COMMENT
from igym.domain.manifest import FILE, distribution, line_of, problems
from igym.domain.outcome import Outcome
from igym.domain.plan import Plan, PlayPlan, ScenePlan
from igym.domain.report import Finding, Level, Report, SceneReport, ordered
from igym.errors import BadPackage
from igym.services.packages import blame, depending, packing
from igym.services.packages.sandbox import BOUNDS, Bounds
from igym.services.packages.tryout import tried

#: A package is copied to every worker and stored with the data.
LARGE_BYTES = 20 << 20

#: What igym brings with it, by the name under which it is imported.
BROUGHT = {"igym", "gymnasium", "numpy", "onnxruntime", "PIL"}

#: What nobody means to hand in.
_PRIVATE = re.compile(r"(^|/)(\.env(\..*)?|id_rsa|id_ed25519|\.netrc|.*\.pem|.*\.key)$")

_KINDS = {"syntax", "manifest", "dependency"}


def examine(root: Path, data: Path | None = None, bounds: Bounds = BOUNDS) -> Report:
    """As `examined`, without the plan."""
    return examined(root, data, bounds)[0]


def examined(
    root: Path, data: Path | None = None, bounds: Bounds = BOUNDS
) -> tuple[Report, Plan | None]:
    """Check the package in the folder `root`. Takes a few seconds.

    Returns:
        What was found, and the plan where it compiles.

    Args:
        data: the data volume, on which the package's own libraries are installed where it needs
            some. Without it they have to be there already.

    Raises:
        BadPackage: it is not a folder.
    """
    if not root.is_dir():
        raise BadPackage(
            f"{root} is not a folder.", hint="Name the folder that holds experiment.py."
        )
    began_s, root = time.monotonic(), root.resolve()
    about, found = _manifest(root)
    files = packing.files(root)
    size = sum(path.stat().st_size for path in files)
    found += [*_contents(root, files, size), *_syntax(root, files)]
    found += _dependencies(root, files, about, installs=data is not None)
    package = packing.fingerprint(root)
    plan, libraries = None, None
    if data is not None and not _hopeless(found):
        try:
            libraries = depending.install(data, root, package)
        except BadPackage as error:
            found.append(_not_to_be_had(error, root))
    if not _hopeless(found):
        more, plan = tried(root, package, bounds=bounds, libraries=libraries)
        found += more
    if plan is not None:
        found += judged(plan, root)
    report = Report(
        folder=str(root),
        igym=__version__,
        experiment=str(about.get("id", "")),
        version=str(about.get("version", "")),
        title=str(about.get("title", "")),
        package=package,
        bytes=size,
        took_s=round(time.monotonic() - began_s, 2),
        findings=ordered(found),
        scenes=tuple(map(_scene, plan.scenes)) if plan is not None else (),
    )
    return report, plan


def _hopeless(found: list[Finding]) -> bool:
    """Whether there is no use in running it."""
    return any(each.level == "error" and each.code in _KINDS for each in found)


def _not_to_be_had(error: BadPackage, root: Path) -> Finding:
    text = (root / FILE).read_text(encoding="utf-8", errors="replace")
    line = line_of(text, "dependencies")
    return Finding("error", "dependency", error.message, error.hint, FILE, line)


# --- what can be read -----------------------------------------------------------------------------


def _manifest(root: Path) -> tuple[dict[str, object], list[Finding]]:
    file = root / FILE
    if not file.is_file():
        said, hint = f"{root} has no {FILE}.", 'It needs at least id = "…", version and title.'
        return {}, [Finding("error", "manifest", said, hint)]
    try:
        text = file.read_text(encoding="utf-8")
        about = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else 0
        said = f"{FILE} is not TOML: {error}."
        return {}, [Finding("error", "manifest", said, "Write `name = value` lines.", FILE, line)]
    return about, problems(about, text)


def _contents(root: Path, files: list[Path], size: int) -> Iterator[Finding]:
    """Sizes, links that lead away, and files that nobody means to hand in."""
    if size > LARGE_BYTES:
        large = max(files, key=lambda path: path.stat().st_size)
        name, most = large.relative_to(root).as_posix(), large.stat().st_size / 1e6
        said = f"The package has {size / 1e6:.0f} MB; {name} alone {most:.0f} MB."
        hint = "Every worker gets a copy. Leave out what participants do not need."
        yield Finding("warning", "size", said, hint, name)
    for path in files:
        name = path.relative_to(root).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            said = f"{name} is a link out of the package."
            yield Finding("error", "outside", said, "Copy the file instead.", name)
        if _PRIVATE.search(name):
            said = f"{name} looks private and would be handed in with the package."
            yield Finding("warning", "private", said, "Move it out of the folder.", name)


def _syntax(root: Path, files: list[Path]) -> Iterator[Finding]:
    """Every file of Python that is none, not only the first that is imported."""
    for path in files:
        if path.suffix != ".py":
            continue
        name = path.relative_to(root).as_posix()
        try:
            ast.parse(path.read_bytes(), name)
        except SyntaxError as error:
            said = f"This is not Python: {error.msg}."
            line = (error.text or "").rstrip()
            hint = f"It reads: {line.strip()}" if line.strip() else "Mend that line."
            yield Finding("error", "syntax", said, hint, name, error.lineno or 0)
        except ValueError as error:  # a null byte
            yield Finding("error", "syntax", f"This is not Python: {error}.", "", name)


def _dependencies(
    root: Path, files: list[Path], about: dict[str, object], *, installs: bool
) -> Iterator[Finding]:
    """Packages that are listed and not installed, and those that are imported and not listed."""
    listed = about.get("dependencies", [])
    if not isinstance(listed, list):
        return
    named = {distribution(each): each for each in listed if isinstance(each, str)}
    named.pop("", None)
    installed = {_normal(d.name) for d in metadata.distributions() if d.name}
    text = (root / FILE).read_text(encoding="utf-8", errors="replace") if named else ""
    for name, requirement in named.items():
        if name in installed or installs:
            continue
        near = difflib.get_close_matches(name, installed, n=1, cutoff=0.8)
        hint = f"Did you mean {near[0]}? " if near else "Does it exist under that name? "
        hint += f'To install it: pip install "{requirement}"'
        line = next((n for n, t in enumerate(text.splitlines(), 1) if requirement in t), 0)
        said = f"dependencies: {requirement!r} is not installed here."
        yield Finding("error", "dependency", said, hint, FILE, line)
    needed = [(path, *each) for path in files for each in _imports(path)]
    homes = metadata.packages_distributions() if needed else {}  # reads a file of each package
    told: set[str] = set()
    for path, name, line in needed:
        of = {_normal(each) for each in homes.get(name, ())}
        if name in told or not of or of & set(named):
            continue
        told.add(name)
        file = path.relative_to(root).as_posix()
        said = f"{file} imports {name}, which experiment.toml does not list."
        hint = f'On another machine it may be missing: dependencies = ["{sorted(of)[0]}"]'
        yield Finding("warning", "dependency", said, hint, file, line)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """Top-level names that a module needs when it is imported, and where."""
    if path.suffix != ".py" or path.parent.name == "policies":  # scripts that made the files there
        return
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in tree.body:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in (each.partition(".")[0] for each in names):
            if name not in sys.stdlib_module_names and name not in BROUGHT:
                yield name, node.lineno


# --- what was measured ----------------------------------------------------------------------------


def judged(plan: Plan, root: Path) -> list[Finding]:
    """What a plan tells: how fast and how repeatable its games are, and who is paid."""
    made: list[Finding] = []
    for scene in plan.scenes:
        if scene.play is not None:
            made += _game(scene.name, scene.play, root)
        made += _questions(scene, root)
    return [*made, *_codes(plan, root)]


def _questions(scene: ScenePlan, root: Path) -> Iterator[Finding]:
    """Questions of SurveyJS JSON of whose answers only name and size can be checked."""
    asked = [scene.asked] if scene.asked is not None else []
    asked += [ask.survey for ask in scene.play.asks] if scene.play is not None else []
    loose = [
        f"{rule.item} ({rule.unchecked})" for one in asked for rule in one.rules if rule.unchecked
    ]
    if loose:
        file, line = blame.of_literal(scene.name, root)
        said = f"{scene.name}: of answers to {', '.join(loose)} only name and size are checked."
        hint = (
            "igym does not know what may be answered there; look at the data before you rely on it."
        )
        yield Finding("note", "unchecked", said, hint, file, line, scene.name)


def _game(name: str, play: PlayPlan, root: Path) -> Iterator[Finding]:
    file, line = blame.of_literal(name, root)

    def found(level: Level, code: str, said: str, hint: str) -> Finding:
        return Finding(level, code, said, hint, file, line, name)

    tick_ms = 1000 / play.fps
    if play.tick_ms > tick_ms:
        said = (
            f"{name}: a step with its picture takes {play.tick_ms:.3g} ms on average, and"
            f" {play.fps:g} fps leave {tick_ms:.3g} ms."
        )
        yield found("error", "too_slow", said, "Lower fps=, or make step and draw faster.")
    elif play.longest_ms > tick_ms:
        said = (
            f"{name}: the longest step took {play.longest_ms:.3g} ms, over a tick of"
            f" {tick_ms:.3g} ms at {play.fps:g} fps."
        )
        hint = "People see it as a stutter. Lower fps= if it recurs"
        if play.isolation == "shared":
            hint += ', or put isolation="process" into play(…): other games wait for it too'
        yield found("warning", "slow", said, f"{hint}.")
    if not play.deterministic:
        said = f"{name}: {play.found}"
        hint = "Take every random number from self.np_random, which reset(seed=…) seeds."
        yield found("warning", "not_repeatable", said, hint)
    if play.recovery == "restart":
        said = f"{name}: an episode whose worker is lost begins anew. {play.found}".strip()
        yield found("warning", "restart", said, "Give the environment get_state and set_state.")
    elif play.found and play.deterministic:
        yield found("note", "replay", f"{name}: {play.found}", "After a crash its log is replayed.")


def _codes(plan: Plan, root: Path) -> Iterator[Finding]:
    """Outcomes without a completion code, and codes for outcomes that cannot be."""
    last = plan.scenes[-1]
    if last.end is None:
        return
    file, line = blame.of_literal(last.name, root)
    given = {key.partition(":")[0] for key in last.end.codes}
    can = list(reachable.outcomes(plan))
    for outcome, how in reachable.uncoded(plan).items():
        said = f"The outcome {outcome} has no completion code ({how})."
        hint = 'Name one in ending(codes=…), or "" for none on purpose.'
        yield Finding("warning", "no_code", said, hint, file, line, last.name)
    known = {*can, *map(str, Outcome)}
    for outcome in sorted(given - known):
        if outcome.startswith("screened_"):
            continue
        near = difflib.get_close_matches(outcome, can, n=1, cutoff=0.6)
        hint = f"Did you mean {near[0]}?" if near else f"The outcomes are {', '.join(can)}."
        said = f"{last.name}: nobody can end with {outcome!r}, which has a code."
        at = blame.of_literal(outcome, root)[1] or line
        yield Finding("warning", "unknown_outcome", said, hint, file, at, last.name)
    codes = list(last.end.codes.values())
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        said = f"{last.name}: {', '.join(twice)} stands for more than one outcome."
        hint = "With a code of its own each outcome can be told from the recruiter's list."
        yield Finding("note", "same_code", said, hint, file, line, last.name)


def _scene(scene: ScenePlan) -> SceneReport:
    """One scene as a line of the report."""
    if scene.play is not None:
        play = scene.play
        seats = ", ".join(f"{seat}: {_sits(play, seat)}" for seat in play.seats)
        return SceneReport(
            scene.name,
            "game",
            f"{seats} · {play.fps:g} fps",
            round(play.tick_ms, 3),
            round(play.longest_ms, 3),
            play.recovery,
            play.deterministic,
        )
    if scene.asked is not None:
        asked = [item for item in scene.asked.items if not item.endswith(COMMENT)]
        about = f"{len(asked)} questions"
        return SceneReport(scene.name, "quiz" if scene.quiz is not None else "survey", about)
    if scene.end is not None:
        return SceneReport(scene.name, "ending", ", ".join(scene.end.codes) or "no codes")
    if scene.page is not None:
        return SceneReport(scene.name, "page", "consent" if scene.page.consent else "")
    return SceneReport(scene.name, "other", "")


def _sits(play: PlayPlan, seat: str) -> str:
    if seat in play.humans:
        return "a person"
    return f"by {play.treated[seat]}" if seat in play.treated else play.policies.get(seat, "")
