"""The sentences of the first page: what a line of `attention` means to its reader, where it leads, how urgent it is.

No queries here; a page that needs another fact adds it to the line's branch.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contracts.models import Contract, Project
from contracts.queries.bids import OwnBid
from core import money
from core.clock import company_zone
from core.words.instants import exact
from haier_market.attention import Line
from microenterprises.models import Idea
from settlement.sentences import day_name


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for the reader, with its one action."""

    title: str
    detail: str
    url: str
    action: str
    deadline: datetime | None
    icon: str
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class Moving:
    """One thing in motion: what it is, how it stands, when something happens next."""

    title: str
    detail: str
    url: str
    at: datetime | None
    icon: str


@dataclass(frozen=True, slots=True)
class Look:
    """One thing worth a look, with the reason it is shown."""

    title: str
    detail: str
    reason: str
    url: str
    deadline: datetime | None
    icon: str


@dataclass(frozen=True, slots=True)
class Told:
    """A notice."""

    key: str
    sentence: str
    url: str
    at: datetime | None
    unread: bool


def day_of(instant: datetime | None) -> date | None:
    """A date that travelled as an instant: the union carries dates as midnight UTC."""
    return instant.astimezone(UTC).date() if instant is not None else None


def end_of(day: date | None) -> datetime | None:
    """The instant at which a business date is over."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time(), company_zone())


def after(instant: datetime | None, days: int | None) -> datetime | None:
    """So many days after an instant."""
    return instant + timedelta(days=days or 0) if instant is not None else None


# ------------------------------------------------------------------ what needs me


def needs(lines: Iterable[Line], own: Iterable[OwnBid], now: datetime) -> list[Need]:
    """Everything that waits, the nearest deadline first, what has none at the end.

    own: the sealed bids of the MEs the reader leads. Where one is live no reminder is needed to bid; one made for words
    of its project that changed since waits to be confirmed.
    """
    live = [row for row in own if row.live]
    bid_on = {str(row.bid.project_id) for row in live}
    needed = [line for line in lines if line.section == "need"]
    found = [
        NEEDS[line.kind](line) for line in _payouts_once(needed) if not (line.kind == "bid" and line.key in bid_on)
    ]
    found += [_confirm(row) for row in live if row.stale and row.may_change(now)]
    last = datetime.max.replace(tzinfo=UTC)
    return sorted((_urgent(need, now) for need in found), key=lambda need: (need.deadline or last, need.title))


def _confirm(row: OwnBid) -> Need:
    """Only its bidder reads this."""
    return Need(
        _("Confirm your bid on “%(title)s”") % {"title": row.bid.project.title},
        _("The project changed after you bid, for %(me)s; what is not confirmed stays sealed for ever")
        % {"me": row.firm.name},
        f"/projects/{row.bid.project_id}/bid/?me={row.firm.pk}",
        _("Read and confirm"),
        row.bid.project.deadline,
        "lock",
    )


def _payouts_once(needed: Sequence[Line]) -> list[Line]:
    """What can be paid, told once with its sums; when nobody can be paid, the sums alone are nothing to do."""
    sums = ", ".join(money.write(line.number or 0, line.key) for line in needed if line.kind == "pay_sum")
    ready = any(line.kind == "pay" for line in needed)
    kept = [line for line in needed if line.kind != "pay_sum" and not (line.kind == "pay_soon" and ready)]
    return [replace(line, detail=sums) if line.kind == "pay" else line for line in kept]


def _urgent(need: Need, now: datetime) -> Need:
    if need.deadline is None or need.tone == "bad" or need.deadline - now > timedelta(days=1):
        return need
    return Need(need.title, need.detail, need.url, need.action, need.deadline, need.icon, "warn")


def _sign(line: Line) -> Need:
    return Need(
        _("Sign “%(title)s”") % {"title": line.title},
        _("A contract with %(name)s") % {"name": line.detail},
        f"/contracts/{line.key}/sign/",
        _("Read and sign"),
        after(line.at, line.number),
        "signature",
    )


def _accept(line: Line) -> Need:
    return Need(
        _("Decide on the delivery “%(title)s”") % {"title": line.title},
        _("Delivered by %(name)s; no decision is acceptance") % {"name": line.detail},
        f"/contracts/{line.key}/milestones/{line.extra}/accept/",
        _("Accept or reject"),
        after(line.at, line.number),
        "check",
    )


def _deliver(line: Line) -> Need:
    return Need(
        _("Deliver “%(title)s”") % {"title": line.title},
        _("For %(name)s") % {"name": line.detail},
        f"/contracts/{line.key}/milestones/{line.extra}/deliver/",
        _("Deliver"),
        end_of(day_of(line.at)),
        "send",
    )


def _end(line: Line) -> Need:
    return Need(
        _("Answer: end “%(title)s” early?") % {"title": line.title},
        _("%(name)s proposes it") % {"name": line.detail},
        f"/contracts/{line.key}/",
        _("Answer"),
        None,
        "ban",
    )


def _award(line: Line) -> Need:
    return Need(
        _("Decide who gets “%(title)s”") % {"title": line.title},
        _("The bids are open."),
        f"/projects/{line.key}/",
        _("Compare the bids"),
        None,
        "award",
    )


def _agree(line: Line) -> Need:
    return Need(
        _("Agree or not: who gets “%(title)s”") % {"title": line.title},
        _("%(name)s proposed it; it takes two people") % {"name": line.detail},
        f"/projects/{line.key}/award/agree/",
        _("Read and answer"),
        None,
        "scale",
    )


def _price(line: Line) -> Need:
    return Need(
        _("Explain your price on “%(title)s”") % {"title": line.title},
        _("%(name)s asks how you keep it") % {"name": line.detail},
        f"/projects/{line.key}/price/",
        _("Explain"),
        line.at,
        "triangle-alert",
    )


def _objection(line: Line) -> Need:
    return Need(
        _("Rule on an objection to the award of “%(title)s”") % {"title": line.title},
        _("%(name)s objects; nothing is signed until you rule") % {"name": line.detail},
        f"/projects/{line.key}/",
        _("Read and rule"),
        None,
        "scale",
    )


def _quality(line: Line) -> Need:
    return Need(
        _("Judge the quality of the bids on “%(title)s”") % {"title": line.title},
        _("You are on the panel of %(name)s") % {"name": line.detail},
        f"/projects/{line.key}/quality/",
        _("Judge"),
        None,
        "scale",
    )


def _question(line: Line) -> Need:
    return Need(
        _("Answer questions about “%(title)s”") % {"title": line.title},
        _("Every bidder reads the answers"),
        f"/projects/{line.key}/questions/",
        _("Read and answer"),
        line.at,
        "message-square",
    )


def _judge(line: Line) -> Need:
    return Need(
        _("Name a panel member for “%(title)s”") % {"title": line.title},
        _("Everybody named by %(name)s has a conflict of interest") % {"name": line.detail},
        f"/projects/{line.key}/quality/replace/",
        _("Name somebody"),
        None,
        "users",
    )


def _ask_judge(line: Line) -> Need:
    return Need(
        _("Ask for a panel member for “%(title)s”") % {"title": line.title},
        _("Everybody on the panel has a conflict of interest"),
        f"/projects/{line.key}/quality/ask/",
        _("Ask the steward"),
        None,
        "users",
    )


def _rate(line: Line) -> Need:
    return Need(
        _("Rate “%(title)s”") % {"title": line.title},
        _("Completed with %(name)s") % {"name": line.detail},
        f"/contracts/{line.key}/rate/",
        _("Rate"),
        after(line.at, line.number),
        "star",
    )


def _bid(line: Line) -> Need:
    return Need(
        _("“%(title)s” closes soon") % {"title": line.title},
        _ceiling(line),
        f"/projects/{line.key}/",
        _("Look and bid"),
        line.at,
        "gavel",
    )


def _ceiling(line: Line) -> str:
    if line.number is None:
        return line.detail
    return _("%(name)s pays up to %(ceiling)s") % {
        "name": line.detail,
        "ceiling": money.write(line.number, line.extra),
    }


def _invitation(line: Line) -> Need:
    return Need(
        _("You are invited: %(role)s") % {"role": line.title},
        line.detail,
        f"/talent/invitations/{line.key}/",
        _("Answer"),
        line.at,
        "mail",
    )


def _asked(line: Line) -> Need:
    return Need(
        _("%(person)s asks for the seat %(role)s") % {"person": line.detail, "role": line.title},
        line.extra,
        f"/talent/invitations/{line.key}/",
        _("Answer"),
        line.at,
        "user-plus",
    )


def _vote(line: Line) -> Need:
    return Need(
        _("Vote on the share terms of %(name)s") % {"name": line.title},
        _("Version %(number)s") % {"number": line.number},
        f"/microenterprises/{line.key}/terms/",
        _("Vote"),
        _start_of(day_of(line.at)),
        "vote",
    )


def _start_of(day: date | None) -> datetime | None:
    return end_of(day - timedelta(days=1)) if day is not None else None


def _launch(line: Line) -> Need:
    return Need(
        _("Launch “%(title)s”") % {"title": line.title},
        _("It has its money and its people."),
        f"/ideas/{line.key}/launch/",
        _("Launch"),
        None,
        "sprout",
    )


def _pool(line: Line) -> Need:
    left = line.detail
    return Need(
        _("Find your next place"),
        _("You came from %(name)s; seats are offered to you with a reason each") % {"name": left}
        if left
        else _("Seats are offered to you with a reason each"),
        "/talent/me/",
        _("See the seats"),
        end_of(day_of(line.at)),
        "users",
    )


def _exception(line: Line) -> Need:
    return Need(
        _("%(name)s could not be settled") % {"name": line.title},
        _("The night of %(day)s waits for you") % {"day": _day(line.at)},
        f"/settlement/outcomes/{line.key}/",
        _("See why"),
        None,
        "triangle-alert",
        "warn",
    )


def _approve(line: Line) -> Need:
    count = line.number or 0
    return Need(
        _("Approve the settlement of %(day)s") % {"day": day_name(date.fromisoformat(line.key))},
        ngettext("%(count)s exception", "%(count)s exceptions", count) % {"count": count}
        if count
        else _("No exceptions"),
        f"/settlement/{line.key}/",
        _("Look and approve"),
        None,
        "moon-star",
    )


def _exceptions(line: Line) -> Need:
    return Need(
        ngettext(
            "%(count)s microenterprise could not be settled",
            "%(count)s dates of microenterprises could not be settled",
            line.number or 0,
        )
        % {"count": line.number},
        _("The oldest is %(day)s") % {"day": _day(line.at)},
        "/settlement/",
        _("See them"),
        None,
        "triangle-alert",
        "warn",
    )


def _pool_soon(line: Line) -> Need:
    return Need(
        ngettext(
            "%(count)s person has two weeks or less to land",
            "%(count)s people have two weeks or less to land",
            line.number or 0,
        )
        % {"count": line.number},
        _("The first clock ends with %(day)s") % {"day": _day(line.at)},
        "/talent/?left=14",
        _("Help them"),
        end_of(day_of(line.at)),
        "hourglass",
    )


def _pool_over(line: Line) -> Need:
    return Need(
        ngettext("The clock of %(count)s person is over", "The clocks of %(count)s people are over", line.number or 0)
        % {"count": line.number},
        _("Nothing happens to anyone's employment by itself; talk to them"),
        "/talent/?left=expired",
        _("See them"),
        None,
        "triangle-alert",
        "bad",
    )


def _leaderless(line: Line) -> Need:
    return Need(
        _("Nobody leads %(name)s") % {"name": line.title},
        _("Its members elect a leader, or you wind it up"),
        f"/microenterprises/{line.key}/",
        _("Look into it"),
        None,
        "flag",
        "warn",
    )


def _stuck(line: Line) -> Need:
    when = exact(line.at) if line.at is not None else ""
    return Need(
        _("The bids on “%(title)s” have not opened") % {"title": line.title},
        _("The deadline was %(when)s; the worker or BID_KEY may be missing") % {"when": when},
        f"/projects/{line.key}/",
        _("Look into it"),
        None,
        "flag",
        "bad",
    )


def _flags(line: Line) -> Need:
    when = exact(line.at) if line.at is not None else ""
    return Need(
        _("Red flags wait for a look"),
        _("Questions of the search of %(when)s, not verdicts") % {"when": when},
        "/integrity/",
        _("See them"),
        None,
        "shield-check",
    )


def _unpayable(line: Line) -> Need:
    return Need(
        _("You cannot be paid in %(currency)s: your bank details are missing") % {"currency": line.key},
        _("What you earned stays owed to you until you say where it goes; nobody can enter it for you"),
        "/statements/bank/change/",
        _("Enter bank details"),
        None,
        "landmark",
        "warn",
    )


def _rejected(line: Line) -> Need:
    return Need(
        _("The bank rejected your payment of %(amount)s") % {"amount": _amount(line)},
        _("It said: %(reason)s. The amount is still owed to you; check where it goes") % {"reason": line.title},
        "/statements/bank/",
        _("Check bank details"),
        None,
        "landmark",
        "bad",
    )


def _pay(line: Line) -> Need:
    return Need(
        _("Pay people out"),
        _("%(amounts)s approved and in no payout yet") % {"amounts": line.detail},
        "/payouts/",
        _("Prepare a payout"),
        None,
        "hand-coins",
    )


def _pay_soon(line: Line) -> Need:
    return Need(
        _("Pay people out"),
        _("The nights up to %(day)s are approved and in no payout yet") % {"day": _day(line.at)},
        "/payouts/",
        _("Prepare a payout"),
        None,
        "hand-coins",
    )


def _payout_send(line: Line) -> Need:
    return Need(
        _("Send payout %(number)s") % {"number": line.title},
        _payout(line),
        f"/payouts/{line.key}/",
        _("Look and send"),
        None,
        "send",
    )


def _payout_file(line: Line) -> Need:
    return Need(
        _("Give the file of payout %(number)s to the bank") % {"number": line.title},
        _payout(line),
        f"/payouts/{line.key}/#files",
        _("Download the file"),
        None,
        "file-text",
    )


def _payout_paid(line: Line) -> Need:
    return Need(
        _("Mark payout %(number)s as paid") % {"number": line.title},
        _("%(what)s; do it when the bank's statement shows the sum") % {"what": _payout(line)},
        f"/payouts/{line.key}/",
        _("Look and mark"),
        None,
        "check",
    )


def _payout(line: Line) -> str:
    people = int(line.detail)
    return (
        ngettext("%(amount)s for %(count)s person", "%(amount)s for %(count)s people", people)
        % {"amount": _amount(line), "count": people}
    )  # fmt: skip


def _payout_rejected(line: Line) -> Need:
    count = line.number or 0
    return Need(
        ngettext(
            "The bank rejected %(count)s payment of payout %(number)s",
            "The bank rejected %(count)s payments of payout %(number)s",
            count,
        )
        % {"count": count, "number": line.title},
        _("The next payout would go to the same account; ask the person to check their bank details"),
        f"/payouts/{line.key}/?status=rejected",
        _("See why"),
        None,
        "triangle-alert",
        "warn",
    )


def _amount(line: Line) -> str:
    return money.write(line.number or 0, line.extra)


def _day(instant: datetime | None) -> str:
    day = day_of(instant)
    return day_name(day) if day is not None else ""


NEEDS: Final[dict[str, Callable[[Line], Need]]] = {
    "accept": _accept,
    "agree": _agree,
    "approve": _approve,
    "asked": _asked,
    "award": _award,
    "bid": _bid,
    "deliver": _deliver,
    "end": _end,
    "exception": _exception,
    "exceptions": _exceptions,
    "flags": _flags,
    "invitation": _invitation,
    "launch": _launch,
    "objection": _objection,
    "leaderless": _leaderless,
    "pay": _pay,
    "pay_soon": _pay_soon,
    "payout_file": _payout_file,
    "payout_paid": _payout_paid,
    "payout_rejected": _payout_rejected,
    "payout_send": _payout_send,
    "pool": _pool,
    "pool_over": _pool_over,
    "price": _price,
    "pool_soon": _pool_soon,
    "quality": _quality,
    "judge": _judge,
    "ask_judge": _ask_judge,
    "question": _question,
    "rate": _rate,
    "rejected": _rejected,
    "sign": _sign,
    "stuck": _stuck,
    "unpayable": _unpayable,
    "vote": _vote,
}


# ------------------------------------------------------------------ what is in motion


def moving(lines: Sequence[Line], own: Iterable[OwnBid], now: datetime) -> list[Moving]:
    """Contracts, projects, opened bids and ideas of the reader, and their own sealed bids.

    What stands among the needs is not told twice.
    """
    waiting = {line.key for line in lines if line.section == "need"}
    told = [_moving(line, now) for line in lines if line.section == "motion" and line.key not in waiting]
    sealed = [
        _sealed(row) for row in own if row.live and not row.stale and row.bid.project.status == Project.Status.PUBLISHED
    ]
    return sealed + told


def _sealed(row: OwnBid) -> Moving:
    """A bid that only the author and the leader of the bidding ME may know of."""
    return Moving(
        _("Your bid on “%(title)s”") % {"title": row.bid.project.title},
        _("Sealed, for %(me)s; it opens by itself") % {"me": row.firm.name},
        f"/projects/{row.bid.project_id}/",
        row.bid.project.deadline,
        "lock",
    )


def _moving(line: Line, now: datetime) -> Moving:
    if line.kind == "idea":
        return Moving(line.title, _idea_detail(line), f"/ideas/{line.key}/", None, "lightbulb")
    if line.kind == "project":
        return Moving(line.title, _project_detail(line, now), f"/projects/{line.key}/", _coming(line, now), "gavel")
    if line.kind == "opened_bid":
        said = _("The bid of %(name)s is being judged") % {"name": line.detail}
        return Moving(line.title, said, f"/projects/{line.key}/", None, "scale")
    return Moving(line.title, _contract_detail(line), f"/contracts/{line.key}/", None, "handshake")


def _idea_detail(line: Line) -> str:
    if line.extra == Idea.Status.DRAFT:
        return _("Your draft")
    return _("%(amount)s pledged so far") % {"amount": money.write(line.number or 0, line.detail)}


def _coming(line: Line, now: datetime) -> datetime | None:
    return line.at if line.at is not None and line.at > now and line.extra == Project.Status.PUBLISHED else None


def _project_detail(line: Line, now: datetime) -> str:
    if line.extra == Project.Status.DRAFT:
        return _("A draft of your ME")
    if line.extra == Project.Status.EVALUATING:
        return _("The bids are open; the buyer decides.")
    return _("Published; bids are sealed") if line.at is not None and line.at > now else _("Closed; the bids open now")


def _contract_detail(line: Line) -> str:
    facts: dict[str, Any] = {"name": line.detail, "open": line.number or 0}
    if line.extra == Contract.Status.SIGNING:
        return _("With %(name)s; waits for signatures") % facts
    if line.kind == "contract_buyer":
        return (
            ngettext(
                "%(name)s works for you; %(open)s milestone open",
                "%(name)s works for you; %(open)s milestones open",
                facts["open"],
            )
            % facts
        )
    return (
        ngettext(
            "You work for %(name)s; %(open)s milestone open",
            "You work for %(name)s; %(open)s milestones open",
            facts["open"],
        )
        % facts
    )


# ------------------------------------------------------------------ worth a look, notices


def looks(lines: Iterable[Line], needed: Iterable[str]) -> list[Look]:
    """Projects that ask for the reader's skills, then those that close next, each once; and seats."""
    seen = set(needed)
    found = []
    for line in lines:
        if line.section == "look" and line.key not in seen:
            seen.add(line.key)
            found.append(_look(line))
    return found


def _look(line: Line) -> Look:
    if line.kind == "seat":
        return Look(
            line.title, line.detail, _("Asks for what you can"), f"/talent/seats/{line.key}/ask/", None, "user-plus"
        )
    why = _("Asks for what you can") if line.kind == "match" else _("Closes next")
    return Look(line.title, _ceiling(line), why, f"/projects/{line.key}/", line.at, "gavel")


def told(lines: Iterable[Line]) -> list[Told]:
    """The latest notices, newest first."""
    rows = [Told(row.key, row.title, row.detail, row.at, not row.extra) for row in lines if row.section == "notice"]
    return sorted(rows, key=lambda row: (row.at is None, row.at), reverse=True)
