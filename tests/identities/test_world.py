"""World: consistency is checked, offenders are named; bundles come back whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from comity import InputError, World, load_world, save_world
from comity.benchmark.synthetic import synthetic_world
from comity.benchmark.world import ARRAYS

WORLD = synthetic_world(4, 3, seed=1, deficits=0.05, export_taxes=0.1)


def parts(**changes: object) -> dict[str, object]:
    given: dict[str, object] = {name: getattr(WORLD, name) for name in ARRAYS}
    return {"countries": WORLD.countries, "sectors": WORLD.sectors, **given, **changes}


def edited(name: str, cell: tuple[int, ...], value: float) -> dict[str, object]:
    array = getattr(WORLD, name).copy()
    array[cell] = value
    return parts(**{name: array})


def test_from_arrays_derives_the_same_expenditure() -> None:
    again = World.from_arrays(**parts())
    assert np.abs(again.expenditure / WORLD.expenditure - 1).max() < 1e-12
    gap = again.exports.sum(axis=0) + again.deficit - again.imports.sum(axis=0)
    assert np.abs(gap).max() < 1e-9 * WORLD.value_added.sum()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (edited("trade_share", (1, 2, 3), -0.1), "S01 C002<-C003 = -0.1"),
        (edited("trade_share", (1, 2, 2), 0.1), "must add to 1 over exporters.*S01 C002"),
        (edited("tariff", (0, 1, 1), 0.2), "home sales carry no rate.*S00 C001"),
        (edited("tariff", (0, 1, 2), -1.5), "rates must lie above -1"),
        (edited("consumption_share", (0, 1), 0.9), "must add to 1 over sectors.*C001"),
        (edited("value_added_share", (2, 3), 0.9), "cost shares must add to 1.*SERV C003"),
        (edited("value_added", (2,), 1.0), "does not equal value_added_share x output.*C002"),
        (edited("deficit", (2,), 500.0), "deficits must add to zero"),
        (edited("trade_elasticity", (1,), -4.0), "theta must be positive.*S01 -4"),
        (edited("trade_share", (1, 2, 2), np.nan), "not finite numbers.*nan"),
        (parts(tariff=np.zeros((3, 3, 3))), r"wrong shape.*\(3, 4, 4\)"),
        (parts(countries=["A", "A", "B", "C"]), "A more than once"),
        (parts(value_added=["a", "b", "c", "d"]), "numbers are needed"),
    ],
)
def test_offenders_are_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        World.from_arrays(**changes)


def test_normalise_records_the_largest_change() -> None:
    share = WORLD.trade_share.copy()
    share[0, 0] *= 1 + 3e-7
    with pytest.raises(InputError):
        World.from_arrays(**parts(trade_share=share))
    world = World.from_arrays(**parts(trade_share=share), normalise=True)
    assert world.provenance["normalised"]["largest_change"] == pytest.approx(3e-7, rel=1e-3)


def test_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        WORLD.tariff[0, 0, 1] = 0.5
    with pytest.raises(ValueError, match="read-only"):
        WORLD.flow[0, 0, 1] = 0.5


def test_bundle_round_trip_and_damage(tmp_path: Path) -> None:
    path = save_world(WORLD, tmp_path / "w.npz")
    again = load_world(path)
    assert again.hash == WORLD.hash and again.countries == WORLD.countries
    for name in ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(WORLD, name))
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError, match=r"w\.npz.*(cannot be read|truncated)"):
            load_world(path)
    path.write_text("not a bundle")
    with pytest.raises(InputError, match="cannot be read"):
        load_world(path)
    with pytest.raises(InputError, match="no embedded world and no file"):
        load_world("world-1066")
    assert not list(tmp_path.glob("*.part"))


def test_unknown_country_has_a_nearest_match() -> None:
    with pytest.raises(InputError, match="unknown country.*C00X.*Did you mean C00"):
        WORLD.country("C00X")


def test_wrong_kinds_of_arguments_are_named() -> None:
    with pytest.raises(InputError, match="countries: a list of codes is needed"):
        World.from_arrays(**parts(countries=None))
    with pytest.raises(InputError, match="codes are words"):
        World.from_arrays(**parts(countries=["A", "B", "", "D"]))
    with pytest.raises(InputError, match="share_tolerance"):
        World.from_arrays(**parts(share_tolerance=float("nan")))
    with pytest.raises(InputError, match="not finite numbers"):
        WORLD.replace(tariff=WORLD.tariff * np.nan)
    with pytest.raises(InputError, match="unknown fields"):
        WORLD.replace(tarif=WORLD.tariff)


def test_a_bundle_cannot_lose_its_status_unnoticed(tmp_path: Path) -> None:
    import json

    path = save_world(WORLD.replace(provenance={"countries": {"C000": {"flows": "estimated"}}}), tmp_path / "w.npz")
    with np.load(path) as file:
        content = dict(file.items())
    manifest = json.loads(bytes(content["manifest"]).decode())
    manifest["provenance"]["countries"] = {}
    content["manifest"] = np.frombuffer(json.dumps(manifest).encode(), dtype=np.uint8)
    np.savez_compressed(path, **content)
    with pytest.raises(InputError, match="altered"):
        load_world(path)
    with pytest.raises(InputError, match="cannot be written"):
        save_world(WORLD, tmp_path / "no" / "w.npz")
