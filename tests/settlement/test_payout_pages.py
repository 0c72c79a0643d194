"""The pages of payouts and bank details: who sees which, what each deed answers, what they cost, what they hide."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client

from core.models import AuditRecord
from microenterprises.models import Microenterprise
from people.models import Notice, User
from settlement.actions import payouts
from settlement.bank import read_account
from settlement.models import BankDetails, Owed, Payment, PaymentPart, PayoutBatch, RunRelease, SettlementRun
from tests.cast import PASSWORD
from tests.naming import names
from tests.settlement.paying import (
    CARD,
    DAY,
    IBAN,
    ONE,
    account,
    approve,
    bank,
    draft,
    paid,
    payment_to,
    people_of,
    sent,
    shared,
)  # fmt: skip
from tests.settlement.world import Seat, earn, firm, member, nights, person
from tests.statements import statements

pytestmark = pytest.mark.django_db
Status = PayoutBatch.Status
HOLDER = "Zhang Weiming"
SECRETS = (CARD, "102100099996", HOLDER, IBAN)


@pytest.fixture
def fay() -> User:
    return person("Fay", "finance")


@pytest.fixture
def fred() -> User:
    return person("Fred", "finance")


@pytest.fixture
def rui() -> User:
    return person("Rui", "auditor")


@pytest.fixture
def me(fay: User) -> Microenterprise:
    """Cold Chain shares 500.00 of an approved night; Amara has a number, Mei an IBAN."""
    cold_chain = shared(Seat("Amara", 3), Seat("Mei", 1), name="Cold Chain")
    bank(member(cold_chain, "Amara"), account(holder=HOLDER))
    return cold_chain


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def see(user: User, path: str, status: int = 200, *, target: str = "") -> str:
    headers = {"HX-Request": "true", "HX-Target": target} if target else {}
    response = client_of(user).get(path, headers=headers)
    assert response.status_code == status, (path, response.status_code)
    return b"".join(response).decode() if response.streaming else response.content.decode()


def test_an_approved_night_leads_to_its_payouts_and_a_payout_to_its_nights(
    me: Microenterprise, fay: User, fred: User, rui: User
) -> None:
    night, later = f"/settlement/{DAY}/", f"/settlement/{DAY + ONE}/"
    earn(me, 100_00, DAY + ONE)
    nights(DAY + ONE)
    pay = '<a class="button primary" href="/payouts/">'
    assert pay in see(fay, night) and pay not in see(fay, later)  # the later one is not approved yet
    approve(DAY + ONE)
    assert pay in see(fay, later)
    reading = see(rui, night)
    assert pay not in reading and "Finance pays people out." in reading
    batch = paid(fay, fred)
    address = f"/payouts/{batch.pk}/"
    for reader in (fay, rui):
        shown = see(reader, night)
        assert f'<a href="{address}">Payout {batch.number}, CNY</a>' in shown
        assert pay not in shown  # everything is paid
    assert address not in see(person("Ada", "steward"), night)
    back = see(fay, address)
    assert f'href="{night}"' in back and f'href="{later}"' in back


def test_a_statement_leads_to_its_files(me: Microenterprise, fay: User) -> None:
    amara = member(me, "Amara")
    for reader, path in ((amara, "/statements/"), (fay, f"/statements/people/{amara.pk}/")):
        asked = f"/settlement/exports/new/statement/?person={amara.pk}"
        assert f'href="{asked}"' in see(reader, path)
        offered = see(reader, asked)
        for form in ("csv", "xlsx"):
            assert f"/settlement/exports/new/statement/{form}/" in offered
    refused = see(member(me, "Mei"), f"/settlement/exports/new/statement/?person={amara.pk}", 404)
    assert not names(refused, "Amara")


def post(user: User, path: str, status: int = 303, **data: str) -> str:
    response = client_of(user).post(path, data)
    assert response.status_code == status, (path, response.status_code)
    return response.content.decode()


def batch_page(batch: PayoutBatch, deed: str = "") -> str:
    return f"/payouts/{batch.pk}/{deed}"


def payment_page(payment: Payment) -> str:
    return f"/payouts/payments/{payment.pk}/"


# --- Reading ----------------------------------------------------------------------------------------------------------


def test_finance_reads_what_is_approved_and_not_paid(me: Microenterprise, fay: User) -> None:
    page = see(fay, "/payouts/")
    assert "500.00" in page
    assert "Prepare a payout in CNY" in page
    assert "No payout yet" in page


def test_the_list_says_who_waits_and_which_night_holds_others_back(fay: User) -> None:
    one = firm(Seat("Amara"), launched=DAY)
    earn(one, 100_00, DAY)
    earn(one, 100_00, DAY + ONE)
    nights(DAY + ONE)
    approve(DAY)
    page = see(fay, "/payouts/")
    assert "waits for approval" in page
    assert f"/settlement/{DAY + ONE}/" in page
    assert "and CN¥50.00, approved a moment ago" in page
    assert "what can be paid of the CN¥50.00 of nights approved a moment ago" in page
    payouts.release_approved()
    page = see(fay, "/payouts/")
    assert "a moment ago" not in page
    assert "1 person with CN¥50.00 is paid once they have entered them" in page
    assert "Nobody here has bank details yet" in page
    missing = see(fay, "/payouts/without-details/")
    assert "Amara" in missing
    assert "50.00" in missing


def test_empty_pages_say_what_would_be_there(fay: User) -> None:
    assert "Everything approved is paid or on its way" in see(fay, "/payouts/")
    assert "can be paid" in see(fay, "/payouts/without-details/")
    assert "No bank details yet" in see(person("Sol"), "/statements/bank/")


def test_the_auditor_reads_all_of_it_masked(me: Microenterprise, fay: User, rui: User) -> None:
    batch = sent(fay)
    page = see(rui, batch_page(batch))
    assert "•••• 0123" in page
    assert "Finance downloads payment files" in page
    assert "•••• 0123" in see(rui, payment_page(payment_to("Amara", batch)))
    see(rui, batch_page(batch, "pain001.xml"), 403)
    see(rui, batch_page(batch, "payments.csv"), 403)


def test_to_everybody_else_payouts_are_not_there(me: Microenterprise, fay: User) -> None:
    batch = sent(fay)
    payment = payment_to("Amara", batch)
    files = (batch_page(batch, "pain001.xml"), batch_page(batch, "payments.csv"))
    for reader in (person("Ada", "steward"), person("Hua", "hr"), member(me, "Amara"), person("Vendor", "vendor")):
        for path in ("/payouts/", "/payouts/without-details/", batch_page(batch), payment_page(payment), *files):
            see(reader, path, 404)


def test_a_filter_stands_in_the_address(me: Microenterprise, fay: User) -> None:
    batch = sent(fay)
    page = see(fay, batch_page(batch) + "?q=amar&status=sent", target="results")
    assert "Amara" in page
    assert not names(page, "Mei")
    assert "No payment to show" in see(fay, batch_page(batch) + "?status=rejected", target="results")


# --- Deeds: works, GET refused, stranger 404, outsider 403, wrong state, twice ---------------------------------------


def test_finance_prepares_a_payout_and_a_second_press_opens_the_same(me: Microenterprise, fay: User) -> None:
    assert post(fay, "/payouts/", currency="CNY") == post(fay, "/payouts/", currency="CNY")
    batch = PayoutBatch.objects.get()
    assert (batch.status, batch.total_minor) == (Status.DRAFT, 500_00)
    assert "Draft" in see(fay, "/payouts/")
    assert "nothing is approved and unpaid" in post(fay, "/payouts/", 422, currency="JPY")
    assert "Choose a currency" in post(fay, "/payouts/", 422, currency="gold")


def test_the_month_is_paid_from_the_pages_alone(me: Microenterprise, fay: User, fred: User) -> None:
    post(fay, "/payouts/", currency="CNY")
    batch = PayoutBatch.objects.get()
    assert "Posts CN¥500.00 to 2 people" in see(fay, batch_page(batch))
    post(fay, batch_page(batch, "send/"))
    assert "Payments as pain.001" in see(fay, batch_page(batch))
    assert "somebody else in finance marks it as paid" in see(fay, batch_page(batch))
    assert CARD in see(fay, batch_page(batch, "pain001.xml"))
    post(fred, batch_page(batch, "paid/"))
    page = see(fred, batch_page(batch))
    assert "marked it as paid" in page
    assert SettlementRun.objects.get().status == SettlementRun.Status.PAID


DEEDS = ("send/", "cancel/", "paid/")


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_no_link(me: Microenterprise, fay: User, deed: str) -> None:
    see(fay, batch_page(draft(fay), deed), 405)
    assert PayoutBatch.objects.get().status == Status.DRAFT


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_is_nobodys_but_finances(me: Microenterprise, fay: User, rui: User, deed: str) -> None:
    batch = draft(fay)
    for stranger in (person("Ada", "steward"), member(me, "Amara"), person("Vendor", "vendor")):
        post(stranger, batch_page(batch, deed), 404)
    assert "Finance" in post(rui, batch_page(batch, deed), 403)
    assert PayoutBatch.objects.get().status == Status.DRAFT
    post(fay, f"/payouts/{uuid4()}/{deed}", 404)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_in_the_wrong_state_says_why_beside_the_page(
    me: Microenterprise, fay: User, fred: User, deed: str
) -> None:
    batch = paid(fay, fred)
    assert "no longer possible" in post(fred, batch_page(batch, deed), 422)


def test_who_prepared_it_is_told_who_may_mark_it_paid(me: Microenterprise, fay: User) -> None:
    batch = sent(fay)
    assert "somebody else in finance" in post(fay, batch_page(batch, "paid/"), 403)


def test_only_finance_prepares(me: Microenterprise, rui: User) -> None:
    post(rui, "/payouts/", 403, currency="CNY")
    post(member(me, "Amara"), "/payouts/", 404, currency="CNY")
    assert not PayoutBatch.objects.exists()


def test_finance_records_what_the_bank_rejected(me: Microenterprise, fay: User, rui: User) -> None:
    payment = payment_to("Amara", sent(fay))
    page = see(fay, payment_page(payment))
    assert "CN¥375.00 is owed to Amara again" in page
    assert "This field is required" in post(fay, payment_page(payment), 422, reason="")
    post(rui, payment_page(payment), 403, reason="x")
    post(member(me, "Amara"), payment_page(payment), 404, reason="x")
    post(fay, payment_page(payment), reason="Account closed")
    assert "Account closed" in see(rui, payment_page(payment))
    post(fay, payment_page(payment), 409, reason="Account closed")
    assert "375.00" in see(fay, "/payouts/")


def test_the_page_of_ones_own_payment_says_who_records_a_rejection(me: Microenterprise, fay: User) -> None:
    payment = payment_to("Amara", sent(fay))
    amara = member(me, "Amara")
    amara.roles = ["finance"]
    amara.save()
    page = see(amara, payment_page(payment))
    assert "This payment is yours, so somebody else in finance" in page
    assert "Record the rejection" not in page
    assert "This payment is yours" in post(amara, payment_page(payment), 403, reason="Account closed")


def test_a_draft_has_no_file(me: Microenterprise, fay: User) -> None:
    see(fay, batch_page(draft(fay), "pain001.xml"), 409)


def test_work_that_goes_on_shows_how_far_it_is(me: Microenterprise, fay: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payouts, "STEP", 1)
    post(fay, "/payouts/", currency="CNY")
    batch = PayoutBatch.objects.get()
    assert "0 of 2" in see(fay, batch_page(batch))
    assert "0 of 2" in see(fay, batch_page(batch), target="progress")
    payouts.work_on_all()
    assert "500.00" in see(fay, batch_page(batch))
    response = client_of(fay).get(batch_page(batch), headers={"HX-Request": "true", "HX-Target": "progress"})
    assert response["HX-Refresh"] == "true"


def test_every_file_is_in_the_audit_trail_and_no_other_page_is(me: Microenterprise, fay: User) -> None:
    batch = sent(fay)
    see(fay, batch_page(batch))
    for name in ("pain001.xml", "payments.csv", "pain001.xml"):
        see(fay, batch_page(batch, name))
    told = AuditRecord.objects.filter(deed="payout.exported").order_by("id")
    assert [row.facts["form"] for row in told] == ["pain.001", "csv", "pain.001"]
    assert {row.facts["payments_sha256"] for row in told} == {batch.payments_sha256}


# --- One's own bank details -------------------------------------------------------------------------------------------

OWN = "/statements/bank/"
TYPED = {"holder": HOLDER, "number": CARD, "clearing_system": "CNAPS", "clearing_code": "102100099996"}


def signed_in(somebody: User) -> Client:
    """Through the door, by password a moment ago."""
    somebody.set_password(PASSWORD)
    somebody.save()
    client = Client()
    assert client.post("/accounts/login/", {"login": somebody.email, "password": PASSWORD}).status_code == 302
    again = client.post("/accounts/reauthenticate/?next=" + OWN, {"password": PASSWORD})
    assert again.status_code == 302, again.content.decode()
    return client


def test_somebody_enters_their_bank_details_and_sees_them_masked() -> None:
    sol = person("Sol")
    client = signed_in(sol)
    assert client.get(OWN + "change/").status_code == 200
    assert client.post(OWN + "change/", TYPED).status_code == 303
    page = client.get(OWN).content.decode()
    assert "•••• 0123" in page
    assert not any(secret in page for secret in SECRETS)
    again = client.get(OWN + "change/").content.decode()
    assert not any(secret in again for secret in SECRETS)
    assert "•••• 0123" in Notice.objects.get(person=sol).sentence


def test_wrong_details_are_refused_beside_the_field() -> None:
    client = signed_in(person("Sol"))
    answer = client.post(OWN + "change/", {"holder": "Sol", "iban": "DE89370400440532013001"})
    assert answer.status_code == 422
    assert "check digits" in answer.content.decode()
    assert not BankDetails.objects.exists()


def test_newer_details_replace_older_ones_and_the_trail_says_so() -> None:
    client = signed_in(person("Sol"))
    for number in (CARD, "99887766554433"):
        client.post(OWN + "change/", {**TYPED, "number": number})
    assert [row.ending for row in BankDetails.objects.filter(replaced_at=None)] == ["4433"]
    assert BankDetails.objects.count() == 2
    told = AuditRecord.objects.filter(deed__startswith="bank_details.").order_by("id")
    assert [(row.deed, row.facts["ending"]) for row in told] == [
        ("bank_details.entered", "0123"),
        ("bank_details.changed", "4433"),
    ]


def test_changing_asks_for_the_password_again_and_keeps_nothing_typed_until_then() -> None:
    sol = person("Sol")
    sol.set_password(PASSWORD)
    sol.save()
    client = client_of(sol)
    asked = client.get(OWN + "change/")
    assert asked.status_code == 302
    assert "/accounts/reauthenticate/" in asked["Location"]
    assert client.get(asked["Location"]).status_code == 200
    late = client.post(OWN + "change/", TYPED)
    assert (late.status_code, late["Location"]) == (303, OWN + "change/")
    assert not BankDetails.objects.exists()
    assert not any(secret in json.dumps(dict(client.session.items()), default=str) for secret in SECRETS)


def test_vendors_have_no_bank_details_here() -> None:
    vendor = person("Vendor", "vendor")
    see(vendor, OWN, 404)
    see(vendor, OWN + "change/", 404)
    post(vendor, OWN + "change/", 404, **TYPED)


def test_a_person_sees_what_was_sent_to_them(me: Microenterprise, fay: User) -> None:
    batch = sent(fay)
    payouts.reject(payment=payment_to("Amara", batch), reason="Account closed", by=fay)
    page = see(member(me, "Amara"), OWN)
    assert "375.00" in page
    assert "Account closed" in page
    assert "125.00" not in page


# --- Secrecy ----------------------------------------------------------------------------------------------------------


def every_cell() -> str:
    """Everything a reader of the database finds in every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t')
            found += [f"{table} {row}" for (row,) in cursor.fetchall()]
    return "\n".join(found)


