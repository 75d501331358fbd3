"""Tables of Outcomes: tidy columns, a DataFrame when asked for, a chart when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from comity.outcomes import tables

if TYPE_CHECKING:
    import pandas as pd

    from comity.outcomes.simulate import Outcomes


@dataclass(frozen=True, eq=False)
class Table:
    """A tidy table: `.frame` is the pandas DataFrame, `.plot()` an Altair chart; `.columns` and `.rows` need neither.

    Anything else is passed on to the DataFrame.
    """

    name: str
    columns: tables.Columns
    outcomes: Outcomes = field(repr=False)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(self.columns)

    @cached_property
    def rows(self) -> list[SimpleNamespace]:
        """The table row by row."""
        names = list(self.columns)
        lists = [self.columns[name].tolist() for name in names]
        return [SimpleNamespace(**dict(zip(names, values, strict=True))) for values in zip(*lists, strict=True)]

    def row(self, place: int) -> SimpleNamespace:
        """One of the rows, without making all."""
        if "rows" in self.__dict__:
            return self.rows[place]
        if place not in self._some:
            self._some[place] = SimpleNamespace(**{name: col[place].item() for name, col in self.columns.items()})
        return self._some[place]

    @cached_property
    def _some(self) -> dict[int, SimpleNamespace]:
        return {}

    def plot(self) -> Any:
        """An Altair chart of this table."""
        from importlib import import_module

        # drawing is a later stage: looked up only when asked for
        return import_module("comity.report.charts").plot_table(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.frame, name)

    def __getitem__(self, key: Any) -> Any:
        return self.frame[key]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __repr__(self) -> str:
        return f"{self.name}\n{self.frame!r}"

    def _repr_html_(self) -> str:
        return str(self.frame.head(20).to_html(index=False))
