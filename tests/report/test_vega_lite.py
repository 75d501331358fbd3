"""Our few words of Vega-Lite say what Altair's say, to the last point of the drawing."""

from __future__ import annotations

import altair as alt
import pytest
from jsonschema import ValidationError

from comity.report import dossier_drawing, drawing
from comity.report import vega_lite as vl

ROWS = [{"name": "One", "low": 1.0, "high": 3.0, "sure": True}, {"name": "Two", "low": 2.0, "high": 4.0, "sure": False}]


def ours() -> vl.Chart:
    base = vl.chart(width=200, height=vl.step(30))
    y = vl.field("name:N", sort=["Two", "One"], title=None, axis=None)
    x = vl.field(
        "low:Q", title="million USD", scale=vl.options(domain=[0, 5], nice=False), axis=vl.options(tickCount=3)
    )
    layers = [
        base.mark("rule", color="#123456").encode(x=x, x2=vl.end("high"), y=y),
        base.where("datum.sure").mark("point", filled=True).encode(x="high:Q", y=y),
        base.mark("tick").encode(x=vl.datum(2), y=y),
        base.mark("text", align="left").encode(y=y, text="name:N", x=vl.value(150)),
    ]
    both = vl.layer(*layers, data=vl.held(ROWS)).titled("A title", anchor="start")
    return vl.stacked(both, vl.in_a_row(both, both, spacing=4), spacing=8).configured(background="transparent")


def altairs() -> alt.VConcatChart:
    base = alt.Chart(width=200, height=alt.Step(30))
    y = alt.Y("name:N", sort=["Two", "One"], title=None, axis=None)
    x = alt.X("low:Q", title="million USD", scale=alt.Scale(domain=[0, 5], nice=False), axis=alt.Axis(tickCount=3))
    layers = [
        base.mark_rule(color="#123456").encode(x=x, x2=alt.X2("high:Q"), y=y),
        base.transform_filter("datum.sure").mark_point(filled=True).encode(x="high:Q", y=y),
        base.mark_tick().encode(x=alt.XDatum(2), y=y),
        base.mark_text(align="left").encode(y=y, text="name:N", x=alt.XValue(150)),
    ]
    both = alt.layer(*layers, data=alt.Data(values=ROWS), title=alt.TitleParams("A title", anchor="start"))
    return alt.vconcat(both, alt.hconcat(both, both, spacing=4), spacing=8).configure(background="transparent")


def test_both_are_drawn_alike() -> None:
    import vl_convert

    assert vl_convert.vegalite_to_svg(ours().to_dict()) == vl_convert.vegalite_to_svg(altairs().to_dict())


def test_a_notebook_gets_a_chart_of_altair() -> None:
    chart = vl.altair_chart(ours())
    assert isinstance(chart, alt.VConcatChart)
    assert chart.to_dict(validate=True)["vconcat"][0]["title"] == {"text": "A title", "anchor": "start"}


def test_altair_refuses_what_is_no_vega_lite() -> None:
    with pytest.raises(ValidationError, match="ruler"):
        vl.altair_chart(vl.chart(vl.held(ROWS)).mark("ruler"))


def test_charts_are_values() -> None:
    base = vl.chart(vl.held(ROWS))
    assert base.mark("point").where("datum.sure") is not base and base.spec == {"data": {"values": ROWS}}


@pytest.mark.parametrize("width", [drawing.WIDE, drawing.NARROW])
def test_pictures_of_a_dossier_are_valid_vega_lite(width: int) -> None:
    rows = [{"name": "One", "value": 0.002, "low": 0.001, "high": 0.01, "color": "gain", "said": "+0.002 %"}]
    lines = [
        {"count": "A's count", "kind": kind, "year": year, "value": value, "low": value, "high": value, "text": ""}
        for kind, year, value in (("observed", 2020.5, 50.0), ("predicted", 2024.0, 60.0), ("signed", 2023.2, None))
    ]
    for chart in (dossier_drawing.ruler(rows, width), dossier_drawing.monitor(lines, width)):
        vl.altair_chart(chart).to_dict(validate=True)
