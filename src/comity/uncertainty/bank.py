"""Worlds that differ in a pair's statistics or in assumed flows, balanced beforehand and kept with their World."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from comity.benchmark.world import World
from comity.classifications.sectors import is_goods
from comity.kept import KeptFor
from comity.outcomes.counts import on_count
from comity.uncertainty.sources import Source

Node = tuple[tuple[str, float], ...]  # (source, value) of those that differ from the world's own

_bank: KeptFor[World, World] = KeptFor()


def node_of(sources: Sequence[Source], chosen: Mapping[str, float]) -> Node:
    """The place in the bank: sources whose value differs from the world's own, in their order."""
    return tuple((s.name, chosen[s.name]) for s in sources if s.nodes and chosen.get(s.name, s.nodes[0]) != s.nodes[0])


def world_at(world: World, sources: Sequence[Source], node: Node) -> World:
    """The world at a node, rebalanced on first use. Raises InputError where an economy does not produce that much."""
    if not node:
        return world
    by_name = {source.name: source for source in sources}

    def make() -> World:
        (name, value), rest = node[-1], node[:-1]
        return _moved(world_at(world, sources, rest), by_name[name], value)

    return _bank.get(world, node, make)


def _moved(world: World, source: Source, value: float) -> World:
    if source.group == "count":
        return _between_counts(world, source, value)
    codes = source.name.split(":", 1)[1].split()
    if source.group == "flow":
        origin, destination, sector = codes
        now = world.flow[world.sector(sector), world.country(destination), world.country(origin)]
        return world.with_flows({(origin, destination, sector): float(now) * (1 + value)})
    return _opened(world, codes[0], value)


def _between_counts(world: World, source: Source, weight: float) -> World:
    """Goods flows of the pair at `weight` of the way from the world's own to the other partner's statistics."""
    other = source.counts[1]
    goods = is_goods(world.sectors)
    values = {}
    for (origin, destination), value in other.values.items():
        now = float(world.flow[goods, world.country(destination), world.country(origin)].sum())
        values[origin, destination] = (1 - weight) * now + weight * value
    return on_count(world, replace(other, name=f"{other.name}, weight {weight:g}", values=values))


def _opened(world: World, code: str, value: float) -> World:
    """All exports of an economy, scaled together; its home sales give way. Imports stay: what partners produce bounds
    them, and some of them re-export all they have."""
    here = world.country(code)
    flows: dict[tuple[str, ...], float] = {}
    for there, partner in enumerate(world.countries):
        for j, sector in enumerate(world.sectors):
            if there != here and world.flow[j, there, here] > 0:
                flows[code, partner, sector] = float(world.flow[j, there, here]) * (1 + value)
    return world.with_flows(flows)
