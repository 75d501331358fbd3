"""Cutting a country out of the rest of the world, from partner totals, a sector mix and GDP.

World totals do not change: every flow given to the new country is taken from ROW's cell with the same partner, trade
with partners inside ROW and home sales come off ROW's own diagonal, and never more than a stated share of a cell is
taken. What does not fit is counted and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from comity.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Request:
    """Wanted trade of the new country with every economy of the world (ROW last), in million USD.

    exports, imports (J, N): goods and services by sector and partner; output (J,): gross output by sector;
    limit (N,): largest share of ROW's cell that may be taken, by partner.
    """

    code: str
    exports: Array
    imports: Array
    output: Array
    limit: Array
    record: list[dict[str, object]] = field(default_factory=list)


def carve_country(
    flow: Array, countries: tuple[str, ...], request: Request
) -> tuple[Array, tuple[str, ...], list[dict[str, object]]]:
    """Flows (J, N+1, N+1) with the new country before ROW, the new labels, and the record of what was moved.

    Raises InputError if the country is there already, ROW is not last, or ROW's home sales cannot give the output.
    """
    if countries[-1] != "ROW" or request.code in countries:
        raise InputError(f"carve {request.code}", "ROW must be the last economy and the country not yet there")
    j, n, _ = flow.shape
    row = n - 1
    partners = np.arange(row)
    exports, moved_exports, lost_exports = _limited(
        request.exports[:, :row], flow[:, partners, row] * request.limit[:row]
    )
    imports, moved_imports, lost_imports = _limited(
        request.imports[:, :row], flow[:, row, partners] * request.limit[:row]
    )
    inside_out, inside_in = request.exports[:, row], request.imports[:, row]
    home = np.maximum(request.output - exports.sum(axis=1) - inside_out, 0.0)
    taken = home + inside_out + inside_in
    diagonal = flow[:, row, row]
    if (taken > diagonal).any():
        bad = int(np.argmax(taken - diagonal))
        raise InputError(
            f"carve {request.code}",
            "ROW's own market is too small in a sector",
            found=f"sector {bad}: {taken[bad]:.0f} wanted of {diagonal[bad]:.0f}",
        )
    order = [*range(row), n, row]  # the new country goes before ROW
    wide = np.zeros((j, n + 1, n + 1))
    wide[:, :n, :n] = flow
    wide[:, partners, row] -= exports
    wide[:, row, partners] -= imports
    wide[:, partners, n] = exports
    wide[:, n, partners] = imports
    wide[:, row, n], wide[:, n, row], wide[:, n, n] = inside_out, inside_in, home
    wide[:, row, row] -= taken
    wide = wide[:, order][:, :, order]
    record = [
        *request.record,
        {
            "step": f"carve {request.code}",
            "what": "flows taken from ROW's cells with the same partner",
            "count": int((exports > 0).sum() + (imports > 0).sum()),
            "detail": f"exports {exports.sum():,.0f}, imports {imports.sum():,.0f} million USD",
        },
        {
            "step": f"carve {request.code}",
            "what": "taken off ROW's own diagonal: home sales, trade with partners inside ROW",
            "count": int((taken > 0).sum()),
            "detail": f"home {home.sum():,.0f}, exports {inside_out.sum():,.0f}, imports {inside_in.sum():,.0f}; "
            f"at most {(taken / np.where(diagonal > 0, diagonal, 1)).max():.0%} of a sector",
        },
        {
            "step": f"carve {request.code}",
            "what": "wanted flows cut to the limit; the cut moved to the partner's other sectors, the rest left out",
            "count": int(((request.exports[:, :row] - exports) > 1e-9).sum())
            + int(((request.imports[:, :row] - imports) > 1e-9).sum()),
            "detail": f"moved: exports {moved_exports:,.1f}, imports {moved_imports:,.1f}; left out: exports "
            f"{lost_exports:,.1f}, imports {lost_imports:,.1f} million USD",
        },
    ]
    return wide, (*countries[:-1], request.code, "ROW"), record


def _limited(wanted: Array, room: Array) -> tuple[Array, float, float]:
    """Wanted flows (J, P) cut to the room there is; what is cut moves once to the partner's other wanted sectors,
    in proportion to the room left. Returns flows, the amount moved and the amount that found no place."""
    placed = np.minimum(wanted, room)
    left = (wanted - placed).sum(axis=0)
    spare = np.where(wanted > 0, room - placed, 0.0)
    total = spare.sum(axis=0)
    moved = np.minimum(left, total)
    placed = placed + spare * np.divide(moved, total, out=np.zeros_like(total), where=total > 0)
    return placed, float(moved.sum()), float((left - moved).sum())


def fit_to_stages(flows: Array, stage: NDArray[np.str_], totals: dict[str, float], rounds: int = 200) -> Array:
    """Flows (J, P) scaled so that the sectors of each stage add to the stage's share while partner totals stay.

    `totals` gives any amounts by stage; only their proportions count. Stages with no flow are skipped.
    """
    by_partner = flows.sum(axis=0)
    wanted = sum(totals.values())
    fitted = flows.copy()
    for _ in range(rounds):
        for name, amount in totals.items():
            members = stage == name
            now = fitted[members].sum()
            if now > 0:
                fitted[members] *= amount / wanted * by_partner.sum() / now
        now_partner = fitted.sum(axis=0)
        fitted *= np.divide(by_partner, now_partner, out=np.zeros_like(by_partner), where=now_partner > 0)
    return fitted


def output_by_sector(
    donor_output: Array,
    donor_gdp: Array,
    gdp: float,
    value_added_share: Array,
    oil: int,
    oil_share: float,
    least: Array,
) -> Array:
    """(J,) gross output: mean output per GDP of the donors, the oil sector from its share in GDP, at least `least`,
    the rest scaled so that value added adds to GDP."""
    output = (donor_output / donor_gdp).mean(axis=1) * gdp
    output[oil] = oil_share * gdp / value_added_share[oil]
    output = np.maximum(output, least)
    other = np.arange(len(output)) != oil
    for _ in range(100):
        short = gdp - (value_added_share * output).sum()
        scale = 1 + short / (value_added_share * output)[other].sum()
        fresh = output.copy()
        fresh[other] = np.maximum(output[other] * scale, least[other])
        if np.abs(fresh - output).max() < 1e-12 * gdp:
            break
        output = fresh
    return output
