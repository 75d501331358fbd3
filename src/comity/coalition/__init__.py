"""What a coalition is worth: value functions over subsets of players, and what cooperative game theory says of them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """The room and its function share a name: `comity.coalition(world, game)` works whichever is imported first."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        from comity.coalition.run import coalition

        return coalition(*given, **named)


sys.modules[__name__].__class__ = _Room
