"""One application of each kind for all suites; a fresh dataset for each test that changes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from server.app import create_app
from server.service import Options
from tests.conformance.exchange import Send, sender

TOKEN = "for-the-suites"


@pytest.fixture(scope="session")
def scratch_app() -> Iterator[Flask]:
    app = create_app(Options(scratch=True, token=TOKEN))
    yield app
    app.extensions["m816"].close()


@pytest.fixture
def scratch(scratch_app: Flask) -> Send:
    """Sends to an endpoint whose dataset is empty and may be changed."""
    send = sender(scratch_app.test_client(), Authorization=f"Bearer {TOKEN}")
    emptied = send("POST", "/sparql", {"Content-Type": "application/sparql-update"}, b"DROP ALL")
    assert emptied.status == 204
    return send


@pytest.fixture(scope="session")
def default_app() -> Iterator[Flask]:
    app = create_app(Options())
    yield app
    app.extensions["m816"].close()


@pytest.fixture
def default(default_app: Flask) -> Send:
    """Sends to an endpoint as it starts without options."""
    return sender(default_app.test_client())
