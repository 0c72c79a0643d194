"""Pages of the product as ratios to F, interleaved so that what else the machine does meets all of them alike."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest
from django.test.utils import override_settings
from django.urls import ResolverMatch

from contracts.models import Project
from people.models import User

WARM_UP, IN_DATABASE = 3, 5


Page = Callable[[], bytes]


@dataclass(frozen=True)
class Measured:
    """One page: milliseconds (median of the rounds) and those of its statements together, their number, kilobytes.

    ratio: to F, the median of the rounds.
    """

    name: str
    milliseconds: float
    ratio: float
    database: float
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


def signed_in(user: User) -> str:
    """The cookies that the browser of somebody signed in holds: their session, and the one against forged forms."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    client.get("/people/me/")
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def of_user(user: User, paths: Mapping[str, str]) -> dict[str, Page]:
    """Pages of the product that somebody asks for, by the names they have in the table."""
    product, cookie = WSGIHandler(), signed_in(user)
    return {name: partial(call, product, path, cookie) for name, path in paths.items()}


def measure(rounds: int) -> list[Measured]:
    """F first, then the pages of projects and home."""
    project = Project.objects.filter(status=Project.Status.PUBLISHED).order_by("deadline").values_list("pk").first()
    assert project is not None
    return compare(
        of_user(
            User.objects.get(email="amara@haier.example"),
            {
                "project list": "/projects/",
                "project list filtered": "/projects/?q=cold&phase=open",
                "project detail": f"/projects/{project[0]}/",
                "home": "/",
            },
        ),
        rounds,
    )


def compare(pages: Mapping[str, Page], rounds: int) -> list[Measured]:
    """F first, then the pages; every round asks each of them once."""
    everything: dict[str, Page] = {"F, a trivial view": floor(), **pages}
    for _ in range(WARM_UP):
        for page in everything.values():
            page()
    times: dict[str, list[float]] = {name: [] for name in everything}
    gc.collect()
    for _ in range(rounds):
        for name, page in everything.items():
            start = time.perf_counter()
            page()
            times[name].append((time.perf_counter() - start) * 1000)
    floors = next(iter(times.values()))
    return [_judged(name, page, times[name], floors) for name, page in everything.items()]


class _Trivial(WSGIHandler):
    """Answers from `benchmarks.trivial`. Its addresses are its own: switching Django's between two calls would make the
    next page of the product read all of its addresses anew."""

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        request.urlconf = "benchmarks.trivial"
        return super().resolve_request(request)


def floor() -> Page:
    """F, without middleware."""
    with override_settings(MIDDLEWARE=[]):
        return partial(call, _Trivial(), "/")


def frame(user: User) -> Page:
    """The frame of a page for somebody signed in, through all of the product's middleware, with nothing in it."""
    return partial(call, _Trivial(), "/frame/", signed_in(user))


def _judged(name: str, page: Page, times: list[float], floors: list[float]) -> Measured:
    asked: list[list[float]] = []
    for _ in range(IN_DATABASE):
        statements: list[float] = []
        with connection.execute_wrapper(partial(_timed, statements)):
            body = page()
        asked.append(statements)
    ratios = [mine / floor for mine, floor in zip(times, floors, strict=True)]
    return Measured(
        name,
        statistics.median(times),
        statistics.median(ratios),
        statistics.median(map(sum, asked)),
        len(asked[-1]),
        len(body) / 1024,
    )


def _timed(found: list[float], execute: Callable[..., Any], *arguments: Any) -> Any:
    start = time.perf_counter()
    try:
        return execute(*arguments)
    finally:
        found.append((time.perf_counter() - start) * 1000)
