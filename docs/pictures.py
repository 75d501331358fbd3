"""Pictures of the documentation that come from a run: `make docs` (needs the data folder)."""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import numpy as np
import vl_convert

from comity.equilibrium.path import Path as SolutionPath
from comity.equilibrium.solve import solve
from comity.outcomes.decomposition import first_order
from comity.report import vega_lite
from comity.report.drawing import ACCENT, INK2, LOSS, MINUS, RULE2, configured
from comity.validation.nafta_world import NAFTA, nafta

IMAGES = Path(__file__).parent / "images"
NAMES = {"MEX": "Mexico", "CAN": "Canada", "USA": "United States"}
EXACT, FORMULA = "exact change of real income", "published formula"
STEPS = 25


def nafta_curves(folder: Path) -> list[dict]:
    """Both measures for the three members while the tariffs inside NAFTA go from 1993 (0 %) to 2005 (100 %)."""
    setup = nafta(folder)
    path = SolutionPath(solve(setup.balanced, setup.shock))
    rows = []
    for part in np.linspace(0, 1, STEPS):
        here = path.at(float(part))
        formula = sum(cells.sum(axis=(0, 2)) for cells in first_order(here))
        for code in NAFTA:
            k = setup.balanced.country(code)
            for name, value in ((EXACT, here.real_income_hat[k] - 1), (FORMULA, formula[k])):
                rows.append({"country": NAMES[code], "cut": 100 * part, "measure": name, "value": 100 * float(value)})
    return rows


def nafta_chart(rows: list[dict]) -> vega_lite.Chart:
    """One panel a country; the line ends carry their value."""
    panels = []
    color = alt.Color(
        "measure:N",
        scale=alt.Scale(domain=[EXACT, FORMULA], range=[ACCENT, LOSS]),
        legend=alt.Legend(orient="top", title=None, labelFontSize=13, labelLimit=260, direction="horizontal"),
    )
    for name in NAMES.values():
        here = [row for row in rows if row["country"] == name]
        ends = [row | {"text": f"{row['value']:.2f}".replace("-", MINUS)} for row in here if row["cut"] == 100]
        x = alt.X("cut:Q", title="tariff cut carried out, %", scale=alt.Scale(domain=[0, 118], nice=False),
                  axis=alt.Axis(values=[0, 50, 100]))  # fmt: skip
        y = alt.Y("value:Q", title="per cent", axis=alt.Axis(tickCount=4))
        zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=RULE2).encode(y="zero:Q")
        lines = alt.Chart(alt.Data(values=here)).mark_line(strokeWidth=2.4).encode(x=x, y=y, color=color)
        labels = (
            alt.Chart(alt.Data(values=ends))
            .mark_text(align="left", dx=5, dy=-6, fontSize=13)
            .encode(x=x, y=y, text="text:N", color=color)
        )
        title = alt.TitleParams(name, fontSize=14, color=INK2, anchor="start", fontWeight="normal")
        panels.append(alt.layer(zero, lines, labels).properties(width=205, height=230, title=title))
    whole = alt.hconcat(*panels).resolve_scale(color="shared")
    return configured(vega_lite.Chart(whole.to_dict(format="vega-lite", validate=False)))


def main(data: Path) -> None:
    """Write every picture."""
    chart = nafta_chart(nafta_curves(data / "cp2015")).to_dict()
    chart["config"]["background"] = "#ffffff"  # the page it stands in may be dark
    (IMAGES / "nafta-welfare.png").write_bytes(vl_convert.vegalite_to_png(chart, scale=1.5))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