def walked(fay: User, fred: User, rui: User, me: Microenterprise) -> Iterator[tuple[str, str]]:
    """Every page and answer around a payout, files apart, as everybody who may read it."""
    batch = PayoutBatch.objects.get()
    payments = [payment_page(payment) for payment in Payment.objects.all()]
    shared_pages = ["/", "/payouts/", "/payouts/without-details/", batch_page(batch), *payments, "/settlement/"]
    shared_pages += [f"/settlement/{DAY}/", "/api/v1/payouts/", f"/api/v1/payouts/{batch.pk}/"]
    shared_pages += [f"/api/v1/payouts/{batch.pk}/payments/"]
    for reader in (fay, fred, rui):
        for path in (*shared_pages, f"/statements/people/{member(me, 'Amara').pk}/"):
            yield path, see(reader, path)
    for path in ("/admin/", "/admin/core/auditrecord/"):
        yield path, see(rui, path)
    for path in ("/", "/statements/", OWN, "/people/me/", "/people/me/notices/"):
        yield path, see(member(me, "Amara"), path)


def test_no_page_table_trail_or_log_tells_whole_bank_details(
    me: Microenterprise, fay: User, fred: User, rui: User, caplog: pytest.LogCaptureFixture
) -> None:
    bank(member(me, "Mei"), read_account(holder=HOLDER, iban=IBAN))
    batch = paid(fay, fred)
    payouts.record_export(batch=batch, form="pain.001", by=fay)
    payouts.reject(payment=payment_to("Mei", batch), reason="Returned", by=fay)
    for path, text in walked(fay, fred, rui, me):
        assert not any(secret in text for secret in SECRETS), path
    cells = every_cell()
    for secret in SECRETS:
        assert secret not in cells
        assert secret.encode().hex() not in cells
        assert secret not in caplog.text


