"""Databases for one run of the benchmarks: made beside the product's on the same server, thrown away afterwards."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg2
from psycopg2 import sql


@contextmanager
def made(name: str, url: str, *, keep: bool = False) -> Iterator[str]:
    """An empty database on the server of `url`; yields its own URL."""
    _run(url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    _run(url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlsplit(url)._replace(path=f"/{quote(name)}").geturl()
    finally:
        if not keep:
            _run(url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(settings: Mapping[str, Any]) -> str:
    """Django's settings of a database as the address that the environment takes."""
    user = quote(settings["USER"]) + (f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else "")
    host = f"{settings['HOST']}:{settings['PORT'] or 5432}"
    return f"postgres://{user}@{host}/{quote(str(settings['NAME']))}"


def fresh_name() -> str:
    """A name no other run has."""
    return f"bench_{os.getpid()}"


def _run(url: str, statement: sql.Composable) -> None:
    with closing(psycopg2.connect(urlsplit(url)._replace(path="/postgres").geturl())) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(statement)
