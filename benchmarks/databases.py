"""Databases for one run of the benchmarks: made beside the product's on the same server, thrown away afterwards."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg2
from psycopg2 import sql


@contextmanager
def made(name: str, url: str, *, template: str = "template1", keep: bool = False) -> Iterator[str]:
    """A database on the server of `url`, empty or as its template is; yields its own URL."""
    drop(url, name)
    run(url, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield urlsplit(url)._replace(path=f"/{quote(name)}").geturl()
    finally:
        if not keep:
            drop(url, name)


def drop(url: str, name: str) -> None:
    """Throw a database away, if it is there, with whoever of us is still in it.

    Not WITH (FORCE): that would end the server's housekeeping too, which we may not; a plain DROP asks it to leave.
    """
    send_away(url, name)
    run(url, sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def send_away(url: str, name: str) -> None:
    """End the connections of ours to a database, and wait for their end."""
    leave = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {} AND usename = current_user"
    run(url, sql.SQL(leave).format(sql.Literal(name)))


def url_of(settings: Mapping[str, Any]) -> str:
    """Django's settings of a database as the address that the environment takes."""
    user = quote(settings["USER"]) + (f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else "")
    host = f"{settings['HOST']}:{settings['PORT'] or 5432}"
    return f"postgres://{user}@{host}/{quote(str(settings['NAME']))}"


def fresh_name() -> str:
    """A name no other run has."""
    return f"bench_{os.getpid()}"


def run(url: str, statement: sql.Composable) -> None:
    """One statement about databases, outside any transaction, on the server of `url`."""
    with closing(psycopg2.connect(urlsplit(url)._replace(path="/postgres").geturl())) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(statement)
