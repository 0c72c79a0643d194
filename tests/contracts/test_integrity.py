"""The steward sees questions about opened processes, with their arithmetic and trail; nobody else sees any."""

import io
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from contracts import ocds, proofs
from contracts.actions import bids, projects
from contracts.actions import integrity as actions
from contracts.importing import import_package
from contracts.models import Bid, FlagNote, FlagSearch, Project, RedFlag, SealedEvent
from contracts.tasks import look_for_red_flags
from core import audit
from core.clock import market_now, move_forward
from core.errors import Denied, Invalid, InvalidTransition
from core.models import AuditRecord, Parameter
from people.models import User
from tests.cast import START, Cast, cast, firm, person
from tests.contracts.market import awarded, bids_on, evaluating, opened, published, two_bids
from tests.statements import statements

__all__ = ["cast"]

pytestmark = pytest.mark.django_db
TENDERS = Path(__file__).parent.parent / "data" / "tenders_with_bids.ocds.json"


def as_person(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User, name: str, *args: Any, **query: Any) -> str:
    response = as_person(person).get(reverse(name, args=args), query)
    assert response.status_code == HTTPStatus.OK, (name, response.status_code)
    return "".join(response.content.decode().split("\n"))


def codes() -> dict[str, int]:
    """The open flags by indicator."""
    found: dict[str, int] = {}
    for code in RedFlag.objects.standing().order_by("indicator").values_list("indicator", flat=True):
        found[code] = found.get(code, 0) + 1
    return found


def flag_of(code: str) -> RedFlag:
    return RedFlag.objects.standing().get(indicator=code)


def import_tenders() -> None:
    package = ocds.read(TENDERS.read_bytes())
    assert isinstance(package, ocds.Package)
    import_package(package=package, by=None)


# ------------------------------------------------------------------ the search


def test_a_lone_bid_and_a_short_time_are_asked_about_once_the_bids_are_open(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara)

    before = actions.search()
    assert (before.processes, codes()) == (0, {})

    opened(project)
    after = actions.search()

    assert (after.processes, codes()) == (1, {"R003": 1, "R018": 1})
    flag = flag_of("R018")
    assert (flag.project, flag.value, flag.group) == (project, "1", "OCID")
    assert list(flag.firms.all()) == [cast.blue_kettle]
    assert after.counts == {"R003": 1, "R018": 1}


def test_equal_prices_name_the_buyer_and_both_bidders(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 70_000_00)
    opened(project)

    actions.search()

    assert set(flag_of("R028").firms.all()) == {cast.blue_kettle, cast.cold_chain, cast.northwind}


def test_an_award_is_compared_with_the_second_price(cast: Cast) -> None:
    awarded(cast)

    actions.search()

    flag = flag_of("R058")
    assert (flag.value, flag.figures) == ("1/8", {"won": "8000000", "second": "9000000"})
    shown = page(cast.ada, "integrity_flag", flag.pk)
    assert "12.50%" in shown
    assert "CN¥80,000.00" in shown
    assert "CN¥90,000.00" in shown
    assert "Of 1 such figures" in shown


