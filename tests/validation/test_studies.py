"""comity validate: the studies' numbers, the command, and the page that is written from it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from comity import load_world, solve
from comity.cli import app
from comity.validation import closed_forms, nafta, page, run, synthetic
from comity.validation.nafta_world import data_world
from comity.validation.nafta_world import nafta as nafta_setup
from comity.validation.rows import DIFFERS, EXPLAINED, NOT_CHECKED, REPRODUCED, Row
from tests.helpers import SHARED, shared

ROOT = Path(__file__).resolve().parents[2]
PRINTED = 0.005  # half of the last digit of two decimals
FOUR = 5e-5


@pytest.fixture(scope="module")
def nafta_rows() -> dict[tuple[str, str, str], Row]:
    return {(row.table, row.quantity, row.label): row for row in nafta.rows(shared("data"))}


@pytest.fixture
def command() -> CliRunner:
    return CliRunner()


class TestNafta:
    @pytest.mark.parametrize(
        ("table", "values"),
        [("Table 2, no deficits", (1.31, -0.06, 0.08)), ("with observed deficits", (1.17, -0.04, 0.08))],
    )
    def test_published_welfare(self, nafta_rows, table, values) -> None:  # noqa: ANN001
        for code, value in zip(("MEX", "CAN", "USA"), values, strict=True):
            assert nafta_rows[table, "welfare, published formula", code].ours == pytest.approx(value, abs=PRINTED)

    def test_exact_change_is_another_number(self, nafta_rows) -> None:  # noqa: ANN001
        for code, value in {"MEX": 0.0073, "CAN": -0.1101, "USA": 0.0741}.items():
            assert nafta_rows["exact", "real income, exact", code].ours == pytest.approx(value, abs=FOUR)

    def test_all_but_one_row(self, nafta_rows) -> None:  # noqa: ANN001
        apart = [key for key, row in nafta_rows.items() if row.status != REPRODUCED]
        assert apart == [("trade", "imports from the rest of the world", "MEX")]
        assert abs(nafta_rows[apart[0]].difference or 0) < 0.006

    def test_world_has_the_papers_size_and_names_its_repairs(self) -> None:
        setup = nafta_setup(shared("data", "cp2015"))
        assert setup.balanced.trade_share.shape == (40, 31, 31)
        assert abs(setup.balanced.deficit).max() == 0.0
        assert abs(setup.observed.deficit).max() > 1e10  # dollars
        assert len(setup.record) == 3 and "185 sectors" in setup.record[1]

    def test_reader_names_a_damaged_file(self, tmp_path) -> None:  # noqa: ANN001
        from comity import InputError
        from comity.sources.caliendo_parro import read_caliendo_parro

        source = shared("data", "cp2015")
        for file in source.glob("*.txt"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        (tmp_path / "GO.txt").write_text("1 2\n3 4\n")
        with pytest.raises(InputError, match=r"GO\.txt.*wrong shape"):
            read_caliendo_parro(tmp_path)
        (tmp_path / "T.txt").unlink()
        with pytest.raises(InputError, match=r"T\.txt"):
            read_caliendo_parro(tmp_path)

    def test_data_alone_are_no_equilibrium(self) -> None:
        """The base year needs its own solve: without it equation (7) is off by more than a per cent."""
        from comity.sources.caliendo_parro import read_caliendo_parro

        world, _ = data_world(read_caliendo_parro(shared("data", "cp2015")))
        assert abs((world.value_added_share * world.output).sum(axis=0) / world.value_added - 1).max() < 1e-12
        gap = (
            (world.input_share * world.output).sum(axis=1) + world.consumption_share * world.income - world.expenditure
        )
        assert abs(gap).max() / world.expenditure.max() > 0.01


class TestClosedForms:
    def test_solver_meets_them_on_both_worlds(self) -> None:
        rows = closed_forms.rows(Path("nowhere"))
        apart = {(row.table, row.label): row.ours for row in rows if row.published == 0.0}
        assert len(apart) == 4
        assert max(apart.values()) < 1e-10  # the stated bound is 1e-8

    def test_excluded_are_listed(self) -> None:
        """A country that buys a sector and makes none of it at home has no autarky; it is left out by name."""
        world = closed_forms.without_policy(load_world("world-2022"))
        home = np.diagonal(world.trade_share, axis1=1, axis2=2)
        lacking = [world.countries[n] for n in np.flatnonzero(((home == 0) & (world.expenditure > 0)).any(axis=0))]
        assert 0 < len(lacking) < 12
        row = next(row for row in closed_forms.rows(Path("nowhere")) if row.table.endswith("2022"))
        assert (
            row.note
            == f"{82 - len(lacking)} of 82 economies are compared; left out, because a sector they use has no home output: {', '.join(lacking)}"
        )


class TestSynthetic:
    def test_every_reference(self) -> None:
        rows = synthetic.rows(shared("data"))
        assert {row.status for row in rows} == {REPRODUCED}
        close = [row.ours for row in rows if "reference program" in row.quantity]
        assert len(close) == 18 and max(close) < 1e-12

    def test_kite_at_its_default_is_off_by_a_tenth_of_the_effect(self) -> None:
        row = next(row for row in synthetic.rows(shared("data")) if "KITE" in row.quantity)
        assert row.ours == pytest.approx(1.19e-4, rel=0.01)
        assert "11 % of the largest effect" in row.why

    def test_any_size(self, tmp_path) -> None:  # noqa: ANN001
        """A world of another size in the folder's format, with references written from our own solve."""
        from comity.benchmark.synthetic import synthetic_world

        world = synthetic_world(13, 3, seed=4)
        (tmp_path / "synthetic").mkdir()
        inputs = world.input_share.transpose(2, 0, 1)
        share = world.value_added_share.T
        np.savez(
            tmp_path / "synthetic" / "world_13x3.npz", pi=world.trade_share.transpose(1, 2, 0), va_share=share,
            io=inputs / (1 - share)[:, None, :], alpha=world.consumption_share.T, tau=1 + world.tariff.transpose(1, 2, 0),
            theta=world.trade_elasticity, VA=world.value_added, D=world.deficit,
        )  # fmt: skip
        read = synthetic.read_world(tmp_path / "synthetic" / "world_13x3.npz")
        np.testing.assert_allclose(read.expenditure, world.expenditure, rtol=1e-9)
        found = solve(read, synthetic.scenario_shock(read, "ntb20"))
        np.savez(
            tmp_path / "synthetic" / "ref_13x3_ntb20.npz", w_hat=found.wage_hat, welfare_hat=found.real_income_hat * 1.001,
            P_hat=found.consumer_price_hat, p_hat=found.price_index_hat.T, real_wage_hat=found.real_wage_hat,
            exports_hat=synthetic.exports_hat(found),
        )  # fmt: skip
        rows = synthetic.rows(tmp_path)
        assert [row.label for row in rows if row.status == DIFFERS] == ["welfare"]  # the planted error is found


