"""The few words of Vega-Lite that our charts are made of, as plain dictionaries.

Altair says the same and checks it, but takes a second of every report to load and to copy its charts; it still draws
the tables of notebooks (`altair_chart`), and the tests ask it whether the charts are valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TYPES = {"N": "nominal", "Q": "quantitative"}
SIZES = ("width", "height")

Spec = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart, or several together; every method gives a new one."""

    spec: Spec

    def mark(self, kind: str, **options: Any) -> Chart:
        """What is drawn for a row: "bar", "rule", "point", "text", ..."""
        return self._with(mark={"type": kind, **options})

    def encode(self, **channels: Spec | str) -> Chart:
        """What of a row goes where; a word stands for a field, as in `field`."""
        given = {name: field(value) if isinstance(value, str) else value for name, value in channels.items()}
        return self._with(encoding={**self.spec.get("encoding", {}), **given})

    def where(self, test: str) -> Chart:
        """Only the rows that pass a test in Vega's expressions."""
        return self._with(transform=[*self.spec.get("transform", ()), {"filter": test}])

    def with_layer(self, other: Chart) -> Chart:
        """A layered chart with one layer more."""
        return self._with(layer=[*self.spec["layer"], other.spec])

    def titled(self, text: str, **options: Any) -> Chart:
        """The chart under a title."""
        return self._with(title={"text": text, **options})

    def configured(self, **config: Any) -> Chart:
        """The whole drawing with its fonts and colours."""
        return self._with(config=config)

    def to_dict(self) -> Spec:
        """The Vega-Lite specification."""
        return self.spec

    def _with(self, **parts: Any) -> Chart:
        return Chart({**self.spec, **parts})


def chart(data: Spec | None = None, **size: Any) -> Chart:
    """An empty chart; size : `width` and `height`."""
    return Chart(size if data is None else {"data": data, **size})


def held(rows: Iterable[Spec]) -> Spec:
    """Rows as the data of a chart."""
    return {"values": list(rows)}


def layer(*charts: Chart, data: Spec | None = None) -> Chart:
    """Charts on top of each other, all of one size."""
    size = {key: one.spec[key] for one in charts for key in SIZES if key in one.spec}
    bare = [{key: value for key, value in one.spec.items() if key not in SIZES} for one in charts]
    return chart(data, layer=bare, **size)


def in_a_row(*charts: Chart, spacing: int) -> Chart:
    """Charts beside each other."""
    return Chart({"hconcat": [one.spec for one in charts], "spacing": spacing})


def stacked(*charts: Chart, spacing: int) -> Chart:
    """Charts below each other."""
    return Chart({"vconcat": [one.spec for one in charts], "spacing": spacing})


def field(word: str, **options: Any) -> Spec:
    """The channel of a field, "value:Q" for a quantity and "name:N" for a name; options : title, axis, scale, ..."""
    name, _, kind = word.partition(":")
    return {"field": name, "type": TYPES[kind], **options}


def end(name: str) -> Spec:
    """The channel of the other end of a mark, which is of its first end's type."""
    return {"field": name}


def value(fixed: Any) -> Spec:
    """A channel that is the same for all rows, in pixels or as a word."""
    return {"value": fixed}


def datum(fixed: float) -> Spec:
    """A channel that is the same for all rows, in the units of the axis."""
    return {"datum": fixed}


def options(**given: Any) -> Spec:
    """An axis or a scale."""
    return given


def step(pixels: int) -> Spec:
    """A height or width of so much for each name."""
    return {"step": pixels}


def altair_chart(drawn: Chart) -> Any:
    """The chart for a notebook. Raises ValidationError for one that is not valid Vega-Lite."""
    import altair as alt

    return alt.Chart.from_dict(drawn.to_dict())
