"""Bad input: one clear complaint with file, line, what was found and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity import InputError
from comity.sweep import plan_sweep, run_sweep
from tests.sweep import cases

HEAD = "schema: 1\ntype: sweep\nid: x\ntitle: X\n"
BASE = f"{HEAD}scenario: small-scenario.yaml\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "sweep.yaml: a sweep is a mapping of keys"),
        ("schema: 1\ntype: scenario\n", "no sweep. Found: type: scenario. Allowed: type: sweep"),
        (HEAD, "a sweep is of a scenario or of the coalitions of a game"),
        (HEAD + "scenario: a\ncoalitions: b\n", "a sweep is of a scenario or of the coalitions of a game"),
        (HEAD + "scenario: tehran-2032\n", "line 5, scenario: .*Did you mean tehran-2023"),
        (HEAD + "coalitions: tarif-club\n", "line 5, coalitions: no coalition game .*Did you mean tariff-club"),
        (BASE + "axis: []\n", "line 6, axis: unknown key. Found: axis.*Did you mean axes"),
        (BASE + "axes:\n  - {kind: sise, values: [1]}\n", r"line 7, axes\[0\].kind: unknown kind of axis. Found: sise.*Did you mean size"),
        (BASE + "axes:\n  - {values: [1]}\n", r"line 7, axes\[0\]: the axis does not say its kind"),
        (BASE + "axes:\n  - {kind: switch, measures: [dutty]}\n", r"line 7, axes\[0\].measures: no measure of that id in the scenario. Found: dutty.*Did you mean duty"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: hat, values: [1.1]}\n", "a measure of kind tariff has no such size. Found: hat. Allowed: to, change, scale"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, values: [25]}\n", r"axes\[0\].values\[0\]: a bare 25 is not taken for 25 per cent"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, values: [0.1, 10%]}\n", "a value stands twice. Found: 0.1"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to}\n", "takes exactly one list"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, linspace: {from: 0, to: 1, count: 0}}\n", "a whole number is needed"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, linspace: {from: 0.1, to: 0.2}}\n", "a required key is missing. Found: no 'count'"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, logspace: {from: 0.0, to: 0.2, count: 3}}\n", "logspace needs positive ends"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, name: closure, values: [0.1]}\n", "a column of that name is always there. Found: closure"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, name: Year, values: [0.1]}\n", "a column of that name is always there. Found: Year"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, name: A, values: [0.1]}\n  - {kind: switch, measures: [duty], name: a}\n", "two axes have the same column. Found: a"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, values: [0.1]}\n  - {kind: size, measure: duty, form: change, values: [0.1]}\n", "two axes of kind size are about one measure"),
        (BASE + "axes:\n  - {kind: participants, measure: duty, side: between, each_of: [IRN]}\n", "measure duty has no such side. Found: between. Allowed: importers, exporters"),
        (BASE + "axes:\n  - {kind: participants, measure: duty, side: exporters, each_of: [IRM]}\n", "unknown country or bloc. Found: IRM"),
        (BASE + "axes:\n  - {kind: participants, measure: duty, side: exporters, pairs_of: [IRN, RUS]}\n", "pairs stand between"),
        (BASE + "axes:\n  - {kind: participants, measure: border, side: between, each_of: [IRN], with: [IRN]}\n", "nobody is left for this axis"),
        (BASE + "axes:\n  - {kind: closure, values: [ballanced]}\n", r"line 7, axes\[0\].values\[0\]: not one of the words known here. Found: ballanced.*Did you mean balanced"),
        (BASE + "axes:\n  - {kind: elasticities, values: [fontaine]}\n", "unknown set. Found: fontaine.*Did you mean fontagne"),
        (BASE + "axes:\n  - {kind: year, values: [23]}\n", "a year is needed"),
        (BASE + "axes:\n  - {kind: world, values: [world-2021]}\n", "line 7, .*no embedded world and no file of that name"),
        (BASE + "axes:\n  - {kind: closure, values: [balanced]}\n  - {kind: closure, values: [fixed-deficits]}\n", "two axes of kind closure"),
        (BASE + "outputs: {trade: [[IRN]]}\n", "a pair is needed"),
        (BASE + "chunk: none\n", "a whole number is needed"),
        (HEAD + "coalitions: small-game.yaml\naxes:\n  - {kind: year, values: [2023]}\n", "an axis of kind year has no place beside coalitions"),
        (HEAD + "coalitions: senders-iran\n", r"too many points. Found: 68,719,476,736 \(coalitions 2\^36\). Allowed: up to 50,000,000"),
        (BASE + "axes:\n  - {kind: size, measure: duty, form: to, linspace: {from: 0.1, to: 0.2, count: 20000}}\n  - {kind: size, measure: border, form: cost_change, linspace: {from: 0.1, to: 0.2, count: 20000}}\n", r"too many points. Found: 400,000,000 \(duty_to 20,000, border_cost_change 20,000\)"),
    ],
)  # fmt: skip
def test_refused_files(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        plan_sweep(cases.write(tmp_path, text))
    assert str(tmp_path) not in caught.value.message


def test_refused_names() -> None:
    with pytest.raises(InputError, match=r"no gallery sweep and no file of that name.*Did you mean front-size"):
        plan_sweep("front-sise")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"executor": "proces"}, "--executor: unknown executor.*Did you mean process"),
        ({"executor": "process", "workers": 0}, "--workers: a number of processes is needed. Found: 0"),
        ({"executor": "serial", "workers": 2}, "the executor serial is one process"),
        ({"executor": "process", "cluster": "tcp://127.0.0.1:1"}, "--cluster: goes with the executor dask"),
        ({"executor": "dask", "cluster": "nowhere"}, "--cluster: no Dask scheduler answers there. Found: nowhere"),
        ({"executor": "dask", "cluster": "x", "workers": 2}, "the cluster has its workers"),
    ],
)
def test_refused_options(tmp_path: Path, options: dict, complaint: str) -> None:
    plan = plan_sweep(cases.write(tmp_path))
    with pytest.raises(InputError, match=complaint):
        run_sweep(plan, tmp_path / "store", **options)


def test_outputs_nobody_has(tmp_path: Path) -> None:
    for outputs, complaint in (
        ("{welfare: [VNM]}", "outputs.welfare: .*no such country"),
        ("{trade: [[IRN, VNM]]}", "unknown country. Found: VNM"),
    ):
        with pytest.raises(InputError, match=complaint):
            plan_sweep(cases.write(tmp_path, BASE + f"outputs: {outputs}\n"))
