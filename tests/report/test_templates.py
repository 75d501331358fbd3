"""Templates are compiled once, kept where that is possible, and found changed when they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest

from comity.report import templates


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    templates.environment.cache_clear()
    yield
    templates.environment.cache_clear()


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "comity").rglob("*.cache"))


def test_what_is_compiled_is_kept_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = templates.template("compare.html.j2")
    (file,) = kept(tmp_path)
    assert jinja2.__version__ in file.parent.name
    templates.environment.cache_clear()

    def no(*_: object, **__: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(jinja2.Environment, "compile", no)
    again = templates.template("compare.html.j2")
    assert again is not first and again.blocks.keys() == first.blocks.keys()


def test_a_changed_template_is_not_taken_from_there(tmp_path: Path) -> None:
    sources = {"a": "one"}
    environment = templates.environment()
    environment.loader = jinja2.DictLoader(sources)
    assert environment.get_template("a").render() == "one"
    assert len(kept(tmp_path)) == 1
    sources["a"] = "two"
    templates.environment.cache_clear()
    environment = templates.environment()
    environment.loader = jinja2.DictLoader(sources)
    assert environment.get_template("a").render() == "two"


def test_where_nothing_can_be_kept_pages_come_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert templates.environment().bytecode_cache is None
    assert templates.template("compare.html.j2") is not None
    monkeypatch.setattr(jinja2.FileSystemBytecodeCache, "dump_bytecode", _full)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    templates.environment.cache_clear()
    assert templates.template("compare.html.j2") is not None


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
