"""Says how long each chapter of the walk took, after the tests and before pytest's closing line."""

import pytest

CHAPTERS = "chapters"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    told = [line for report in reports for name, lines in report.user_properties if name == CHAPTERS for line in lines]
    if told:
        terminalreporter.section("the walk, chapter by chapter")
        for line in told:
            terminalreporter.write_line(line)