def test_searching_again_changes_nothing_that_still_stands(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    before = list(RedFlag.objects.order_by("key").values())

    move_forward(timedelta(days=1))
    actions.search()

    assert list(RedFlag.objects.order_by("key").values()) == before
    assert FlagSearch.objects.count() == 2


def test_a_question_that_is_found_no_more_ends_and_may_come_again(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    Parameter.objects.create(name="flag_short_notice_days", holds_from=START, value=1, note="Two days are enough here.")

    actions.search()

    flag.refresh_from_db()
    assert flag.ended_at is not None
    assert codes() == {}
    assert "no longer found" in page(cast.ada, "integrity_flag", flag.pk).lower()
    Parameter.objects.filter(name="flag_short_notice_days", holds_from=START).delete()
    actions.search()
    assert flag_of("R003").pk != flag.pk
    assert flag_of("R003").project == project


def test_a_cancelled_process_is_asked_nothing(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    projects.cancel(project=project, reason="Not needed any more.", by=cast.lin)

    actions.search()

    assert codes() == {}


def test_figures_that_change_keep_the_day_on_which_the_question_was_found(cast: Cast) -> None:
    """The same pair meets twice; Cold Chain's share of won bids is asked about with another value."""
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    found_at = flag.found_at
    RedFlag.objects.filter(pk=flag.pk).update(value="1/2", figures={})
    flag.firms.clear()

    move_forward(timedelta(hours=1))
    actions.search()

    flag.refresh_from_db()
    assert (flag.value, flag.figures, flag.found_at) == ("1", {"days": "1"}, found_at)
    assert list(flag.firms.all()) == [cast.blue_kettle]


def test_prices_in_an_envelope_of_their_own_are_not_asked_about_before_it_is_opened(cast: Cast) -> None:
    project = published(cast, method="price_quality", price_weight_bp=6_000, panel=[cast.noor], two_envelopes=True)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 70_000_00)
    opened(project)

    actions.search()

    assert codes() == {"R003": 1}
    assert all(proof.holds for proof in proofs.everything())


def test_imported_tenders_are_asked_about_apart_from_our_own(cast: Cast) -> None:
    import_tenders()
    evaluating(cast)

    searched = actions.search()

    assert searched.processes == 5
    road = RedFlag.objects.standing().get(indicator="R028")
    assert len(road.names) == 5
    assert not road.firms.exists()
    assert "R018" not in codes()
    assert set(searched.fences) == {"own", "imported"}
    assert searched.fences["imported"]["R058:OCID"]["size"] == "3"
    assert "Bidder 12" in page(cast.rui, "integrity_flag", road.pk)


def test_the_clock_searches_once_a_business_date(cast: Cast) -> None:
    look_for_red_flags()
    first = FlagSearch.objects.get()
    move_forward(timedelta(minutes=10))

    look_for_red_flags()
    assert FlagSearch.objects.get().searched_at == first.searched_at

    move_forward(timedelta(days=1))
    look_for_red_flags()
    assert FlagSearch.objects.count() == 2


def test_the_clock_starts_no_second_search_while_one_runs(cast: Cast) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [actions.SEARCHING])
            assert actions.search_if_due() is None
            cursor.execute("SELECT pg_advisory_unlock(%s)", [actions.SEARCHING])
    finally:
        other.close()
    assert actions.search_if_due() is not None


# ------------------------------------------------------------------ who sees it


@pytest.mark.parametrize("name", ["lin", "amara", "mei", "sol", "fay", "hua"])
def test_to_everybody_else_there_is_no_such_page(cast: Cast, name: str) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    client = as_person(getattr(cast, name))
    flag = reverse("integrity_flag", args=[flag_of("R003").pk])

    addresses = [reverse("integrity_list"), flag, reverse("integrity_process", args=[project.pk])]

    assert [client.get(address).status_code for address in addresses] == [404] * 3
    assert client.post(flag, {"reason": "I looked."}).status_code == 404
    assert "/integrity/" not in client.get("/").content.decode()


@pytest.mark.parametrize("name", ["ada", "rui"])
def test_steward_and_auditor_find_it_in_their_navigation(cast: Cast, name: str) -> None:
    reader = getattr(cast, name)

    assert 'href="/integrity/"' in as_person(reader).get("/").content.decode()
    assert "Nothing has been searched yet" in page(reader, "integrity_list")


def test_the_first_page_tells_the_steward_until_everything_was_looked_at(cast: Cast) -> None:
    def told(person: User) -> bool:
        return "Red flags wait for a look" in as_person(person).get("/").content.decode()

    assert not told(cast.ada)
    evaluating(cast)
    actions.search()

    assert told(cast.ada)
    assert not told(cast.rui)
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)
    assert not told(cast.ada)


# ------------------------------------------------------------------ the list


def test_the_list_is_filtered_by_question_microenterprise_state_and_date(cast: Cast) -> None:
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, cast.northwind, cast.teo, 70_000_00)
    opened(project)
    actions.search()
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)
    today = market_now().date()

    def shown(**query: Any) -> list[str]:
        text = page(cast.ada, "integrity_list", **query)
        table = text[text.find("<tbody>") : text.find("</tbody>")] if "<tbody>" in text else ""
        return [code for code in ("R003", "R028") if code in table]

    assert shown() == ["R028"]
    assert shown(state="all") == ["R003", "R028"]
    assert shown(state="looked") == ["R003"]
    assert shown(state="ended") == []
    assert shown(state="all", indicator="R003") == ["R003"]
    assert shown(state="all", q="northwind") == ["R028"]
    assert shown(state="all", q="blue") == ["R003", "R028"]
    assert shown(state="all", until=today - timedelta(days=2)) == []
    assert shown(state="all", since=today - timedelta(days=2)) == ["R003", "R028"]
    assert shown(state="all", since="never") == ["R003", "R028"]


