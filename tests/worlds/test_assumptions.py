"""The assumptions file: what a user may change, and that a slip ends as one message that says where."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from comity import InputError, Shock, solve
from comity.benchmark.assumptions import read_assumptions
from comity.benchmark.build import build_world
from tests.helpers import shared

PACKAGED = Path(__file__).resolve().parents[2] / "src" / "comity" / "benchmark" / "worlds" / "assumptions.yaml"
MORE = PACKAGED.with_name("more-economies.yaml")
EXACT = 1e-12
SEED = 20_220_313


def _readers() -> None:
    pytest.importorskip("h5py", reason="needs the readers: pip install comity[worlds]")
    pytest.importorskip("pyarrow", reason="needs the readers: pip install comity[worlds]")


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        yield from _places(child, (*path, key))


def _mutants(count: int) -> Iterator[dict[str, Any]]:
    """Copies of the packaged file with one entry deleted or replaced by something else."""
    base = yaml.load(PACKAGED.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    places, chance = list(_places(base)), random.Random(SEED)
    for _ in range(count):
        mutant = copy.deepcopy(base)
        place = chance.choice(places)
        node = mutant
        for key in place[:-1]:
            node = node[key]
        replacement = chance.choice([None, "XYZ", "-5", "nan", ["a"], "1e12", "", {"a": "b"}])
        if replacement is None:
            del node[place[-1]]
        else:
            node[place[-1]] = replacement
        yield mutant


def test_three_hundred_slips_never_end_in_a_traceback(tmp_path: Path) -> None:
    path, refused = tmp_path / "mine.yaml", 0
    for mutant in _mutants(300):
        path.write_text(yaml.safe_dump(mutant), encoding="utf-8")
        try:
            read_assumptions(path)
        except InputError as mistake:
            refused += 1
            assert str(mistake).startswith("mine.yaml")
    assert refused > 150  # most slips are seen on reading; the others are legal entries or codes seen on building


def test_slips_seen_only_on_building_are_named_too(tmp_path: Path) -> None:
    _readers()
    data, path, built, refused = shared("data"), tmp_path / "mine.yaml", 0, 0
    for mutant in _mutants(150):
        path.write_text(yaml.safe_dump(mutant), encoding="utf-8")
        try:
            read_assumptions(path)
        except InputError:
            continue
        try:
            build_world("world-2022", data, path)
            built += 1
        except InputError:
            refused += 1
    assert built >= 8 and refused >= 1


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("gdp: {TWN: {2022: {value: -1, status: assumed}}}", "gdp.TWN.2022.value.*greater than 0.*-1"),
        ("carve_out: {IRN: {import_totl: {value: 3, status: assumed}}}", "carve_out.IRN.import_totl.*not permitted"),
        ("carve_out: {IRN: {services: {share_of_row_factor: a lot}}}", "services.share_of_row_factor.*number.*a lot"),
        ("wits_sections: {Metals: {STEEL: 0.5}}", "wits_sections, Metals: shares must add to 1"),
        ("borrowed_structure: {BLR: []}", "borrowed_structure.BLR.*at least 1"),
        ("zero_tariff_unions: [{members: [RUS, BLR], status: seen}]", r"zero_tariff_unions\[0\].status.*seen"),
    ],
)
def test_the_place_of_a_slip_is_named(tmp_path: Path, entry: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: assumptions.yaml\n" + entry + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="mine.yaml.*" + message):
        read_assumptions(path)


def test_extending_changes_only_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: assumptions.yaml\ncarve_out: {IRN: {import_total: {value: 30000}}}\n", encoding="utf-8")
    mine, packaged = read_assumptions(path), read_assumptions()
    assert mine["carve_out"]["IRN"]["import_total"]["value"] == "30000"
    mine["carve_out"]["IRN"]["import_total"]["value"] = packaged["carve_out"]["IRN"]["import_total"]["value"]
    assert mine == packaged
    path.write_text("extends: other.yaml\n", encoding="utf-8")
    with pytest.raises(InputError, match="only the packaged file can be extended"):
        read_assumptions(path)


def test_an_edited_total_reaches_the_world(tmp_path: Path) -> None:
    _readers()
    path = tmp_path / "mine.yaml"
    path.write_text("extends: assumptions.yaml\ncarve_out: {IRN: {import_total: {value: 30000}}}\n", encoding="utf-8")
    world = build_world("world-2022", shared("data"), path)
    assert world.imports[:21, world.country("IRN")].sum() == pytest.approx(30000, rel=1e-6)
    path.write_text("extends: assumptions.yaml\nborrowed_structure: {IRN: [TUR]}\n", encoding="utf-8")
    other = build_world("world-2022", shared("data"), path)
    # output by sector rests on the lender's value-added shares, so it must follow too
    assert np.abs(other.output[:, other.country("IRN")] / world.output[:, world.country("IRN")] - 1).max() > 0.01


@pytest.mark.parametrize("year", [2019, 2022])
def test_venezuela_and_syria_can_be_cut_out_as_well(year: int) -> None:
    """The carve-out is generic: 84 economies, an exact equilibrium, world totals and observed flows unchanged."""
    _readers()
    world = build_world(f"world-{year}", shared("data"), MORE)
    plain = build_world(f"world-{year}", shared("data"))
    assert len(world.countries) == 84 and world.countries[-4:] == ("IRN", "VEN", "SYR", "ROW")
    assert solve(world, Shock()).residual < EXACT
    assert world.flow.sum() == pytest.approx(plain.flow.sum(), rel=1e-12)
    same = [plain.country(code) for code in plain.countries if code != "ROW"]
    cells = np.ix_(range(22), same, same)
    assert np.abs(world.flow[cells] - plain.flow[cells]).max() < 1e-6
    for code, imports in (("VEN", 9792.4), ("SYR", 3994.2)):
        status = world.provenance["countries"][code]
        assert (status["flows"], status["input_output"]) == ("estimated", "borrowed")
        assert world.imports[:21, world.country(code)].sum() == pytest.approx(imports, abs=0.1)
    # the pairs among economies under sanctions are not in BACI: cutting these out adds no trade between them
    assert world.flow[:21, world.country("IRN"), world.country("SYR")].sum() == 0
