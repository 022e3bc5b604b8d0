"""The cache is wherever the environment says, and its absence is no error."""

import os
from pathlib import Path

import pytest

from kg import locations


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the environment names a cache."""
    for variable in ("M816_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)


def test_m816_cache_names_the_folder_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "not this one"))
    monkeypatch.setenv("M816_CACHE", str(tmp_path / "deep" / "down"))
    assert locations.cache() == tmp_path / "deep" / "down"
    assert (tmp_path / "deep" / "down").is_dir()


def test_an_empty_m816_cache_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("M816_CACHE", "")
    assert locations.cache() is None


def test_the_users_cache_folder_holds_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert locations.cache() == tmp_path / "m816"


def test_the_home_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert locations.cache() == tmp_path / ".cache" / "m816"


def test_no_home_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    assert locations.cache() is None


def test_a_folder_that_cannot_be_made_means_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("M816_CACHE", str(tmp_path / "file" / "below"))
    assert locations.cache() is None


def test_a_folder_that_cannot_be_written_to_means_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("M816_CACHE", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    assert locations.cache() is None
