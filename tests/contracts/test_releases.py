"""Every verb tells in OCDS what it changed, in its own transaction, and nothing that is sealed.

Beside what stands here, `conftest.py` proves after every test of this room that merging the releases of each process
with ocdsmerge gives what the rows say, that each keeps to the schema, and that no reference dangles.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contracts.actions import awards, bids, contracts, milestones, projects, releases
from contracts.models import Contract, Milestone, Project, Release
from contracts.ocds import text
from contracts.queries import releases as queries
from core.clock import market_now, move_forward
from haier_market.seed.company import Built
from people.models import User
from tests.cast import Cast, person
from tests.contracts import market, scenes
from tests.contracts.told import prove_everything, releases_of, tags_of
from tests.databases import Told

pytestmark = pytest.mark.django_db


def last(project: Project) -> Any:
    return releases_of(project)[-1]


def of_contract(contract: Contract) -> list[list[str]]:
    """The tags of a contract's own releases, oldest first."""
    return [row.tags for row in Release.objects.filter(contract=contract).order_by("number")]


# ------------------------------------------------------------------ a project until its bids are opened


def test_a_draft_is_never_told_not_even_when_it_is_cancelled(cast: Cast) -> None:
    project = market.drafted(cast)
    projects.edit(project=project, draft=market.a_draft(cast, title="Other boxes"), by=cast.lin)
    projects.cancel(project=project, reason="No need any more.", by=cast.lin)
    assert releases.catch_up() == 0
    assert not Release.objects.exists()


def test_publication_is_told_at_once(cast: Cast) -> None:
    project = market.published(cast)
    assert tags_of(project) == [["tender"]]
    told = last(project)
    assert told["ocid"] == f"ocds-market-{project.pk}"
    assert told["tender"]["status"] == "active"
    assert text.write(told["tender"]["value"]) == '{"amount":100000.00,"currency":"CNY"}'
    assert told["buyer"] == {"id": f"me-{cast.blue_kettle.pk}", "name": "Blue Kettle"}


def test_a_later_start_is_planned_until_the_clock_tells_that_it_began(cast: Cast) -> None:
    start = market_now() + timedelta(days=1)
    project = market.published(cast, opens_at=start, deadline=start + timedelta(days=1))
    assert tags_of(project) == [["planning"]]
    assert releases.note_begun() == 0
    move_forward(timedelta(days=1, seconds=1))
    assert releases.note_begun() == 1
    assert releases.note_begun() == 0
    assert tags_of(project) == [["planning"], ["tender"]]
    assert last(project)["tender"]["status"] == "active"


def test_bids_before_the_opening_add_nothing_and_change_nothing(cast: Cast) -> None:
    project = market.published(cast)
    before = list(Release.objects.values_list("pk", "body"))
    first, second = market.two_bids(cast, project)
    bids.revise(bid=first, price_minor=70_000_00, days=20, plan="Better packs.", by=cast.amara)
    bids.read_own_bid(bid=first, by=cast.amara)
    bids.withdraw(bid=second, by=cast.teo)
    releases.note_begun()
    releases.catch_up()
    assert list(Release.objects.values_list("pk", "body")) == before
    assert not releases_of(project)[0].keys() & {"bids", "awards", "contracts"}


def test_a_verb_on_a_project_with_sealed_bids_tells_the_same_whatever_was_bid(cast: Cast) -> None:
    """Cancelling tells of no bid, and so it stays for ever."""
    project = market.published(cast)
    market.two_bids(cast, project)
    projects.cancel(project=project, reason="The need is gone.", by=cast.lin)
    assert tags_of(project) == [["tender"], ["tenderCancellation"]]
    for told in releases_of(project):
        assert "bids" not in told
        assert {"tenderers", "numberOfTenderers"}.isdisjoint(told["tender"])
        assert len(told["parties"]) == 1


def test_the_opening_tells_every_valid_bid_at_once(cast: Cast) -> None:
    project, first, second = market.evaluating(cast)
    assert tags_of(project) == [["tender"], ["tenderUpdate"]]
    told = last(project)
    assert told["tender"]["numberOfTenderers"] == 2
    assert {bid["id"] for bid in told["bids"]["details"]} == {str(first.pk), str(second.pk)}
    assert {party["name"]: party["roles"] for party in told["parties"]} == {
        "Blue Kettle": ["buyer", "procuringEntity"],
        "Cold Chain": ["tenderer"],
        "Northwind": ["tenderer"],
    }


