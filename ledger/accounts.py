"""The chart of accounts as a table of plain values: which kinds exist and how each behaves.

Every microenterprise, idea and platform has the same kinds. The database repeats what it enforces (guarded kinds and
their side in `ledger_guarded_side`, parties in a check constraint); a test compares both. What is posted when is told
by the rooms above; do not put events of the market here.
"""

from enum import StrEnum
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Book(StrEnum):
    """Two sets of books that never mix: what is owed, and what would be owed under terms on trial."""

    REAL = "real"
    SHADOW = "shadow"


class Family(StrEnum):
    """Where an account stands: in the balance sheet (the first three) or in the result."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class PartyRule(StrEnum):
    """Whether an account is kept per party (`person:<uuid>`, `entity:<id>`, `owner:<name>`)."""

    NEVER = "never"
    MAY = "may"
    MUST = "must"


class EntityKind(StrEnum):
    """What keeps books of its own."""

    MICROENTERPRISE = "microenterprise"
    IDEA = "idea"
    PLATFORM = "platform"


class Kind(StrEnum):
    """The kinds of account. Values are stored; never rename one."""

    WALLET = "wallet"
    HOLD = "hold"
    ESCROW = "escrow"
    SET_ASIDE = "set_aside"
    IN_TRANSIT = "in_transit"
    PLEDGE_ESCROW = "pledge_escrow"
    PAYABLE = "payable"
    ADVANCE = "advance"
    PLEDGES_OWED = "pledges_owed"
    PLEDGE_GIVEN = "pledge_given"
    STAKE_HELD = "stake_held"
    STAKE = "stake"
    PROFIT_SHARED = "profit_shared"
    RETAINED = "retained"
    INCOME_OUTSIDE = "income_outside"
    INCOME_INSIDE = "income_inside"
    EXPENSE_OUTSIDE = "expense_outside"
    EXPENSE_INSIDE = "expense_inside"
    EXPENSE_PAY = "expense_pay"

    @property
    def facts(self) -> "KindFacts":
        """Everything the table below says of this kind."""
        return CHART[self]

    @property
    def family(self) -> Family:
        return CHART[self].family

    @property
    def side(self) -> int:
        """+1 when the account grows by debits, -1 when it grows by credits; times the signed sum gives its balance."""
        return CHART[self].side

    @property
    def guarded(self) -> bool:
        """Whether the database keeps its balance and refuses to let it go below zero."""
        return CHART[self].guarded

    @property
    def party(self) -> PartyRule:
        return CHART[self].party

    @property
    def label(self) -> Promise:
        """The name readers see."""
        return CHART[self].label

    @property
    def hledger(self) -> str:
        """The account below the entity's own in an exported journal."""
        return CHART[self].hledger


class KindFacts(NamedTuple):
    """One row of the chart."""

    family: Family
    side: int
    guarded: bool
    party: PartyRule
    hledger: str
    label: Promise


_DEBIT, _CREDIT = +1, -1
_NEVER, _MAY, _MUST = PartyRule.NEVER, PartyRule.MAY, PartyRule.MUST
_A, _L, _Q, _I, _X = Family.ASSET, Family.LIABILITY, Family.EQUITY, Family.INCOME, Family.EXPENSE

CHART: Final[dict[Kind, KindFacts]] = {
    Kind.WALLET: KindFacts(_A, _DEBIT, True, _NEVER, "assets:wallet", _("wallet")),
    Kind.HOLD: KindFacts(_A, _DEBIT, True, _NEVER, "assets:hold", _("held for published projects")),
    Kind.ESCROW: KindFacts(_A, _DEBIT, True, _NEVER, "assets:escrow", _("escrow for signed contracts")),
    Kind.SET_ASIDE: KindFacts(_A, _DEBIT, True, _NEVER, "assets:set aside", _("set aside for people")),
    Kind.PLEDGE_ESCROW: KindFacts(_A, _DEBIT, True, _NEVER, "assets:pledge escrow", _("pledges in escrow")),
    Kind.PLEDGE_GIVEN: KindFacts(_A, _DEBIT, True, _MUST, "assets:pledge given", _("pledge given")),
    Kind.STAKE_HELD: KindFacts(_A, _DEBIT, False, _MUST, "assets:stake held", _("stake held")),
    Kind.ADVANCE: KindFacts(_A, _DEBIT, True, _MUST, "assets:advance", _("advance to a person")),
    Kind.PAYABLE: KindFacts(_L, _CREDIT, False, _MUST, "liabilities:payable", _("owed to a person")),
    Kind.IN_TRANSIT: KindFacts(_L, _CREDIT, True, _MAY, "liabilities:in transit", _("sent, not yet confirmed")),
    Kind.PLEDGES_OWED: KindFacts(_L, _CREDIT, True, _MUST, "liabilities:pledges owed", _("owed to a pledger")),
    Kind.STAKE: KindFacts(_Q, _CREDIT, False, _MUST, "equity:stake", _("stake of an owner")),
    # What was shared is taken out of equity: it grows by debits, so that its balance reads as what was shared.
    Kind.PROFIT_SHARED: KindFacts(_Q, _DEBIT, False, _NEVER, "equity:profit shared", _("profit shared")),
    Kind.RETAINED: KindFacts(_Q, _CREDIT, False, _MUST, "equity:retained", _("retained by an owner")),
    Kind.INCOME_OUTSIDE: KindFacts(_I, _CREDIT, False, _MAY, "income:outside", _("income from outside")),
    Kind.INCOME_INSIDE: KindFacts(_I, _CREDIT, False, _MAY, "income:inside", _("income from inside")),
    Kind.EXPENSE_OUTSIDE: KindFacts(_X, _DEBIT, False, _MAY, "expenses:outside", _("cost from outside")),
    Kind.EXPENSE_INSIDE: KindFacts(_X, _DEBIT, False, _MAY, "expenses:inside", _("cost from inside")),
    Kind.EXPENSE_PAY: KindFacts(_X, _DEBIT, False, _MAY, "expenses:pay", _("stable pay")),
}

GUARDED: Final = tuple(kind for kind in Kind if kind.guarded)
INCOME: Final = tuple(kind for kind in Kind if kind.family is Family.INCOME)
EXPENSE: Final = tuple(kind for kind in Kind if kind.family is Family.EXPENSE)

NIGHT_KINDS: Final = ("pay", "draw", "share")
"""Kinds of entry that the settlement may still post on a closed, not yet sealed date. The database knows them too."""

YEAR_CLOSE: Final = "year_close"
"""The kind of entry that moves a year's result into equity; results leave it out, or the year would read as zero."""

REVERSAL: Final = "reversal"
"""The kind of entry `writer.reverse` makes."""


def kinds_with(rule: PartyRule) -> tuple[Kind, ...]:
    """The kinds with that rule about parties, in the order of the chart."""
    return tuple(kind for kind in Kind if kind.party is rule)
