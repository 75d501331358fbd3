"""Input-output, value-added and final-demand structure: aggregated from WIOD, split, and lent where it is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.classifications.sectors import Sector
from comity.errors import InputError
from comity.sources.wiod import Wiod

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """Shares by country: inputs (K, J, N) and value_added (J, N) of output, final (J, N) of final demand."""

    countries: tuple[str, ...]
    inputs: Array
    value_added: Array
    final: Array


def structure_of(wiod: Wiod, sectors: Mapping[str, Sector], splits: Mapping[str, Any]) -> Structure:
    """Shares of WIOD's countries in a world's sectors: added up first (a sector without output drops out), then the
    WIOD sectors that the world divides in two are split by assumed row shares; both parts share cost structures."""
    codes = list(sectors)
    weights = np.zeros((len(codes), len(wiod.sectors)))
    for row, code in enumerate(codes):
        for name in sectors[code].wiod:
            weights[row, wiod.sectors.index(name)] = 1
    use = np.einsum("gk,kjn,hj->ghn", weights, wiod.use, weights)
    value_added, final = weights @ wiod.value_added, weights @ wiod.final
    output = use.sum(axis=0) + value_added
    safe = np.where(output > 0, output, 1)
    inputs = use / safe
    for name, rule in splits.items():
        first, second = (codes.index(code) for code in name.split("-"))
        share = np.array([float(rule["buyers"].get(code, rule["other_buyers"])) for code in codes])
        # both rows hold the whole unsplit row so far
        for row, part in ((first, share), (second, 1 - share)):
            inputs[row] *= part[:, None]
            final[row] *= float(rule["final"]) if row == first else 1 - float(rule["final"])
    share_final = final / final.sum(axis=0)
    return Structure(wiod.countries, inputs, value_added / safe, share_final)


def lend(
    structure: Structure, countries: Sequence[str], donors: Mapping[str, Sequence[str]]
) -> tuple[Structure, dict[str, tuple[str, ...]]]:
    """The structure of every country: its own where WIOD has it, else the mean of its donors.

    A donor without output in a sector does not count there. Returns the structure and who borrowed from whom.
    """
    position = {code: n for n, code in enumerate(structure.countries)}
    borrowed: dict[str, tuple[str, ...]] = {}
    columns: list[list[int]] = []
    for code in countries:
        chosen = (code,) if code in position and code != "ROW" else tuple(donors.get(code, donors["default"]))
        unknown = [donor for donor in chosen if donor not in position]
        if unknown:
            raise InputError(
                f"borrowed_structure.{code}", "donor is not in WIOD", found=unknown, allowed=list(position)
            )
        if chosen != (code,):
            borrowed[code] = chosen
        columns.append([position[donor] for donor in chosen])
    live = structure.value_added > 0
    world_inputs, world_added = _mean(structure, list(range(len(position))), live)
    inputs, value_added, final = [], [], []
    for members in columns:
        mean_inputs, mean_added = _mean(structure, members, live)
        empty = mean_added == 0  # nobody among the donors produces it: the world's mean
        inputs.append(np.where(empty[None], world_inputs, mean_inputs))
        value_added.append(np.where(empty, world_added, mean_added))
        final.append(structure.final[:, members].mean(axis=1))
    return Structure(
        tuple(countries), np.stack(inputs, axis=2), np.stack(value_added, axis=1), np.stack(final, axis=1)
    ), borrowed


def _mean(structure: Structure, members: list[int], live: NDArray[np.bool_]) -> tuple[Array, Array]:
    count = live[:, members].sum(axis=1)
    safe = np.where(count > 0, count, 1)
    return structure.inputs[:, :, members].sum(axis=2) / safe, structure.value_added[:, members].sum(axis=1) / safe
