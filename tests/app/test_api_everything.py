"""Every input the OpenAPI document allows, and many it does not: never a 5xx, always the documented form."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import load_all_checks
from schemathesis.generation import GenerationMode

from comity.app.server import DRAWN_FILES
from tests.app.test_api_state import queries

load_all_checks()
CHECKS = schemathesis.checks.CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)
MODEST = 30  # cases an operation in the usual run
TOGETHER = 20_000  # cases over the whole document in the slow one
SLOW = 1000  # one case in so many may ask for a drawn file (5 s), one for bands (2 s), ten for ranges (0.3 to 3 s); at
# least one of each. The others ask for the same without: what reads a request is the same code
STEPS = {"deadline": None, "suppress_health_check": list(HealthCheck), "phases": (Phase.explicit, Phase.generate),
         "database": None}  # fmt: skip


class Hammer:
    """Calls every operation of a document and counts."""

    def __init__(self, server: str) -> None:
        self.server, self.made, self.drawn, self.ranged, self.banded = server, 0, 0, 0, 0
        self.statuses: dict[int, int] = {}
        document = schemathesis.openapi.from_url(f"{server}/openapi.json")
        self.operations = [result.ok() for result in document.get_all_operations()]

    def all(self, cases: int) -> None:
        """`cases` of each operation, half of them against what the document says."""
        for operation in self.operations:
            both = st.one_of(operation.as_strategy(GenerationMode.POSITIVE), _negative(operation))
            settings(max_examples=cases, **STEPS)(given(both)(self.one))()  # type: ignore[arg-type]

    def one(self, case: schemathesis.Case) -> None:
        """One call, checked."""
        self._spare(case)
        reply = case.call_and_validate(checks=CHECKS, timeout=120)
        self.made += 1
        self.statuses[reply.status_code] = self.statuses.get(reply.status_code, 0) + 1

    def _spare(self, case: schemathesis.Case) -> None:
        """Ask for what is slow now and then only."""
        what = (case.path_parameters or {}).get("what")
        if what in (*DRAWN_FILES, "report.html"):
            self.drawn += 1
            if self.drawn > 1 + self.made // SLOW:
                case.path_parameters["what"] = "scenario.yaml"
        if str((case.query or {}).get("draws", "0")).isdecimal() and int((case.query or {}).get("draws", 0)):
            self.banded += 1
            if self.banded > 1 + self.made // SLOW:
                case.query = {**(case.query or {}), "draws": "0"}
        if "simulate" in case.operation.path and (case.query or {}).get("ranges", "1") == "1":
            self.ranged += 1
            if self.ranged > 1 + 10 * self.made // SLOW:
                case.query = {**(case.query or {}), "ranges": "0"}
        if what == "results.csv":
            self.ranged += 1
            if self.ranged > 1 + 10 * self.made // SLOW:
                case.path_parameters["what"] = "script.py"


def _negative(operation: schemathesis.APIOperation) -> st.SearchStrategy[schemathesis.Case]:
    """What the document does not allow; where it allows everything, what it allows."""
    try:
        found = operation.as_strategy(GenerationMode.NEGATIVE)
        found.validate()
    except Exception:  # schemathesis has several words for "there is nothing to break"
        return operation.as_strategy(GenerationMode.POSITIVE)
    return found


@pytest.mark.filterwarnings("ignore")
def test_no_input_makes_the_server_fail(server: str) -> None:
    hammer = Hammer(server)
    hammer.all(MODEST)
    assert {operation.path for operation in hammer.operations} >= {"/api/simulate", "/download/{what}", "/api/worlds"}
    assert max(hammer.statuses) < 500
    assert hammer.statuses[200] > 0 and hammer.statuses[422] > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_twenty_thousand_inputs_do_not_make_the_server_fail(server: str) -> None:
    hammer = Hammer(server)
    while hammer.made < TOGETHER:
        hammer.all(TOGETHER // len(hammer.operations))
    print(hammer.made, hammer.statuses)
    assert max(hammer.statuses) < 500


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(query=queries())
def test_states_that_are_right_are_answered_or_refused_in_words(server: str, query: list[tuple[str, str]]) -> None:
    reply = httpx.get(f"{server}/api/simulate", params=[*query, ("ranges", "0")], timeout=60)
    assert reply.status_code in (200, 422), reply.text
    if reply.status_code == 422:
        assert reply.json()["error"]["message"]
