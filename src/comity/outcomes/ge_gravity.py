"""ge_gravity: a table of flows and the partial effect per pair -> the general-equilibrium effect, in one call.

The model is the smallest one comity knows: one sector, no inputs, no tariffs, labour the only factor (Armington or
Eaton-Kortum). With kappa_hat = exp(-effect / theta) it is equations (2)-(8) of docs/model.md where c_hat = wage_hat.
docs/gravity.md has the options of Stata's ge_gravity 1.1 (Zylkin 2019) beside ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from comity.benchmark.world import World
from comity.equilibrium.shock import Shock
from comity.equilibrium.solution import Solution
from comity.equilibrium.solve import TOLERANCE, solve
from comity.errors import InputError, listing, nearest

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
Pair = tuple[str, str]  # (exporter, importer), the order of the table's columns
MISSING = ("error", "zero")
DOMESTIC = ("error", "zero", "keep")
LARGEST_EFFECT = 20.0  # log points: trade times half a billion; beyond it somebody gave per cent


@dataclass(frozen=True, eq=False)
class GravityResult:
    """The equilibrium after the change, N countries in alphabetical order; hats are ratios new/before.

    wage_hat (N,), price_index_hat (N,) nominal, in units of unchanged world output; no number (nan) for countries that
    the shock cuts off from the largest part of the world. real_wage_hat (N,) = wage_hat / price_index_hat,
    real_income_hat (N,) the same with the deficit in it: welfare. output_hat (N,), exports_hat, imports_hat (N,) in
    money, exports and imports without home sales. trade_before, trade_new, trade_hat, effect (N, N) exporter by
    importer, home sales on the diagonal, money in the unit of the table. `moot` names the pairs whose effect does
    nothing because their flow is zero. `residual` is the largest relative residual of the equations, recomputed from
    the answer.

    Under the closure "balanced" (and "targets-balanced") "before" is the world with deficits already removed.
    """

    countries: tuple[str, ...]
    theta: float
    closure: str
    effect: Array
    moot: tuple[Pair, ...]
    solution: Solution

    @cached_property
    def _inside(self) -> Array:
        return np.where(self.solution.main_part, 1.0, np.nan)

    @property
    def wage_hat(self) -> Array:
        return self.solution.wage_hat * self._inside

    @property
    def price_index_hat(self) -> Array:
        return self.solution.consumer_price_hat * self._inside

    @property
    def real_wage_hat(self) -> Array:
        return self.solution.real_wage_hat

    @property
    def real_income_hat(self) -> Array:
        return self.solution.real_income_hat

    @property
    def residual(self) -> float:
        return self.solution.residual

    @cached_property
    def trade_before(self) -> Array:
        return np.array(self.solution.benchmark.flow[0].T)

    @cached_property
    def trade_new(self) -> Array:
        return np.array(self.solution.flow_new[0].T)

    @property
    def trade_hat(self) -> Array:
        return _ratio(self.trade_new, self.trade_before)

    @property
    def output_hat(self) -> Array:
        return self._total_hat("output")

    @property
    def exports_hat(self) -> Array:
        return self._total_hat("exports")

    @property
    def imports_hat(self) -> Array:
        return self._total_hat("imports")

    def _total_hat(self, name: str) -> Array:
        return _ratio(_totals(self.trade_new)[name], _totals(self.trade_before)[name]) * self._inside

    def frame(self) -> pd.DataFrame:
        """One row per country: all hats, then output, exports and imports before and after."""
        import pandas as pd

        hats = ("wage", "price_index", "real_wage", "real_income", "output", "exports", "imports")
        columns: dict[str, Any] = {"country": list(self.countries)}
        columns |= {f"{name}_hat": getattr(self, f"{name}_hat") for name in hats}
        after = _totals(self.trade_new)
        for name, before in _totals(self.trade_before).items():
            columns |= {f"{name}_before": before, f"{name}_new": after[name]}
        return pd.DataFrame(columns)

    def flows(self) -> pd.DataFrame:
        """One row per pair, home sales included: exporter, importer, effect, trade_before, trade_new, trade_hat."""
        import pandas as pd

        exporter, importer = np.meshgrid(np.array(self.countries), np.array(self.countries), indexing="ij")
        return pd.DataFrame(
            {
                "exporter": exporter.ravel(),
                "importer": importer.ravel(),
                "effect": self.effect.ravel(),
                "trade_before": self.trade_before.ravel(),
                "trade_new": self.trade_new.ravel(),
                "trade_hat": self.trade_hat.ravel(),
            }
        )

    def __repr__(self) -> str:
        change = 100 * (self.real_income_hat - 1)
        low, high = int(change.argmin()), int(change.argmax())
        return (
            f"GravityResult: {len(self.countries)} countries, theta {self.theta:g}, {self.closure}; real income "
            f"{self.countries[low]} {change[low]:+.3g} % to {self.countries[high]} {change[high]:+.3g} %; "
            f"residual {self.residual:.0e}"
        )


def ge_gravity(
    flows: pd.DataFrame,
    effect: str | Mapping[Pair, float] | pd.DataFrame,
    theta: float,
    *,
    closure: str = "fixed-deficits",
    targets: Sequence[str] | None = None,
    exporter: str = "exporter",
    importer: str = "importer",
    flow: str = "trade",
    missing: str = "error",
    domestic_effect: str = "error",
    tolerance: float = TOLERANCE,
) -> GravityResult:
    """The general-equilibrium effect of partial effects on trade, from a table of flows.

    Parameters
    ----------
    flows : one row per (exporter, importer) with the trade value in any one unit of money; every pair of countries,
        domestic sales among them
    effect : change of log trade per pair at given prices and incomes, as PPML reports it (beta times the change of the
        dummy; 0.5 means trade times exp(0.5)). A column of `flows`, or {(exporter, importer): effect}, or a table with
        the columns exporter, importer and "effect"; pairs left out of the latter two have none. -inf is an embargo.
    theta : trade elasticity, positive; kappa_hat = exp(-effect / theta)
    closure : "fixed-deficits" (Stata's default, E' = Y' + D), "multiplicative-deficits" (Stata's `multiplicative`,
        E' in proportion to Y'), "balanced", "deficit-share-of-gdp" or "targets-balanced" (with `targets`)
    missing : "error", or "zero" to read missing pairs and empty cells as zero (flow and effect), as Stata does
    domestic_effect : an effect on domestic sales is an "error", set to "zero" as Stata does, or used ("keep")
    tolerance : largest accepted relative residual of the equations, recomputed from the answer

    Notes
    -----
    wage_hat, price_index_hat and real_wage_hat are Stata's gen_nw, gen_P and gen_rw; gen_w is real_income_hat, but with
    `multiplicative` it is real_wage_hat. Both hold world output fixed. With `multiplicative` Stata leaves world
    spending different from world output, so its gen_X is ours times one common factor; ours adds up.

    Raises
    ------
    InputError : anything wrong with the request; the offending columns, countries or pairs are named
    NoSolutionError : the equilibrium ends before the whole change (a surplus larger than what can be exported, say)
    """
    theta = _checked_theta(theta)
    _one_of("missing", missing, MISSING)
    _one_of("domestic_effect", domestic_effect, DOMESTIC)
    names = (exporter, importer)
    _has_columns(flows, "flows", (*names, flow))
    pairs = _pairs(flows, "flows", names)
    countries = tuple(sorted({country for pair in pairs for country in pair}))
    trade = _trade(flows, pairs, countries, flow, missing)
    change = _effect(flows, effect, pairs, countries, names, missing)
    change = _checked_effect(change, countries, domestic_effect)
    world = one_sector_world(trade, countries, theta)
    active = (change != 0) & (trade > 0)
    i, n = np.nonzero(active)
    kappa_hat = np.exp(-change[i, n] / theta)
    shock = Shock.from_cells(iceberg_hat=(np.zeros_like(n), n, i, kappa_hat)) if len(n) else Shock()
    solution = solve(world, shock, closure=closure, targets=targets, tolerance=tolerance)
    moot = tuple((countries[a], countries[b]) for a, b in np.argwhere((change != 0) & (trade == 0)))
    return GravityResult(countries, theta, closure, change, moot, solution)


def one_sector_world(trade: Array, countries: tuple[str, ...], theta: float) -> World:
    """The one-sector World of a trade matrix (exporter, importer): no inputs, no tariffs."""
    count = len(countries)
    output, spending = trade.sum(axis=1), trade.sum(axis=0)
    return World.from_arrays(
        countries=countries,
        sectors=["all trade"],
        trade_share=(trade / spending).T[None],
        tariff=np.zeros((1, count, count)),
        value_added_share=np.ones((1, count)),
        input_share=np.zeros((1, 1, count)),
        consumption_share=np.ones((1, count)),
        trade_elasticity=[theta],
        value_added=output,
        deficit=spending - output,
    )


def _has_columns(table: Any, where: str, columns: Sequence[str]) -> None:
    """Refuse anything but a non-empty table with these columns."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame) or table.empty:
        raise InputError(where, "a pandas table with one row per pair is needed", found=type(table).__name__)
    for name in columns:
        if name not in table.columns:
            close = nearest(name, table.columns)
            raise InputError(where, f"no column {name!r}", found=listing(table.columns), nearest=close)


