"""What must hold of an ME, a place in it and the date on which it changes, whichever verb changes it.

Each raises Invalid, Conflict or InvalidTransition with the sentence for whoever asked. Who may is in `permissions`.
"""

from datetime import date
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from core import money
from core.errors import Conflict, Invalid, InvalidTransition
from ledger.days import open_date
from microenterprises import names
from microenterprises.calculation import TermsSpec, terms_fault
from microenterprises.models import Membership, Microenterprise
from microenterprises.sentences import day_name
from microenterprises.sentences import terms_fault as fault_sentence
from people.models import User

WHOLE_PERCENT: Final = 100


def check_conditions(role: str, customer_outcome: str, weight: int, pay_minor: int, allocation_percent: int) -> None:
    """The conditions of a place in an ME make sense."""
    if not role.strip():
        raise Invalid(_("Name the role."), field="role")
    if not customer_outcome.strip():
        raise Invalid(_("Say which outcome for which customer this place serves."), field="customer_outcome")
    if weight < 0 or pay_minor < 0:
        raise Invalid(_("Weight and pay are zero or more."), field="weight" if weight < 0 else "pay")
    money.check_size(pay_minor, field="pay")
    if not 1 <= allocation_percent <= WHOLE_PERCENT:
        raise Invalid(_("The allocation is between 1 and 100 percent."), field="allocation_percent")


def check_terms(terms: TermsSpec) -> None:
    """Share terms leave no profit without a rule and no rest without an owner."""
    if fault := terms_fault(terms):
        raise Invalid(fault_sentence(fault), field="tiers", fault=fault.value)


def check_name_is_free(name: str) -> str:
    """No other ME has a name that reads like this one. Returns the name as it is kept.

    One statement that reads every name: a few thousand short ones, and MEs are founded seldom. PostgreSQL alone cannot
    say which names read alike.
    """
    kept = names.tidy(name)
    if not kept:
        raise Invalid(_("Give the ME a name."), field="name")
    names.check_plain(kept)
    own = names.key(kept)
    for other in Microenterprise.objects.order_by().values_list("name", flat=True):
        if names.key(other) == own:
            raise name_taken(other)
    return kept


def name_taken(name: str) -> Conflict:
    return Conflict(_("There is an ME named %(name)s already. Choose another name.") % {"name": name}, field="name")


def check_lives(firm: Microenterprise) -> None:
    """The ME, or the team, was not dissolved."""
    if firm.status == Microenterprise.Status.DISSOLVED:
        raise InvalidTransition(_("%(me)s is dissolved.") % {"me": firm.name})


def check_active(firm: Microenterprise) -> None:
    """The ME was launched and not dissolved: it has money, pays, buys and shares."""
    check_lives(firm)
    if firm.is_team:
        raise InvalidTransition(
            _("%(me)s is a team that is not launched yet, so it has no money and no share terms.") % {"me": firm.name}
        )


def check_pay_of(firm: Microenterprise, pay_minor: int) -> None:
    """A team pays nobody before it is launched."""
    if firm.is_team and pay_minor:
        raise Invalid(
            _("%(me)s is a team that is not launched yet, so its seats have no pay and no draw. Leave it at zero.")
            % {"me": firm.name},
            field="pay",
        )


def check_not_past(on: date) -> None:
    """A closed date stays closed: nothing begins or ends before today, which cannot be closed until this is done."""
    if on < open_date():
        raise Invalid(_("This date is over. Choose today or a later date."), field="on")


def check_future(on: date) -> None:
    """New conditions never reach back into today, whose profit they did not make."""
    if on <= open_date():
        raise Invalid(_("Conditions change from a future date. Choose tomorrow or later."), field="on")


def check_within(membership: Membership, on: date) -> None:
    """The membership still runs on the date."""
    if membership.ended_on is not None and membership.ended_on <= on:
        raise InvalidTransition(
            _("This place in the ME ends on %(day)s already.") % {"day": day_name(membership.ended_on)}
        )
    if on < membership.started_on:
        raise Invalid(
            _("This place in the ME starts on %(day)s. Choose that day or a later one.")
            % {"day": day_name(membership.started_on)},
            field="on",
        )


def check_no_member_then(firm: Microenterprise, person: User, on: date) -> None:
    """A person is in an ME once at a time."""
    later = Membership.objects.filter(microenterprise=firm, person=person)
    if later.filter(Q(ended_on=None) | Q(ended_on__gt=on)).exists():
        raise Conflict(_("%(person)s has a place in %(me)s already.") % {"person": person.name, "me": firm.name})


def check_currency(currency: str) -> None:
    """The currency exists."""
    if not money.known(currency):
        raise Invalid(_("%(currency)s is not a currency.") % {"currency": currency}, field="currency")
