"""Changing a few flows or tariffs of a World, and balancing only the countries they touch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.balance import accounts, balance_country
from comity.benchmark.world import World
from comity.errors import InputError, listing

Array = NDArray[np.float64]


def with_flows(world: World, flows: Mapping[tuple[str, ...], float]) -> World:
    """The World with other border flows; keys (origin, destination) or (origin, destination, sector), million USD.

    A total is goods and services together and scales the pair's own sector mix. Output stays: the exporter's home sales
    give way; the importer's spending follows. Input-output tables of the countries touched are fitted again with their
    value added unchanged, so the result is an exact equilibrium.

    Raises InputError for unknown names, negative values, a total on an empty pair, more than the exporter produces.
    """
    flow = world.flow.copy()
    touched: set[int] = set()
    said = []
    for key, value in flows.items():
        origin, destination, cells = _cell(world, key)
        if not (np.isfinite(value) and value >= 0):
            raise InputError(f"with_flows {key}", "a flow must be a number, not negative", found=value)
        pair = flow[cells, destination, origin]
        if len(key) == 2 and pair.sum() == 0 and value > 0:
            raise InputError(
                f"with_flows {key}",
                "the pair has no flow in this world",
                advice="Name the sectors: (from, to, sector).",
            )
        fresh = pair * (value / pair.sum()) if len(key) == 2 and pair.sum() > 0 else np.full(len(pair), float(value))
        said.append(f"{' '.join(key)} {pair.sum():,.6g} to {value:,.6g}")
        tax = world.export_tax[cells, destination, origin]
        flow[cells, origin, origin] -= (fresh - pair) / (1 + tax)
        flow[cells, destination, origin] = fresh
        short = flow[cells, origin, origin] < 0
        if short.any():
            names = [world.sectors[j] for j in np.atleast_1d(cells)[short]]
            raise InputError(
                f"with_flows {key}", "the origin does not produce that much", found=listing(names), allowed="less"
            )
        touched |= {origin, destination}
    return _refitted(world, flow, world.tariff, sorted(touched), "flows: " + listing(said))


def with_tariffs(world: World, tariffs: Mapping[tuple[str, ...], float]) -> World:
    """The World with other benchmark tariffs at unchanged border flows; keys as in `with_flows`, goods only without
    a sector. Importers' spending and revenue follow and their tables are fitted again.

    Raises InputError for unknown names and rates at or below -1.
    """
    from comity.classifications.sectors import is_goods

    tariff = world.tariff.copy()
    touched: set[int] = set()
    goods = is_goods(world.sectors)
    said = []
    for key, rate in tariffs.items():
        origin, destination, cells = _cell(world, key)
        if not (np.isfinite(rate) and rate > -1):
            raise InputError(f"with_tariffs {key}", "a rate must lie above -1 (0.25 is 25 %)", found=rate)
        if len(key) == 3 and not goods[cells].all():
            raise InputError(f"with_tariffs {key}", "services carry no tariff")
        chosen = cells[goods[cells]]
        tariff[chosen, destination, origin] = rate
        touched.add(destination)
        said.append(f"{' '.join(key)} to {rate:.6g}")
    return _refitted(world, world.flow.copy(), tariff, sorted(touched), "tariffs: " + listing(said))


def _cell(world: World, key: tuple[str, ...]) -> tuple[int, int, NDArray[np.intp]]:
    if len(key) not in (2, 3):
        raise InputError(f"{key}", "a key is (origin, destination) or (origin, destination, sector)")
    origin, destination = world.country(key[0]), world.country(key[1])
    if origin == destination:
        raise InputError(f"{key}", "origin and destination must differ")
    every = np.arange(len(world.sectors))
    return origin, destination, every if len(key) == 2 else np.array([world.sector(key[2])])


def _refitted(world: World, flow: Array, tariff: Array, touched: list[int], said: str) -> World:
    """A World on new flows and tariffs; value-added shares stay, input and final shares of `touched` are fitted."""
    after = accounts(flow, tariff, world.export_tax)
    income = world.value_added + after.revenue + after.deficit
    inputs, final = world.input_share.copy(), world.consumption_share.copy()
    gaps = [0.0]
    for n in touched:
        prior = world.input_share[:, :, n] * world.output[:, n]
        inputs[:, :, n], final[:, n], gap = balance_country(
            prior,
            world.consumption_share[:, n] * world.income[n],
            world.value_added_share[:, n],
            after.expenditure[:, n],
            after.output[:, n],
            float(income[n]),
        )
        idle = after.output[:, n] == 0
        inputs[:, idle, n] = world.input_share[:, idle, n]
        gaps.append(gap)
    spent = np.where(after.expenditure > 0, after.expenditure, 1)
    names = ", ".join(world.countries[n] for n in touched)
    step = {"step": "rebalance", "what": f"tables of {names} fitted to changed flows or tariffs", "count": len(touched),
            "detail": f"{said}; largest gap {max(gaps):.0e}"}  # fmt: skip
    provenance = {**world.provenance, "record": [*world.provenance.get("record", []), step]}
    return World.from_arrays(
        countries=world.countries,
        sectors=world.sectors,
        trade_share=flow * (1 + tariff) / spent[:, :, None],
        tariff=tariff,
        export_tax=world.export_tax,
        value_added_share=world.value_added_share,
        input_share=inputs,
        consumption_share=final,
        trade_elasticity=world.trade_elasticity,
        value_added=world.value_added,
        deficit=after.deficit - after.deficit.sum() / len(after.deficit),
        name=world.name,
        base_year=world.base_year,
        money_unit=world.money_unit,
        provenance=provenance,
    )
