"""Mutated scenario files: whatever is in them, the answer is a scenario or one located message, never a traceback."""

from __future__ import annotations

import random

import pytest

from comity import World, compile_scenario, load_world
from comity.errors import InputError
from comity.scenario.load import gallery, parse_scenario

FILES = 2400
SEED = 20230313
WORDS = (
    "25", "-1", "1e999", "nan", "inf", "NO", "ON", "0101", "12:30", "[]", "{}", "null", "~", "all", "goods", "IRN", "ROW",
    "EAEU", "Atlantis", "2023", "9999", "0", "-0.5", "150%", "%", "'", '"', "\t", "!!python/object:os.system", "&a *a",
    "tariff", "lifting", "size_of", "to", "from", "\u0000", "💥", "<<", "- -", ": :", "2023-02-30",
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return load_world("world-2022")


def mutate(text: str, rng: random.Random) -> str:
    """One to four changes: lines dropped, doubled, swapped, re-indented; words replaced; characters cut."""
    lines = text.split("\n")
    for _ in range(rng.randint(1, 4)):
        k = rng.randrange(len(lines))
        action = rng.randrange(8)
        if action == 0 and len(lines) > 1:
            del lines[k]
        elif action == 1:
            lines.insert(k, lines[rng.randrange(len(lines))])
        elif action == 2:
            lines[k] = " " * rng.randint(0, 6) + lines[k].strip()
        elif action == 3:
            head, colon, _ = lines[k].partition(":")
            lines[k] = f"{head}{colon} {rng.choice(WORDS)}"
        elif action == 4:
            words = lines[k].split(" ")
            words[rng.randrange(len(words))] = rng.choice(WORDS)
            lines[k] = " ".join(words)
        elif action == 5:
            cut = rng.randint(0, len(lines[k]))
            lines[k] = lines[k][:cut]
        elif action == 6:
            other = rng.randrange(len(lines))
            lines[k], lines[other] = lines[other], lines[k]
        else:
            place = rng.randint(0, len(lines[k]))
            lines[k] = lines[k][:place] + rng.choice(WORDS) + lines[k][place:]
    return "\n".join(lines)


def test_mutated_files_never_end_in_a_traceback(world: World) -> None:
    rng = random.Random(SEED)
    texts = [path.read_text(encoding="utf-8") for path in gallery().values()]
    refused = accepted = 0
    for number in range(FILES):
        text = mutate(rng.choice(texts), rng)
        try:
            scenario = parse_scenario(text, f"mutant-{number}.yaml")
            compile_scenario(world, scenario)
        except InputError as problem:
            refused += 1
            assert f"mutant-{number}.yaml" in str(problem), str(problem)
            assert len(str(problem)) < 5000
        else:
            accepted += 1
    assert refused + accepted == FILES
    assert refused > FILES / 3 and accepted > FILES / 20  # the mutations neither always break nor never
