"""The command line. Commands only: each loads what it needs, prints, and maps errors to exit codes 0, 2, 3."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

# one BLAS thread in the process we own: products here are small, more threads only get in each other's way
for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import typer  # noqa: E402

from comity import ending  # noqa: E402
from comity.errors import ComityError, InputError  # noqa: E402
from comity.sweep.command import app as sweep_app  # noqa: E402

if TYPE_CHECKING:
    from comity.dossier.assess import Assessment
    from comity.outcomes.simulate import Outcomes
    from comity.report.drawer import Drawer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="What sanctions or cooperation between states would do: gains, losses and trade, as numbers with a range.",
)
world_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Build the embedded worlds from raw sources.")
app.add_typer(world_app, name="world")
app.add_typer(sweep_app, name="sweep")

World = Annotated[str | None, typer.Option("--world", help="Embedded world or bundle file.", show_default=False)]
RAW_SOURCES = Path("../shared/data")
Json = Annotated[bool, typer.Option("--json", help="Print results as JSON instead of words.")]


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="Dossier or scenario of the gallery, or a YAML file of either.")],
    world: World = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for results.")] = Path("results"),
    as_json: Json = False,
    closure: Annotated[str | None, typer.Option(help="What happens to trade deficits.")] = None,
    elasticities: Annotated[str | None, typer.Option(help="Elasticity set.")] = None,
    year: Annotated[int | None, typer.Option(help="Measures in force at the start of that year.")] = None,
    draws: Annotated[int | None, typer.Option(help="Joint draws behind the bands (200); 0: ranges only.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws.")] = None,
    claims: Annotated[
        bool | None,
        typer.Option(
            "--claims/--no-claims",
            help="Where a dossier has the scenario's name: assess its claims (the default), or the scenario alone.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[list[str] | None, typer.Option("--source", hidden=True)] = None,
) -> None:
    """Solve a scenario, or assess a dossier; print a summary, write a report folder."""
    import gc

    from comity.report.drawer import Drawer

    if source:
        raise InputError("comity run", "--source belongs to `comity check`", found=source[0])
    gc.disable()  # a process of seconds: looking for cycles in it takes longer than what they hold is worth
    drawer = Drawer(f"{scenario} {world} {closure} {elasticities} {year} {draws} {seed} {claims}")
    try:
        _run(scenario, world, out, as_json, drawer, closure, elasticities, year, draws, seed, claims)
    finally:
        drawer.close()
    ending.end_at_once()


def _run(
    scenario: str,
    world: str | None,
    out: Path,
    as_json: bool,
    drawer: Drawer,
    closure: str | None,
    elasticities: str | None,
    year: int | None,
    draws: int | None,
    seed: int | None,
    claims: bool | None,
) -> None:
    from comity import load_scenario, simulate
    from comity.benchmark.bundle import world_for
    from comity.coalition.load import is_game
    from comity.dossier.load import is_dossier, name_beside
    from comity.records import command_line
    from comity.report.folder import check_folder, write_folder
    from comity.scenario.load import gallery

    if is_game(scenario):
        raise InputError(scenario, "this is a coalition game, not one scenario",
                         advice=f"Use: comity coalition {scenario}")  # fmt: skip
    check_folder(out)
    assessment, asked = None, claims
    if claims is None:  # a single year is a question to the scenario: a dossier is assessed at full implementation
        claims = is_dossier(scenario) and not (year is not None and scenario in gallery())
    if claims:
        if year is not None:
            raise InputError("--year", "a dossier is assessed at full implementation", found=year,
                             advice="Run one of its scenarios for a single year.")  # fmt: skip
        assessment = _assessed(scenario, world, closure, elasticities, draws, seed, drawer)
        outcomes = assessment.main
    else:
        scen = load_scenario(scenario)
        economy = world_for(world, scen)
        ranged = simulate(economy, scen, closure=closure, elasticities=elasticities, year=year, workers=2)
        outcomes = _with_bands(ranged, draws, seed)
    name = scenario if assessment is None else name_beside(assessment.dossier, scenario)
    command = command_line(name, world, closure, elasticities, year, asked, draws, seed)
    folder = write_folder(outcomes, out, command, drawer, assessment)
    if as_json:
        from comity.report.folder import results_json

        assessed = {} if assessment is None else {"assessment": assessment.as_json()}
        content = {**results_json(outcomes), **assessed, "folder": str(folder)}
        typer.echo(json.dumps(content, indent=1, ensure_ascii=False))
        return
    from comity.report.terminal import claim_lines, summary

    typer.echo(summary(outcomes, claims=bool(assessment is not None and assessment.verdicts)))
    if assessment is not None:
        typer.echo("\n" + "\n".join(claim_lines(assessment)))
    typer.echo(f"\nReport: {folder / 'report.html'}")


def _assessed(
    name: str,
    world: str | None,
    closure: str | None,
    elasticities: str | None,
    draws: int | None,
    seed: int | None,
    drawer: Drawer,
) -> Assessment:
    """The dossier of that name, assessed on its own world or the one asked for."""
    from comity import assess, load_dossier
    from comity.benchmark.bundle import world_for
    from comity.report.figures import figure_jobs, send_all

    dossier = load_dossier(name)
    economy = world_for(world, dossier)

    def draw(main: Outcomes, solved: Assessment | None = None) -> None:  # beside the claims
        send_all(figure_jobs(main, solved), drawer)

    return assess(
        economy, dossier, closure=closure, elasticities=elasticities, bands=lambda main: _with_bands(main, draws, seed),
        ready=draw, solved=lambda a: draw(a.main, a),
    )  # fmt: skip


def _with_bands(outcomes: Outcomes, draws: int | None, seed: int | None) -> Outcomes:
    from comity.beside import when_waiting
    from comity.uncertainty.interval import expected

    when_waiting(lambda: import_module("comity.report.templates").report())
    return expected(outcomes, draws, seed)


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="Scenario or dossier: file or gallery name.")],
    world: World = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="Text of a dossier source, as ID=FILE: looks its figures up."),
    ] = None,
) -> None:
    """Check a scenario or dossier file without solving it."""
    from comity import load_dossier, load_scenario
    from comity.benchmark.bundle import world_for
    from comity.coalition.explain import check_game
    from comity.coalition.load import is_game, load_game
    from comity.dossier.check import check_dossier, read_texts
    from comity.dossier.load import is_dossier
    from comity.report.words import tight

    if is_game(file):
        game = load_game(file)
        typer.echo(check_game(game, world_for(world, game)))
        return
    if is_dossier(file):
        dossier = load_dossier(file)
        economy = world_for(world, dossier)
        for line in check_dossier(dossier, economy, read_texts(dossier, source or [])):
            typer.echo(tight(line))
        return
    scenario = load_scenario(file)  # what is no valid file says so before anything is said of the sources
    if source:
        raise InputError("--source", "only a dossier has sources to look figures up in", found=file)
    from comity.scenario.explain import check_scenario_file

    economy = world_for(world, scenario)
    for line in check_scenario_file(file, economy):
        typer.echo(tight(line))


@app.command()
def explain(
    file: Annotated[str, typer.Argument(help="Scenario or dossier: file or gallery name.")], world: World = None
) -> None:
    """Say in plain words what a scenario does, how large, on whose word; of a dossier, what it claims and tests."""
    from comity import load_dossier, load_scenario
    from comity.benchmark.bundle import world_for
    from comity.coalition.explain import explain_game
    from comity.coalition.load import is_game, load_game
    from comity.dossier.explain import explain_dossier
    from comity.dossier.load import is_dossier
    from comity.report.words import tight
    from comity.scenario.compile import compile_scenario
    from comity.scenario.explain import explain as sentences

    if is_game(file):
        game = load_game(file)
        typer.echo(tight("\n".join(explain_game(game, world_for(world, game)))))
        return
    if is_dossier(file):
        dossier = load_dossier(file)
        for line in explain_dossier(dossier, world_for(world, dossier)):
            typer.echo(tight(line))
        return
    scen = load_scenario(file)
    economy = world_for(world, scen)
    for line in sentences(economy, compile_scenario(economy, scen)):
        typer.echo(tight(line))


@app.command()
def worlds(as_json: Json = False) -> None:
    """List the embedded worlds and the scenarios of the gallery."""
    from comity import embedded_worlds, load_dossier, load_scenario, load_world
    from comity.benchmark.bundle import smoothed_worlds
    from comity.coalition.load import games, load_game
    from comity.dossier.load import dossiers
    from comity.scenario.load import gallery

    rows = []
    for name in embedded_worlds():
        world = load_world(name)
        estimated = [c for c, about in world.provenance["countries"].items() if about["flows"] == "estimated"]
        rows.append({"name": name, "economies": len(world.countries), "sectors": len(world.sectors),
                     "base_year": world.base_year, "estimated": estimated,
                     "elasticities": world.provenance["elasticities"]["name"], "hash": world.hash[:12]})  # fmt: skip
    scenarios = {name: load_scenario(name).title for name in gallery()}
    held = {name: load_dossier(name).title for name in dossiers()}
    playable = {name: load_game(name).title for name in games()}
    if as_json:
        content = {"worlds": rows, "scenarios": scenarios, "dossiers": held, "games": playable}
        typer.echo(json.dumps(content, indent=1, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(
            f"{row['name']}: {row['economies']} economies x {row['sectors']} sectors, base year {row['base_year']}, "
            f"estimated: {', '.join(row['estimated']) or 'none'}, elasticities {row['elasticities']}"
        )
    typer.echo(f"Trade smoothed by structural gravity (docs/worlds.md): {', '.join(smoothed_worlds())}")
    headings = {"Scenarios": scenarios, "Dossiers (claims with verdicts)": held, "Coalition games": playable}
    for heading, titles in headings.items():
        typer.echo(f"\n{heading}:")
        for name, title in titles.items():
            typer.echo(f"  {name}: {title}")


@app.command()
def compare(
    left: Annotated[str, typer.Argument(help="A run's folder, or a scenario.")],
    right: Annotated[str, typer.Argument(help="Another one.")],
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", help="Also write the comparison as an HTML file.")] = None,
) -> None:
    """Two runs side by side: what differs in what was asked, and in what came out."""
    from comity.report import compare as comparison

    if out is not None and (out.is_dir() or not out.parent.is_dir()):
        raise InputError("--out", "a file in an existing folder is needed", found=str(out))
    sides = comparison.side(left), comparison.side(right)
    if as_json:
        typer.echo(json.dumps(comparison.as_json(*sides), indent=1, ensure_ascii=False))
    else:
        typer.echo(comparison.text(*sides))
    if out is not None:
        out.write_text(comparison.page(*sides), encoding="utf-8")


@app.command()
def validate(
    studies: Annotated[list[str] | None, typer.Argument(help="Studies to run; all by default.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of published data sets.")] = None,
    as_json: Json = False,
    write: Annotated[Path | None, typer.Option("--write", help="Also write the table as a Markdown page.")] = None,
) -> None:
    """Reproduce published results and other programs' numbers; exit code 1 if a row differs without explanation."""
    from comity.validation import page
    from comity.validation import run as validation

    if data is not None and not data.is_dir():
        raise InputError("--data", "no such folder", found=str(data))
    if write is not None and not write.parent.is_dir():
        raise InputError("--write", "no such folder", found=str(write.parent))
    results = validation.run_studies(data or RAW_SOURCES, studies or [])
    if as_json:
        typer.echo(json.dumps(validation.as_json(results), indent=1, ensure_ascii=False))
    else:
        typer.echo(page.terminal(results))
    if write is not None:
        write.write_text(page.markdown(results), encoding="utf-8")
    if validation.failures(results):
        raise typer.Exit(1)


