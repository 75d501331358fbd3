"""World bundles: one compressed file with float64 arrays and a manifest. No pickles."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from comity.benchmark import checks
from comity.benchmark.world import ARRAYS, World
from comity.errors import BundleError, InputError, nearest

FORMAT = 1
DEFAULT_WORLD = "world-2022"


SMOOTHED = "-smoothed"


def embedded_worlds() -> dict[str, Path]:
    """Names and files of the worlds that come with comity; their smoothed siblings are options, not in this list."""
    return {name: path for name, path in _bundles().items() if not name.endswith(SMOOTHED)}


def smoothed_worlds() -> dict[str, Path]:
    """Names and files of the smoothed siblings of the embedded worlds (docs/worlds.md)."""
    return {name: path for name, path in _bundles().items() if name.endswith(SMOOTHED)}


def _bundles() -> dict[str, Path]:
    folder = Path(str(resources.files("comity.benchmark") / "worlds"))
    return {path.stem: path for path in sorted(folder.glob("*.npz"))}


def save_world(world: World, path: str | os.PathLike[str]) -> Path:
    """Write a bundle. Arrays are stored as float64: float32 would leave a residual of 1e-7."""
    target = Path(path)
    manifest = {
        "format": FORMAT,
        "name": world.name,
        "base_year": world.base_year,
        "money_unit": world.money_unit,
        "countries": world.countries,
        "sectors": world.sectors,
        "hash": world.hash,
        "provenance": world.provenance,
    }
    manifest = json.loads(json.dumps(manifest, ensure_ascii=False))
    text = json.dumps({**manifest, "digest": _digest(manifest)}, ensure_ascii=False, sort_keys=True, indent=1)
    arrays = {key: getattr(world, key) for key in (*ARRAYS, "expenditure")}
    temporary = target.with_name(target.name + ".part")
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, manifest=np.frombuffer(text.encode(), dtype=np.uint8), **arrays)
        temporary.replace(target)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise InputError(f"bundle {target.name}", "cannot be written", found=problem.strerror or problem) from None
    return target


def load_world(name: str | os.PathLike[str] = DEFAULT_WORLD) -> World:
    """The embedded world of that name, or the bundle at that path.

    Raises InputError for an unknown name, BundleError for a file that is not a whole, matching bundle.
    """
    known = _bundles()
    text = os.fspath(name)
    path = known.get(text, Path(text))
    if text not in known and not _exists(path):
        raise InputError(
            f"world {text!r}",
            "no embedded world and no file of that name",
            allowed=list(known) + ["a path to a .npz bundle"],
            nearest=nearest(text, known),
        )
    return _read(path)


def world_for(asked: str | None, file: Any) -> World:
    """The world asked for, else the one that a scenario, dossier or game names, else the default.

    Raises as `load_world`, with the line of the file where the name stands in it.
    """
    if asked or not file.world:
        return load_world(asked or DEFAULT_WORLD)
    try:
        return load_world(file.world)
    except BundleError:
        raise
    except InputError as problem:
        raise InputError(file.where("world"), problem.problem, found=file.world, allowed=problem.allowed,
                         nearest=problem.nearest) from None  # fmt: skip


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name longer than file systems take
        return False


def _read(path: Path) -> World:
    where = f"world bundle {path.name or path}"
    if not path.is_file():
        raise BundleError(where, "is not a file")
    if not zipfile.is_zipfile(path):
        raise BundleError(
            where,
            "cannot be read: no comity bundle, or a truncated one",
            found="a file that is no .npz archive",
            advice="Build it again with `comity world build`.",
        )
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            manifest: dict[str, Any] = json.loads(bytes(file["manifest"]).decode())
            if manifest.get("format") != FORMAT:
                raise BundleError(where, "unknown bundle format", found=manifest.get("format"), allowed=[FORMAT])
            arrays = {key: file[key] for key in (*ARRAYS, "expenditure")}
        digest = manifest.pop("digest")
        if digest != _digest(manifest):
            raise BundleError(where, "its labels or provenance were altered", found=str(digest)[:12])
        labels = (tuple(manifest["countries"]), tuple(manifest["sectors"]))
        meta = [manifest[key] for key in ("name", "base_year", "money_unit", "provenance")]
        j, n = len(labels[1]), len(labels[0])
        shapes = [(j, n, n)] * 3 + [(j, n), (j, j, n), (j, n), (j,), (n,), (n,), (j, n)]
        for (key, array), shape in zip(arrays.items(), shapes, strict=True):
            arrays[key] = checks.check_array(key, array, shape)
        world = World._frozen(labels, arrays, *meta)
        checks.check_values({key: arrays[key] for key in ARRAYS}, labels, 1e-9)
    except BundleError:
        raise
    except InputError as problem:
        raise BundleError(where, "does not hold a consistent world", found=problem.message) from None
    except Exception as problem:  # whatever a damaged archive makes its readers raise
        raise BundleError(
            where,
            "cannot be read: truncated, or not a comity bundle",
            found=f"{type(problem).__name__}: {problem}",
            advice="Build it again with `comity world build`.",
        ) from None
    if world.hash != manifest["hash"]:
        raise BundleError(where, "content does not match its own hash: the file was altered", found=world.hash[:12])
    return world


def _digest(manifest: dict[str, Any]) -> str:
    """SHA-256 over everything the manifest says, so that a status cannot be taken out unnoticed."""
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
