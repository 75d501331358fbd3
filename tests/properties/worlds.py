"""Random small worlds and shocks for hypothesis: zeros, deficits, extreme own shares, thetas and value-added shares.

Hypothesis draws what kind of world and a seed; the many single shares come from a generator with that seed. So a
failing example shrinks to a small world with few special features.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from comity import InputError, NoSolutionError, Shock, World, solve
from comity.benchmark.world import ARRAYS
from comity.equilibrium.solution import Solution

Array = NDArray[np.float64]

SLOW = 20  # the slow run takes this many times the examples

# derandomize: the same examples on every machine, so that a build fails only when the code has changed
COMMON: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
}

SOLVED = 1e-10  # the default tolerance of a solve
TIGHT = 1e-12  # tolerance asked for where two solves are compared
# Two solves at TIGHT differ by the tolerance times the condition of the system: value-added shares of 0.05 pass prices
# on twenty times over. An own share of 0.999999 costs six digits more: rounding at 1e-16 is 1e-10 of its trade.
COMPARED = 3e-8
ROUNDING = 1e-12  # a few hundred floating-point operations on numbers of order one

Body = Callable[..., None]
PROPERTIES: dict[str, tuple[Body, int, dict[str, Any]]] = {}


def holds(examples: int, **strategies: Any) -> Callable[[Body], Body]:
    """A property as a test with so many examples; kept in PROPERTIES for the slow run."""

    def wrap(body: Body) -> Body:
        PROPERTIES[body.__name__] = (body, examples, strategies)
        return settings(max_examples=examples, **COMMON)(given(**strategies)(body))

    return wrap


# -- worlds -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Features:
    """What kind of world: one line in the report of a failing example."""

    countries: int = 3
    sectors: int = 2
    seed: int = 0
    zeros: float = 0.0  # share of cross-border cells without trade, outside the first sector
    home: tuple[float, float] = (0.4, 0.9)  # range of own shares
    special: str = "none"  # "closed": country 0 has own share 0.999999; "open": 1e-6; "no-home": 0 in the last sector
    deficits: float = 0.0  # largest, as a share of value added
    tariffs: float = 0.0  # highest rate
    export_taxes: tuple[float, float] = (0.0, 0.0)
    theta: tuple[float, float] = (3.0, 10.0)
    value_added_share: tuple[float, float] = (0.3, 0.7)
    without_inputs: bool = False  # sector 0 uses no inputs
    inputs_only: bool = False  # nobody consumes the last sector finally


def features(
    countries: tuple[int, int] = (2, 6),
    sectors: tuple[int, int] = (1, 4),
    *,
    deficits: bool = True,
    rates: bool = True,
    special: bool = True,
    extreme: bool = True,
) -> st.SearchStrategy[Features]:
    """Features of a random world. `extreme` allows thetas from 0.5 to 30 and value-added shares from 0.05 to 1."""
    return st.builds(
        Features,
        countries=st.integers(*countries),
        sectors=st.integers(*sectors),
        seed=st.integers(0, 10**6),
        zeros=st.sampled_from([0.0, 0.3, 0.7]),
        home=st.sampled_from([(0.4, 0.9), (0.02, 0.3), (0.97, 0.9999)]),
        special=st.sampled_from(["none", "closed", "open", "no-home"] if special else ["none"]),
        deficits=st.sampled_from([0.0, 0.05, 0.3] if deficits else [0.0]),
        tariffs=st.sampled_from([0.0, 0.1, 1.0] if rates else [0.0]),
        export_taxes=st.sampled_from([(0.0, 0.0), (0.0, 0.3), (-0.2, 0.2)] if rates else [(0.0, 0.0)]),
        theta=st.sampled_from([(3.0, 10.0), (0.5, 30.0), (0.5, 2.0)] if extreme else [(3.0, 10.0)]),
        value_added_share=st.sampled_from([(0.3, 0.7), (0.05, 1.0), (0.05, 0.2)] if extreme else [(0.3, 0.7)]),
        without_inputs=st.booleans(),
        inputs_only=st.booleans(),
    )


def worlds(*args: Any, **kwargs: Any) -> st.SearchStrategy[World]:
    """Random worlds; arguments as in `features`."""
    return features(*args, **kwargs).map(world_of)


def world_of(kind: Features, theta: Array | None = None) -> World:
    """The world of these features. Deficits and export taxes are halved until every country can live with them."""
    rng = np.random.default_rng(kind.seed)
    n, j = kind.countries, kind.sectors
    arrays: dict[str, Array] = {"trade_share": trade_shares(rng, kind), **_rates(rng, kind), **_technology(rng, kind)}
    arrays["trade_elasticity"] = rng.uniform(*kind.theta, j) if theta is None else theta
    drift = rng.uniform(-kind.deficits, kind.deficits, n)
    for scale in (1.0, 0.5, 0.25, 0.1, 0.0):
        trial = {**arrays, "export_tax": scale * arrays["export_tax"]}
        value_added, deficit, livable = _benchmark(trial, scale * drift)
        if livable:
            break
    if not livable:
        reject()
    try:
        return from_arrays({**trial, "value_added": 1000 * value_added, "deficit": 1000 * deficit})
    except InputError as problem:  # sizes many orders apart: the null vector below has lost its digits
        if "does not equal value_added_share" in str(problem):
            reject()
        raise


def from_arrays(arrays: dict[str, Array], **changes: Any) -> World:
    """A World with made-up labels."""
    labels = {}
    if "countries" not in changes:
        j, n = arrays["value_added_share"].shape
        labels = {"countries": [f"C{k:02d}" for k in range(n)], "sectors": [f"S{k:02d}" for k in range(j)]}
    return World.from_arrays(**{**labels, **arrays, **changes})


def arrays_of(world: World) -> dict[str, Array]:
    """The arrays of a World by name."""
    return {name: getattr(world, name) for name in ARRAYS}


def trade_shares(rng: np.random.Generator, kind: Features) -> Array:
    """(J, N, N) shares; the first sector is traded by everybody, so the world hangs together."""
    n, j = kind.countries, kind.sectors
    pull = np.exp(rng.normal(0, 1, (j, n, n))) * np.exp(rng.normal(0, 1, n))
    pull[1:][rng.uniform(size=(j - 1, n, n)) < kind.zeros] = 0.0
    own = rng.uniform(*kind.home, (j, n))
    if kind.special == "closed":
        pull[:, :, 0] *= 1e-6  # sells as little abroad as it buys there
        own[:, 0] = 0.999999
    if kind.special == "open":
        own[:, 0] = 1e-6
    if kind.special == "no-home":
        own[-1, 0] = 0.0
        pull[-1, 0, 1] = 1.0
    diagonal = np.arange(n)
    pull[:, diagonal, diagonal] = 0.0
    abroad = pull.sum(axis=2)
    own[abroad == 0] = 1.0
    share = pull / np.where(abroad > 0, abroad, 1)[:, :, None] * (1 - own)[:, :, None]
    share[:, diagonal, diagonal] = own
    return np.asarray(share / share.sum(axis=2, keepdims=True))


def _rates(rng: np.random.Generator, kind: Features) -> dict[str, Array]:
    shape = (kind.sectors, kind.countries, kind.countries)
    abroad = 1 - np.eye(kind.countries)
    some = rng.uniform(size=shape) < 0.7
    return {
        "tariff": abroad * some * rng.uniform(0, kind.tariffs, shape),
        "export_tax": abroad * rng.uniform(*kind.export_taxes, shape),
    }


def _technology(rng: np.random.Generator, kind: Features) -> dict[str, Array]:
    n, j = kind.countries, kind.sectors
    value_added_share = rng.uniform(*kind.value_added_share, (j, n))
    if kind.without_inputs:
        value_added_share[0] = 1.0
    inputs = rng.dirichlet(np.full(j, 0.7), size=(j, n)).transpose(2, 0, 1)
    final = rng.dirichlet(np.ones(j), size=n).T
    if kind.inputs_only and j > 1:
        final[-1] = 0.0
    input_share = (1 - value_added_share) * inputs
    return {
        "value_added_share": 1 - input_share.sum(axis=0),
        "input_share": input_share,
        "consumption_share": final / final.sum(axis=0),
    }


def _benchmark(arrays: dict[str, Array], drift: Array) -> tuple[Array, Array, bool]:
    """Value added and deficits these shares sustain, and whether they are all livable.

    Deficits are `drift` x value added, with the world sum shared out equally. Everything is linear in expenditure X,
    so that X is a vector the model maps on itself: the null vector of (map - 1).
    """
    j, n = arrays["value_added_share"].shape
    border = arrays["trade_share"] / (1 + arrays["tariff"])
    shipped = border / (1 + arrays["export_tax"])

    def implied(x: Array) -> tuple[Array, Array, Array, Array]:
        made = np.einsum("jni,jn->ji", shipped, x)
        value_added = (arrays["value_added_share"] * made).sum(axis=0)
        duty = x.sum(axis=0) - np.einsum("jni,jn->n", border, x)
        tax = np.einsum("jni,jn->i", border - shipped, x)
        deficit = drift * value_added - (drift * value_added).sum() / n
        income = value_added + duty + tax + deficit
        fresh = np.einsum("kjn,jn->kn", arrays["input_share"], made) + arrays["consumption_share"] * income
        return fresh, value_added, deficit, income

    columns = [implied(unit.reshape(j, n))[0].ravel() for unit in np.eye(j * n)]
    x = np.linalg.svd(np.stack(columns, axis=1) - np.eye(j * n))[2][-1]
    x = x.reshape(j, n) / x.sum()
    _, value_added, deficit, income = implied(x)
    livable = bool((x > -1e-12).all() and (value_added > 1e-9).all() and (income > 0.2 * value_added).all())
    return value_added / value_added.sum(), deficit / value_added.sum(), livable


# -- shocks -------------------------------------------------------------------------------------------

KINDS = ("iceberg", "tariff", "export_tax", "embargo", "productivity", "transfer")


@dataclass(frozen=True)
class Case:
    """A world under a shock; `kind` and `parts` say how it was made."""

    world: World
    shock: Shock
    kind: Features
    parts: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Case({self.kind}, {self.parts})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Hypothesis prints this in place of every array of the world."""
        printer.text(repr(self))