@app.command()
def coalition(
    game: Annotated[str, typer.Argument(help="Coalition game of the gallery, or a YAML file.")],
    world: World = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for results.")] = Path("results"),
    as_json: Json = False,
    closure: Annotated[str | None, typer.Option(help="What happens to trade deficits.")] = None,
    elasticities: Annotated[str | None, typer.Option(help="Elasticity set.")] = None,
    orders: Annotated[int | None, typer.Option(help="Random orders of the players, for more than 15 of them.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the orders and of the draws.")] = None,
    ranges: Annotated[bool, typer.Option("--ranges/--no-ranges", help="Also solve every combination.")] = True,
    draws: Annotated[int | None, typer.Option(help="Draws of bands (200, fewer for many players) or 0.")] = None,
) -> None:
    """What a coalition is worth, to whom, who adds what, whether it holds; write a report folder."""
    from comity.report.coalition_page import coalition_command

    typer.echo(coalition_command(game, world, out, as_json, closure, elasticities, orders, seed, ranges, draws))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8000,
    workers: Annotated[int | None, typer.Option(help="Processes; by default one per processor, at most 4.")] = None,
    engine: Annotated[str, typer.Option(help="auto: compiled where the extra 'fast' is there; or numpy.")] = "auto",
) -> None:
    """Serve the explorer: a page in the browser, and the API behind it."""
    try:
        from comity.app.run import serve_command
    except ImportError as missing:
        raise InputError("comity serve", "the extra 'app' is not installed", found=missing.name,
                         advice="pip install 'comity[app]'") from None  # fmt: skip
    serve_command(host, port, workers, engine)


