"""A store as tables: SQL by DuckDB over its Parquet files, read only, nothing beyond the store."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.errors import InputError
from comity.sweep.extra import library
from comity.sweep.folder import Begun, Folder

if TYPE_CHECKING:
    import pandas as pd

CLOSED = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, "temp_directory": ""}
NUMBER = "regexp_extract(filename, 'part-([0-9]+)-[0-9]+[.]parquet$', 1)"
VIEWS = ("results", "points", "welfare")


class Store:
    """What a sweep has stored. Made by `read_store`.

    results : every point with the values of its axes, its status and what was kept of it
    points : id and values of the axes alone
    welfare : one row a point and economy: real_income_pct, equivalent_variation
    """

    def __init__(self, folder: Folder, plans: list[Begun]) -> None:
        self.folder, self.plans = folder, plans

    @property
    def results(self) -> pd.DataFrame:
        """All rows, in the order of the plan."""
        return self.sql('SELECT * FROM results ORDER BY "plan", "number"')

    @property
    def points(self) -> pd.DataFrame:
        """Ids and values of the axes, in the order of the plan."""
        return self.sql('SELECT * FROM points ORDER BY "plan", "number"')

    def __len__(self) -> int:
        return int(self.fetch("SELECT count(*) FROM results")[1][0][0])

    def sql(self, query: str) -> pd.DataFrame:
        """What one SELECT over the views gives. Raises InputError for anything else, and for mistakes in it."""
        return self._run(query, "df")

    def fetch(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Names of columns and rows of one SELECT. Raises InputError."""
        cursor = self._run(query, "cursor")
        try:
            return [column[0] for column in cursor.description], cursor.fetchall()
        except library("duckdb").Error as problem:
            raise _mistake(problem) from None

    def _run(self, query: str, how: str) -> Any:
        duckdb = library("duckdb")
        try:
            statements = duckdb.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                kinds = " and ".join(str(one.type).rpartition(".")[2].lower() for one in statements) or "nothing"
                raise InputError("SQL", "one SELECT is needed: a store is read only", found=kinds,
                                 allowed=f"SELECT ... FROM {', '.join(VIEWS)}")  # fmt: skip
            found = self._connection.execute(statements[0])
            return found.df() if how == "df" else found
        except duckdb.Error as problem:
            raise _mistake(problem) from None

    @cached_property
    def _connection(self) -> Any:
        """A connection that can read the store's own files and nothing else.

        Raises InputError where nothing is stored, or a file cannot be read.
        """
        duckdb = library("duckdb")
        if not self.folder.done():
            raise InputError(f"store {self.folder.path.name}", "nothing is stored yet", advice="Run the sweep first.")
        parts = str(self.folder.parts.resolve())
        found = duckdb.connect(":memory:", config=CLOSED)
        try:
            pattern = _text(parts + "/part-*.parquet")
            # files of later plans may have more columns
            found.execute(f"""CREATE VIEW results AS
                SELECT "point", CAST({NUMBER} AS INTEGER) AS "plan", * EXCLUDE ("point", filename)
                FROM read_parquet({pattern}, union_by_name = true, filename = true)""")
            names = [row[0] for row in found.execute("DESCRIBE results").fetchall()]
            shown = ", ".join(_name(name) for name in names[: names.index("status")])
            found.execute(f"CREATE VIEW points AS SELECT {shown} FROM results")
            _welfare(found, names)
            found.execute(f"SET allowed_directories = [{_text(parts + '/')}]")
            found.execute("SET enable_external_access = false")
            found.execute("SET lock_configuration = true")
        except duckdb.Error as problem:
            raise _mistake(problem, f"store {self.folder.path.name}") from None
        return found

    def __repr__(self) -> str:
        last = f"{len(self.plans)} plan(s), the last of {self.plans[-1].points:,} points"
        return f"Store {self.folder.path.name}: {last}; {len(self.folder.done()):,} chunks"


def read_store(path: str | os.PathLike[str]) -> Store:
    """The store in a folder, also while a sweep is writing it: what is there now.

    Raises InputError where there is no store, or it is damaged.
    """
    folder = Folder(path)
    if not Path(path).is_dir():
        raise InputError(f"store {os.fspath(path)}", "no such folder", advice="Run `comity sweep FILE --store DIR`.")
    plans = folder.begun()
    if not plans:
        raise InputError(f"store {folder.path.name}", "no store of a sweep: it has no plan.json")
    folder.check(plans)
    return Store(folder, plans)


def _welfare(connection: Any, names: list[str]) -> None:
    """One row a point and economy."""
    income = [name for name in names if name.startswith("real_income_pct_")]
    money = [name.replace("real_income_pct_", "equivalent_variation_", 1) for name in income]
    codes = ", ".join(_text(name.removeprefix("real_income_pct_")) for name in income)
    values = (", ".join(map(_name, columns)) for columns in (income, money))
    first, second = values
    connection.execute(f"""CREATE VIEW welfare AS
        SELECT "point", status, unnest([{codes}]) AS country, unnest([{first}]) AS real_income_pct,
               unnest([{second}]) AS equivalent_variation FROM results""")


def _mistake(problem: Any, where: str = "SQL") -> InputError:
    """DuckDB's complaint as one sentence."""
    first = str(problem).split("\n\n")[0].replace("\n", " ").strip()
    return InputError(where, "cannot be answered", found=first[:400].rstrip("."),
                      allowed=f"SELECT over the views {', '.join(VIEWS)}")  # fmt: skip


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _name(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
