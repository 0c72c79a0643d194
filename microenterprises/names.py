"""Names of MEs and teams: how one is kept, when two are the same to a reader, and what makes one deceive.

A winner is announced by its name, so no two names may look alike. Whether a name is taken is asked in `actions.firms`.
Numbers of documents are told apart by the same thoughts, so that a paper is one however somebody types it.
"""

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext as _

from core.errors import Invalid

VARIATIONS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
"""They choose how the sign before them is drawn, as phones do for emoji. Names are kept without them."""

UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Categories of signs that are not drawn, that turn the direction of reading, or that mean nothing agreed."""

BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800")
"""Signs of other categories that are drawn as nothing, Unicode's default ignorable ones, and the empty braille cell."""

DASHES: Final = frozenset("\u02d7\u2043\u2212")
"""Signs that stand for a hyphen and are no dash to Unicode: the modifier letter, the bullet and the minus sign."""

ALIKE: Final = ("LATIN", "CYRILLIC", "GREEK")
"""Scripts whose letters look like one another's, as Unicode names them."""


def tidy(name: str) -> str:
    """A name as it is kept: white space of any kind is one space, none at the ends."""
    return " ".join(VARIATIONS.sub("", name).split())


def key(name: str) -> str:
    """What two names have in common that read the same: the form of their signs, their case and white space aside."""
    folded = unicodedata.normalize("NFKC", tidy(name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def number_key(number: str) -> str:
    """What two typings of one document's number have in common: width and case of the letters, the kind of dash, blanks
    and what is not drawn aside. Empty when nothing of it is drawn.
    """
    signs = unicodedata.normalize("NFKC", VARIATIONS.sub("", number))
    drawn = "".join(sign for sign in signs if not (sign.isspace() or _is_unseen(sign)))
    return "".join("-" if _is_dash(sign) else sign for sign in key(drawn))


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in UNSEEN or sign in BLANK


def _is_dash(sign: str) -> bool:
    return sign in DASHES or unicodedata.category(sign) == "Pd"


def check_plain(name: str) -> None:
    """A name can be read, and every word of it is written in one alphabet. Raises Invalid.

    A hyphen parts words here: “IT-отдел” and “β-Carotene” are honest names.
    """
    seen = unicodedata.normalize("NFKC", name)
    for sign in seen:
        if _is_unseen(sign):
            raise Invalid(
                _(
                    "The name holds a sign that cannot be seen (%(sign)s), perhaps from copying it. Type the name by "
                    "hand instead, with plain spaces between its words."
                )
                % {"sign": f"U+{ord(sign):04X}"},
                field="name",
            )
    for word in re.findall(r"\w+", seen):
        _check_one_alphabet(word)


def _check_one_alphabet(word: str) -> None:
    scripts = [(letter, script) for letter in word if (script := _script(letter))]
    for letter, script in scripts[1:]:
        first, own = scripts[0]
        if script != own:
            raise Invalid(
                _(
                    "In the word “%(word)s” the letter “%(first)s” is %(own)s and “%(letter)s” is %(script)s, which "
                    "look alike. Type the whole word in one alphabet."
                )
                % {"word": word, "first": first, "own": _called(own), "letter": letter, "script": _called(script)},
                field="name",
            )


def _script(letter: str) -> str:
    """The script of a letter where it is one of those that look alike, else nothing."""
    script = unicodedata.name(letter, "").partition(" ")[0]
    return script if script in ALIKE else ""


def _called(script: str) -> str:
    return {"LATIN": _("Latin"), "CYRILLIC": _("Cyrillic"), "GREEK": _("Greek")}[script]
