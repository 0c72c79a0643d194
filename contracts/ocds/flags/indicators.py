"""The eleven red flags, each as two pure functions: what it keeps of one process, and what it finds among all of them.

Definitions after *Red flags in public procurement* and Cardinal, both of the Open Contracting Partnership; where words
leave something open, Cardinal's code settles it (https://github.com/open-contracting/cardinal-rs, `src/indicators/`).
The text and the code here are our own. Where we differ on purpose, the function says so; the reason is always one of
two: instants are compared as instants, and nothing depends on the order in which releases, bids or awards stand.

For every indicator a cancelled process says nothing (Cardinal: `is_cancelled_contracting_process`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, NamedTuple

from contracts.ocds.flags import fences
from contracts.ocds.flags.process import Price, Process, SeenBid
from contracts.ocds.flags.values import Fences, Flag, Group, Settings

ONE: Final = Fraction(1)
ZERO: Final = Fraction(0)

Facts = Mapping[str, Any]
"""What `look` kept, by ocid."""
Told = Flag | tuple[Group, Fences]
Figures = tuple[tuple[str, Fraction], ...]


class Indicator(NamedTuple):
    """`look` keeps one small fact of a process, or None; `judge` answers flags and the fences it took."""

    code: str
    look: Callable[[Process, Settings], Any]
    judge: Callable[[str, Facts, Settings], Iterator[Told]]


# ------------------------------------------------------------------ R003: short notice


def short_notice(process: Process, settings: Settings) -> Figures | None:
    """R003: fewer whole days than the threshold from the start to the end of the tender period, whatever the method.

    Whole days are rounded towards zero, as chrono's `num_days` does (`r003.rs`).
    """
    start, end = process.period()
    if start is None or end is None:
        return None
    length = end - start
    days = length.days if length.days >= 0 else -((-length).days)
    return (("days", Fraction(days)),) if days < settings.shortest_period_days else None


# ------------------------------------------------------------------ R018: one tenderer


def one_tenderer(process: Process, settings: Settings) -> Figures | None:
    """R018: `numberOfTenderers` is 1 and the method is open or selective (`r018.rs`)."""
    number = process.tender.get("numberOfTenderers")
    alone = not isinstance(number, bool) and number == 1
    return () if alone and process.method in settings.competitive_methods else None


# ------------------------------------------------------------------ R024, R058: the gap to the second price


@dataclass(frozen=True, slots=True)
class Gap:
    """The winning and the second-lowest price; the winner, and whoever asked the second-lowest."""

    won: Fraction
    second: Fraction
    winner: str
    seconds: tuple[str, ...]

    @property
    def part(self) -> Fraction:
        """(second-lowest - winning) / winning."""
        return (self.second - self.won) / self.won

    @property
    def figures(self) -> Figures:
        return (("won", self.won), ("second", self.second))


def gap(process: Process, settings: Settings) -> Gap | None:
    """The gap between the winning bid and the lowest valid bid of anybody else (`util.rs`, SecondLowestBidRatio).

    The winner is the one supplier of the one active award; of several valid bids of theirs the lowest counts. A bid
    that several tenderers share is not compared. Left out: prices that the buyer sets, awards that are not final,
    several active awards or suppliers, a winner who is not the lowest.

    Ours: a process whose valid bids are in more than one currency is left out, where Cardinal reads the whole file in
    the currency it meets first; so is a winning price of zero, by which nothing can be divided; and all who asked the
    second-lowest price are second, where Cardinal takes the one listed first.
    """
    if process.method_details in settings.prices_set_by_buyer:
        return None
    winner = _only_winner(process)
    prices = _comparable(bid for bid in process.bids if bid.status == "valid" and bid.alone is not None)
    if winner is None or prices is None:
        return None
    own = [amount for bid, amount in prices if bid.alone == winner]
    others = [(amount, bid.alone or "") for bid, amount in prices if bid.alone != winner]
    if not own or not others:
        return None
    won, second = min(own), min(amount for amount, _who in others)
    if won <= 0 or second < won:
        return None
    seconds = sorted({who for amount, who in others if amount == second})
    return Gap(won, second, winner, tuple(seconds))


def _only_winner(process: Process) -> str | None:
    """The one supplier of the one active award of a process whose awards are all final."""
    active = process.active
    return active[0].alone if process.settled and len(active) == 1 else None


def _comparable(bids: Iterator[SeenBid]) -> list[tuple[SeenBid, Fraction]] | None:
    """Bids with their amounts, when all that have a price have it in one currency."""
    priced = [(bid, bid.price) for bid in bids if bid.price is not None]
    if len({price.currency for _bid, price in priced}) != 1:
        return None
    return [(bid, price.amount) for bid, price in priced]


def close_price(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """R024: the gap is at or under the lower fence of all gaps; the winner and the second are flagged too (0.0).

    A fence at zero or under it flags nothing: a gap is never negative, and where a quarter of all gaps are zero they
    are not outliers (`r024.rs`).
    """
    found = fences.lower([row.part for row in facts.values()], settings.close_fence)
    if found is None:
        return
    yield Group.PROCESS, found
    if found.fence <= 0:
        return
    for ocid, row in facts.items():
        if row.part <= found.fence:
            yield Flag(Group.PROCESS, ocid, code, row.part, ocid, row.figures)
            for who in (row.winner, *row.seconds):
                yield Flag(Group.TENDERER, who, code, ZERO, ocid)


def heavy_discount(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """R058: the gap is at or over the upper fence of all gaps; the winner is flagged too (0.0).

    A fence of zero flags nothing: then three quarters of all gaps are zero (`r058.rs`).
    """
    found = fences.upper([row.part for row in facts.values()], settings.discount_fence)
    if found is None:
        return
    yield Group.PROCESS, found
    if found.fence <= 0:
        return
    for ocid, row in facts.items():
        if row.part >= found.fence:
            yield Flag(Group.PROCESS, ocid, code, row.part, ocid, row.figures)
            yield Flag(Group.TENDERER, row.winner, code, ZERO, ocid)


# ------------------------------------------------------------------ R025: many bids, few won


class Contest(NamedTuple):
    """Who won, and everybody with a valid bid, each once."""

    winner: str
    valid: tuple[str, ...]


def contest(process: Process, settings: Settings) -> Contest | None:
    """Who had valid bids and who won. Left out as for R024, but prices play no part (`r025.rs`)."""
    winner = _only_winner(process)
    if winner is None:
        return None
    valid = {bid.alone for bid in process.bids if bid.status == "valid" and bid.alone is not None}
    return Contest(winner, tuple(sorted(valid))) if valid else None


def seldom_wins(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """R025: a tenderer among those with the most valid bids, whose share of won bids is at or under the lower fence.

    "Most" is the percentile of the settings or more. A process counts once for a tenderer, however many bids it had
    there. A fence at zero or under it flags nothing (`r025.rs`).
    """
    entered: Counter[str] = Counter()
    won: Counter[str] = Counter()
    for row in facts.values():
        entered.update(row.valid)
        won[row.winner] += row.winner in row.valid
    shares = {who: Fraction(won[who], count) for who, count in entered.items()}
    found = fences.lower(list(shares.values()), settings.unsuccessful_fence)
    if found is None:
        return
    yield Group.TENDERER, found
    counts = sorted(Fraction(count) for count in entered.values())
    many = fences.quantile(counts, Fraction(settings.top_percentile, 100))
    if found.fence <= 0:
        return
    for who, share in shares.items():
        if entered[who] >= many and share <= found.fence:
            figures = (("won", Fraction(won[who])), ("valid", Fraction(entered[who])))
            yield Flag(Group.TENDERER, who, code, share, figures=figures)


# ------------------------------------------------------------------ R028: identical prices


def identical_prices(process: Process, settings: Settings) -> tuple[str, ...] | None:
    """R028: the tenderers who asked the same price (amount and currency) as a different tenderer, or None.

    Every submitted bid counts, whatever became of it. Bids of the same tenderers do not count against each other; a
    bid that nobody is named for counts nowhere (`r028.rs`).
    """
    if process.method_details in settings.prices_set_by_buyer:
        return None
    asked: defaultdict[Price, set[frozenset[str]]] = defaultdict(set)
    for bid in process.bids:
        if bid.submitted and bid.price is not None and bid.tenderers:
            asked[bid.price].add(frozenset(bid.tenderers))
    equal = {who for groups in asked.values() if len(groups) > 1 for group in groups for who in group}
    return tuple(sorted(equal)) or None


# ------------------------------------------------------------------ R030: a late bid won


def late_winners(process: Process, settings: Settings) -> tuple[str, ...] | None:
    """R030: the suppliers of active awards who have a valid bid that came after the deadline, or None (`r030.rs`).

    Ours: instants are compared; Cardinal compares the texts, which an offset makes wrong.
    """
    _start, end = process.period()
    if end is None:
        return None
    suppliers = {who for award in process.active for who in award.suppliers}
    late = {
        who
        for bid in process.bids
        if bid.status == "valid" and bid.at is not None and bid.at > end
        for who in bid.tenderers
    }
    return tuple(sorted(suppliers & late)) or None


def with_tenderers(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """The process and the tenderers it names, each 1.0."""
    for ocid, tenderers in facts.items():
        yield Flag(Group.PROCESS, ocid, code, ONE, ocid)
        for who in tenderers:
            yield Flag(Group.TENDERER, who, code, ONE, ocid)


# ------------------------------------------------------------------ R035: all but the winner disqualified


class LastStanding(NamedTuple):
    """The only tenderer with valid bids, and how many others were disqualified."""

    winner: str
    others: int


def last_standing(process: Process, settings: Settings) -> LastStanding | None:
    """R035: exactly one tenderer has valid bids and supplies all active awards, and others were disqualified.

    Left out: awards that are not final (`r035.rs`).
    """
    if not process.settled:
        return None
    suppliers = {who for award in process.active for who in award.suppliers}
    valid = {who for bid in process.bids if bid.status == "valid" for who in bid.tenderers}
    disqualified = {who for bid in process.bids if bid.status == "disqualified" for who in bid.tenderers}
    others = len(disqualified - valid)
    if len(valid) != 1 or valid != suppliers or others < max(settings.fewest_disqualified, 1):
        return None
    return LastStanding(valid.pop(), others)


def others_disqualified(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """R035: the process with the number of other tenderers disqualified; the winner is flagged too (0.0)."""
    for ocid, row in facts.items():
        yield Flag(Group.PROCESS, ocid, code, Fraction(row.others), ocid)
        yield Flag(Group.TENDERER, row.winner, code, ZERO, ocid)


# ------------------------------------------------------------------ R036: the lowest disqualified


def lowest_disqualified(process: Process, settings: Settings) -> Figures | None:
    """R036: there is an active award and a valid bid with an amount, and the lowest submitted bid was disqualified.

    Left out: prices that the buyer sets (`r036.rs`). Ours: bids in more than one currency are not compared (see `gap`);
    and where a bid that was kept is as low as the one disqualified, the lowest was not disqualified; Cardinal takes
    whichever is listed first.
    """
    if process.method_details in settings.prices_set_by_buyer or not process.active:
        return None
    prices = _comparable(bid for bid in process.bids if bid.submitted)
    if prices is None or not any(bid.status == "valid" for bid, _amount in prices):
        return None
    lowest = min(amount for _bid, amount in prices)
    kept = any(bid.status != "disqualified" for bid, amount in prices if amount == lowest)
    if kept:
        return None
    return (("lowest", lowest), ("kept", min(amount for bid, amount in prices if bid.status == "valid")))


def plain(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """The process alone, 1.0, with its figures."""
    for ocid, figures in facts.items():
        yield Flag(Group.PROCESS, ocid, code, ONE, ocid, figures)


# ------------------------------------------------------------------ R038: many disqualified


class Judged(NamedTuple):
    """How many of the submitted bids of a process were disqualified: for its buyer, its entity and each tenderer."""

    buyer: str
    entity: str
    disqualified: int
    submitted: int
    tenderers: tuple[tuple[str, int, int], ...]


def judged(process: Process, settings: Settings) -> Judged | None:
    """The submitted bids and those disqualified; a shared bid counts for each who shares it (`r038.rs`)."""
    bids = [bid for bid in process.bids if bid.submitted]
    if not bids:
        return None
    sent: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for bid in bids:
        sent.update(bid.tenderers)
        if bid.status == "disqualified":
            lost.update(bid.tenderers)
    return Judged(
        process.buyer,
        process.procuring_entity,
        sum(bid.status == "disqualified" for bid in bids),
        len(bids),
        tuple((who, lost[who], count) for who, count in sorted(sent.items())),
    )


def often_disqualified(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """R038: disqualified / submitted at or over the upper fence: per buyer, per procuring entity, per tenderer.

    Only who has at least `fewest_bids` submitted bids is looked at. Cardinal's text asks a buyer and an entity for two
    processes, its code for two bids (`r038.rs`); the code made the published results. A fence of zero flags nothing.
    """
    totals: dict[Group, defaultdict[str, list[int]]] = {
        group: defaultdict(lambda: [0, 0]) for group in (Group.BUYER, Group.PROCURING_ENTITY, Group.TENDERER)
    }
    for row in facts.values():
        for group, who, lost, sent in (
            (Group.BUYER, row.buyer, row.disqualified, row.submitted),
            (Group.PROCURING_ENTITY, row.entity, row.disqualified, row.submitted),
            *((Group.TENDERER, *tenderer) for tenderer in row.tenderers),
        ):
            if who:
                totals[group][who][0] += lost
                totals[group][who][1] += sent
    for group, found in totals.items():
        shares = {
            who: (Fraction(lost, sent), (("disqualified", Fraction(lost)), ("submitted", Fraction(sent))))
            for who, (lost, sent) in found.items()
            if sent >= max(settings.fewest_bids, 1)
        }
        yield from _over_the_fence(code, group, shares, settings.disqualified_fence)


def _over_the_fence(
    code: str, group: Group, values: Mapping[str, tuple[Fraction, Figures]], given: Fraction | None
) -> Iterator[Told]:
    found = fences.upper([value for value, _figures in values.values()], given)
    if found is None:
        return
    yield group, found
    if found.fence <= 0:
        return
    for who, (value, figures) in values.items():
        if value >= found.fence:
            yield Flag(group, who, code, value, figures=figures)


# ------------------------------------------------------------------ R048: supplies everything


def supplied(process: Process, settings: Settings) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    """The first-level classes of the items that each supplier got in active awards of one supplier (`r048.rs`)."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for award in process.active:
        if award.alone is not None:
            found[award.alone].update(item[: settings.class_digits] for item in award.classes)
    return tuple((who, tuple(sorted(classes))) for who, classes in sorted(found.items()) if classes) or None


