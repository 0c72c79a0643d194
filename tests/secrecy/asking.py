"""What a page can be asked: every filter and every order that it offers itself, each value alone.

Nothing is listed by hand. A page says in its forms and links what its address may hold, the API says it in its schema;
`untried` finds a filter of the code that neither of them names, so that a new one is tried by itself or fails.
"""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import django_filters
from django import forms
from drf_spectacular.generators import SchemaGenerator

SAMPLES = {"number": "1", "date": "2026-11-20", "datetime-local": "2026-11-20T09:00"}
WORD = "Cold"
"""What is written where a page asks for words: it stands in the names of a bidder and of the project."""
OF_NO_PAGE = {"OutcomeFilter.late": "on the page of a night; in these worlds none is settled"}
"""Filters whose page answers nobody here, and why."""
IS_FILTER = re.compile(r"(Filters?|Search)$")


class _Offers(HTMLParser):
    """Reads the controls of the forms that only ask, and the links that lead back to the page with other questions."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.found: list[tuple[tuple[str, str], ...]] = []
        self._path, self._asks, self._select = path, False, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._asks = given.get("method", "get").lower() == "get" and self._leads_here(given.get("action", ""))
        elif tag == "a" and "?" in given.get("href", "") and self._leads_here(given["href"]):
            self.found.append(tuple(parse_qsl(urlsplit(given["href"]).query, keep_blank_values=True)))
        elif not self._asks:
            return
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select and given.get("value"):
            self.found.append(((self._select, given["value"]),))
        elif tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            ready = given.get("value", "on") if kind in ("checkbox", "radio", "hidden") else ""
            self.found.append(((given["name"], ready or SAMPLES.get(kind, WORD)),))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._asks = False
        elif tag == "select":
            self._select = ""

    def _leads_here(self, address: str) -> bool:
        return urlsplit(address).path in ("", self._path)


def offered(path: str, answer: bytes) -> list[str]:
    """Every question that an HTML page offers at its own address, as query strings."""
    page = _Offers(path)
    page.feed(answer.decode(errors="replace"))
    return list(dict.fromkeys(urlencode(each) for each in page.found if each))


def declared() -> list[tuple[re.Pattern[str], list[str]]]:
    """What the API's schema says that its addresses may be asked: patterns of paths with query strings."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    found = []
    for path, operations in schema["paths"].items():
        asked = [
            urlencode({one["name"]: value})
            for one in operations.get("get", {}).get("parameters", [])
            if one["in"] == "query"
            for value in _values(one["schema"])
        ]
        found.append((re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), asked))
    return found


def _values(kind: dict[str, Any]) -> list[str]:
    if "enum" in kind:
        return [str(each) for each in kind["enum"]]
    return {"integer": ["1"], "boolean": ["true", "false"]}.get(
        str(kind.get("type")), [SAMPLES["date"] if kind.get("format") == "date" else WORD]
    )


def questions(path: str, answer: bytes, api: Iterable[tuple[re.Pattern[str], list[str]]]) -> list[str]:
    """The same address with every question that it offers."""
    asked = offered(path, answer)
    for pattern, queries in api:
        if pattern.fullmatch(path):
            asked += queries
    return [f"{path}?{each}" for each in dict.fromkeys(asked)]


def untried(addresses: Iterable[str]) -> list[str]:
    """Fields of the filters in the code that stand in none of the addresses."""
    tried = {name for one in addresses for name, _value in parse_qsl(urlsplit(one).query, keep_blank_values=True)}
    declared = {f"{kind.__name__}.{name}": name for kind, names in _filters() for name in names}
    return sorted(field for field, name in declared.items() if name not in tried and field not in OF_NO_PAGE)


def _filters() -> Iterator[tuple[type, list[str]]]:
    """Forms and filter sets of ours that are named as filters, with their fields."""
    for base, attribute in ((forms.Form, "base_fields"), (django_filters.FilterSet, "base_filters")):
        waiting = list(base.__subclasses__())
        while waiting:
            kind = waiting.pop()
            waiting += kind.__subclasses__()
            ours = not kind.__module__.startswith(("django", "rest_framework", "allauth", "tests."))
            if ours and IS_FILTER.search(kind.__name__):
                yield kind, list(getattr(kind, attribute))