def test_an_opening_without_bids_tells_a_zero(cast: Cast) -> None:
    project = market.opened(market.published(cast))
    told = last(project)
    assert told["tender"]["status"] == "unsuccessful"
    assert told["tender"]["numberOfTenderers"] == 0


def test_a_bid_that_was_withdrawn_while_sealed_is_never_told(cast: Cast) -> None:
    project = market.published(cast)
    first, second = market.two_bids(cast, project)
    bids.withdraw(bid=second, by=cast.teo)
    project = market.opened(project)
    assert [bid["id"] for bid in last(project)["bids"]["details"]] == [str(first.pk)]
    assert "Northwind" not in text.write(last(project))


# ------------------------------------------------------------------ the decision


def test_what_the_buyer_decides_is_told(cast: Cast) -> None:
    project, _first, second = market.evaluating(cast)
    awards.disqualify(bid=second, reason="No ice on the plane.", by=cast.lin)
    assert {bid["status"] for bid in last(project)["bids"]["details"]} == {"valid", "disqualified"}
    awards.no_award(project=project, reason="Too dear.", by=cast.lin)
    assert tags_of(project)[2:] == [["tenderUpdate"], ["tenderUpdate"]]
    assert last(project)["tender"]["status"] == "unsuccessful"


def test_an_award_names_its_bid_and_its_supplier(cast: Cast) -> None:
    made, first, _second = market.awarded(cast)
    told = [release for release in releases_of(made.project) if "award" in release["tag"]]
    assert len(told) == 1
    (award,) = told[0]["awards"]
    assert award["relatedBid"] == str(first.pk)
    assert award["suppliers"][0]["name"] == "Cold Chain"
    assert text.write(award["value"]["amount"]) == "80000.00"


def test_a_reversal_is_written_as_null_so_that_merging_forgets(cast: Cast) -> None:
    """The winner declines, the next rank is chosen: the process is open again and its end is taken back."""
    made, _first, _second = market.awarded(cast)
    contract = Contract.objects.get(award=made)
    contracts.void(contract=contract, reason="Our van broke down.", by=cast.amara)
    project = Project.objects.get(pk=made.project_id)
    told = [release for release in releases_of(project) if {"awards", "tender"} <= release.keys()]
    periods = [release["tender"]["awardPeriod"] for release in told]
    ends = [period["endDate"] for period in periods if "endDate" in period]
    assert ends[0] is not None
    assert None in ends, "the end that was told is taken back"
    assert any("awardCancellation" in tags for tags in tags_of(project))
    assert "contractTermination" in of_contract(contract)[-1]


# ------------------------------------------------------------------ the contract


def test_a_contract_is_told_from_its_draft_to_its_end(cast: Cast) -> None:
    contract = scenes.signed(cast, parts=scenes.in_two_parts())
    assert of_contract(contract) == [["contract"], ["contractUpdate", "implementation"]]
    first, second = (Milestone.objects.get(contract=contract, number=number) for number in (1, 2))
    milestones.deliver(milestone=first, evidence="Lined.", evidence_url="", by=cast.mei)
    milestones.reject(milestone=first, reason="Two vans are missing.", by=cast.noor)
    milestones.deliver(milestone=first, evidence="All lined.", evidence_url="", by=cast.mei)
    milestones.accept_part(milestone=first, amount_minor=50_000_00, reason="One van is missing.", by=cast.noor)
    milestones.deliver(milestone=second, evidence="Measured.", evidence_url="", by=cast.mei)
    milestones.accept(milestone=second, by=cast.noor)
    assert of_contract(contract)[2:] == [
        *[["implementationUpdate"]] * 6,
        ["contractUpdate", "contractTermination"],
    ]
    told = text.parse(Release.objects.filter(contract=contract).order_by("-number")[0].body)["contracts"][0]
    assert told["status"] == "terminated"
    assert [row["status"] for row in told["implementation"]["milestones"]] == ["partiallyMet", "met"]
    paid = [text.write(row["value"]["amount"]) for row in told["implementation"]["transactions"]]
    assert paid == ["50000.00", "30000.00"]


def test_what_only_the_parties_discuss_is_not_told(cast: Cast) -> None:
    contract = scenes.signed(cast)
    count = Release.objects.count()
    contracts.propose_end(contract=contract, reason="Winter came.", by=cast.lin)
    contracts.withdraw_end(contract=contract, by=cast.lin)
    assert Release.objects.count() == count
    contracts.terminate(contract=contract, reason="Both parties are gone.", by=cast.ada)
    assert "contractTermination" in of_contract(contract)[-1]


