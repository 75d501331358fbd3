"""HS codes and sectors: every chapter placed, well-known headings where the public classifications put them."""

from __future__ import annotations

import pytest

from comity import InputError
from comity.classifications.hs import hs_sector, hs_sectors, load_hs_rows
from comity.classifications.sectors import load_sectors

# headings whose ISIC Rev. 4 class is beyond doubt
KNOWN = {
    "010121": "AGR",  # horses
    "100199": "AGR",  # wheat
    "100630": "FOOD",  # milled rice
    "020130": "FOOD",  # beef
    "030214": "AGR",  # fresh salmon
    "030462": "FOOD",  # frozen fillets
    "090111": "AGR",  # coffee not roasted
    "090121": "FOOD",  # roasted coffee
    "220421": "FOOD",  # wine
    "240220": "FOOD",  # cigarettes
    "260111": "OMIN",  # iron ore
    "252329": "NMM",  # cement
    "270112": "OILGAS",  # coal
    "270900": "OILGAS",  # crude oil
    "271012": "PETRO",  # light oils
    "271111": "OILGAS",  # LNG
    "271121": "OILGAS",  # natural gas in gaseous state
    "271112": "PETRO",  # propane
    "271600": "SERV",  # electricity
    "281820": "NFM",  # alumina
    "310420": "CHEM",  # potash
    "300490": "PHARMA",  # medicine
    "293627": "PHARMA",  # vitamin C
    "390110": "CHEM",  # polyethylene
    "392321": "RUBPL",  # bags of plastics
    "400122": "AGR",  # natural rubber
    "401110": "RUBPL",  # car tyres
    "440710": "WOOD",  # sawn wood
    "480256": "PAPER",  # paper
    "520100": "AGR",  # cotton not carded
    "570110": "TEX",  # carpets
    "610910": "TEX",  # T-shirts
    "640399": "TEX",  # shoes
    "550320": "CHEM",  # polyester staple fibre
    "690721": "NMM",  # tiles
    "720839": "STEEL",  # hot-rolled coils
    "730419": "STEEL",  # line pipe
    "730890": "FMETAL",  # steel structures
    "710812": "NFM",  # gold
    "710231": "OMIN",  # rough diamonds
    "710239": "OMANF",  # worked diamonds
    "760110": "NFM",  # aluminium
    "820559": "FMETAL",  # hand tools
    "840734": "VEH",  # car engines
    "841112": "OTREQ",  # turbo-jets
    "841821": "ELEQ",  # household refrigerators
    "842952": "MACH",  # excavators
    "847130": "ELEC",  # laptops
    "850760": "ELEQ",  # lithium-ion batteries
    "851713": "ELEC",  # smartphones (HS 2022)
    "854231": "ELEC",  # processors
    "854430": "VEH",  # wiring sets
    "860900": "VEH",  # containers
    "870193": "MACH",  # farm tractors
    "870323": "VEH",  # cars
    "870423": "VEH",  # lorries
    "871120": "OTREQ",  # motorcycles
    "880240": "OTREQ",  # airliners
    "890120": "OTREQ",  # tankers
    "901813": "ELEC",  # magnetic resonance imaging
    "901890": "OMANF",  # other medical instruments
    "930690": "FMETAL",  # ammunition
    "940161": "OMANF",  # seats
    "940540": "ELEQ",  # lamps
    "950300": "OMANF",  # toys
}
CHAPTERS = [f"{number:02d}" for number in range(1, 98) if number != 77]


@pytest.mark.parametrize("code", KNOWN)
def test_well_known_headings(code: str) -> None:
    assert hs_sector(code) == KNOWN[code]


def test_every_chapter_has_a_row_and_every_row_a_sector() -> None:
    rows = load_hs_rows()
    assert [chapter for chapter in CHAPTERS if chapter not in rows] == []
    sectors = load_sectors()
    for prefix, row in rows.items():
        assert row.sector in sectors and row.isic and row.note, prefix
        assert prefix.isdigit() and 2 <= len(prefix) <= 6 and prefix[:2] in CHAPTERS
    # every goods sector receives something, services electricity only
    assert {row.sector for row in rows.values()} == set(sectors)
    assert [prefix for prefix, row in rows.items() if row.sector == "SERV"] == ["2716"]


def test_no_row_repeats_what_a_shorter_one_says() -> None:
    rows = load_hs_rows()
    for prefix, row in rows.items():
        shorter = [prefix[:length] for length in range(len(prefix) - 1, 1, -1) if prefix[:length] in rows]
        assert not shorter or rows[shorter[0]].sector != row.sector, prefix


def test_special_transactions_have_no_sector() -> None:
    assert hs_sectors(["010121", "980100", "999999"]) == {"010121": "AGR", "980100": None, "999999": None}


@pytest.mark.parametrize("code", [10121, "10121", "0101", "01012a", "٠١٠١٢١", None])
def test_codes_are_six_digits_of_text(code: object) -> None:
    with pytest.raises(InputError, match="six digits are needed.*leading zero"):
        hs_sector(code)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", ["770100", "000100"])
def test_no_such_chapter(code: str) -> None:
    with pytest.raises(InputError, match="no such chapter"):
        hs_sector(code)