@world_app.command("build")
def world_build(
    names: Annotated[list[str] | None, typer.Argument(help="Worlds to build; all by default.")] = None,
    data: Annotated[Path, typer.Option("--data", help="Folder of raw sources.")] = RAW_SOURCES,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for bundles; default: the package's own.")] = None,
    assumptions: Annotated[Path | None, typer.Option(help="An assumptions file instead of the packaged one.")] = None,
) -> None:
    """Rebuild the embedded bundles from the raw sources."""
    from comity import Shock, save_world, solve
    from comity.benchmark.build import WORLDS, build_world
    from comity.report.folder import check_folder

    target = out or Path(__file__).parent / "benchmark" / "worlds"
    check_folder(target)
    for name in names or list(WORLDS):
        world = build_world(name, data, assumptions)
        residual = solve(world, Shock()).residual
        target.mkdir(parents=True, exist_ok=True)
        save_world(world, target / f"{name}.npz")
        typer.echo(f"{world!r}; residual without shock {residual:.0e}; hash {world.hash[:12]}")
        for step in world.provenance["record"]:
            typer.echo(f"  {step['step']}: {step['what']}: {step['count']}. {step['detail']}")


def main() -> None:
    """Run the app; a user's mistake ends as one message and exit code 2, a missing solution as exit code 3."""
    ending.start()
    try:
        try:
            app(standalone_mode=True)
        except SystemExit as end:
            if not end.code:
                ending.end_if_told()
            raise
    except InputError as mistake:
        typer.echo(f"Error: {mistake}", err=True)
        sys.exit(2)
    except ComityError as problem:
        typer.echo(f"Error: {problem}", err=True)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
