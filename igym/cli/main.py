"""Every verb of `igym`, one line each; what they do is in the modules they name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from igym.cli import admin, deploy, leave, participant, releases, upkeep, verbs
from igym.errors import IgymError

app = typer.Typer(
    help="Gymnasium and PettingZoo environments as online experiments with people.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
worker = typer.Typer(help="Worker processes, for deployments that start each one themselves.")
app.add_typer(worker, name="worker")
app.add_typer(releases.packages, name="packages")
app.add_typer(releases.experiments, name="experiments")
app.add_typer(releases.token, name="token")
app.add_typer(admin.app, name="admin")
app.add_typer(deploy.app, name="deploy")
verbs.add(app)
leave.add(app)
upkeep.add(app)
app.add_typer(participant.app, name="participant")

Dirs = Annotated[
    list[Path] | None,
    typer.Argument(
        help="Folders with experiment.py and experiment.toml; none where packages are submitted."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.command()
def up(
    packages: Dirs = None,
    nginx: Annotated[
        bool, typer.Option("--nginx", help="Put nginx in front instead of sharing the port.")
    ] = False,
    inference: Annotated[
        int,
        typer.Option(min=-1, max=64, help="Inference workers; -1: as the settings say."),
    ] = -1,
) -> None:
    """Run everything on this machine until Ctrl-C: Redis, web and game workers, director."""
    from igym.cli import up as module

    module.up(packages or (), behind_nginx=nginx, inference=inference)


@app.command()
def new(
    template: Annotated[
        str, typer.Argument(help="single-player, two-player, human-AI or survey-only.")
    ],
    name: Annotated[Path, typer.Argument(help="The folder to make; its last part becomes the id.")],
    json: Json = False,
) -> None:
    """Make a package of your own from a template that runs as it is."""
    from igym.cli import author

    author.new(template, name, as_json=json)


@app.command()
def run(
    package: Annotated[Path, typer.Argument(help="Folder of the package.")],
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Of the page. 0: the setting's, or the next free one."),
    ] = 0,
    browser: Annotated[
        bool, typer.Option(help="Open the bench in a browser, where there is one.")
    ] = True,
) -> None:
    """Try a package on a bench that reloads what you save, until Ctrl-C."""
    from igym.cli import run as module

    module.run(package, port=port, opens=browser)


@app.command()
def check(
    package: Annotated[Path | None, typer.Argument(help="Folder of the package.")] = None,
    env: Annotated[
        str,
        typer.Option(
            metavar="MODULE:FACTORY",
            help="One environment alone, from this folder or PACKAGE; or an id of Gymnasium's.",
        ),
    ] = "",
    fps: Annotated[float, typer.Option(min=1, max=120, help="Ticks a second, with --env.")] = 30,
    json: Json = False,
) -> None:
    """Try a package apart, with limits, and say what it is and what to mend."""
    if env:
        from igym.cli import env as module

        raise typer.Exit(module.check(env, package, fps, as_json=json))
    if package is None:
        raise typer.BadParameter("name the folder of a package, or an environment with --env")
    from igym.cli import author

    raise typer.Exit(author.check(package, as_json=json))


@app.command()
def data(
    target: Annotated[str, typer.Argument(help="A package's folder, or an experiment's id.")],
    html: Annotated[
        Path | None,
        typer.Option(help="Where to write the plots. preview.html beside the tables if left out."),
    ] = None,
    json: Json = False,
) -> None:
    """Look at what was recorded: rows of each table, and three plots as a page."""
    from igym.cli import preview

    preview.data(target, as_json=json, html=html)


@app.command()
def rehearse(
    target: Annotated[str, typer.Argument(help="A package's folder, or the URL of a study.")],
    participants: Annotated[int, typer.Option(min=1, max=2000)] = 20,
    seconds: Annotated[
        float, typer.Option(min=1, help="How long each game is played at the most.")
    ] = 20,
    web: Annotated[int, typer.Option(min=1, max=64, help="Web workers, for a folder.")] = 2,
    games: Annotated[int, typer.Option(min=1, max=64, help="Game workers, for a folder.")] = 1,
    directors: Annotated[int, typer.Option(min=1, max=8, help="Directors, for a folder.")] = 1,
    inference: Annotated[
        int, typer.Option(min=0, max=64, help="Inference workers, for a folder.")
    ] = 0,
    kill: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE@SECONDS",
            help="kill -9 a web worker, the busiest game worker, an inference worker, the leading "
            "director or Redis (web, game, inference, director, redis), so long after half of the "
            "crowd have seen a game. May be repeated.",
        ),
    ] = None,
    stop: Annotated[
        list[str] | None, typer.Option(metavar="ROLE@SECONDS", help="The same with SIGTERM.")
    ] = None,
    restart_redis: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SECONDS",
            help="kill -9 Redis then; it is started again. Also written --restart-redis@12.",
        ),
    ] = None,
    rolling: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="Restart every process then, one after the other; -1: never."
        ),
    ] = -1,
    reload: Annotated[
        str, typer.Option(metavar="SHARE", help="Share of people who reload once, as in 10%.")
    ] = "0",
    drop: Annotated[
        str,
        typer.Option(
            metavar="SHARE", help="Share whose line goes silent once; back after 0.5 to 4 s."
        ),
    ] = "0",
    leave: Annotated[
        str, typer.Option(metavar="SHARE", help="Share who close the page for good.")
    ] = "0",
    rtt: Annotated[
        str,
        typer.Option(metavar="MS,MS,…", help="Round trips added to people's lines, in turn."),
    ] = "",
    json: Json = False,
) -> None:
    """Drive simulated participants over real sockets from join to end, and print how it went."""
    import signal

    from igym.bots.weather import Weather, round_trips, share
    from igym.cli import rehearsal
    from igym.cli.trouble import blow

    blows = [blow(one) for one in kill or ()]
    blows += [blow(one, signal.SIGTERM) for one in stop or ()]
    blows += [blow(f"redis@{one}") for one in restart_redis or ()]
    weather = Weather(share(reload), share(drop), share(leave), round_trips(rtt))
    raise typer.Exit(
        rehearsal.rehearse(
            target,
            participants,
            seconds,
            web=web,
            games=games,
            directors=directors,
            inference=inference,
            weather=weather,
            blows=blows,
            rolling_s=rolling if rolling >= 0 else None,
            as_json=json,
        )
    )


app.command()(releases.submit)
app.command()(releases.audit)


@app.command()
def bonus(
    experiment: Annotated[str, typer.Argument(help="The experiment's id.")],
    version: Annotated[
        str, typer.Option(help="Of the experiment: a data folder of its own.")
    ] = "1",
    mode: Annotated[str, typer.Option(help="Sessions of which mode are paid.")] = "live",
    data: Annotated[
        Path | None, typer.Option(help="The data volume; IGYM_DATA_DIR if not given.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; the terminal if not given.")
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option("--recompute", help="Work all bonuses out again, from the records."),
    ] = False,
    using: Annotated[
        Path | None,
        typer.Option(help="With --recompute: a package's folder whose function counts."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --recompute: only say what would change.")
    ] = False,
    json: Json = False,
) -> None:
    """Print what to pay whom as `id,amount` lines, for a recruiter's bulk payment.

    With --recompute say what has changed instead; it needs the deployment's Redis too.
    """
    from igym.cli import bonus as module

    if recompute:
        module.recompute(experiment, version, data, using, dry_run=dry_run, as_json=json)
        return
    module.bonus(experiment, version, mode, data, output, as_json=json)


@app.command()
def config(json: Json = False) -> None:
    """Print the settings in force, secrets masked."""
    from igym.cli import operator

    operator.print_config(as_json=json)


@app.command()
def version(json: Json = False) -> None:
    """Print igym's version."""
    from igym import __version__

    typer.echo(f'{{"igym": "{__version__}"}}' if json else __version__)


def _become(role: str) -> None:
    """Replace this process by the role's own, which does not carry the terminal's weight."""
    import os

    from igym.cli.supervisor import command

    os.execv(sys.executable, command(role))


@app.command()
def web() -> None:
    """One web worker. Needs REDIS_URL."""
    _become("web")


@app.command()
def director() -> None:
    """One director. Needs REDIS_URL. Several may run; one acts."""
    _become("director")


@worker.command("games")
def worker_games() -> None:
    """One game worker under its supervisor. Needs REDIS_URL."""
    from igym.cli import up as module

    module.one_worker()


@worker.command("inference")
def worker_inference() -> None:
    """One inference worker: runs ONNX models for many games at once. Needs REDIS_URL."""
    _become("inference")


def main() -> None:
    """The console script: igym's own errors are answers, not tracebacks."""
    from igym.cli.words import spelled_out

    try:
        app(args=spelled_out(sys.argv[1:]))
    except IgymError as error:
        Console(stderr=True).print(f"[bold red]{error.code}[/] {error.message}", highlight=False)
        if error.hint:
            Console(stderr=True).print(f"[dim]→[/] {error.hint}", highlight=False)
        sys.exit(1)
