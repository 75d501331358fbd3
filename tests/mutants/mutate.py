"""Mutants of the equations: every operator of chosen functions changed once, and the same error in two places by hand."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

import comity

PACKAGE = Path(comity.__file__).parent


@dataclass(frozen=True)
class Mutant:
    """name; files: package-relative path -> mutated source; told: the change in words."""

    name: str
    told: str
    files: dict[str, str] = field(repr=False)


# -- one operator at a time --------------------------------------------------------------------------

TARGETS = {
    "equilibrium/equations.py": None,  # every function
    "equilibrium/iteration.py": ("pass_through", "_income", "_equalising"),
    "equilibrium/tangent.py": ("change", "_implied", "_revenue", "__init__ of _Given"),
    "outcomes/decomposition.py": ("local_parts", "first_order"),
}
SWAPS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
}  # fmt: skip
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


def operator_mutants() -> list[Mutant]:
    """One mutant per arithmetic operator, minus sign and axis in the targets."""
    found = []
    for file, names in TARGETS.items():
        source = (PACKAGE / file).read_text(encoding="utf-8")
        count = len(_places(ast.parse(source), names))
        for k in range(count):
            tree = ast.parse(source)
            place = _places(tree, names)[k]
            told = _change(place)
            found.append(Mutant(f"{Path(file).stem} {k}, line {place.node.lineno}", told, {file: ast.unparse(tree)}))
    return found


@dataclass
class _Place:
    node: ast.AST
    kind: str
    parent: ast.AST


def _places(tree: ast.Module, names: tuple[str, ...] | None) -> list[_Place]:
    found: list[_Place] = []
    for function in _functions(tree, names):
        axes = {id(word.value) for call in ast.walk(function) if isinstance(call, ast.Call)
                for word in call.keywords if word.arg in ("axis", "keepdims")}  # fmt: skip
        inside = {id(node) for node in ast.walk(function) if id(node) in axes for node in ast.walk(node)}
        notes = {id(node) for part in _annotations(function) for node in ast.walk(part)}
        for node in ast.walk(function):
            if id(node) in axes and isinstance(node, ast.UnaryOp):
                found.append(_Place(node, "axis", function))
            if id(node) in inside or id(node) in notes:
                continue
            if isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
                found.append(_Place(node, "operator", function))
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
                found.append(_Place(node, "sign", function))
    return [place for place in found if not _in_subscript(place)]


def _annotations(function: ast.FunctionDef) -> list[ast.AST]:
    """Type annotations, in which | is no arithmetic."""
    words = [*function.args.args, *function.args.kwonlyargs]
    return [part for part in (function.returns, *(word.annotation for word in words)) if part is not None]


def _in_subscript(place: _Place) -> bool:
    """True for the -1 of an index, which selects and does not compute."""
    for node in ast.walk(place.parent):
        if isinstance(node, ast.Subscript) and any(inner is place.node for inner in ast.walk(node.slice)):
            return True
    return False


def _functions(tree: ast.Module, names: tuple[str, ...] | None) -> list[ast.FunctionDef]:
    chosen = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                child.owner = node.name  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            owner = getattr(node, "owner", "")
            if names is None or node.name in names or f"{node.name} of {owner}" in names:
                chosen.append(node)
    return chosen


def _change(place: _Place) -> str:
    """Mutate the place in its tree; returns the change in words."""
    node, where = place.node, getattr(place.parent, "name", "")
    before = ast.unparse(node)
    if place.kind == "operator":
        assert isinstance(node, ast.BinOp)
        node.op = SWAPS[type(node.op)]()
    elif place.kind == "axis":
        assert isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
        node.operand.value = {1: 2, 2: 1, 3: 2}[node.operand.value]
    else:
        assert isinstance(node, ast.UnaryOp)
        node.op = ast.UAdd()
    return f"{where}: {before} -> {ast.unparse(node)}"


# -- the same error wherever an equation is written ----------------------------------------------------

Edits = dict[str, list[tuple[str, str]]]
EQ, IT, RE, PR, CH = (
    "equilibrium/equations.py", "equilibrium/iteration.py", "equilibrium/residual.py", "equilibrium/problem.py",
    "equilibrium/changes.py",
)  # fmt: skip

CONSISTENT: dict[str, Edits] = {
    "(1) materials count twice": {
        EQ: [("xp.exp(value_added_share * xp.log(wage_hat)[..., None, :] + inputs)", "xp.exp(value_added_share * xp.log(wage_hat)[..., None, :] + 2 * inputs)")],
        IT: [("cost = self.value_added_share * log_wage + _by_country(problem.prepared.inputs_of, log_price)", "cost = self.value_added_share * log_wage + 2 * _by_country(problem.prepared.inputs_of, log_price)")],
    },
    "(1) productivity raises costs": {
        EQ: [("+ inputs) / productivity_hat", "+ inputs) * productivity_hat")],
        IT: [("cost = cost - self.log_productivity", "cost = cost + self.log_productivity")],
    },
    "(1) input shares transposed": {
        EQ: [("inputs = (xp.log(price_index_hat)[..., :, None, :] * input_share).sum(axis=-3)", "inputs = (xp.log(price_index_hat)[..., None, :, :] * input_share).sum(axis=-2)")],
        IT: [("_by_country(problem.prepared.inputs_of, log_price)", "_by_country(problem.prepared.uses_of, log_price)")],
    },
    "(2) price index is a mean of costs to the power theta, not -theta": {
        EQ: [("total = (weight * (cost**-power)[..., :, None, :]).sum(axis=-1)", "total = (weight * (cost**power)[..., :, None, :]).sum(axis=-1)")],
        IT: [("scale = np.exp(-self.theta * cost)", "scale = np.exp(self.theta * cost)")],
        RE: [("scale = solution.cost_hat**-theta", "scale = solution.cost_hat**theta")],
    },
    "(3) trade costs enter with theta + 1": {
        PR: [("weight = share * np.exp(-theta[sector] * part.log_cost())", "weight = share * np.exp(-(theta[sector] + 1) * part.log_cost())")],
    },
    "(3) the tariff is no part of the user price": {
        CH: [("factors = [rates.factor_hat() for rates in (self.tariff, self.export_tax) if rates is not None]", "factors = [rates.factor_hat() for rates in (self.export_tax,) if rates is not None]")],
    },
    "(3) the export tax is no part of the border price": {
        CH: [("factors = [rates.factor_hat() for rates in (self.tariff, self.export_tax) if rates is not None]", "factors = [rates.factor_hat() for rates in (self.tariff,) if rates is not None]")],
    },
    "(3) border value not net of the new tariff": {
        PR: [("border = weight / (1 + (part.tariff.new if part.tariff is not None else world.tariff.ravel()[flat]))", "border = weight / (1 + world.tariff.ravel()[flat])")],
    },
    "(3) an embargoed flow keeps a tenth": {
        PR: [("weight[closed] = (1 - fraction) * share[closed]", "weight[closed] = (1 - fraction) * share[closed] + 0.1 * share[closed]"), ("    if fraction < 1:\n        closed", "    if True:\n        closed")],
    },
    "(4) output includes the exporter's tax": {
        PR: [("shipped = foreign[:, :count] / (1 + tax) if tax.any() else None", "shipped = foreign[:, :count] / (1 + 0 * tax) if tax.any() else None")],
    },
    "(5) inputs bought by the wrong sector": {
        EQ: [("return (input_share * output_new[..., None, :, :]).sum(axis=-2)", "return (input_share * output_new[..., :, None, :]).sum(axis=-3)")],
        IT: [("demand = _by_country(problem.prepared.uses_of, output)", "demand = _by_country(problem.prepared.inputs_of, output)")],
    },
    "(5) final demand at old income": {
        EQ: [("consumption_share * income[..., None, :]", "consumption_share * income[..., None, :] ** 0.9")],
        IT: [("+ self.alpha * income\n        price", "+ self.alpha * income**0.9\n        price")],
    },
    "(6) tariff revenue is lost": {
        IT: [("income, deficit, transfer, floored = self._income(earned, revenue + tax_revenue, log_wage, log_price)", "income, deficit, transfer, floored = self._income(earned, 0 * revenue + tax_revenue, log_wage, log_price)")],
        RE: [("revenue = revenue + exports - shipped.sum(axis=0)", "revenue = exports - shipped.sum(axis=0)")],
    },
    "(6) export-tax revenue is lost": {
        IT: [("income, deficit, transfer, floored = self._income(earned, revenue + tax_revenue, log_wage, log_price)", "income, deficit, transfer, floored = self._income(earned, revenue, log_wage, log_price)")],
        RE: [("revenue = revenue + exports - shipped.sum(axis=0)", "revenue = revenue + 0 * exports")],
    },
    "(6) transfers are not received": {
        IT: [("transfer = problem.changes.transfer\n", "transfer = 0 * problem.changes.transfer\n")],
    },
    "(6) deficits are not spent": {
        IT: [("            deficit = problem.deficit\n        income", "            deficit = 0 * problem.deficit\n        income")],
    },
    "(7) labour demand by the wrong shares": {
        EQ: [("return (value_added_share * output_new).sum(axis=-2)", "return (value_added_share**2 * output_new).sum(axis=-2)")],
    },
    "(8) trade balance with the sign of the deficit turned": {
        IT: [("inflow = implied.exports + np.maximum(net, 0)\n        outflow = implied.imports + np.maximum(-net, 0)", "inflow = implied.exports + np.maximum(-net, 0)\n        outflow = implied.imports + np.maximum(net, 0)")],
        RE: [("gap = exports + solution.deficit_new + solution.transfer_new - imports", "gap = exports - solution.deficit_new - solution.transfer_new - imports")],
    },
    "numeraire is half of world value added": {
        IT: [("move -= np.log(target.sum() / self.part_value[0])", "move -= np.log(target.sum() / (0.5 * self.part_value[0]))")],
    },
    "consumer price with equal weights": {
        EQ: [("return xp.exp((consumption_share * xp.log(price_index)).sum(axis=-2))", "return xp.exp(xp.log(price_index).mean(axis=-2))")],
    },
    "deficit share: the world sum is shared by head": {
        IT: [("deficit = wanted - earned / earned.sum() * wanted.sum()", "deficit = wanted - wanted.sum() / len(wanted)")],
    },
    "multiplicative deficits without rescaling": {
        IT: [("deficit = scaled * (own.sum() / scaled.sum()) - own", "deficit = scaled - own")],
    },
    "equalising: one nominal factor instead of a real one": {
        IT: [("needed = self.problem.prepared.world.income[members] * price\n", "needed = self.problem.prepared.world.income[members]\n")],
    },
    "real income at unchanged prices": {
        "equilibrium/solve.py": [("real_income_hat=implied.income / world.income / consumer_price,", "real_income_hat=implied.income / world.income,")],
    },
    "decomposition: terms of trade without the export tax": {
        "outcomes/decomposition.py": [("gained = flow * (cost[:, None, :] + tax)", "gained = flow * (cost[:, None, :] + 0 * tax)")],
    },
    "decomposition: volume at the price of delivery": {
        "outcomes/decomposition.py": [("tariff * (d_flow - gained - flow * iceberg) / importer", "tariff * (d_flow - gained) / importer")],
    },
}  # fmt: skip


def consistent_mutants() -> list[Mutant]:
    """The hand-written ones. Each replaced text must stand in its file exactly once."""
    found = []
    for told, edits in CONSISTENT.items():
        files = {}
        for file, pairs in edits.items():
            source = (PACKAGE / file).read_text(encoding="utf-8")
            for old, new in pairs:
                assert source.count(old) == 1, f"{told}: {file} has {source.count(old)} times {old!r}"
                source = source.replace(old, new)
            files[file] = source
        found.append(Mutant(told, told, files))
    return found
