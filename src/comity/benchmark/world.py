"""World: a frozen, labelled, provenance-carrying benchmark equilibrium.

Axes are always (sector, importer, exporter); input shares are (input sector, using sector, country).
A World is an exact solution of equations (1)-(8) of docs/model.md with all hats equal to one.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.benchmark import checks
from comity.beside import lasting
from comity.classifications.sectors import is_goods
from comity.errors import InputError, nearest

Array = NDArray[np.float64]

DERIVED = ("flow", "goods_flow", "output", "tariff_revenue", "export_tax_revenue", "income", "exports", "imports")
ARRAYS = (
    "trade_share",
    "tariff",
    "export_tax",
    "value_added_share",
    "input_share",
    "consumption_share",
    "trade_elasticity",
    "value_added",
    "deficit",
)


@dataclass(frozen=True, eq=False)
class World:
    """A benchmark world economy. Build it with `World.from_arrays`; arrays are read-only float64.

    Attributes (J sectors, N countries)
    -----------------------------------
    trade_share : (J, N, N) share of importer n's spending on j that goes to exporter i, at user prices
    tariff, export_tax : (J, N, N) rates (0.25 is 25 %), zero on the diagonal
    value_added_share : (J, N) value added per unit of gross output
    input_share : (K, J, N) cost share of input k in j; with value_added_share adds to one over k
    consumption_share : (J, N) shares of final spending
    trade_elasticity : (J,) theta > 0
    value_added : (N,) in `money_unit`
    deficit : (N,) imports less exports at border prices, adds to zero
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    trade_share: Array
    tariff: Array
    export_tax: Array
    value_added_share: Array
    input_share: Array
    consumption_share: Array
    trade_elasticity: Array
    value_added: Array
    deficit: Array
    expenditure: Array
    name: str | None = None
    base_year: int | None = None
    money_unit: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        *,
        countries: Sequence[str],
        sectors: Sequence[str],
        trade_share: ArrayLike,
        tariff: ArrayLike,
        value_added_share: ArrayLike,
        input_share: ArrayLike,
        consumption_share: ArrayLike,
        trade_elasticity: ArrayLike,
        value_added: ArrayLike,
        deficit: ArrayLike,
        export_tax: ArrayLike | None = None,
        name: str | None = None,
        base_year: int | None = None,
        money_unit: str | None = None,
        provenance: Mapping[str, Any] | None = None,
        share_tolerance: float = 1e-9,
        normalise: bool = False,
    ) -> World:
        """A World from its arrays; expenditure is derived and consistency is checked.

        With `normalise=True` shares that add up only roughly are scaled to add up exactly and the largest
        change is recorded in the provenance.

        Raises
        ------
        InputError : wrong shapes, NaN, negative shares, shares that do not add up, rates at or below -1,
            non-positive elasticities, deficits that do not add to zero, value added that does not match;
            offenders are named.
        """
        labels = checks.check_labels(countries, sectors)
        if not isinstance(share_tolerance, (int, float)) or not 0 < share_tolerance <= 1e-3:
            raise InputError("share_tolerance", "a small positive number is needed", found=share_tolerance)
        if provenance is not None and not isinstance(provenance, Mapping):
            raise InputError("provenance", "a mapping is needed", found=type(provenance).__name__)
        n, j = len(labels[0]), len(labels[1])
        shapes = {
            "trade_share": (j, n, n),
            "tariff": (j, n, n),
            "export_tax": (j, n, n),
            "value_added_share": (j, n),
            "input_share": (j, j, n),
            "consumption_share": (j, n),
            "trade_elasticity": (j,),
            "value_added": (n,),
            "deficit": (n,),
        }
        given = {
            "trade_share": trade_share,
            "tariff": tariff,
            "export_tax": np.zeros((j, n, n)) if export_tax is None else export_tax,
            "value_added_share": value_added_share,
            "input_share": input_share,
            "consumption_share": consumption_share,
            "trade_elasticity": trade_elasticity,
            "value_added": value_added,
            "deficit": deficit,
        }
        arrays = {key: checks.check_array(key, given[key], shapes[key]) for key in ARRAYS}
        record = dict(provenance or {})
        if normalise:
            largest = checks.normalise_shares(arrays)
            record["normalised"] = {"largest_change": largest}
        checks.check_values(arrays, labels, share_tolerance)
        arrays["expenditure"] = checks.solve_expenditure(arrays)
        checks.check_consistency(arrays, labels, share_tolerance)
        return cls._frozen(labels, arrays, name, base_year, money_unit, record)

    @classmethod
    def _frozen(
        cls,
        labels: tuple[tuple[str, ...], tuple[str, ...]],
        arrays: Mapping[str, Array],
        name: str | None,
        base_year: int | None,
        money_unit: str | None,
        provenance: Mapping[str, Any],
    ) -> World:
        """Trusted constructor: arrays already form an equilibrium (used by closures and the bundle loader)."""
        ready = {}
        for key in (*ARRAYS, "expenditure"):
            array = np.asarray(arrays[key], dtype=np.float64, order="C")
            if array.flags.writeable:  # ours alone from here on; read-only arrays are shared between variants
                array = array.copy()
                array.flags.writeable = False
            ready[key] = array
        return cls(
            countries=labels[0],
            sectors=labels[1],
            name=name,
            base_year=base_year,
            money_unit=money_unit,
            provenance=provenance,
            **ready,
        )

    def replace(self, **changes: Any) -> World:
        """A copy with some arrays or labels exchanged, without re-solving (the caller guarantees equilibrium)."""
        arrays = {key: changes.pop(key, getattr(self, key)) for key in (*ARRAYS, "expenditure")}
        meta = {key: changes.pop(key, getattr(self, key)) for key in ("name", "base_year", "money_unit", "provenance")}
        if changes:
            raise InputError("World.replace", "unknown fields", found=", ".join(changes), allowed=ARRAYS)
        exchanged = [key for key, array in arrays.items() if array is not getattr(self, key)]
        for key in exchanged:
            arrays[key] = checks.check_array(key, arrays[key], getattr(self, key).shape)
        copy = World._frozen((self.countries, self.sectors), arrays, **meta)
        if set(exchanged) <= {"trade_elasticity"}:  # no flow or income hangs on it
            vars(copy).update({name: vars(self)[name] for name in DERIVED if name in vars(self)})
            vars(copy)["_origin"] = weakref.ref(self.origin)
        return copy

    @property
    def origin(self) -> World:
        """The World that this one was made from by other elasticities alone, if it still lives; else itself."""
        held = vars(self).get("_origin")
        return self if held is None else held() or self

    def __post_init__(self) -> None:
        lasting(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_origin"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({name: _read_only(v) if isinstance(v, np.ndarray) else v for name, v in state.items()})
        lasting(self)

    # -- derived quantities -------------------------------------------------------------------------

    @cached_property
    def flow(self) -> Array:
        """(J, N, N) border value of what n buys from i, pi X / (1 + t), with the exporter's tax; home sales on the
        diagonal."""
        return _read_only(self.trade_share * self.expenditure[:, :, None] / (1 + self.tariff))

    @cached_property
    def goods_flow(self) -> Array:
        """(N, N) border value of the goods n buys from i."""
        return _read_only(self.flow[is_goods(self.sectors)].sum(axis=0))

    @cached_property
    def output(self) -> Array:
        """(J, N) gross output Y, equation (4)."""
        return _read_only((self.flow / (1 + self.export_tax)).sum(axis=1))

    @cached_property
    def tariff_revenue(self) -> Array:
        """(N,) tariff revenue of each importer."""
        return _read_only((self.tariff * self.flow).sum(axis=(0, 2)))

    @cached_property
    def export_tax_revenue(self) -> Array:
        """(N,) export-tax revenue of each exporter."""
        if not self.export_tax.any():
            return _read_only(np.zeros(len(self.countries)))
        return _read_only((self.export_tax / (1 + self.export_tax) * self.flow).sum(axis=(0, 1)))

    @cached_property
    def income(self) -> Array:
        """(N,) final spending I = value added + revenues + deficit, equation (6)."""
        return _read_only(self.value_added + self.tariff_revenue + self.export_tax_revenue + self.deficit)

    @cached_property
    def exports(self) -> Array:
        """(J, N) border exports by sector and exporter, home sales excluded."""
        home = np.diagonal(self.flow, axis1=1, axis2=2)
        return _read_only(self.flow.sum(axis=1) - home)

    @cached_property
    def imports(self) -> Array:
        """(J, N) border imports by sector and importer, home sales excluded."""
        home = np.diagonal(self.flow, axis1=1, axis2=2)
        return _read_only(self.flow.sum(axis=2) - home)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over labels and arrays: two worlds with one hash give the same answers."""
        digest = hashlib.sha256()
        digest.update("\x1f".join((*self.countries, "|", *self.sectors)).encode())
        for key in ARRAYS:
            digest.update(np.ascontiguousarray(getattr(self, key)).tobytes())
        return digest.hexdigest()

    # -- look-ups -----------------------------------------------------------------------------------

    def country(self, code: str) -> int:
        """Position of a country, or an InputError with the nearest match."""
        return _position(code, self.countries, "country", self.name)

    def sector(self, code: str) -> int:
        """Position of a sector, or an InputError with the nearest match."""
        return _position(code, self.sectors, "sector", self.name)

    # -- variants -----------------------------------------------------------------------------------

    def with_elasticities(self, elasticities: str | ArrayLike) -> World:
        """The same world with another trade-elasticity set: a name from elasticities.csv, or theta (J,)."""
        if isinstance(elasticities, str):
            from comity.benchmark.elasticities import elasticity_set

            theta, about = elasticity_set(elasticities, self.sectors)
        else:
            theta = checks.check_array("trade_elasticity", elasticities, (len(self.sectors),))
            about = {"name": "custom"}
        checks.check_elasticity(theta, self.sectors)
        return self.replace(trade_elasticity=theta, provenance={**self.provenance, "elasticities": about})

    def with_flows(self, flows: Mapping[tuple[str, ...], float]) -> World:
        """The world with other border flows {(origin, destination[, sector]): value}, locally rebalanced."""
        from comity.benchmark.rebalance import with_flows

        return with_flows(self, flows)

    def with_tariffs(self, tariffs: Mapping[tuple[str, ...], float]) -> World:
        """The world with other tariffs {(origin, destination[, sector]): rate}, border flows unchanged, rebalanced."""
        from comity.benchmark.rebalance import with_tariffs

        return with_tariffs(self, tariffs)

    def balanced(self) -> World:
        """The world re-solved with every trade deficit at zero (the preliminary step of closure "balanced")."""
        # the one upward reference in the package: removing deficits is a counterfactual, hence a solve
        from comity.equilibrium.closures import balanced_world

        return balanced_world(self)

    def _repr_html_(self) -> str:
        return f"<pre>{self!r}</pre>"

    def __repr__(self) -> str:
        unit = self.money_unit or "no unit"
        return (
            f"World {self.name or '(unnamed)'}: {len(self.countries)} economies x {len(self.sectors)} sectors, "
            f"base year {self.base_year or 'not stated'}, {unit}"
        )


def _position(code: str, labels: tuple[str, ...], kind: str, world: str | None) -> int:
    try:
        return labels.index(code)
    except ValueError:
        raise InputError(
            f"world {world or '(unnamed)'}",
            f"unknown {kind}",
            found=code,
            allowed=f"{', '.join(labels)}" if len(labels) < 30 else f"one of its {len(labels)} codes",
            nearest=nearest(code, labels),
        ) from None


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array