class TestRows:
    def test_status(self) -> None:
        def row(published: float | None, ours: float | None, note: str = "") -> Row:
            return Row("t", "q", "l", published, ours, 0.005, note=note)

        assert row(1.31, 1.3149).status == REPRODUCED
        assert row(1.31, 1.316).status == DIFFERS
        assert row(1.31, 1.316, "why").status == EXPLAINED
        assert row(1.31, float("nan"), "why").status == DIFFERS
        assert row(None, None, "why").status == NOT_CHECKED

    @pytest.mark.parametrize(("tolerance", "digits"), [(0.005, 2), (0.5, 0), (5e-5, 4), (0.05, 1), (1e-8, None)])
    def test_digits(self, tolerance: float, digits: int | None) -> None:
        assert page.decimals(tolerance) == digits


class TestCommand:
    def test_json(self, command: CliRunner) -> None:
        done = command.invoke(app, ["validate", "closed-forms", "--json"])
        assert done.exit_code == 0
        (study,) = json.loads(done.stdout)["studies"]
        assert study["counts"] == {"reproduced": 12} and study["skipped"] is None
        assert {"published", "ours", "difference", "tolerance"} <= set(study["rows"][0])

    def test_without_data_every_other_study_is_skipped_with_its_reason(
        self, command: CliRunner, tmp_path: Path
    ) -> None:
        done = command.invoke(app, ["validate", "--data", str(tmp_path)])
        assert done.exit_code == 0
        for name in run.STUDIES:
            if name not in ("closed-forms", "chowdhry-et-al-2024"):  # these need the embedded worlds only
                assert re.search(rf"{name}: skipped: needs \S+, which is not in the data folder", done.stdout), name

    def test_a_row_that_differs_fails_the_command(self, command: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(closed_forms, "TOLERANCE", 1e-20)
        done = command.invoke(app, ["validate", "closed-forms"])
        assert done.exit_code == 1
        assert "differs" in done.stdout

    def test_unknown_study_and_folder(self, command: CliRunner) -> None:
        from comity import InputError

        done = command.invoke(app, ["validate", "nafta"])
        assert isinstance(done.exception, InputError) and "closed-forms" in str(done.exception)
        done = command.invoke(app, ["validate", "--data", "/nowhere/at/all"])
        assert isinstance(done.exception, InputError) and "no such folder" in str(done.exception)

    @pytest.mark.parametrize(
        "name", ["ref_10x5_ntb20.npz", "world_10x5.npz", "kite_2401_default_tolerance_10x5_ntb20.csv"]
    )
    def test_damaged_data_end_in_one_message(self, tmp_path: Path, name: str) -> None:
        from comity import InputError

        (tmp_path / "synthetic").mkdir()
        for file in shared("data", "synthetic").glob("*.[nc][ps][zv]"):
            content = file.read_bytes()
            (tmp_path / "synthetic" / file.name).write_bytes(content[:300] if file.name == name else content)
        with pytest.raises(InputError, match="damaged"):
            run.run_studies(tmp_path, ["synthetic"])

    def test_page_in_docs_is_of_this_code(self) -> None:
        """Rows, published numbers, tolerances and results of docs/validation.md; ours may differ in rounding only."""
        pytest.importorskip("pyfixest")
        shared("data")
        results = run.run_studies(SHARED / "data")
        fresh, kept = (_keys(text) for text in (page.markdown(results), (ROOT / "docs/validation.md").read_text()))
        assert len(fresh) > 900
        assert fresh == kept


def _keys(text: str) -> list[tuple[str, ...]]:
    """table, quantity, label, published, tolerance, unit, status of every row of a page."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [(*row[:4], *row[6:]) for row in rows if len(row) == 9]