@pytest.mark.parametrize("model", [BankDetails, Owed, Payment, PaymentPart, PayoutBatch, RunRelease])
def test_nothing_of_it_is_in_the_admin(model: Any) -> None:
    assert model not in admin.site._registry


# --- API --------------------------------------------------------------------------------------------------------------


def test_the_api_tells_finance_and_the_auditor_the_same_masked(me: Microenterprise, fay: User, rui: User) -> None:
    batch = sent(fay)
    for reader in (fay, rui):
        (told,) = json.loads(see(reader, "/api/v1/payouts/"))["results"]
        assert (told["status"], told["total_minor"], told["size"]) == ("sent", 500_00, 2)
        payments = json.loads(see(reader, f"/api/v1/payouts/{batch.pk}/payments/"))["results"]
        assert [(each["person"], each["account"]) for each in payments] == [
            ("Amara", "•••• 0123"),
            ("Mei", "•••• 0123"),
        ]
    see(person("Vendor", "vendor"), "/api/v1/payouts/", 404)
    for reader in (person("Ada", "steward"), member(me, "Amara")):
        assert json.loads(see(reader, "/api/v1/payouts/"))["results"] == []
        see(reader, f"/api/v1/payouts/{batch.pk}/", 404)
        see(reader, f"/api/v1/payouts/{batch.pk}/payments/", 404)
    assert client_of(fay).post("/api/v1/payouts/", {"currency": "CNY"}).status_code == 405


# --- Cost -------------------------------------------------------------------------------------------------------------


def test_pages_cost_the_same_for_three_times_the_rows(fay: User, fred: User) -> None:
    def month(number: int, people: int) -> PayoutBatch:
        day = DAY + number * ONE
        me = firm(*(Seat(f"Person {number} {n}") for n in range(people)), launched=day, effective_from=day)
        earn(me, 1_000_00, DAY + number * ONE)
        nights(DAY + number * ONE)
        approve(DAY + number * ONE)
        for somebody in people_of(me)[1:]:
            bank(somebody)
        return paid(fay, fred)

    first = month(0, 2)
    reader = Payment.objects.get().person
    payment = payment_page(Payment.objects.get())

    def pages(batch: PayoutBatch) -> list[tuple[User, str]]:
        own = [(fay, path) for path in ("/payouts/", "/payouts/without-details/", batch_page(batch), payment)]
        return [*own, (reader, OWN), (reader, OWN + "change/")]

    once = [statements(user, path) for user, path in pages(first)]
    last = month(1, 7)
    thrice = [statements(user, path) for user, path in pages(last)]
    assert once == thrice
    assert max(thrice) <= 8, list(zip(pages(last), thrice, strict=True))