def test_silence_accepts_and_tells(cast: Cast) -> None:
    contract = scenes.delivered(cast)
    move_forward(timedelta(days=15))
    assert milestones.accept_silent(market_now()) == 1
    assert "contractTermination" in of_contract(contract)[-1]


# ------------------------------------------------------------------ who reads what


def readable(user: User) -> set[str]:
    return set(Release.objects.visible_to(user).values_list("release_id", flat=True))


def test_contracts_are_told_to_who_may_read_them_and_processes_to_every_colleague(cast: Cast) -> None:
    contract = scenes.signed(cast)
    everything = set(Release.objects.values_list("release_id", flat=True))
    own = set(Release.objects.filter(contract=contract).values_list("release_id", flat=True))
    assert len(own) == 2
    for reader in (cast.lin, cast.noor, cast.amara, cast.mei, cast.ada, cast.rui, cast.fay):
        assert readable(reader) == everything, reader.name
    for reader in (cast.teo, cast.sol, cast.hua):
        assert readable(reader) == everything - own, reader.name
    assert readable(person("Vendor", "vendor")) == set()


def test_what_everybody_reads_names_no_milestone_and_no_payment(cast: Cast) -> None:
    contract = scenes.completed(cast)
    for row in Release.objects.filter(project=contract.project, contract=None):
        assert not text.parse(row.body).keys() & {"contracts"}


# ------------------------------------------------------------------ once and for ever


def test_a_release_is_never_changed_and_never_deleted(cast: Cast) -> None:
    market.published(cast)
    for deed in (
        lambda: Release.objects.update(body="{}"),
        lambda: Release.objects.all().delete(),
        lambda: Release.objects.update(xid=1),
    ):
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            deed()


def test_a_verb_that_fails_tells_nothing(cast: Cast) -> None:
    project = market.drafted(cast)
    with pytest.raises(RuntimeError), transaction.atomic():
        projects.publish(project=project, by=cast.lin)
        raise RuntimeError
    assert not Release.objects.exists()


def test_a_process_keeps_the_ocid_it_was_first_told_under(cast: Cast, settings: Any) -> None:
    project = market.published(cast)
    settings.OCDS_PREFIX = "ocds-other1"
    projects.cancel(project=project, reason="Done otherwise.", by=cast.lin)
    assert {release["ocid"] for release in releases_of(project)} == {f"ocds-market-{project.pk}"}


def test_releases_of_one_instant_are_dated_one_after_the_other(cast: Cast) -> None:
    """Seeders tell several deeds of one instant; merging goes by the dates."""
    from core import past

    project = market.drafted(cast)
    with past.at(market_now()):
        projects.publish(project=project, by=cast.lin)
        projects.cancel(project=project, reason="A slip.", by=cast.lin)
    dates = [release["date"] for release in releases_of(project)]
    assert dates == sorted(set(dates))


# ------------------------------------------------------------------ first releases in bulk


def test_a_seeded_company_gets_its_first_releases_in_bulk_and_once(told_company: Told[Built]) -> None:
    by_verbs = Release.objects.count()  # of the few decisions that the seeder took by the real verbs
    untold = queries.waiting()
    published = Project.objects.filter(buyer__isnull=False, published_at__isnull=False)
    assert untold.projects.count() == published.filter(releases=None).count() > 20
    assert Contract.objects.count() > 3
    told: list[int] = []
    with CaptureQueriesContext(connection) as captured:
        written = releases.catch_up(progress=told.append)
    assert written == told[-1] == Release.objects.count() - by_verbs
    assert not Contract.objects.exclude(pk__in=Release.objects.filter(contract__isnull=False).values("contract"))
    assert len(captured) < 40, "in bulk, however many there are"
    assert releases.catch_up() == 0
    assert (
        prove_everything()
        == untold.projects.count() + Project.objects.filter(releases__isnull=False).distinct().count()
    )
    assert not Release.objects.filter(date__gt=market_now()).exists()


def test_a_bite_is_no_larger_than_asked(told_company: Told[Built]) -> None:
    by_verbs = Release.objects.count()
    assert [releases.catch_up(7), releases.catch_up(7)] == [7, 7]
    assert Release.objects.count() - by_verbs == 14


def test_a_verb_on_a_seeded_contract_tells_its_process_first(told_company: Told[Built]) -> None:
    contract = Contract.objects.filter(status=Contract.Status.ACTIVE).order_by("pk")[0]
    steward = User.objects.filter(roles__contains=["steward"])[0]
    contracts.terminate(contract=contract, reason="The parties fell out.", by=steward)
    lines = Release.objects.filter(project=contract.project).values_list("contract", flat=True)
    assert set(lines) == {None, contract.pk}
