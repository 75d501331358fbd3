"""The example of docs/estimation.md runs on files of the layout it describes."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from comity.sources.gsdb import KINDS
from tests.gravity.made import YEARS, flows

PAGE = Path(__file__).resolve().parents[2] / "docs" / "estimation.md"


def test_the_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyfixest", reason="needs the extra: pip install comity[gravity]")
    made = flows(10, noise=0.3)
    made.drop(columns=["rta", "distance"]).to_csv(tmp_path / "flows.csv", index=False)
    deals = made[(made["rta"] == 1) & (made["exporter"] < made["importer"])]
    first = deals.groupby(["exporter", "importer"], as_index=False)["year"].min()
    names = {"exporter": "country_a", "importer": "country_b", "year": "from"}
    first.rename(columns=names).assign(to="").to_csv(tmp_path / "agreements.csv", index=False)
    rows = [
        {"sanctioned_state_iso3": "C00", "sanctioning_state_iso3": f"C0{k}", "year": year}
        | dict.fromkeys(KINDS, 0)
        | {"trade": 1, "descr_trade": "exp_compl, imp_part" if k < 6 else "exp_part"}
        for k in range(1, 9)
        for year in YEARS[2:]
    ]
    pd.DataFrame(rows).to_stata(tmp_path / "GSDB_V4_dyadic.dta", write_index=False)
    monkeypatch.chdir(tmp_path)
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert found
    code = found.group(1).replace("draws=200", "draws=3")
    space: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), space)
    estimates, hat = space["estimates"], space["kappa_hat"]
    assert estimates.names == ("rta", "trade_complete", "trade_partial")  # type: ignore[attr-defined]
    assert hat.shape == (3, 1, 3) and (hat[..., 0] < 1).all()  # type: ignore[attr-defined]
