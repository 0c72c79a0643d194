"""Lets test processes run beside each other: a broker and cache of its own for each, before anything reads settings.

pytest-django gives each process a database of its own; this is the same for Valkey, which has sixteen. Loaded by
`-p`, because Django's settings are read before any conftest. The process that gathers what the others report tells at
the end what long tests have to tell; conftests below `tests/` are never read there.
"""

import os
from urllib.parse import urlsplit

import pytest

TOLD = "told"
"""The property under which a long test reports lines for whoever reads the end: how long each chapter took."""

TABLES = "TESTS_TABLES"
"""Names a database with all tables and nothing else, if somebody has made one: test processes copy it (conftest)."""

_PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")

if _PROCESS and "REDIS_URL" in os.environ:
    number = int(_PROCESS.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    told = [line for report in reports for name, lines in report.user_properties if name == TOLD for line in lines]
    if told:
        terminalreporter.section("told")
        for line in told:
            terminalreporter.write_line(line)
