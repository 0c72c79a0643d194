"""Rule 2 in the admin's address bar: a declared filter leads nowhere but to its own column."""

from datetime import date

import pytest
from django.test import Client

from tests.cast import Cast, cast
from tests.contracts import market

__all__ = ["cast"]


@pytest.mark.django_db
def test_no_filter_leads_from_an_me_to_sealed_bids(cast: Cast) -> None:
    project = market.published(cast)
    market.bids_on(project, cast.cold_chain, cast.amara)
    client = Client()
    client.force_login(cast.hua)
    table = "/admin/microenterprises/microenterprise/"
    way = "platform__microenterprises__projects__bids"
    for probe in (f"{way}__isnull", f"{way}__revision__gte", f"{way}__submitted_at__lt", "platform__entity__id"):
        assert client.get(table, {probe: "0"}).status_code == 400, probe
        assert client.get(table, {probe: "1"}).status_code == 400, probe
    assert client.get(table, {"platform__id__exact": str(cast.platform.pk)}).status_code == 200
    assert client.get(table, {"status__exact": "active"}).status_code == 200


@pytest.mark.django_db
def test_what_is_declared_filters(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.rui)
    assert client.get("/admin/microenterprises/membership/", {"today": "active"}).status_code == 200
    assert client.get("/admin/core/auditrecord/", {"deed": "me.founded"}).status_code == 200
    assert client.get("/admin/core/auditrecord/", {"deed": "a\0b"}).status_code == 400
    assert client.get("/admin/talent_pool/poolentry/", {"landed_at__isempty": "1"}).status_code == 200
    day = date(2026, 11, 1).isoformat()
    assert client.get("/admin/talent_pool/poolentry/", {"clock_ends_on__gte": day}).status_code == 200
