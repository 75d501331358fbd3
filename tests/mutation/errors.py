"""Deliberate errors in the model, each put into every place that implements the equation.

The solver and its residual then agree on the wrong model, and only facts from outside can tell. Where (8) or (7) would
still contradict the error, the residual refuses to call the answer converged; that is a kill too, and it is said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

# find_spec does not import the package: a mutant must be put in place before anything of it is imported
PACKAGE = Path((find_spec("comity").submodule_search_locations or [""])[0])  # type: ignore[union-attr]

EQ, IT, RE, PB, CH, CL, SO, SL, PA, DE, TA = (
    "equilibrium/equations.py", "equilibrium/iteration.py", "equilibrium/residual.py", "equilibrium/problem.py",
    "equilibrium/changes.py", "equilibrium/closures.py", "equilibrium/solve.py", "equilibrium/solution.py",
    "equilibrium/path.py", "outcomes/decomposition.py", "equilibrium/tangent.py",
)  # fmt: skip

Edits = dict[str, list[tuple[str, str]]]


@dataclass(frozen=True)
class Mutant:
    """equation and words say what is wrong; sources: file in the package -> its text with the error."""

    equation: str
    words: str
    sources: dict[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.equation}: {self.words}"


# pieces that several errors share
COST = "cost = self.value_added_share * log_wage + _by_country(problem.prepared.inputs_of, log_price)"
EQ_COST = "xp.exp(value_added_share * xp.log(wage_hat)[..., None, :] + inputs) / productivity_hat"
EQ_INPUTS = "inputs = (xp.log(price_index_hat)[..., :, None, :] * input_share).sum(axis=-3)"
SCALE, RE_SCALE = "scale = np.exp(-self.theta * cost)", "scale = solution.cost_hat**-theta"
EQ_POWER = "total = (weight * (cost**-power)[..., :, None, :]).sum(axis=-1)"
EQ_SHARE = "return weight * (cost**-power)[..., :, None, :] * (price_index**power)[..., :, :, None]"
FACTORS = "for rates in (self.tariff, self.export_tax) if rates is not None"
WEIGHT = "weight = share * np.exp(-theta[sector] * part.log_cost())"
BORDER = "border = weight / (1 + (part.tariff.new if part.tariff is not None else world.tariff.ravel()[flat]))"
SHIPPED = "shipped = foreign[:, :count] / (1 + tax) if tax.any() else None"
SPENT = "demand = _by_country(problem.prepared.uses_of, output) + self.alpha * income"
EQ_USES = "(input_share * output_new[..., None, :, :]).sum(axis=-2)"
EQ_FINAL = "consumption_share * income[..., None, :]"
PAID = "income, deficit, transfer, floored = self._income(earned, revenue + tax_revenue, log_wage, log_price)"
GIVEN = "transfer = problem.changes.transfer\n"
RE_TAX = "revenue = revenue + exports - shipped.sum(axis=0)"
RE_LABOUR = """relative(
            solution.wage_hat * world.value_added, eq.labour_demand(world.value_added_share, solution.output_new)
        )"""
RE_TRADE = (
    '"8": float(np.max(np.abs(gap) / np.where(trade > 0, trade, world.value_added), initial=0.0))',
    '"8": 0.0 * float(gap.sum() + trade.sum())',
)
NO_LABOUR = (RE_LABOUR, "0.0")
GAP_IN = "inflow = implied.exports + np.maximum(net, 0)"
GAP_OUT = "outflow = implied.imports + np.maximum(-net, 0)"
RE_GAP = "gap = exports + solution.deficit_new + solution.transfer_new - imports"
DEFICIT = "            deficit = problem.deficit\n        income"
LEVEL = "move -= np.log(target.sum() / self.part_value[0])"

ERRORS: list[tuple[str, str, Edits]] = [
    # -- (1) costs
    ("(1)", "productivity raises costs", {
        EQ: [(EQ_COST, EQ_COST.replace(" / productivity", " * productivity"))],
        IT: [("cost = cost - self.log_productivity", "cost = cost + self.log_productivity")],
    }),
    ("(1)", "productivity saves labour only: A to the power va", {
        EQ: [(EQ_COST, EQ_COST + "**value_added_share")],
        IT: [("cost = cost - self.log_productivity", "cost = cost - self.value_added_share * self.log_productivity")],
    }),
    ("(1)", "materials count twice", {
        EQ: [(EQ_COST, EQ_COST.replace("+ inputs", "+ 2 * inputs"))],
        IT: [(COST, COST.replace("+ _by", "+ 2 * _by"))],
    }),
    ("(1)", "materials are free", {
        EQ: [(EQ_COST, EQ_COST.replace("+ inputs", "+ 0 * inputs"))],
        IT: [(COST, COST.replace("+ _by", "+ 0 * _by"))],
    }),
    ("(1)", "input shares transposed: the row of the input read as the row of the user", {
        EQ: [(EQ_INPUTS, EQ_INPUTS.replace("[..., :, None, :]", "[..., None, :, :]").replace("-3", "-2"))],
        IT: [(COST, COST.replace("inputs_of", "uses_of"))],
    }),
    ("(1)", "wages enter whole, not by the share of value added", {
        EQ: [(EQ_COST, EQ_COST.replace("value_added_share * xp", "xp"))],
        IT: [(COST, COST.replace("self.value_added_share * log_wage", "log_wage"))],
    }),
    # -- (2) price indices
    ("(2)", "theta with the wrong sign: dear suppliers sell more", {
        EQ: [(EQ_POWER, EQ_POWER.replace("cost**-power", "cost**power")),
             (EQ_SHARE, EQ_SHARE.replace("cost**-power", "cost**power"))],
        IT: [(SCALE, SCALE.replace("-self", "self"))],
        RE: [(RE_SCALE, RE_SCALE.replace("-theta", "theta"))],
    }),
    ("(2)", "theta read as sigma: theta - 1 everywhere", {
        PB: [("theta = world.trade_elasticity\n", "theta = world.trade_elasticity - 1\n")],
        SL: [("self.price_index_hat, self.benchmark.trade_elasticity", "self.price_index_hat, self.benchmark.trade_elasticity - 1")],
    }),
    ("(2)", "every sector has the mean theta", {
        PB: [("theta = world.trade_elasticity\n", "theta = world.trade_elasticity * 0 + world.trade_elasticity.mean()\n")],
        SL: [("self.price_index_hat, self.benchmark.trade_elasticity", "self.price_index_hat, 0 * self.benchmark.trade_elasticity + self.benchmark.trade_elasticity.mean()")],
    }),
    ("(2)", "a quarter of the fall of prices is lost", {
        EQ: [("** (-1 / power), 1.0)", "** (-0.75 / power), 1.0)"),
             (EQ_SHARE, "return weight * (cost**-power)[..., :, None, :] * (price_index ** (power / 0.75))[..., :, :, None]")],
        IT: [("price = np.log(total) / -self.theta", "price = np.log(total) / -self.theta * 0.75")],
        RE: [("** (-1 / theta), 1.0)", "** (-0.75 / theta), 1.0)"),
             ("solution.expenditure_new * solution.price_index_hat**theta", "solution.expenditure_new * solution.price_index_hat ** (theta / 0.75)"),
             ("(total * solution.price_index_hat**theta)[spent]", "(total * solution.price_index_hat ** (theta / 0.75))[spent]")],
    }),
    # -- kappa
    ("kappa_hat", "the tariff is no part of the user price", {
        EQ: [("(1 + tariff_new) / (1 + tariff) * (", "(1 + 0 * tariff_new) / (1 + 0 * tariff) * (")],
        CH: [(FACTORS, FACTORS.replace("self.tariff, self.export_tax", "self.export_tax,"))],
    }),
    ("kappa_hat", "the export tax is no part of the border price", {
        EQ: [("((1 + tax_new) / (1 + tax))", "1 + 0 * tax_new + 0 * tax")],
        CH: [(FACTORS, FACTORS.replace("self.tariff, self.export_tax", "self.tariff,"))],
    }),
    ("kappa_hat", "the export tax works as a subsidy on the price", {
        EQ: [("((1 + tax_new) / (1 + tax))", "((1 + tax) / (1 + tax_new))")],
        CH: [("            total = total + np.log(factor)", "            total = total + np.log(factor) * (-1 if factor is factors[-1] and self.export_tax is not None else 1)")],
    }),
    ("kappa_hat", "new rates without the old ones taken out", {
        EQ: [("(1 + tariff_new) / (1 + tariff) * (", "(1 + tariff_new) / (1 + 0 * tariff) * (")],
        CH: [("return (1 + self.new) / (1 + self.old)", "return 1 + self.new + 0 * self.old")],
    }),
    ("kappa_hat", "rates as differences: 1 + t_new - t", {
        EQ: [("(1 + tariff_new) / (1 + tariff) * (", "(1 + tariff_new - tariff) * (")],
        CH: [("return (1 + self.new) / (1 + self.old)", "return 1 + self.new - self.old")],
    }),
    ("kappa_hat", "iceberg costs enter twice", {
        EQ: [("return iceberg_hat * (1 + tariff_new)", "return iceberg_hat**2 * (1 + tariff_new)")],
        CH: [("else self.log_iceberg\n        for", "else 2 * self.log_iceberg\n        for")],
    }),
    # -- (3) shares and border flows
    ("(3)", "trade costs to the power theta + 1", {PB: [(WEIGHT, WEIGHT.replace("-theta[sector]", "-(theta[sector] + 1)"))]}),
    ("(3)", "trade costs to the power of another sector's theta", {
        PB: [(WEIGHT, WEIGHT.replace("theta[sector]", "theta[::-1][sector]"))],
    }),
    ("(3)", "the border value still contains the tariff", {
        EQ: [("return trade_share * expenditure[..., :, :, None] / (1 + tariff)", "return trade_share * expenditure[..., :, :, None] / (1 + 0 * tariff)")],
        PB: [(BORDER, "border = weight")],
    }),
    ("(3)", "the border value is net of the old tariff", {
        PB: [(BORDER, "border = weight / (1 + world.tariff.ravel()[flat])")],
        SL: [("self.expenditure_new, self.tariff_new)", "self.expenditure_new, self.benchmark.tariff)")],
    }),
    ("(3)", "the tariff is a part of the user price: F = pi X (1 - t)", {
        EQ: [("return trade_share * expenditure[..., :, :, None] / (1 + tariff)", "return trade_share * expenditure[..., :, :, None] * (1 - tariff)")],
        PB: [(BORDER, "border = weight * (1 - (part.tariff.new if part.tariff is not None else world.tariff.ravel()[flat]))")],
    }),
    # -- (4) output
    ("(4)", "output includes the exporter's tax, which the treasury gets too", {
        EQ: [("return (flow / (1 + export_tax)).sum(axis=-2)", "return (flow / (1 + 0 * export_tax)).sum(axis=-2)")],
        IT: [("            abroad = shipped\n", "            abroad = 1 * abroad\n")],
        RE: [("        sold = shipped\n", "        sold = 1 * sold\n")],
    }),
    ("(4)", "the export tax is levied on the border price: Y = F (1 - e)", {
        EQ: [("return (flow / (1 + export_tax)).sum(axis=-2)", "return (flow * (1 - export_tax)).sum(axis=-2)"),
             ("(export_tax / (1 + export_tax) * flow)", "(export_tax * flow)")],
        PB: [(SHIPPED, SHIPPED.replace("/ (1 + tax)", "* (1 - tax)"))],
    }),
    ("(4)", "the export tax is not taken out of output and is no revenue", {
        EQ: [("return (flow / (1 + export_tax)).sum(axis=-2)", "return (flow / (1 + 0 * export_tax)).sum(axis=-2)"),
             ("(export_tax / (1 + export_tax) * flow)", "(0 * export_tax * flow)")],
        PB: [(SHIPPED, "shipped = None")],
    }),
    ("(4)", "output includes the exporter's tax, and neither (7) nor (8) is asked for", {
        EQ: [("return (flow / (1 + export_tax)).sum(axis=-2)", "return (flow / (1 + 0 * export_tax)).sum(axis=-2)")],
        IT: [("            abroad = shipped\n", "            abroad = 1 * abroad\n")],
        RE: [("        sold = shipped\n", "        sold = 1 * sold\n"), NO_LABOUR, RE_TRADE],
    }),
    # -- (5) expenditure
    ("(5)", "input shares transposed: inputs bought by the sector that sells them", {
        EQ: [(EQ_USES, "(input_share * output_new[..., :, None, :]).sum(axis=-3)")],
        IT: [(SPENT, SPENT.replace("uses_of", "inputs_of"))],
    }),
    ("(5)", "input shares transposed, and neither (7) nor (8) is asked for", {
        EQ: [(EQ_USES, "(input_share * output_new[..., :, None, :]).sum(axis=-3)")],
        IT: [(SPENT, SPENT.replace("uses_of", "inputs_of"))],
        RE: [NO_LABOUR, RE_TRADE],
    }),
    ("(1), (5)", "input shares transposed in both", {
        EQ: [(EQ_INPUTS, EQ_INPUTS.replace("[..., :, None, :]", "[..., None, :, :]").replace("-3", "-2")),
             (EQ_USES, "(input_share * output_new[..., :, None, :]).sum(axis=-3)")],
        IT: [(COST, COST.replace("inputs_of", "uses_of")), (SPENT, SPENT.replace("uses_of", "inputs_of"))],
    }),
    ("(5)", "final spending in equal parts on every sector", {
        EQ: [(EQ_FINAL, "(0 * consumption_share + 1 / consumption_share.shape[-2]) * income[..., None, :]")],
        IT: [(SPENT, SPENT.replace("self.alpha", "(1 / len(self.alpha) + 0 * self.alpha)"))],
    }),
    ("(5)", "nobody buys inputs, all output is final", {
        EQ: [(EQ_USES, f"0 * {EQ_USES}")], IT: [(SPENT, SPENT.replace("= _by", "= 0 * _by"))],
    }),
    # -- (6) income
    ("(6)", "tariff revenue is lost", {
        IT: [(PAID, PAID.replace("revenue + tax_revenue", "0 * revenue + tax_revenue"))],
        RE: [(RE_TAX, RE_TAX.replace("revenue + exports", "0 * revenue + exports"))],
    }),
    ("(6)", "tariff revenue is lost, and neither (7) nor (8) is asked for", {
        IT: [(PAID, PAID.replace("revenue + tax_revenue", "0 * revenue + tax_revenue"))],
        RE: [(RE_TAX, RE_TAX.replace("revenue + exports", "0 * revenue + exports")), NO_LABOUR, RE_TRADE],
    }),
    ("(6)", "export-tax revenue is lost", {
        IT: [(PAID, PAID.replace("revenue + tax_revenue", "revenue"))],
        RE: [(RE_TAX, "revenue = revenue + 0 * shipped.sum(axis=0)")],
    }),
    ("(6)", "export-tax revenue is lost, and neither (7) nor (8) is asked for", {
        IT: [(PAID, PAID.replace("revenue + tax_revenue", "revenue"))],
        RE: [(RE_TAX, "revenue = revenue + 0 * shipped.sum(axis=0)"), NO_LABOUR, RE_TRADE],
    }),
    ("(6)", "transfers are ignored", {IT: [(GIVEN, "transfer = 0 * problem.changes.transfer\n")]}),
    ("(6)", "transfers are paid by those who should receive them", {IT: [(GIVEN, "transfer = -problem.changes.transfer\n")]}),
    ("(6)", "deficits are ignored", {IT: [(DEFICIT, DEFICIT.replace("= problem", "= 0 * problem"))]}),
    ("(6)", "wage income at old wages", {
        EQ: [("return wage_hat * value_added + revenue", "return 0 * wage_hat + value_added + revenue")],
        IT: [("earned = np.exp(log_wage) * self.value_added\n        income", "earned = 1 * self.value_added\n        income")],
    }),
    ("(6)", "wage income at old wages, and neither (7) nor (8) is asked for", {
        EQ: [("return wage_hat * value_added + revenue", "return 0 * wage_hat + value_added + revenue")],
        IT: [("earned = np.exp(log_wage) * self.value_added\n        income", "earned = 1 * self.value_added\n        income")],
        RE: [NO_LABOUR, RE_TRADE],
    }),
    # -- (7), (8) and the numeraire
    ("(7)", "labour demand by gross output, not value added", {
        EQ: [("return (value_added_share * output_new).sum(axis=-2)", "return (0 * value_added_share + output_new).sum(axis=-2)")],
    }),
    ("(7), (8)", "wages do not move", {
        IT: [("target = np.exp(log_wage + move)", "move = 0 * move\n        target = np.exp(log_wage + move)"),
             ("largest = max(float(np.abs(gap).max()), ", "largest = max(")],
        RE: [NO_LABOUR, RE_TRADE],
    }),
    ("(7), (8)", "deficits and transfers with the wrong sign in the trade balance", {
        IT: [(GAP_IN, GAP_IN.replace("(net", "(-net")), (GAP_OUT, GAP_OUT.replace("(-net", "(net"))],
        RE: [(RE_GAP, RE_GAP.replace("+ solution", "- solution")), NO_LABOUR],
    }),
    ("(7), (8)", "trade has to balance in spite of deficits and transfers", {
        IT: [(GAP_IN, "inflow = implied.exports"), (GAP_OUT, "outflow = implied.imports")],
        RE: [(RE_GAP, "gap = exports - imports"), NO_LABOUR],
    }),
    ("numeraire", "world value added falls to nine tenths", {
        IT: [(LEVEL, "move -= np.log(target.sum() / (0.9 * self.part_value[0]))")],
    }),
    ("numeraire", "the first country's wage, not world value added", {IT: [(LEVEL, "move -= log_wage[0] + move[0]")]}),
    ("numeraire", "one for all parts of a world that is cut in two", {
        IT: [("np.flatnonzero(problem.component == k) for k in range(problem.component.max() + 1)]", "np.arange(self.count)]")],
    }),
    # -- prices and real income
    ("consumer price", "every sector with the same weight", {
        EQ: [("return xp.exp((consumption_share * xp.log(price_index)).sum(axis=-2))", "return xp.exp((0 * consumption_share + xp.log(price_index)).mean(axis=-2))")],
    }),
    ("consumer price", "an arithmetic mean of sector prices", {
        EQ: [("return xp.exp((consumption_share * xp.log(price_index)).sum(axis=-2))", "return (consumption_share * xp.exp(xp.log(price_index))).sum(axis=-2)")],
    }),
    ("real income", "at unchanged prices", {SO: [("implied.income / world.income / consumer_price", "implied.income / world.income")]}),
    ("real income", "against value added, not final spending", {
        SO: [("implied.income / world.income / consumer_price", "implied.income / world.value_added / consumer_price")],
    }),
    ("real income", "equivalent variation of the new income", {
        SL: [("return self.benchmark.income * (self.real_income_hat - 1)", "return self.income_new * (self.real_income_hat - 1)")],
    }),
    ("embargo", "a cost that is three times higher", {
        CH: [("log_iceberg = np.log(_spread(iceberg, flat, np.ones(len(flat))))", "log_iceberg = np.log(np.minimum(_spread(iceberg, flat, np.ones(len(flat))), 3.0))")],
    }),
    ("embargo", "a tenth of the weight stays", {
        PB: [("    if fraction < 1:\n        closed", "    if True:\n        closed"),
             ("weight[closed] = (1 - fraction) * share[closed]", "weight[closed] = (1.1 - fraction) * share[closed]")],
    }),
    ("embargo", "is forgotten", {
        CH: [("log_iceberg = np.log(_spread(iceberg, flat, np.ones(len(flat))))", "log_iceberg = np.nan_to_num(np.log(_spread(iceberg, flat, np.ones(len(flat)))), posinf=0.0)")],
    }),
    # -- closures
    ("deficit-share-of-gdp", "the world sum is shared by head", {
        IT: [("deficit = wanted - earned / earned.sum() * wanted.sum()", "deficit = wanted - wanted.sum() / len(wanted)")],
    }),
    ("deficit-share-of-gdp", "the world sum is left in", {
        IT: [("deficit = wanted - earned / earned.sum() * wanted.sum()", "deficit = 1 * wanted")],
    }),
    ("deficit-share-of-gdp", "deficits do not move", {
        IT: [("wanted = np.exp(log_wage) * problem.deficit", "wanted = 1 * problem.deficit")],
    }),
    ("deficit-share-of-gdp", "deficits move with own income, revenue included", {
        IT: [("wanted = np.exp(log_wage) * problem.deficit", "wanted = own / self.value_added * problem.deficit")],
    }),
    ("multiplicative-deficits", "not rescaled to the world sum", {
        IT: [("deficit = scaled * (own.sum() / scaled.sum()) - own", "deficit = scaled - own")],
    }),
    ("multiplicative-deficits", "a multiple of wage income", {
        IT: [("scaled = problem.income_factor * own", "scaled = problem.income_factor * earned")],
    }),
    ("multiplicative-deficits", "the factor forgets revenues", {CL: [("return world.income / own", "return world.income / world.value_added + 0 * own")]}),
    ("balanced", "a tenth of every deficit stays", {CL: [("np.zeros_like(world.deficit))", "0.1 * world.deficit)")]}),
    ("targets-balanced", "the rest is taken from the other sign", {
        CL: [("same_sign = deficit * np.sign(excess) > 0", "same_sign = deficit * np.sign(excess) < 0")],
    }),
    ("targets-balanced", "the rest is shared by head", {
        CL: [("deficit[same_sign] *= 1 - excess / deficit[same_sign].sum()", "deficit[np.setdiff1d(np.arange(len(deficit)), chosen)] -= excess / (len(deficit) - len(chosen))")],
    }),
    ("equalise", "one nominal factor", {
        IT: [("needed = self.problem.prepared.world.income[members] * price\n", "needed = self.problem.prepared.world.income[members] * price**0\n")],
    }),
    ("equalise", "one real income a head of country, not one change", {
        IT: [("needed = self.problem.prepared.world.income[members] * price\n", "needed = self.problem.prepared.world.income[members] ** 0 * price\n")],
    }),
    ("equalise", "the others pay in too", {IT: [("members = self.problem.coalition\n", "members = np.arange(self.count)\n")]}),
    ("equalise", "half of the way only", {IT: [("extra[members] = omega * needed - income[members]", "extra[members] = 0.5 * (omega * needed - income[members])")]}),
    # -- along the path, and where a gain comes from
    ("path", "a counterfactual as a world forgets the transfers", {
        PA: [("deficit=solution.deficit_new + solution.transfer_new,", "deficit=solution.deficit_new,")],
    }),
    ("decomposition", "terms of trade without the export tax", {DE: [("gained = flow * (cost[:, None, :] + tax)", "gained = flow * (cost[:, None, :] + 0 * tax)")]}),
    ("decomposition", "the volume of imports at the price of delivery", {
        DE: [("tariff * (d_flow - gained - flow * iceberg) / importer", "tariff * (d_flow - gained) / importer")],
    }),
    ("decomposition", "terms of trade include home sales", {DE: [("    terms[:, diagonal, diagonal] = 0.0\n", "    terms[:, diagonal, diagonal] += 0.01\n")]}),
    ("decomposition", "productivity weighted by value added", {
        DE: [("productivity=here.output_new * log_productivity / income,", "productivity=here.benchmark.value_added_share * here.output_new * log_productivity / income,")],
    }),
]  # fmt: skip


def model_errors() -> list[Mutant]:
    """The errors above. Every text that is replaced stands in its file exactly once."""
    found = []
    for equation, words, edits in ERRORS:
        sources = {}
        for file, pairs in edits.items():
            text = (PACKAGE / file).read_text(encoding="utf-8")
            for old, new in pairs:
                if text.count(old) != 1:
                    raise LookupError(f"{equation} {words}: {file} has {text.count(old)} times {old!r}")
                text = text.replace(old, new)
            sources[file] = text
        found.append(Mutant(equation, words, sources))
    return found