def _pairs(table: Any, where: str, names: tuple[str, str]) -> list[Pair]:
    """The (exporter, importer) of every row; refuses rows without one and pairs given twice."""
    _has_columns(table, where, names)
    columns = [["" if blank else str(code).strip() for code, blank in zip(table[name], table[name].isna(), strict=True)]
               for name in names]  # fmt: skip
    pairs = list(zip(*columns, strict=True))
    blank = sum(not (first and second) for first, second in pairs)
    if blank:
        raise InputError(where, f"{blank} row(s) without {' or '.join(names)}")
    twice = sorted(pair for pair, count in Counter(pairs).items() if count > 1)
    if twice:
        advice = "Keep one year, or add the rows up first."
        raise InputError(where, "a pair stands more than once", found=_named(twice), advice=advice)
    return pairs


def _trade(table: pd.DataFrame, pairs: list[Pair], countries: tuple[str, ...], flow: str, missing: str) -> Array:
    """(N, N) trade, exporter by importer; refuses missing pairs, negative or non-finite values and empty diagonals."""
    values = _numbers(table, flow, pairs, missing)
    absent = sorted({(a, b) for a in countries for b in countries} - set(pairs))
    if absent and missing == "error":
        raise InputError(
            "flows",
            f"{len(absent)} of the {len(countries) ** 2} pairs are missing",
            found=_named(absent),
            advice="Every country needs a row with every country, itself included; missing='zero' reads them as zero.",
        )
    bad = [(pair, value) for pair, value in zip(pairs, values, strict=True) if not np.isfinite(value) or value < 0]
    if bad:
        found = listing(f"{a}-{b} {value:g}" for (a, b), value in bad)
        raise InputError(f"flows, column {flow}", "trade must be a finite number, not negative", found=found)
    trade = _matrix(dict(zip(pairs, values.tolist(), strict=True)), countries)
    homeless = [code for code, sales in zip(countries, np.diagonal(trade), strict=True) if sales <= 0]
    if homeless:
        advice = "The model needs what a country sells to itself: gross output less exports."
        raise InputError("flows", "domestic sales are missing or zero", found=listing(homeless), advice=advice)
    return trade


