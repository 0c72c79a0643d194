"""The walk comes first: one test process walks while the other runs the rest. Its chapters are told at the end."""

from pathlib import Path

import pytest

CHAPTERS = "chapters"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: here not in item.path.parents)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    told = [line for report in reports for name, lines in report.user_properties if name == CHAPTERS for line in lines]
    if told:
        terminalreporter.section("the walk, chapter by chapter")
        for line in told:
            terminalreporter.write_line(line)