@dataclass(frozen=True)
class Strength:
    """Ranges of a shock."""

    iceberg: tuple[float, float]
    tariff: float
    export_tax: tuple[float, float]
    productivity: tuple[float, float]
    transfer: float
    embargo: float


MILD = Strength((0.9, 1.2), 0.3, (0.0, 0.1), (0.9, 1.1), 0.01, 0.1)
WILD = Strength((0.5, 3.0), 1.0, (-0.3, 0.5), (0.5, 2.0), 0.2, 0.4)


@st.composite
def cases(
    draw: st.DrawFn,
    kinds: st.SearchStrategy[Features],
    parts: tuple[str, ...] = KINDS,
    strength: Strength = MILD,
) -> Case:
    """A random world and a mixture of shocks."""
    kind = draw(kinds)
    chosen = tuple(sorted(draw(st.sets(st.sampled_from(parts), min_size=1))))
    seed = draw(st.integers(0, 10**6))
    world = world_of(kind)
    return Case(world, shock_of(world, chosen, strength, seed), kind, chosen)


def shock_of(world: World, parts: tuple[str, ...], strength: Strength, seed: int) -> Shock:
    """A Shock of the named parts, each on about half of the cells."""
    rng = np.random.default_rng(seed)
    j, n = world.value_added_share.shape
    abroad = (1 - np.eye(n)).astype(bool)
    hit = {part: abroad & (rng.uniform(size=(j, n, n)) < 0.5) for part in KINDS}
    iceberg = np.where(hit["iceberg"], np.exp(rng.uniform(*np.log(strength.iceberg), (j, n, n))), 1.0)
    if "iceberg" not in parts:
        iceberg[:] = 1.0
    closed = abroad & (rng.uniform(size=(j, n, n)) < strength.embargo)
    if "embargo" in parts:
        iceberg[closed] = np.inf
    tariff = np.where(hit["tariff"], rng.uniform(0, strength.tariff, (j, n, n)), world.tariff)
    tax = np.where(hit["export_tax"], rng.uniform(*strength.export_tax, (j, n, n)), world.export_tax)
    transfer = np.zeros(n)
    giver, taker = rng.permutation(n)[:2]
    transfer[giver] = -rng.uniform(0, strength.transfer) * world.value_added[[giver, taker]].min()
    transfer[taker] = -transfer[giver]
    made = {
        "tariff_new": tariff if "tariff" in parts else None,
        "export_tax_new": tax if "export_tax" in parts else None,
        "productivity_hat": np.exp(rng.uniform(*np.log(strength.productivity), (j, n))),
        "transfer": transfer if "transfer" in parts else None,
    }
    if "productivity" not in parts:
        made["productivity_hat"] = None
    return Shock(iceberg_hat=iceberg, **made)


def changed(shock: Shock, **changes: Any) -> Shock:
    """The same Shock with some arrays exchanged."""
    return replace(shock, **changes)


# -- answers ------------------------------------------------------------------------------------------


def answer(world: World, shock: Shock, **how: Any) -> Solution:
    """The Solution to TIGHT; an example that has none (or whose sector loses every supplier) is not counted."""
    try:
        return solve(world, shock, tolerance=TIGHT, **how)
    except (NoSolutionError, InputError, ArithmeticError):  # which errors may come up: test_equations.py
        reject()
        raise  # reject() does not return; this says so to the reader of types


def assert_same(left: Array, right: Array, tolerance: float = COMPARED) -> None:
    """Equal to a tolerance relative to the larger of the value and one."""
    assert np.shape(left) == np.shape(right)
    apart = np.abs(np.asarray(left) - right) / np.maximum(np.abs(right), 1)
    worst = float(apart.max(initial=0.0))
    assert worst <= tolerance, f"apart by {worst:.1e}, more than {tolerance:.0e}"
