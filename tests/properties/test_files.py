"""Worlds come back from a file as they were, and broken input is refused with an InputError, never otherwise."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from comity import InputError, Shock, World, load_world, save_world, solve
from comity.benchmark.world import ARRAYS
from tests.properties.worlds import Case, arrays_of, cases, features, from_arrays, holds, worlds

seeds = st.integers(0, 10**6)


@holds(15, case=cases(features()))
def test_a_world_survives_its_file(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = save_world(case.world, Path(folder) / "w.npz")
        again = load_world(path)
        assert [file.name for file in Path(folder).iterdir()] == ["w.npz"]
    assert again.hash == case.world.hash
    assert (again.countries, again.sectors) == (case.world.countries, case.world.sectors)
    for name in (*ARRAYS, "expenditure"):
        assert np.array_equal(getattr(again, name), getattr(case.world, name))
        assert not getattr(again, name).flags.writeable


@holds(30, world=worlds(), seed=seeds)
def test_a_damaged_file_is_refused(world: World, seed: int) -> None:
    """One byte turned, or the end cut off: refused, or the very same world (a byte that nothing reads)."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = save_world(world, Path(folder) / "w.npz")
        content = bytearray(path.read_bytes())
        place = int(rng.integers(len(content)))
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content if seed % 2 else content[:place])
        try:
            again = load_world(path)
        except InputError as refusal:
            assert "w.npz" in str(refusal)
        else:
            assert again.hash == world.hash and np.array_equal(again.expenditure, world.expenditure)


SHARES = ("trade_share", "value_added_share", "input_share", "consumption_share")
BROKEN: dict[str, tuple[str, ...]] = {
    "nan": ARRAYS,
    "infinite": ARRAYS,
    "negative": (*SHARES, "trade_elasticity", "value_added"),
    "below -1": ("tariff", "export_tax"),
    "home rate": ("tariff", "export_tax"),
    "share off": ("trade_share", "value_added_share", "consumption_share"),
    "not matching": ("value_added", "deficit"),
    "one too many": ARRAYS,
    "one axis less": ARRAYS,
    "word": ARRAYS,
    "ragged": ARRAYS,
    "none": tuple(name for name in ARRAYS if name != "export_tax"),  # no export tax means zero
    "a mapping": ARRAYS,
    "huge": ("trade_share", "value_added_share", "input_share", "consumption_share", "value_added", "deficit"),
}
corruptions = st.sampled_from([(how, name) for how, names in BROKEN.items() for name in names])


def broken(array: np.ndarray, how: str, rng: np.random.Generator) -> Any:
    """An array spoiled in the named way."""
    wrong = array.copy()
    cell = tuple(int(rng.integers(size)) for size in array.shape)
    if array.ndim == 3 and how == "below -1":
        cell = (cell[0], 0, 1)
    if how == "home rate":
        cell = (cell[0], cell[1], cell[1])
    values = {
        "nan": np.nan,
        "infinite": rng.choice([-np.inf, np.inf]),
        "negative": -abs(array[cell]) - 1e-3,
        "below -1": -1 - rng.uniform(0, 1),
        "home rate": 0.1,
        "share off": array[cell] + 1e-3,
        "not matching": array[cell] + 0.01 * np.abs(array).max() + 1,
        "huge": 1e300,
    }
    if how in values:
        wrong[cell] = values[how]
        return wrong
    others: dict[str, Any] = {
        "one too many": np.concatenate([wrong, wrong[..., :1]], axis=-1),
        "one axis less": wrong.sum(axis=-1),
        "word": "ten",
        "ragged": [[1.0, 2.0], [3.0]],
        "none": None,
        "a mapping": {"C00": 1.0},
    }
    return others[how]


@holds(250, world=worlds(), corruption=corruptions, seed=seeds, normalise=st.booleans())
def test_broken_arrays_are_refused(world: World, corruption: tuple[str, str], seed: int, normalise: bool) -> None:
    how, name = corruption
    arrays: dict[str, Any] = arrays_of(world)
    arrays[name] = broken(arrays[name], how, np.random.default_rng(seed))
    # scaling shares is what `normalise` is for; all else it must not hide
    scaled = normalise and how not in ("share off", "huge")
    with pytest.raises(InputError) as refusal:
        from_arrays(arrays, countries=world.countries, sectors=world.sectors, normalise=scaled)
    assert str(refusal.value)


RATES = ("iceberg_hat", "tariff_new", "export_tax_new")
BAD_SHOCKS: dict[str, tuple[str, ...]] = {
    "nan": (*RATES, "productivity_hat", "transfer"),
    "zero or less": ("iceberg_hat", "productivity_hat"),
    "below -1": ("tariff_new", "export_tax_new"),
    "home": RATES,
    "shape": (*RATES, "productivity_hat", "transfer"),
    "word": (*RATES, "productivity_hat", "transfer"),
    "complex": (*RATES, "productivity_hat", "transfer"),
    "infinite": ("tariff_new", "export_tax_new", "productivity_hat", "transfer"),
    "does not add up": ("transfer",),
}
bad_shocks = st.sampled_from([(how, name) for how, names in BAD_SHOCKS.items() for name in names])


@holds(80, world=worlds(), corruption=bad_shocks, seed=seeds)
def test_shocks_out_of_range_are_refused(world: World, corruption: tuple[str, str], seed: int) -> None:
    how, name = corruption
    rng = np.random.default_rng(seed)
    j, n = world.value_added_share.shape
    start = {
        "iceberg_hat": np.ones((j, n, n)),
        "tariff_new": world.tariff.copy(),
        "export_tax_new": world.export_tax.copy(),
        "productivity_hat": np.ones((j, n)),
        "transfer": np.zeros(n),
    }[name]
    cell = tuple(int(rng.integers(size)) for size in start.shape)
    if how == "home":
        cell = (cell[0], cell[1], cell[1])
    elif name in ("tariff_new", "export_tax_new"):
        cell = (cell[0], 0, 1)
    cells = {
        "nan": np.nan,
        "zero or less": rng.choice([0.0, -1.0]),
        "below -1": -1.0,
        "home": np.inf if name == "iceberg_hat" else 0.1,
        "infinite": np.inf,
        "does not add up": 1.0,
    }
    if how in cells:
        start[cell] = cells[how]
    spoiled: Any = {"shape": start[..., :-1], "word": "ten", "complex": start + 1j}.get(how, start)
    with pytest.raises(InputError) as refusal:
        solve(world, Shock(**{name: spoiled}))
    assert name in str(refusal.value)
