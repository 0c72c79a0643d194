"""Bank details as plain values: what a bank account is made of, and whether what somebody typed can be one.

No storage and no key here (see `settlement.vault`). Checked are the form of each part and the check digits of an IBAN;
whether the account exists only its bank knows. Lengths of IBANs: the SWIFT registry, by country.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import Invalid, InvalidTransition

LONGEST_HOLDER: Final = 140
"""Characters of a name in ISO 20022 (Max140Text)."""
LONGEST_NUMBER: Final = 34

IBAN_LENGTHS: Final[dict[str, int]] = {
    each[:2]: int(each[2:])
    for each in (  # noqa: SIM905  eighty quoted words read worse
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
        "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
        "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 "
        "PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 "
        "XK20 YE30"
    ).split()
}


class Clearing(NamedTuple):
    """A national clearing system: how its codes look, and what people call them."""

    code: re.Pattern[str]
    digits: str
    label: Promise


CLEARING: Final[dict[str, Clearing]] = {
    "CNAPS": Clearing(re.compile(r"[0-9]{12}"), "12", gettext_lazy("China: CNAPS code")),
    "JPZGN": Clearing(re.compile(r"[0-9]{7}"), "4 + 3", gettext_lazy("Japan: bank and branch code (Zengin)")),
    "HKNCC": Clearing(re.compile(r"[0-9]{3}"), "3", gettext_lazy("Hong Kong: bank code")),
    "TWNCC": Clearing(re.compile(r"[0-9]{7}"), "7", gettext_lazy("Taiwan: financial institution code")),
    "SGIBG": Clearing(re.compile(r"[0-9]{7}"), "4 + 3", gettext_lazy("Singapore: bank and branch code")),
    "INFSC": Clearing(re.compile(r"[A-Z]{4}0[A-Z0-9]{6}"), "11", gettext_lazy("India: IFSC")),
    "AUBSB": Clearing(re.compile(r"[0-9]{6}"), "6", gettext_lazy("Australia: BSB")),
    "USABA": Clearing(re.compile(r"[0-9]{9}"), "9", gettext_lazy("United States: routing number")),
    "CACPA": Clearing(re.compile(r"[0-9]{9}"), "9", gettext_lazy("Canada: routing number")),
    "GBDSC": Clearing(re.compile(r"[0-9]{6}"), "6", gettext_lazy("United Kingdom: sort code")),
}
"""By their codes in ISO 20022's external code sets."""

_BIC: Final = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{1,30}")
_NUMBER: Final = re.compile(r"[A-Z0-9]{5,34}")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account it is and where: an IBAN, or a number with the bank's BIC or clearing code."""

    holder: str
    iban: str = ""
    number: str = ""
    bic: str = ""
    clearing_system: str = ""
    clearing_code: str = ""

    @property
    def ending(self) -> str:
        """The last characters, which pages show: four, or two of a short number."""
        whole = self.iban or self.number
        return whole[-4:] if len(whole) >= 8 else whole[-2:]

    # A traceback or a log line that prints an account must not tell it.
    def __repr__(self) -> str:
        return f"Account({masked(self.ending)})"


def masked(ending: str) -> str:
    """How an account is shown everywhere."""
    return f"•••• {ending}"


def read_account(
    *, holder: str, iban: str = "", number: str = "", bic: str = "", clearing_system: str = "", clearing_code: str = ""
) -> Account:
    """What somebody typed as an account. Raises Invalid, with the field, when it cannot be one."""
    found = Account(
        holder=_holder(holder),
        iban=read_iban(iban) if iban.strip() else "",
        number=_number(number) if number.strip() else "",
        bic=read_bic(bic) if bic.strip() else "",
        clearing_system=clearing_system if clearing_code.strip() else "",
        clearing_code=_clearing_code(clearing_system, clearing_code) if clearing_code.strip() else "",
    )
    if bool(found.iban) == bool(found.number):
        raise Invalid(
            _("Type either the IBAN, or the account number with the code of its bank; not both and not neither."),
            field="iban" if found.iban else "number",
        )
    if found.number and not (found.bic or found.clearing_code):
        raise Invalid(
            _("A number alone does not say which bank. Add the bank's BIC or its clearing code."), field="bic"
        )
    return found


def read_iban(text: str) -> str:
    """An IBAN without spaces. Raises Invalid when its country, length or check digits are wrong."""
    iban = _compact(text)
    if not _IBAN.fullmatch(iban):
        raise Invalid(
            _("An IBAN begins with two letters and two digits, for example DE89 3704 0044 0532 0130 00."), field="iban"
        )
    length = IBAN_LENGTHS.get(iban[:2])
    if length is None:
        raise Invalid(
            _("%(country)s does not use IBANs. Type the account number instead.") % {"country": iban[:2]}, field="iban"
        )
    if len(iban) != length:
        raise Invalid(
            _("An IBAN of %(country)s has %(length)s characters; this one has %(found)s.")
            % {"country": iban[:2], "length": length, "found": len(iban)},
            field="iban",
        )
    if int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) % 97 != 1:
        raise Invalid(_("The check digits of this IBAN are wrong. Compare it with your bank's papers."), field="iban")
    return iban


def read_bic(text: str) -> str:
    """A BIC in capitals. Raises Invalid when it is not one."""
    bic = _compact(text)
    if not _BIC.fullmatch(bic):
        raise Invalid(_("A BIC has 8 or 11 letters and digits, for example BKCHCNBJ."), field="bic")
    return bic


def company_account() -> Account:
    """The account that pays people out, as the settings name it. Raises InvalidTransition when they do not."""
    name, account, bic = (
        settings.PAYOUT_DEBTOR_NAME, settings.PAYOUT_DEBTOR_ACCOUNT, settings.PAYOUT_DEBTOR_BIC
    )  # fmt: skip
    if not (name and account and bic):
        raise InvalidTransition(
            _(
                "The company's account is not set, so nobody can be paid out. Whoever runs the market sets "
                "PAYOUT_DEBTOR_NAME, PAYOUT_DEBTOR_ACCOUNT and PAYOUT_DEBTOR_BIC."
            )
        )
    is_iban = _IBAN.fullmatch(_compact(account)) is not None
    return read_account(holder=name, bic=bic, **{"iban" if is_iban else "number": account})


def _holder(text: str) -> str:
    holder = " ".join(text.split())
    if not holder:
        raise Invalid(_("Say in whose name the account is."), field="holder")
    if not holder.isprintable() or len(holder) > LONGEST_HOLDER:
        raise Invalid(
            _("The name has characters that a bank's file cannot hold, or more than %(longest)s of them.")
            % {"longest": LONGEST_HOLDER},
            field="holder",
        )
    return holder


def _number(text: str) -> str:
    number = _compact(text)
    if not _NUMBER.fullmatch(number):
        raise Invalid(_("An account number has 5 to 34 digits or letters."), field="number")
    return number


def _clearing_code(system: str, text: str) -> str:
    code = _compact(text)
    if system not in CLEARING:
        raise Invalid(_("Say which country's code this is."), field="clearing_system")
    if not CLEARING[system].code.fullmatch(code):
        raise Invalid(
            _("This code does not look like “%(system)s”: it has %(digits)s characters.")
            % {"system": CLEARING[system].label, "digits": CLEARING[system].digits},
            field="clearing_code",
        )
    return code


def _compact(text: str) -> str:
    """What was typed, as banks write it: full-width signs as plain ones, without blanks and dashes."""
    return re.sub(r"[\s\-‐‑–]", "", unicodedata.normalize("NFKC", text)).upper()
