"""The words of an internal market contract: what stands in a version, how it is written, read back and compared.

The clauses are part of what is signed, so they are stored in every version in both languages and are not looked up in
a message catalogue later. No queries, no states: those are in `actions.contracts`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from babel.dates import format_date
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contracts.canonical import canonical, sha256
from contracts.models import Contract
from core import money
from core.words.instants import date_locale

FORM: Final = "haier-market/contract/2"
"""Which shape and which clauses a version has; new clauses are a new form, old versions keep theirs."""

CLAUSES: Final[dict[str, tuple[str, ...]]] = {
    "en": (
        "The supplier does the work that the need describes. The success measure says when it is done.",
        "The price is fixed. From the last signature on it lies in the buyer's escrow.",
        "Both parties sign within {signing_days} days after the award; where one changes words that the other has "
        "signed, these days begin anew. Otherwise the contract is void and the money goes back to the buyer's wallet.",
        "The supplier delivers each milestone with evidence. {acceptor}, or a successor whom the buyer's leader names, "
        "decides for the buyer: accepted, accepted in part with a reason, or rejected with a reason.",
        "{silence_days} days without a decision after a delivery are acceptance.",
        "What is accepted is paid at once from escrow and never changes. Acceptance in part is final; the rest of that "
        "milestone goes back to the buyer's wallet.",
        "A rejected milestone may be delivered again while the contract is active.",
        "A change of these words is a new version. It takes effect only when both parties have signed it.",
        "The contract ends with its last milestone, or earlier when both leaders agree, when the steward ends it with "
        "a reason, or when one of the parties is dissolved. Open milestones are then cancelled and what escrow still "
        "holds goes back to the buyer's wallet.",
        "The English and the Chinese clauses say the same. Should they differ, the English ones hold.",
    ),
    "zh-hans": (
        "供方完成需求所述的工作；是否完成以成功标准为准。",
        "价格固定。自最后一方签署时起，价款存入需方的托管账户。",
        "双方应在授标后 {signing_days} 天内签署；一方更改另一方已签署的内容的，期限重新计算。"
        "逾期未签，合同作废，资金退回需方钱包。",
        "供方交付每个里程碑时须附凭证。{acceptor}（或需方负责人指定的继任者）代表需方决定：验收、部分验收（说明理由）或拒收（说明理由）。",
        "交付后 {silence_days} 天内未作决定，视为验收。",
        "验收的部分立即从托管账户支付，不再更改。部分验收为最终决定，该里程碑的余额退回需方钱包。",
        "合同有效期间，被拒收的里程碑可以再次交付。",
        "修改本合同即形成新版本，双方签署后方才生效。",
        "最后一个里程碑处理完毕，合同即告完成；双方负责人一致同意、合同管家说明理由终止，或一方小微企业解散时，合同提前终止："
        "未完成的里程碑取消，托管余额退回需方钱包。",
        "中英文条款含义相同；如有出入，以英文为准。",
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One milestone as the words promise it."""

    title: str
    amount_minor: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Words:
    """A version read back; amounts in minor units."""

    version: int
    project: str
    need: str
    success_measure: str
    buyer: str
    supplier: str
    acceptor: str
    currency: str
    price_minor: int
    days: int
    plan: str
    parts: tuple[Part, ...]
    silence_days: int
    signing_days: int
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions; an empty side means it was not there."""

    label: str
    before: str
    after: str


def compose(
    contract: Contract, *, version: int, parts: Sequence[Part], silence_days: int, signing_days: int
) -> dict[str, Any]:
    """The body of a version as plain values, ready for `seal`. Reads award, project, parties and acceptor."""
    project, bid = contract.project, contract.award.bid
    numbers = {
        "acceptor": contract.acceptor.name,
        "silence_days": silence_days,
        "signing_days": signing_days,
    }
    return {
        "form": FORM,
        "contract": str(contract.pk),
        "version": version,
        "project": {
            "id": str(project.pk),
            "title": project.title,
            "need": project.need,
            "success_measure": project.success_measure,
        },
        "award": str(contract.award_id),
        "bid": str(bid.pk),
        "buyer": {"id": str(contract.buyer_id), "name": contract.buyer.name},
        "supplier": {"id": str(contract.seller_id), "name": contract.supplier_name},
        "acceptor": {"id": str(contract.acceptor_id), "name": contract.acceptor.name},
        "book": contract.book,
        "currency": contract.currency,
        "price": money.plain(contract.price_minor, contract.currency),
        "days": bid.days or 0,
        "plan": bid.plan or "",
        "milestones": [_written(number, part, contract.currency) for number, part in enumerate(parts, start=1)],
        "silence_days": silence_days,
        "signing_days": signing_days,
        "clauses": {code: [text.format(**numbers) for text in texts] for code, texts in CLAUSES.items()},
    }


def seal(body: Mapping[str, Any]) -> tuple[str, str]:
    """The canonical text of a body and its SHA-256."""
    text = canonical(dict(body))
    return text, sha256(text)


def read(text: str) -> Words:
    """A version's body as a reader sees it; the clauses in the reader's language."""
    body = json.loads(text)
    currency = body["currency"]
    clauses = body["clauses"]
    return Words(
        version=body["version"],
        project=body["project"]["title"],
        need=body["project"]["need"],
        success_measure=body["project"]["success_measure"],
        buyer=body["buyer"]["name"],
        supplier=body["supplier"]["name"],
        acceptor=body["acceptor"]["name"],
        currency=currency,
        price_minor=money.minor(Decimal(body["price"]), currency),
        days=body["days"],
        plan=body["plan"],
        parts=tuple(_part(row, currency) for row in body["milestones"]),
        silence_days=body["silence_days"],
        signing_days=body["signing_days"],
        clauses=tuple(clauses.get(get_language() or "en", clauses["en"])),
    )


def changes(before: Words, after: Words) -> list[Change]:
    """What differs between two versions, in the reader's words and in the order of the document."""
    found = [
        Change(label, old, new)
        for label, old, new in zip(_labels(), _facts(before), _facts(after), strict=True)
        if old != new
    ]
    return found + list(_changed_parts(before, after)) + list(_changed_clauses(before, after))


