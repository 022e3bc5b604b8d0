"""Where the data, the cache and the version are: in a checkout, or in an installed wheel."""

import os
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_INSTALLED = (_HERE / "ontology").is_dir()  # the wheel carries the data inside the package

ROOT = _HERE if _INSTALLED else _HERE.parent
ONTOLOGY = ROOT / "ontology"
SHAPES = ROOT / "shapes"


def version() -> str:
    """Return the version written in ``pyproject.toml``, from there or from the wheel's metadata.

    A checkout never asks the metadata: another version of the wheel may be installed beside it.
    """
    if _INSTALLED:
        from importlib.metadata import version as installed_version

        return installed_version("m816-kg")
    import tomllib

    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def cache() -> Path | None:
    """Return the folder for compiled knowledge, made if need be; None if there can be none.

    ``M816_CACHE`` names it (empty: no cache), else it is ``m816`` in ``$XDG_CACHE_HOME`` or
    ``~/.cache``. None also where no home is known or the folder cannot be made or written to. A
    full disk shows only on writing, so writers still expect OSError.
    """
    folder = _named_cache()
    if folder is None:
        return None
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # its files are trusted: ours alone
    except OSError:
        return None
    return folder if os.access(folder, os.R_OK | os.W_OK | os.X_OK) else None


def _named_cache() -> Path | None:
    """Return the folder that the environment asks for, which may not exist."""
    if (ours := os.environ.get("M816_CACHE")) is not None:
        return Path(ours) if ours else None
    if users := os.environ.get("XDG_CACHE_HOME"):
        return Path(users) / "m816"
    try:
        return Path.home() / ".cache" / "m816"
    except RuntimeError:  # no home: some containers and services
        return None
