"""The benchmarks run: on a company so small that its figures say nothing, so that they cannot rot unseen."""

import time

import psycopg2
import pytest
from django.db import connection

from benchmarks import databases, everything, tables
from benchmarks.sizes import FULL, QUICK, Sizes
from benchmarks.watch import Place, Watch

PROMISED = (
    "| F, a trivial view |",
    "| a frame without a page |",
    "| project list, page 2,000 |",
    "| search, two words |",
    "| opening a project |",
    "| whole night |",
    "| post: exact split",
    "| shards: posting |",
    "| seal: snapshot |",
    "by its API, a transaction each (extrapolated)",
    "in bulk, one transaction (extrapolated)",
    "| its shards |",
    "The same night with more and more history",
    "Night by night",
    "| trial balance of the last night |",
    "| statement of a member |",
    "| check_books, every line |",
    "by statement",
    "by Python function",
)
SMALLEST = Sizes(
    people=60, microenterprises=5, projects=12, requests=1, rounds=2, pairs=1, lines=1_000, minutes=1, peer=2, crowd=60,
    bids_each=2, opening=3,
)  # fmt: skip


@pytest.mark.soak
def test_every_table_is_measured_on_the_smallest_company(cloned_db: str) -> None:
    everything.seed(SMALLEST)
    said: list[str] = []
    told = list(everything.measure(SMALLEST, said.append, profile=True))
    text = "\n".join(told)
    for promised in PROMISED:
        assert promised in text, promised
    assert "nan" not in text
    assert len(told) == 14
    assert said


def test_the_quick_size_is_smaller_in_everything() -> None:
    assert all(small <= large for small, large in zip(QUICK, FULL, strict=True))


class Work:
    """Something to watch."""

    def whole(self) -> str:
        time.sleep(0.01)
        return self.part() + self.part()

    def part(self) -> str:
        time.sleep(0.01)
        return "done "


def test_watched_parts_sum_to_the_whole_and_are_left_as_they_were() -> None:
    work, watch = Work(), Watch()
    with watch.around([Place(work, "whole", "day"), Place(work, "part", lambda: "half")]):
        start = time.perf_counter()
        assert work.whole() == "done done "
        took = time.perf_counter() - start
    assert set(watch.seconds) == {("day", "rest"), ("day", "half")}
    assert watch.seconds["day", "half"] >= 0.02
    assert watch.phase("day") == pytest.approx(took, abs=0.005)
    assert work.whole.__func__ is Work.whole  # type: ignore[attr-defined]


def test_a_function_that_is_no_longer_there_is_named() -> None:
    with pytest.raises(AttributeError, match="gone"), Watch().around([Place(Work(), "gone", "day")]):
        pass


@pytest.mark.django_db
def test_a_database_for_a_run_is_empty_and_gone_afterwards() -> None:
    with databases.made(databases.fresh_name(), databases.url_of(connection.settings_dict)) as url:
        psycopg2.connect(url).close()
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(url)


def test_a_median_is_told_with_the_lowest_and_the_highest() -> None:
    assert tables.spread([3.0, 1.0, 2.04]) == "2.0 (1.0 to 3.0)"
    assert tables.spread([]) == "-"
    assert tables.table(("a", "b"), [("x", "1")]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