def supplies_everything(code: str, facts: Facts, settings: Settings) -> Iterator[Told]:
    """R048: distinct first-level classes at or over the upper fence among those who supply in enough processes."""
    processes: Counter[str] = Counter()
    classes: defaultdict[str, set[str]] = defaultdict(set)
    for row in facts.values():
        for who, found in row:
            processes[who] += 1
            classes[who].update(found)
    counts = {
        who: (Fraction(len(classes[who])), (("processes", Fraction(n)),))
        for who, n in processes.items()
        if n >= settings.fewest_processes
    }
    yield from _over_the_fence(code, Group.TENDERER, counts, settings.variety_fence)


INDICATORS: Final = (
    Indicator("R003", short_notice, plain),
    Indicator("R018", one_tenderer, plain),
    Indicator("R024", gap, close_price),
    Indicator("R025", contest, seldom_wins),
    Indicator("R028", identical_prices, with_tenderers),
    Indicator("R030", late_winners, with_tenderers),
    Indicator("R035", last_standing, others_disqualified),
    Indicator("R036", lowest_disqualified, plain),
    Indicator("R038", judged, often_disqualified),
    Indicator("R048", supplied, supplies_everything),
    Indicator("R058", gap, heavy_discount),
)
CODES: Final = tuple(indicator.code for indicator in INDICATORS)
