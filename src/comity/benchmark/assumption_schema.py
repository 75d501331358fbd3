"""What an assumptions file may say: types and ranges of every entry, so that a slip ends as one clear message."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from comity.classifications.countries import load_countries
from comity.classifications.sectors import load_sectors
from comity.errors import InputError, nearest

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Code = Annotated[str, Field(pattern="^[A-Z0-9]+$")]
Status = Literal["observed", "estimated", "borrowed", "assumed"]


class Entry(BaseModel):
    """A part of the file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sourced(Entry):
    """Anything with a status and where it comes from."""

    status: Status
    citation: str = ""


class Number(Sourced):
    value: Positive


class Union(Sourced):
    members: list[Code] = Field(min_length=2)


class Split(Entry):
    buyers: dict[Code, Share]
    other_buyers: Share
    final: Share


class FuelShare(Sourced):
    values: dict[Code, Share]
    default: Share = 0.0


class NamedExport(Sourced):
    """One flow added on top of the totals; every other key is a base year with its amount."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Amount]

    to: Code
    sector: Code


class NamedTotal(Sourced):
    value: Amount
    year: str


class Pair(Sourced):
    origin: Code = Field(alias="from")
    to: Code
    value: Amount
    year: str
    sectors: dict[Code, Share] | None = None
    sectors_status: Status | None = None
    sectors_citation: str = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Pair:
        if self.sectors is not None and abs(sum(self.sectors.values()) - 1) > 1e-9:
            raise ValueError(f"shares of sectors must add to 1, they add to {sum(self.sectors.values()):g}")
        return self


class Services(Sourced):
    share_of_row_factor: Amount
    imports_to_exports: Amount


class Output(Sourced):
    donors: list[Code] = Field(min_length=1)
    oil_value_added_share_of_gdp: Share
    least_output_to_exports: Amount


class CarveOut(Entry):
    title: str
    wits_year: int
    tariff_year: int
    import_total: Number | None = None
    export_factor: Number
    largest_share_of_row: dict[str, Share]
    fuel_share: FuelShare
    named_exports: list[NamedExport] = []
    named_exports_to_row: list[NamedTotal] = []
    pairs: list[Pair] = []
    services: Services
    output: Output

    @model_validator(mode="after")
    def _has_default(self) -> CarveOut:
        if "default" not in self.largest_share_of_row:
            raise ValueError("largest_share_of_row needs a default")
        return self


class Assumptions(Entry):
    gdp: dict[Code, dict[str, Number]]
    zero_tariff_unions: list[Union]
    borrowed_structure: dict[str, Annotated[list[Code], Field(min_length=1)]]
    structure_splits: dict[str, Split]
    wits_sections: dict[str, dict[Code, Share]]
    carve_out: dict[Code, CarveOut]

    @model_validator(mode="after")
    def _whole(self) -> Assumptions:
        if "default" not in self.borrowed_structure:
            raise ValueError("borrowed_structure needs a default")
        if set(self.structure_splits) != {"OILGAS-OMIN", "STEEL-NFM"}:
            raise ValueError("structure_splits must be OILGAS-OMIN and STEEL-NFM")
        for section, split in self.wits_sections.items():
            if abs(sum(split.values()) - 1) > 1e-9:
                raise ValueError(f"wits_sections, {section}: shares must add to 1, they add to {sum(split.values()):g}")
        return self


def check(content: Any, where: str) -> None:
    """Raise an InputError with the place of the first thing that cannot be."""
    try:
        assumed = Assumptions.model_validate(content)
    except ValidationError as problem:
        first = problem.errors()[0]
        text = first["msg"].removeprefix("Value error, ")
        found = None if first["type"] in ("missing", "value_error") else first["input"]
        place = ", ".join(filter(None, (where, _place(first["loc"]))))
        raise InputError(place, text[0].lower() + text[1:], found=found) from None
    _check_codes(assumed, where)


def _place(parts: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _check_codes(assumed: Assumptions, where: str) -> None:
    """Every economy and sector the file names must be one: a typo would change nothing and say nothing."""
    countries, sectors = {*load_countries(), "ROW"}, set(load_sectors())
    named: list[tuple[str, str, set[str]]] = [("gdp", code, countries) for code in assumed.gdp]
    for k, union in enumerate(assumed.zero_tariff_unions):
        named += [(f"zero_tariff_unions[{k}]", code, countries) for code in union.members]
    for code, donors in assumed.borrowed_structure.items():
        named += [("borrowed_structure", word, {*countries, "default"}) for word in (code, *donors)]
    for section, split in assumed.wits_sections.items():
        named += [(f"wits_sections.{section}", code, sectors) for code in split]
    for name, rule in assumed.structure_splits.items():
        named += [(f"structure_splits.{name}", code, sectors) for code in rule.buyers]
    for country, spec in assumed.carve_out.items():
        place = f"carve_out.{country}"
        named += [(place, country, countries)]
        named += [(f"{place}.fuel_share", code, countries) for code in spec.fuel_share.values]
        named += [(f"{place}.largest_share_of_row", c, {*countries, "default"}) for c in spec.largest_share_of_row]
        named += [(f"{place}.output.donors", code, countries) for code in spec.output.donors]
        named += [(f"{place}.named_exports", item.to, countries) for item in spec.named_exports]
        named += [(f"{place}.named_exports", item.sector, sectors) for item in spec.named_exports]
        for pair in spec.pairs:
            named += [(f"{place}.pairs", code, countries) for code in (pair.origin, pair.to)]
            named += [(f"{place}.pairs", code, sectors) for code in pair.sectors or {}]
            if country not in (pair.origin, pair.to):
                raise InputError(f"{where}, {place}.pairs", f"one side must be {country}", found=(pair.origin, pair.to))
    for key, code, allowed in named:
        if code not in allowed:
            raise InputError(f"{where}, {key}", "unknown code", found=code, nearest=nearest(code, allowed))