def _effect(
    table: pd.DataFrame,
    effect: Any,
    pairs: list[Pair],
    countries: tuple[str, ...],
    names: tuple[str, str],
    missing: str,
) -> Array:
    """(N, N) partial effects, exporter by importer, from a column, a mapping or a table."""
    import pandas as pd

    if isinstance(effect, str):
        _has_columns(table, "flows", (effect,))
        values = _numbers(table, effect, pairs, missing).tolist()
        return _matrix(dict(zip(pairs, values, strict=True)), countries)
    if isinstance(effect, pd.DataFrame):
        keys = _pairs(effect, "effect", names)
        _has_columns(effect, "effect", ("effect",))
        given = dict(zip(keys, _numbers(effect, "effect", keys, missing).tolist(), strict=True))
    elif isinstance(effect, Mapping):
        given = {_key(key): _number(value, key) for key, value in effect.items()}
    else:
        raise InputError(
            "effect", "a column name, a mapping of pairs or a table is needed", found=type(effect).__name__
        )
    for pair in given:
        for code in pair:
            if code not in countries:
                raise InputError("effect", "unknown country", found=code, nearest=nearest(code, countries))
    return _matrix(given, countries)


def _checked_effect(change: Array, countries: tuple[str, ...], domestic: str) -> Array:
    """Effects in range: no nan, no +inf, nothing on domestic sales unless asked for."""
    for wrong, problem, advice in (
        (np.isnan(change), "a number is needed", "Use missing='zero' to read empty cells as no effect."),
        (np.isposinf(change), "an infinite gain is no effect", "-inf is an embargo."),
        (np.isfinite(change) & (np.abs(change) > LARGEST_EFFECT), "out of range",
         f"Effects are log points (0.5, not 50) up to {LARGEST_EFFECT:g}; -inf is an embargo."),
    ):  # fmt: skip
        if wrong.any():
            raise InputError("effect", problem, found=_valued(change, wrong, countries), advice=advice)
    home = np.eye(len(countries), dtype=bool)
    if domestic == "zero":
        return np.where(home, 0.0, change)
    touched = home & (change != 0 if domestic == "error" else np.isneginf(change))
    if touched.any():
        advice = "domestic_effect='zero' leaves it out as Stata does; 'keep' means it (a number, no embargo)."
        raise InputError(
            "effect", "it touches domestic sales", found=_valued(change, touched, countries), advice=advice
        )
    return change


