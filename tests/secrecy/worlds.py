"""Two worlds that are equal but for the bids on one open project, and every address of the product to ask them.

The addresses are generated from the URLconf; a route whose parameters nobody here knows fails the test, so a new page
cannot be forgotten.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

NOBODY = UUID(int=7)
"""An id that is nowhere: what a guesser would try."""


@dataclass
class Known:
    """What the addresses are filled with: ids by the first words of the route."""

    by_prefix: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def fill(self, route: str, names: list[str]) -> Iterator[dict[str, Any]]:
        """Arguments for a route; later ones nobody knows are guesses. Raises LookupError when none knows the first."""
        prefixes = sorted((p for p in self.by_prefix if route.startswith(p)), key=len, reverse=True)
        for prefix in prefixes:
            found = [known for known in self.by_prefix[prefix] if names[0] in known]
            if found:
                yield from ({name: known.get(name, NOBODY) for name in names} for known in found)
                return
        raise LookupError(f"tests/secrecy knows no arguments {names} for {route}: say what it shows before the opening")


@dataclass(frozen=True)
class Route:
    """One address pattern."""

    pattern: str
    name: str | None
    params: tuple[str, ...]


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Route]:
    """Every pattern of the URLconf."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, pattern)
        elif isinstance(entry, URLPattern):
            yield Route(pattern, entry.name, tuple(re.findall(r"<(?:[a-z_]+:)?([a-z_0-9]+)>", pattern)))


def paths(known: Known) -> list[str]:
    """Every address with every known argument."""
    found: list[str] = []
    for route in routes():
        plain = re.sub(r"[\^$]|\\Z", "", route.pattern)
        plain = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", plain)
        if not route.params:
            found.append("/" + plain)
            continue
        for values in known.fill(route.pattern, list(route.params)):
            path = plain
            for name, value in values.items():
                path = re.sub(rf"<(?:[a-z_]+:)?{name}>", str(value), path)
            found.append("/" + path)
    return found


PROBES = (
    "q=Sealed", "q=Amara", "q=Cold", "search=1", "price_minor__lt=100000000", "amount__lt=100", "size=1", "cursor=W10",
    "bids__price_minor__lt=9", "bids__isnull=False", "bids__status=submitted", "project__bids__days__gt=1", "mine=1",
    "ordering=bids", "ordering=-price_minor", "sort=bids", "sort=-bids", "order=-bids__price_minor", "fields=bids",
    "expand=bids", "format=json", "bids=1", "phase=open&sort=deadline", "status=open", "watching=1",
    "columns=bids", "columns=method&columns=opens",
)  # fmt: skip


def guessed(path: str, answers: bool, most: int) -> list[str]:
    """An address with what a curious reader would try although no page offers it; at most so many, others elsewhere.

    An address that has no answer for the reader gets one guess of all, when all are wanted.
    """
    begin = sum(path.encode()) % len(PROBES)
    turned = (PROBES[begin:] + PROBES[:begin])[:most]
    if not answers:
        return [f"{path}?{turned[0]}"] if most >= len(PROBES) else []
    if path in LISTS or path.startswith("/api/v1/"):
        return [f"{path}?{probe}" for probe in turned]
    return []


def guessed_of_tables() -> Iterator[str]:
    """The admin's tables with the same guesses, and every column forwards and backwards."""
    for model, table in admin.site._registry.items():
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield from (f"{base}?{probe}" for probe in PROBES)
        for column in range(1, len(list(table.list_display)) + 1):
            yield f"{base}?o={column}"
            yield f"{base}?o=-{column}"


LISTS = {
    "/", "/projects/", "/projects/saved/", "/bids/", "/microenterprises/", "/ideas/", "/contracts/", "/statements/",
    "/settlement/", "/talent/", "/talent/seats/", "/projects/export.csv",
}  # fmt: skip

_VARYING = (
    (re.compile(rb'name="csrfmiddlewaretoken" value="[^"]+"'), b'name="csrfmiddlewaretoken" value=""'),
    (re.compile(rb'"X-CSRFToken": ?"[^"]+"'), b'"X-CSRFToken": ""'),
    (re.compile(rb"took [0-9.]+ ?m?s"), b""),
)
_OWN_HEADERS = {"set-cookie", "date", "expires", "x-request-id", "x-correlation-id"}


def seen(response: Any) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """What a reader learns from an answer: status, headers, body; without tokens and cookies of their own."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    for pattern, plain in _VARYING:
        body = pattern.sub(plain, body)
    headers = sorted((name, value) for name, value in response.headers.items() if name.lower() not in _OWN_HEADERS)
    return response.status_code, tuple(headers), body
