"""Says how long each chapter of the walk took, after the tests and before pytest's closing line."""

import pytest

TIMINGS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(TIMINGS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(TIMINGS, []):
        terminalreporter.section("the walk, chapter by chapter")
        for line in lines:
            terminalreporter.write_line(line)