def _checked_theta(theta: Any) -> float:
    """theta as a positive float."""
    if isinstance(theta, bool) or not isinstance(theta, (int, float, np.number)) or not 0 < theta < np.inf:
        advice = "Give 4 where trade falls with the fourth power of cost."
        raise InputError("theta", "the trade elasticity must be a positive number", found=theta, advice=advice)
    return float(theta)


def _one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError(name, "unknown choice", found=value, allowed=allowed, nearest=nearest(value, allowed))


def _numbers(table: pd.DataFrame, column: str, pairs: list[Pair], missing: str) -> Array:
    """A column as floats; text is refused with its pair, empty cells become 0 with missing='zero'."""
    import pandas as pd

    values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    text = np.isnan(values) & table[column].notna().to_numpy()
    if text.any():
        at = int(np.flatnonzero(text)[0])
        raise InputError(
            f"column {column}, {pairs[at][0]}-{pairs[at][1]}", "a number is needed", found=table[column].iloc[at]
        )
    return np.where(np.isnan(values), 0.0, values) if missing == "zero" else values


def _key(key: Any) -> Pair:
    if isinstance(key, str) or not isinstance(key, Sequence) or len(key) != 2:
        raise InputError("effect", "keys are pairs (exporter, importer)", found=key)
    return str(key[0]).strip(), str(key[1]).strip()


def _number(value: Any, key: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"effect of {key}", "a number is needed", found=value) from None


def _matrix(cells: Mapping[Pair, float], countries: tuple[str, ...]) -> Array:
    """(N, N) exporter by importer; pairs left out are zero."""
    place = {code: at for at, code in enumerate(countries)}
    matrix = np.zeros((len(countries), len(countries)))
    for (first, second), value in cells.items():
        matrix[place[first], place[second]] = value
    return matrix


def _named(pairs: Sequence[Pair]) -> str:
    return listing(f"{a}-{b}" for a, b in pairs)


def _valued(values: Array, chosen: NDArray[np.bool_], countries: tuple[str, ...]) -> str:
    return listing(f"{countries[i]}-{countries[n]} {values[i, n]:g}" for i, n in np.argwhere(chosen))


def _totals(trade: Array) -> dict[str, Array]:
    """(N,) output with home sales, exports and imports without."""
    abroad = trade * ~np.eye(len(trade), dtype=bool)
    return {"output": trade.sum(axis=1), "exports": abroad.sum(axis=1), "imports": abroad.sum(axis=0)}


def _ratio(after: Array, before: Array) -> Array:
    """after / before, nan where before is zero."""
    return np.divide(after, before, out=np.full_like(after, np.nan), where=before > 0)
