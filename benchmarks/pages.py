"""Pages of the product as ratios to F, interleaved so that what else the machine does meets all of them alike."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from contracts.models import Project
from people.models import User

WARM_UP, ROUNDS = 5, 40


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds (median of the rounds), statements, kilobytes."""

    name: str
    milliseconds: float
    statements: int
    kilobytes: float


def call(handler: WSGIHandler, path: str, cookie: str = "") -> bytes:
    """Ask a WSGI application as a server would. Raises RuntimeError unless it answers 200."""
    address, _, query = path.partition("?")
    answered: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        answered.append(status)
        return lambda data: None

    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": address, "QUERY_STRING": query, "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(), "wsgi.version": (1, 0), "HTTP_COOKIE": cookie, "REMOTE_ADDR": "127.0.0.1",
    }  # fmt: skip
    response = handler(environ, start_response)
    body = b"".join(response)
    response.close()
    if not answered[0].startswith("200"):
        raise RuntimeError(f"{path}: {answered[0]}")
    return body


def signed_in(email: str) -> str:
    """A session cookie of somebody of the cast."""
    from django.test import Client

    client = Client()
    client.force_login(User.objects.get(email=email))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def measure() -> list[Measured]:
    """F first, then the pages; every round asks each of them once."""
    with override_settings(MIDDLEWARE=[], ROOT_URLCONF="benchmarks.trivial"):
        floor = WSGIHandler()
    product = WSGIHandler()
    cookie = signed_in("amara@haier.example")
    project = Project.objects.filter(status=Project.Status.PUBLISHED).order_by("deadline").values_list("pk").first()
    assert project is not None
    pages: dict[str, Callable[[], bytes]] = {
        "F, a trivial view": lambda: _floor(floor),
        "project list": lambda: call(product, "/projects/", cookie),
        "project list, filtered": lambda: call(product, "/projects/?q=cold&phase=open", cookie),
        "project detail": lambda: call(product, f"/projects/{project[0]}/", cookie),
        "home": lambda: call(product, "/", cookie),
    }
    for _ in range(WARM_UP):
        for page in pages.values():
            page()
    times: dict[str, list[float]] = {name: [] for name in pages}
    gc.collect()
    for _ in range(ROUNDS):
        for name, page in pages.items():
            start = time.perf_counter()
            page()
            times[name].append((time.perf_counter() - start) * 1000)
    return [_judged(name, page, times[name]) for name, page in pages.items()]


def _floor(handler: WSGIHandler) -> bytes:
    with override_settings(ROOT_URLCONF="benchmarks.trivial"):
        return call(handler, "/")


def _judged(name: str, page: Callable[[], bytes], times: list[float]) -> Measured:
    with CaptureQueriesContext(connection) as queries:
        body = page()
    return Measured(name, statistics.median(times), len(queries), len(body) / 1024)
