"""The same properties with many times the examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.properties import (  # noqa: F401  (importing a module enters its properties in PROPERTIES)
    test_closed_forms,
    test_closures,
    test_derivatives,
    test_equations,
    test_files,
    test_symmetry,
)
from tests.properties.worlds import COMMON, PROPERTIES, SLOW


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_at_length(name: str) -> None:
    body, examples, strategies = PROPERTIES[name]
    settings(max_examples=SLOW * examples, **COMMON)(given(**strategies)(body))()
