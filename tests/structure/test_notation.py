"""The table of quantities names what the code has."""

from __future__ import annotations

from comity import Solution, World
from comity.notation import quantities


def test_every_quantity_exists_in_code() -> None:
    table = quantities()
    assert len(table) == 33
    for name, quantity in table.items():
        assert quantity.definition and quantity.unit
        if quantity.kind == "benchmark":
            assert name in World.__dataclass_fields__ or hasattr(World, name), name
        if quantity.kind == "result":
            assert name in Solution.__dataclass_fields__ or hasattr(Solution, name), name


def test_every_array_of_a_world_is_in_the_table() -> None:
    from comity.benchmark.world import ARRAYS

    missing = [name for name in ARRAYS if name not in quantities()]
    assert missing == []