def test_a_flag_says_question_and_never_verdict(cast: Cast) -> None:
    evaluating(cast)
    actions.search()

    for text in (page(cast.rui, "integrity_list"), page(cast.rui, "integrity_flag", flag_of("R003").pk)):
        assert "a question, not a verdict" in text
    assert "Bids were taken for 1 whole day; under 15 days" in page(cast.rui, "integrity_flag", flag_of("R003").pk)


def many(count: int) -> None:
    """So many more flags, each with a note, as rows of their own."""
    now = market_now()
    ada = User.objects.get(name="Ada")
    rows = RedFlag.objects.bulk_create(
        RedFlag(
            key=f"R038:Tenderer:{n}",
            indicator="R038",
            group="Tenderer",
            names=[f"Bidder {n}"],
            value="3/4",
            figures={"disqualified": "3", "submitted": "4"},
            found_at=now - timedelta(minutes=n),
        )
        for n in range(count)
    )
    FlagNote.objects.bulk_create(
        FlagNote(flag=row, reason="Looked.", value="3/4", noted_at=now, noted_by=ada) for row in rows
    )


def test_the_second_page_goes_on_where_the_first_ends_and_costs_the_same(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    few = statements(cast.ada, "/integrity/")
    many(45)

    text = page(cast.ada, "integrity_list")
    assert statements(cast.ada, "/integrity/") == few <= 8
    following = text[text.find('rel="next" href="') + len('rel="next" href="') :].split('"')[0].replace("&amp;", "&")
    second = as_person(cast.ada).get(f"/integrity/{following}").content.decode()

    assert "46" in text
    assert second.count("<tr>") == text.count("<tr>") == 21
    assert "Bidder 18" in text
    assert "Bidder 19" in second
    assert statements(cast.ada, f"/integrity/{following}") <= 8


def test_every_page_of_one_takes_at_most_eight_statements(cast: Cast) -> None:
    award, _first, _second = awarded(cast)
    actions.search()

    assert statements(cast.ada, f"/integrity/flags/{flag_of('R058').pk}/") <= 8
    assert statements(cast.ada, f"/integrity/projects/{award.project_id}/") <= 8
    assert statements(cast.ada, f"/integrity/projects/{award.project_id}/?show=openings") <= 8


# ------------------------------------------------------------------ looking


def test_a_look_is_kept_with_name_time_value_and_in_the_trail(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    actions.search()
    flag = flag_of("R003")

    response = as_person(cast.ada).post(
        reverse("integrity_flag", args=[flag.pk]), {"reason": " Two days suffice for boxes. "}
    )

    assert response.status_code == HTTPStatus.SEE_OTHER
    note = FlagNote.objects.get()
    assert (note.reason, note.noted_by, note.value) == ("Two days suffice for boxes.", cast.ada, "1")
    flag.refresh_from_db()
    assert (flag.looked_by, flag.looked_at) == (cast.ada, note.noted_at)
    told = AuditRecord.objects.get(deed="flag.looked_at")
    assert (told.subject, told.actor_id) == (f"project:{project.pk}", str(cast.ada.pk))
    assert told.facts["reason"] == note.reason
    assert "Two days suffice" in page(cast.rui, "integrity_process", project.pk)
    assert codes() == {"R003": 1}


def test_a_look_needs_words(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    address = reverse("integrity_flag", args=[flag.pk])

    assert as_person(cast.ada).post(address, {"reason": "  "}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    with pytest.raises(Invalid):
        actions.look_at(flag=flag, reason=" ", by=cast.ada)
    assert not FlagNote.objects.exists()


def test_only_a_steward_without_a_part_in_it_notes(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    address = reverse("integrity_flag", args=[flag.pk])

    assert as_person(cast.rui).post(address, {"reason": "I looked."}).status_code == HTTPStatus.FORBIDDEN
    assert "the auditor reads" in page(cast.rui, "integrity_flag", flag.pk)
    with pytest.raises(Denied):
        actions.look_at(flag=flag, reason="I looked.", by=cast.lin)


def test_a_steward_never_notes_about_their_own_microenterprise(cast: Cast) -> None:
    own = firm("Harbour", cast.platform, person("Hao"), cast.ada, wallet_minor=1_000_000)
    project = published(cast)
    bids_on(project, cast.cold_chain, cast.amara, 70_000_00)
    bids_on(project, own, User.objects.get(name="Hao"), 70_000_00)
    opened(project)
    actions.search()

    with pytest.raises(Denied, match="another steward"):
        actions.look_at(flag=flag_of("R028"), reason="I looked.", by=cast.ada)
    assert "another steward must look" in page(cast.ada, "integrity_flag", flag_of("R028").pk)
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)


def test_what_is_found_no_more_takes_no_notes(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    flag = flag_of("R003")
    RedFlag.objects.update(ended_at=market_now())

    with pytest.raises(InvalidTransition):
        actions.look_at(flag=flag, reason="I looked.", by=cast.ada)


def test_a_note_is_never_changed(cast: Cast) -> None:
    evaluating(cast)
    actions.search()
    actions.look_at(flag=flag_of("R003"), reason="Two days suffice for boxes.", by=cast.ada)

    with pytest.raises(Exception, match="Notes on red flags"):
        FlagNote.objects.update(reason="Nothing.")


# ------------------------------------------------------------------ one process


def content(reader: User, project: Project, show: str = "openings") -> str:
    """A process, without what differs from one answer to the next."""
    text = page(reader, "integrity_process", project.pk, show=show)
    return text[text.index("<h1>") : text.index("</main>")]


def test_who_read_a_sealed_bid_is_told_after_the_opening_and_not_before(cast: Cast) -> None:
    project = published(cast)
    before = content(cast.ada, project)
    first, _second = two_bids(cast, project)
    bids.read_own_bid(bid=first, by=cast.amara)

    assert content(cast.ada, project) == before
    assert "Nobody has opened anything" in before
    opened(project)

    told = content(cast.ada, project)
    assert "Own sealed bid read" in told
    assert "Amara" in told
    assert "Bids opened" in told
    assert "Teo" not in told


def test_before_the_opening_no_page_tells_whether_anybody_bid(cast: Cast) -> None:
    def seen() -> list[str]:
        actions.search()
        shown = page(cast.rui, "integrity_list")
        searched = FlagSearch.objects.values_list("processes", "fences", "counts", "proofs").get()
        pages = [content(cast.ada, project, show) for show in ("", "openings")]
        return [*pages, shown[shown.index("<h1>") : shown.index("</main>")], str(searched)]

    project = published(cast)
    audit.link()
    before = seen()
    first, second = two_bids(cast, project)
    bids.read_own_bid(bid=first, by=cast.amara)
    bids.withdraw(bid=second, by=cast.teo)

    assert seen() == before


def test_the_trail_shows_every_record_with_its_link_and_finds_a_changed_one(cast: Cast) -> None:
    project, _first, _second = evaluating(cast)
    audit.link()
    whole = page(cast.rui, "integrity_process", project.pk)
    assert whole.count("Fits") >= 5
    assert "Changed" not in whole

    tamper(
        "core_auditrecord",
        "UPDATE core_auditrecord SET actor_name = 'Nobody' WHERE deed = 'project.published' AND subject = %s",
        f"project:{project.pk}",
    )

    assert page(cast.rui, "integrity_process", project.pk).count("Changed") == 1


def test_a_draft_of_others_has_no_process_page(cast: Cast) -> None:
    project = published(cast)

    assert as_person(cast.ada).get(reverse("integrity_process", args=[project.pk])).status_code == 200
    draft = projects.create_draft(
        buyer=cast.blue_kettle,
        draft=projects.ProjectDraft(
            title="A draft",
            need="",
            success_measure="",
            ceiling_minor=None,
            deadline=market_now() + timedelta(days=3),
            deadline_zone="UTC",
        ),
        by=cast.lin,
    )
    assert as_person(cast.ada).get(reverse("integrity_process", args=[draft.pk])).status_code == 404


# ------------------------------------------------------------------ proofs


def proved(name: str) -> proofs.Proof:
    return next(proof for proof in proofs.everything() if proof.name == name)


def tamper(table: str, statement: str, *values: Any) -> None:
    """Change what guards protect, as somebody who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)


def test_a_market_that_nobody_touched_proves(cast: Cast) -> None:
    project = published(cast)
    first, _second = two_bids(cast, project)
    for _time in range(3):
        bids.read_own_bid(bid=first, by=cast.amara)
    sealed = published(cast, title="Still sealed")
    bids.read_own_bid(bid=bids_on(sealed, cast.northwind, cast.teo), by=cast.teo)
    early = proofs.everything()
    assert {proof.name: proof.checked for proof in early if proof.name != "chain"} == {
        "readings": 0, "deeds": 0, "receipts": 0, "times": 0, "awards": 0,
    }  # fmt: skip

    move_forward(timedelta(days=3))
    projects.open_bids(project=project)
    out = io.StringIO()
    call_command("verify_integrity", stdout=out)

    assert {proof.name: (proof.checked, proof.broken) for proof in proofs.everything() if proof.name != "chain"} == {
        "readings": (3, 0), "deeds": (5, 0), "receipts": (2, 0), "times": (2, 0), "awards": (0, 0),
    }  # fmt: skip
    assert out.getvalue().count("ok ") == 6
    assert "Readings of sealed bids by their own bidders, each kept as a row: 3" in out.getvalue()


def test_a_reading_taken_out_of_the_trail_is_missed(cast: Cast) -> None:
    project = published(cast)
    first, _second = two_bids(cast, project)
    bids.read_own_bid(bid=first, by=cast.amara)
    opened(project)
    tamper("core_auditrecord", "DELETE FROM core_auditrecord WHERE deed = 'bid.read'")

    found = proved("readings")

    assert (found.checked, found.broken) == (1, 1)
    assert f"bid:{first.pk}" in found.sentences[0]


def test_a_reading_slipped_into_the_trail_is_found(cast: Cast) -> None:
    project, first, _second = evaluating(cast)
    audit.record(
        by=cast.teo,
        deed="bid.read",
        subject=f"bid:{first.pk}",
        about=project.title,
        project=str(project.pk),
        happened_at=market_now().isoformat(),
    )

    assert proved("readings").broken == 1


BREAKING: dict[str, tuple[str, Callable[[Bid], tuple[str, str, tuple[Any, ...]]]]] = {
    "a price": (
        "receipts",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET price_minor = 1 WHERE id = %s", (bid.pk,)),
    ),
    "a plan": (
        "receipts",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET plan = 'x' WHERE id = %s", (bid.pk,)),
    ),
    "a receipt": (
        "receipts",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET receipt = 'x' WHERE id = %s", (bid.pk,)),
    ),
    "sealed terms": (
        "receipts",
        lambda bid: (
            "contracts_sealedterms",
            "UPDATE contracts_sealedterms SET ciphertext = '\\x00' WHERE bid_id = %s",
            (bid.pk,),
        ),
    ),
    "no sealed terms": (
        "receipts",
        lambda bid: ("contracts_sealedterms", "DELETE FROM contracts_sealedterms WHERE bid_id = %s", (bid.pk,)),
    ),
    "an instant": (
        "times",
        lambda bid: (
            "contracts_bid",
            "UPDATE contracts_bid SET opened_at = opened_at - interval '9 days' WHERE id = %s",
            (bid.pk,),
        ),
    ),
    "an awarded bid": (
        "awards",
        lambda bid: ("contracts_bid", "UPDATE contracts_bid SET status = 'disqualified' WHERE id = %s", (bid.pk,)),
    ),
}


@pytest.mark.parametrize("what", BREAKING)
def test_what_was_changed_behind_the_guards_is_named_and_the_command_fails(cast: Cast, what: str) -> None:
    _award, first, _second = awarded(cast)
    name, change = BREAKING[what]
    table, statement, values = change(first)
    with transaction.atomic():
        tamper(table, statement, *values)
        found = proved(name)
        out = io.StringIO()
        with pytest.raises(CommandError):
            call_command("verify_integrity", stdout=out)
        actions.search()
        shown = page(cast.ada, "integrity_list")
        transaction.set_rollback(True)

    assert (found.broken, len(found.sentences)) == (1, 1)
    assert "FAILED" in out.getvalue()
    assert "1 thing is not as it was promised" in shown
    assert proved(name).holds


def test_a_sealed_deed_that_was_changed_is_found(cast: Cast) -> None:
    evaluating(cast)
    event = SealedEvent.objects.order_by("pk").first()
    assert event is not None
    tamper("contracts_sealedevent", "UPDATE contracts_sealedevent SET ciphertext = '\\x00' WHERE id = %s", event.pk)

    assert proved("deeds").broken >= 1


def test_a_broken_chain_is_found(cast: Cast) -> None:
    evaluating(cast)
    audit.link()
    assert proved("chain").holds
    tamper("core_auditrecord", "UPDATE core_auditrecord SET about = 'x' WHERE deed = 'project.published'")

    assert not proved("chain").holds


def test_seals_that_were_proved_before_are_counted_and_not_opened_again(cast: Cast) -> None:
    evaluating(cast)
    once = {row["name"]: row["checked"] for row in actions.search().proofs}
    project = published(cast, title="Another one")
    bids_on(project, cast.northwind, cast.teo)
    opened(project)

    twice = {row["name"]: row["checked"] for row in actions.search().proofs}

    assert (once["receipts"], twice["receipts"]) == (2, 3)
    assert (once["deeds"], twice["deeds"]) == (2, 3)
