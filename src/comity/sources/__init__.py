"""Raw public data -> arrays and tables. One file a source; layout checked, licence and citation carried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from comity.errors import InputError


@dataclass(frozen=True)
class Source:
    """Where numbers come from, for provenance and cite()."""

    id: str
    title: str
    citation: str
    licence: str
    used_for: str
    bibtex: str

    def as_dict(self) -> dict[str, str]:
        """A plain dict for a world's provenance."""
        return asdict(self)


def require(path: Path, what: str) -> Path:
    """`path`, or an InputError that names what is missing."""
    if not path.exists():
        raise InputError(str(path.name), f"{what} is not there", found=f"no {path.name} in {path.parent.name}/")
    return path


@contextmanager
def opened(path: Path, what: str, encoding: str = "utf-8") -> Iterator[TextIO]:
    """A text file open for reading, or an InputError that says what cannot be read and why."""
    try:
        with open(require(path, what), newline="", encoding=encoding) as file:
            yield file
    except (OSError, UnicodeDecodeError) as problem:
        raise unreadable(path, problem) from None


def unreadable(path: Path, problem: Exception) -> InputError:
    """The error for a file that is there but damaged, or not of the expected kind."""
    return InputError(path.name, "cannot be read: damaged, or another kind of file?", found=problem)


def missing_extra(package: str) -> InputError:
    """The error for an optional reader that is not installed."""
    return InputError(
        f"package {package}", "needed to read the raw sources, not installed", advice="pip install 'comity[worlds]'"
    )


def check_columns(found: list[str], needed: list[str], where: str) -> None:
    """Raise InputError unless a table has the columns a reader needs."""
    lost = [name for name in needed if name not in found]
    if lost:
        raise InputError(where, "columns missing: another edition of the file?", found=found, allowed=needed)
