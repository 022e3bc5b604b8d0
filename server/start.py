"""``m816 serve``: options → a production WSGI server with the application in it, until stopped.

Granian runs two processes. The first waits for signals and replaces the second should it ever die;
the second answers requests and starts the engine's worker processes (``server.pool``), which end
when it does. SIGTERM and Ctrl-C let requests under way finish, for at most the deadline and a bit.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import multiprocessing
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, NoReturn

import click
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import MPServer

from kg import __version__
from server.options import Options

if TYPE_CHECKING:
    from server.service import Service

_HEADERS = 10_000  # milliseconds for the head of a request to arrive


def _endpoint(_: click.Context, __: click.Parameter, url: str) -> str:
    """The URL of a store; refused, and not repeated, if it is none."""
    if url:
        from server.remote import Remote

        try:
            Remote(url, 1, 1, 0, 0)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return url


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8160, help="8160; 0: a free one.")
@click.option("--workers", type=click.IntRange(1, 256), help="Engine processes; one a core.")
@click.option("--deadline", type=click.FloatRange(0.1, 3_600), default=10, help="Seconds; 10.")
@click.option(
    "--store",
    default="",
    metavar="URL",
    callback=_endpoint,
    help="Ask this SPARQL endpoint instead; may hold user:password@ and its own ?timeout=.",
)
@click.option("--scratch", is_flag=True, help="An empty dataset to try updates on; loopback only.")
@click.option("--engine", type=click.Choice(["oxigraph", "rdflib"]), default="oxigraph")
@click.option("--base", metavar="URL", help="The public address, where a proxy stands in front.")
def serve(
    host: str,
    port: int,
    workers: int | None,
    deadline: float,
    store: str,
    scratch: bool,
    engine: str,
    base: str | None,
) -> None:
    """Serve queries, linked data and record checks over HTTP until Ctrl-C or SIGTERM.

    \b
    Exit codes: 0 stopped; 2 not started, and why.

    \b
    Examples:
      m816 serve
      m816 serve --host 0.0.0.0 --base https://m816.example.org
      m816 serve --scratch --port 0
    """
    address = _address(host)
    token = _token(host, address, store) if scratch else ""
    port = _free(address, port)
    options = Options(
        base=(base or _url(host, port)).rstrip("/"),
        workers=workers or os.cpu_count() or 1,
        deadline=deadline,
        engine=engine,
        store=store,
        scratch=scratch,
        token=token,
    )
    if token:
        click.echo(f"bearer token for updates: {token}")
    wsgi_server(address, port, options).serve(
        target_loader=functools.partial(_application, options, (address, port), _url(host, port)),
        wrap_loader=False,
    )


def _token(host: str, address: str, store: str) -> str:
    """A new bearer token, where one may be given out."""
    if not ipaddress.ip_address(address).is_loopback:
        _refuse(f"--scratch lets whoever has its token change data: not at {host}, loopback only")
    if store:
        _refuse("--scratch has a dataset of its own; leave out --store")
    return secrets.token_urlsafe()


def wsgi_server(address: str, port: int, options: Options) -> MPServer:
    """The server with its limits; ``serve`` it what loads an application."""
    return MPServer(
        "server.app:create_app",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        loop=Loops.asyncio,
        blocking_threads=options.threads,
        backpressure=4 * options.threads,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS, max_buffer_size=65_536),
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=int(options.deadline) + 5,
    )


def _application(options: Options, place: tuple[str, int], url: str) -> Callable[..., Any]:
    """Make the application in the process that answers; the data load while Flask is imported."""
    os.setpgrp()  # Ctrl-C is for the first process, which passes it on as SIGTERM
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not as there; Granian sets its own later
    queries = options.queries()
    if queries is not None:
        queries.start()
    from server.app import create_app

    app = create_app(options, queries)
    here: Service = app.extensions["m816"]
    Finalize(None, here.close, exitpriority=1)  # atexit is not called in such a process
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_announce, args=(here, place, url), daemon=True).start()
    return app


def _announce(here: Service, place: tuple[str, int], url: str) -> None:
    """Start all workers; say so once a query would be answered."""
    ready = here.ready()
    while True:
        with contextlib.suppress(OSError), socket.create_connection(place, timeout=1):
            break
        time.sleep(0.01)
    state = "answers" if ready else "is not ready, but listens"
    click.echo(f"m816 {__version__} {state} at {url}/")
    sys.stdout.flush()
    here.warm()


def _end_with_parent() -> None:
    """A killed parent cannot pass a signal on; its end is seen here."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


def _address(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        _refuse(f"no address is known for the host {host}")
    return str(found[0][4][0])


def _free(address: str, port: int) -> int:
    """The port, if nobody listens there; a free one for 0."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            _refuse(f"cannot listen at {_url(address, port)}: {error.strerror}; try --port 0")
        return int(probe.getsockname()[1])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refuse(reason: str) -> NoReturn:
    click.echo(f"m816: {reason}", err=True)
    sys.exit(2)
