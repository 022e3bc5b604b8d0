"""A running application, a client of it, and the command whose answers it gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from kg.__main__ import main
from server.app import create_app
from server.service import Options
from tests.server.records.posted import Command


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    """One for all tests here, for its workers take a second to start."""
    made = create_app(Options())
    yield made
    made.extensions["m816"].close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without a socket."""
    return app.test_client()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """``m816 check`` of a file of that name and content, which lies where the command runs."""
    monkeypatch.chdir(tmp_path)

    def _run(raw: bytes, name: str, *options: str, verb: str = "check") -> bytes:
        Path(name).write_bytes(raw)
        result = CliRunner().invoke(main, [verb, name, *options])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert result.exit_code in (0, 1), result.stderr
        return result.stdout_bytes

    return _run