def _written(number: int, part: Part, currency: str) -> dict[str, Any]:
    return {
        "number": number,
        "title": part.title,
        "amount": money.plain(part.amount_minor, currency),
        "due_on": part.due_on.isoformat(),
    }


def _part(row: Mapping[str, Any], currency: str) -> Part:
    return Part(row["title"], money.minor(Decimal(row["amount"]), currency), date.fromisoformat(row["due_on"]))


def _labels() -> tuple[str, ...]:
    return (_("Project"), _("Need"), _("What success means"), _("Who accepts"), _("Price"), _("Days"), _("Plan"))


def _facts(words: Words) -> tuple[str, ...]:
    price = money.write(words.price_minor, words.currency)
    return (words.project, words.need, words.success_measure, words.acceptor, price, str(words.days), words.plan)


def _changed_parts(before: Words, after: Words) -> Iterable[Change]:
    for index in range(max(len(before.parts), len(after.parts))):
        old = _said(before, index)
        new = _said(after, index)
        if old != new:
            yield Change(_("Milestone %(number)s") % {"number": index + 1}, old, new)


def _said(words: Words, index: int) -> str:
    if index >= len(words.parts):
        return ""
    part = words.parts[index]
    return _("%(title)s: %(amount)s, due %(due_on)s") % {
        "title": part.title,
        "amount": money.write(part.amount_minor, words.currency),
        "due_on": format_date(part.due_on, format="medium", locale=date_locale()),
    }


def _changed_clauses(before: Words, after: Words) -> Iterable[Change]:
    for index in range(max(len(before.clauses), len(after.clauses))):
        old = before.clauses[index] if index < len(before.clauses) else ""
        new = after.clauses[index] if index < len(after.clauses) else ""
        if old != new:
            yield Change(_("Clause %(number)s") % {"number": index + 1}, old, new)
