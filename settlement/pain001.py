"""Payments as an ISO 20022 customer credit transfer, pain.001.001.09, written piece by piece. No database, no keys.

Written here because libraries for it write the euro's own dialect: two decimals and an IBAN for everybody. The schema
accepts a wrong control sum, so the writer counts for itself and breaks off, which leaves no readable document behind.

Names stay in the script in which people typed them: the schema takes any, and a Chinese bank wants Chinese. People give
the account holder's name as their bank writes it; nothing is transliterated behind their back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import escape

from core import money
from settlement.bank import Account

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
TO_PEOPLE: Final = "SALA"
"""The category purpose of salaries and shares, by which banks keep them from prying eyes in their own reports."""


class ControlTotalsDiffer(Exception):
    """The payments are not those that the head names; what was written so far is no document."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the whole message says: who pays, when, how many payments, and their sum."""

    message_id: str
    created_at: datetime
    execution_date: date
    currency: str
    count: int
    total_minor: int
    debtor: Account
    purpose: str
    note: str
    """Which runs are paid and the hash of the payments, as a comment before the document; never a person's data."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One payment: its own name in 35 characters, the amount in minor units, and to whom."""

    end_to_end_id: str
    instruction_id: str
    amount_minor: int
    creditor: Account


def document(head: Head, transfers: Iterable[Transfer]) -> Iterator[str]:
    """The message, piece by piece. Raises ControlTotalsDiffer before its last piece if count or sum are not the head's.

    Nothing is repaired on the way: an amount has exactly the currency's decimals, none for the yen.
    """
    yield "<?xml version='1.0' encoding='UTF-8'?>\n"
    yield f"<!-- {escape(head.note).replace('--', '- -')} -->\n"
    yield f'<Document xmlns="{NAMESPACE}"><CstmrCdtTrfInitn>'
    yield _text(_group_header(head))
    yield "<PmtInf>"
    for element in _payment_information(head):
        yield _text(element)
    count = total = 0
    for transfer in transfers:
        count += 1
        total += transfer.amount_minor
        yield _text(_transfer(transfer, head))
    if (count, total) != (head.count, head.total_minor):
        raise ControlTotalsDiffer(f"{count} payments of {total} instead of {head.count} of {head.total_minor}")
    yield "</PmtInf></CstmrCdtTrfInitn></Document>\n"


def _group_header(head: Head) -> Element:
    group = Element("GrpHdr")
    _leaf(group, "MsgId", head.message_id)
    _leaf(group, "CreDtTm", head.created_at.isoformat(timespec="seconds"))
    _totals(group, head)
    _leaf(SubElement(group, "InitgPty"), "Nm", head.debtor.holder)
    return group


def _payment_information(head: Head) -> Iterator[Element]:
    """The elements of the one payment instruction before its transfers."""
    inside = Element("PmtInf")
    _leaf(inside, "PmtInfId", head.message_id)
    _leaf(inside, "PmtMtd", "TRF")
    _leaf(inside, "BtchBookg", "true")
    _totals(inside, head)
    _leaf(SubElement(SubElement(inside, "PmtTpInf"), "CtgyPurp"), "Cd", TO_PEOPLE)
    _leaf(SubElement(inside, "ReqdExctnDt"), "Dt", head.execution_date.isoformat())
    _leaf(SubElement(inside, "Dbtr"), "Nm", head.debtor.holder)
    account = SubElement(inside, "DbtrAcct")
    _account_id(account, head.debtor)
    _leaf(account, "Ccy", head.currency)
    _bank(SubElement(inside, "DbtrAgt"), head.debtor)
    _leaf(inside, "ChrgBr", "SLEV" if head.currency == "EUR" else "SHAR")
    yield from inside


def _totals(parent: Element, head: Head) -> None:
    _leaf(parent, "NbOfTxs", str(head.count))
    _leaf(parent, "CtrlSum", money.plain(head.total_minor, head.currency))


def _transfer(transfer: Transfer, head: Head) -> Element:
    element, creditor = Element("CdtTrfTxInf"), transfer.creditor
    names = SubElement(element, "PmtId")
    _leaf(names, "InstrId", transfer.instruction_id)
    _leaf(names, "EndToEndId", transfer.end_to_end_id)
    amount = _leaf(SubElement(element, "Amt"), "InstdAmt", money.plain(transfer.amount_minor, head.currency))
    amount.set("Ccy", head.currency)
    if creditor.bic or creditor.clearing_code:
        _bank(SubElement(element, "CdtrAgt"), creditor)
    _leaf(SubElement(element, "Cdtr"), "Nm", creditor.holder)
    _account_id(SubElement(element, "CdtrAcct"), creditor)
    _leaf(SubElement(element, "RmtInf"), "Ustrd", head.purpose)
    return element


def _account_id(parent: Element, account: Account) -> None:
    identity = SubElement(parent, "Id")
    if account.iban:
        _leaf(identity, "IBAN", account.iban)
    else:
        _leaf(SubElement(identity, "Othr"), "Id", account.number)


def _bank(parent: Element, account: Account) -> None:
    institution = SubElement(parent, "FinInstnId")
    if account.bic:
        _leaf(institution, "BICFI", account.bic)
    if account.clearing_code:
        member = SubElement(institution, "ClrSysMmbId")
        _leaf(SubElement(member, "ClrSysId"), "Cd", account.clearing_system)
        _leaf(member, "MmbId", account.clearing_code)


def _leaf(parent: Element, name: str, text: str) -> Element:
    leaf = SubElement(parent, name)
    leaf.text = text
    return leaf


def _text(element: Element) -> str:
    return tostring(element, encoding="unicode")
