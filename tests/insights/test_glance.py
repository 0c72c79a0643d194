"""The company at a glance: right numbers, few statements, nothing sealed."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.clock import business_date, market_now
from insights.queries import at_a_glance
from talent_pool.actions import pool
from tests.cast import Cast, person
from tests.contracts import market


def test_it_counts_what_is_there_and_no_bids(cast: Cast) -> None:
    pool.enter(person=cast.sol, left=None, by=None)
    project = market.published(cast)
    now, today = market_now(), business_date()
    before = at_a_glance(now, today, today + timedelta(days=14))
    market.two_bids(cast, project)
    after = at_a_glance(now, today, today + timedelta(days=14))
    assert before == after
    assert (after.microenterprises, after.open_projects, after.waiting, after.ending_soon) == (3, 1, 1, 0)
    assert after.fields[0].wanted == {"CNY": market.CEILING}


def test_every_colleague_reads_it_and_a_vendor_does_not(cast: Cast) -> None:
    for who, status in ((cast.mei, 200), (cast.rui, 200), (person("Vendor", "vendor"), 404)):
        client = Client()
        client.force_login(who)
        assert client.get("/insights/").status_code == status


def test_the_page_takes_the_same_few_statements_for_more_rows(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.mei)
    client.get("/insights/")
    counts = []
    for _ in range(2):
        market.published(cast)
        with CaptureQueriesContext(connection) as captured:
            client.get("/insights/")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8
