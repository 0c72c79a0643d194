"""Rule 2: until a project's bids are opened, what is sealed is absent. This file is the only one that knows the keys.

Points of a panel that are given apart, and prices in an envelope of their own, are sealed here under the same key.

Terms, deeds and receipts by mail are AES-256-GCM under a random key of their project; the project's key is wrapped by
`settings.BID_KEY` under its own name. Associated data ties a ciphertext to the place it was made for, so that it cannot
be moved to another bid, revision or project. Everything is padded to one size per kind: a length tells nothing. Who
bids is hidden by HMAC-SHA-256 of project and ME under one random key of the market.

Whoever holds both BID_KEY and the database can open bids early (docs/adr/0002). Nothing here decides who may read:
`actions.bids.read_own_bid`, `actions.openings.open_bids` and `actions.panel.open_prices` do, and nobody else may call
`open_terms`; `contracts.proofs` looks at what is open. Never log, cache or store in clear what passes through here.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings
from django.utils.translation import gettext as _

from contracts.canonical import canonical
from contracts.models import Bid, Project, SealedEvent, SealedTerms, WrappedKey
from core.cipher import KEY_BYTES, LENGTH_BYTES, BrokenSeal, decrypt, encrypt, padded, unpadded
from core.errors import Invalid
from core.ids import new_id

TERMS_BYTES: Final = 18 * 1024
"""The size of every sealed bid; a plan of `LONGEST_PLAN` characters fits in any script."""
EVENT_BYTES: Final = 2 * 1024
MARK_BYTES: Final = 32
SCORES_BYTES: Final = 16 * 1024
"""The room of one bid among a panelist's sealed points: every criterion with a reason fits in any usual script."""
LONGEST_PLAN: Final = 4_000
LONGEST_ANSWER: Final = 1_000
TOKENS: Final = "tokens"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bid says. `nonce` (hex) keeps the receipt from being guessed by trying prices.

    Who bids is an ME, or a `vendor` from outside; then `microenterprise` is empty.
    `answers`: one text for each criterion that asks for one. `price_nonce` (hex) is there where the price is in an
    envelope of its own: then the words of the receipt hold `price_seal`, the SHA-256 of `price_text()`, instead of the
    price, so that the receipt can be checked while the price stays sealed. Both are left out of the words where they
    are empty: receipts of before there were any stay what they were.
    """

    microenterprise: str
    author: str
    price_minor: int
    days: int
    plan: str
    nonce: str
    answers: tuple[str, ...] = ()
    price_nonce: str = ""
    vendor: str = ""

    @property
    def bidder(self) -> str:
        """The id of the ME or vendor that bids."""
        return self.vendor or self.microenterprise

    def text(self) -> str:
        """The canonical JSON whose SHA-256 is the receipt."""
        words = self._words()
        if self.price_nonce:
            del words["price_minor"], words["price_nonce"]
            words["price_seal"] = sha256(self.price_text().encode()).hexdigest()
        return canonical(words)

    def price_text(self) -> str:
        """The canonical JSON of the inner envelope; its SHA-256 stands in the words of the receipt."""
        return canonical({"nonce": self.price_nonce, "price_minor": self.price_minor})

    def whole(self) -> str:
        """Everything, as it is sealed."""
        return canonical(self._words())

    def receipt(self) -> str:
        """SHA-256 over `text()`, in hex: what the bidder holds and anybody can check after opening."""
        return sha256(self.text().encode()).hexdigest()

    def _words(self) -> dict[str, Any]:
        words = asdict(self)
        return {name: value for name, value in words.items() if name not in LATER or value}

    @classmethod
    def read(cls, text: str) -> "Terms":
        """Terms from what `whole` wrote."""
        row: dict[str, Any] = json.loads(text)
        row["answers"] = tuple(row.get("answers", ()))
        return cls(**row)


LATER: Final = ("answers", "price_nonce", "vendor")
"""What terms of before criteria, envelopes and vendors do not say."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a panelist gives one bid on one criterion (`place`): points, None while they are still open, and why."""

    bid: str
    place: int
    points: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What would stand in the audit trail: who did what to which bid at which instant.

    kind: what `bid` names: a bid, or a `question` about the project, whose asker is a secret as long.
    """

    deed: str
    bid: str
    actor: str
    actor_name: str
    at: str
    facts: Mapping[str, Any]
    kind: str = "bid"


def new_terms(
    *,
    microenterprise: UUID | None = None,
    author: UUID,
    price_minor: int,
    days: int,
    plan: str,
    answers: Iterable[str] = (),
    two_envelopes: bool = False,
    vendor: UUID | None = None,
) -> Terms:
    """Terms as they will be read back, with fresh nonces. Who bids is an ME or a vendor. Raises Invalid when the words
    cannot be written down.
    """
    answers = tuple(answers)
    try:
        "".join([plan, *answers]).encode()
    except UnicodeEncodeError:
        raise Invalid(_("The plan holds a character that cannot be stored. Type it again."), field="plan") from None
    price_nonce = secrets.token_hex(16) if two_envelopes else ""
    terms = Terms(
        str(microenterprise or ""),
        str(author),
        price_minor,
        days,
        plan,
        secrets.token_hex(16),
        answers,
        price_nonce,
        str(vendor or ""),
    )
    over = len(terms.whole().encode()) - (TERMS_BYTES - LENGTH_BYTES)
    if over > 0 and answers:
        raise Invalid(
            _("The plan and the answers are too long together. Shorten them by %(count)s signs.") % {"count": over},
            field="plan",
        )
    if over > 0:
        raise Invalid(_("The plan is too long. Shorten it."), field="plan")
    return Terms.read(terms.whole())


# ------------------------------------------------------------------ keys


def keep_project_key(project_id: UUID) -> None:
    """Make the key of a project, once. Called at publication, so that its presence tells nothing of bids."""
    _keep_key(_project_name(project_id))


def bidder_tokens(projects: Iterable[bytes], microenterprise_ids: Iterable[UUID]) -> dict[str, UUID]:
    """The tokens of every pair, each with its ME. projects: the bytes of their keys. Costs one statement."""
    tokens = _tokens()
    firms = [(firm.bytes, firm) for firm in microenterprise_ids]
    return {_token(tokens, project + name): firm for project in projects for name, firm in firms}


def bidder_token(project_id: UUID, microenterprise_id: UUID) -> str:
    """Hides an ME in a bid until opening; equal for the same ME and project."""
    return _token(_tokens(), project_id.bytes + microenterprise_id.bytes)


def asker_token(project_id: UUID, person_id: UUID) -> str:
    """Hides who asks about a project; equal for the same person and project, and never a bidder's token."""
    return _token(_tokens(), b"asker" + project_id.bytes + person_id.bytes)


def _tokens() -> HMAC:
    """What is copied for each token: beginning anew with the key takes three times as long."""
    return HMAC(_key(TOKENS), SHA256())


def _token(tokens: HMAC, of: bytes) -> str:
    one = tokens.copy()
    one.update(of)
    return one.finalize().hex()


def wrap_key(name: str) -> bytes:
    """A new random key under BID_KEY, bound to its name."""
    return _wrapped(name, secrets.token_bytes(KEY_BYTES))


def _wrapped(name: str, key: bytes) -> bytes:
    return encrypt(settings.BID_KEY, key, f"key:{name}")


def _project_name(project_id: UUID) -> str:
    return f"project:{project_id}"


def _keep_key(name: str) -> None:
    """Insert the key unless it is there; two at once agree on the first."""
    WrappedKey.objects.bulk_create([WrappedKey(name=name, wrapped=wrap_key(name))], ignore_conflicts=True)


def _key(name: str) -> bytes:
    row = WrappedKey.objects.filter(pk=name).values_list("wrapped", flat=True).first()
    if row is None:
        _keep_key(name)
        row = WrappedKey.objects.values_list("wrapped", flat=True).get(pk=name)
    return _unwrapped(name, bytes(row))


def _unwrapped(name: str, wrapped: bytes) -> bytes:
    """The key of that name; while BID_KEY is being replaced, BID_KEY_BEFORE still opens what is wrapped under it."""
    try:
        return decrypt(settings.BID_KEY, wrapped, f"key:{name}")
    except BrokenSeal:
        if settings.BID_KEY_BEFORE is None:
            raise
        return decrypt(settings.BID_KEY_BEFORE, wrapped, f"key:{name}")


def wrapped_anew(name: str, wrapped: bytes) -> bytes | None:
    """The same key under BID_KEY, or None when it is wrapped under it already. No bid is opened. Raises BrokenSeal."""
    try:
        decrypt(settings.BID_KEY, wrapped, f"key:{name}")
    except BrokenSeal:
        return _wrapped(name, _unwrapped(name, wrapped))
    return None


# ------------------------------------------------------------------ terms


def seal_terms(bid: Bid, terms: Terms, made_for: int) -> None:
    """Store the terms of the bid's current revision, made for a version of the project's words."""
    key = _project_key(bid.project_id)
    ciphertext = encrypt(key, padded(terms.whole(), TERMS_BYTES), _terms_place(bid))
    sealed = {"ciphertext": ciphertext, "made_for": _mark(key, bid, made_for)}
    SealedTerms.objects.update_or_create(bid_id=bid.pk, defaults=sealed)


def open_terms(bid: Bid, *, key: bytes | None = None) -> Terms:
    """The terms of a bid, whose `sealed` row is there. Raises BrokenSeal when they are not what was sealed."""
    plain = decrypt(key or _project_key(bid.project_id), bytes(bid.sealed.ciphertext), _terms_place(bid))
    terms = Terms.read(unpadded(plain))
    if terms.receipt() != bid.receipt:
        raise BrokenSeal("the receipt does not belong to these terms")
    return terms


def open_all(bids: Iterable[Bid], project_id: UUID) -> list[tuple[Bid, Terms]]:
    """Every bid of one project with its terms; the key is read once."""
    key = _project_key(project_id)
    return [(bid, open_terms(bid, key=key)) for bid in bids]


def confirm_terms(bid: Bid, made_for: int) -> None:
    """Keep that the bid stands for another version of the project's words; terms and receipt stay as they are."""
    mark = _mark(_project_key(bid.project_id), bid, made_for)
    SealedTerms.objects.filter(bid=bid.pk).update(made_for=mark)


def made_for(bid: Bid, mark: bytes, *, wrapped: bytes) -> int:
    """The version of the project's words that a bid was made or confirmed for. `wrapped`: the project's key, as kept.

    Says nothing of its terms; only for who may know of the bid at all, and for the opening.
    """
    key = _unwrapped(_project_name(bid.project_id), wrapped)
    return _read_mark(key, bid, mark)


def stale_among(bids: Iterable[Bid], project: Project) -> set[UUID]:
    """Which of a project's bids, whose `sealed` rows are there, were made for words that hold no more."""
    if project.revision == 1:
        return set()
    key = _project_key(project.pk)
    return {bid.pk for bid in bids if _read_mark(key, bid, bytes(bid.sealed.made_for)) != project.revision}


def _mark(key: bytes, bid: Bid, made_for: int) -> bytes:
    return encrypt(key, padded(str(made_for), MARK_BYTES), _mark_place(bid))


def _read_mark(key: bytes, bid: Bid, mark: bytes) -> int:
    return int(unpadded(decrypt(key, mark, _mark_place(bid)))) if mark else 1


def _mark_place(bid: Bid) -> str:
    return f"made_for:{bid.project_id}:{bid.pk}:{bid.revision}"


def _project_key(project_id: UUID) -> bytes:
    return _key(_project_name(project_id))


def _terms_place(bid: Bid) -> str:
    return f"terms:{bid.project_id}:{bid.pk}:{bid.revision}"


# ------------------------------------------------------------------ deeds


def keep_deed(
    project_id: UUID,
    *,
    deed: str,
    bid: UUID,
    actor: UUID,
    actor_name: str,
    at: datetime,
    kind: str = "bid",
    **facts: Any,
) -> None:
    """Seal one deed until the project's bids are opened."""
    told = Deed(deed, str(bid), str(actor), actor_name, at.isoformat(), facts, kind)
    event_id = new_id()
    place = f"deed:{project_id}:{event_id}"
    ciphertext = encrypt(_project_key(project_id), padded(canonical(asdict(told)), EVENT_BYTES), place)
    SealedEvent.objects.create(id=event_id, project_id=project_id, ciphertext=ciphertext)


def open_deeds(project_id: UUID) -> list[Deed]:
    """The sealed deeds of a project in the order in which they happened. Only for the opening of its bids."""
    key = _project_key(project_id)
    events = SealedEvent.objects.filter(project_id=project_id, published=False)
    found = [
        json.loads(unpadded(decrypt(key, bytes(event.ciphertext), f"deed:{project_id}:{event.pk}"))) for event in events
    ]
    return sorted((Deed(**row) for row in found), key=lambda row: (row.at, row.bid, row.deed))


# ------------------------------------------------------------------ proofs, once bids are open


def opened_keys(project_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """The keys of projects whose bids are open, as far as they are there and unbroken. For proofs; two statements."""
    opened = Project.objects.filter(pk__in=list(project_ids), opened_at__isnull=False).values_list("pk", flat=True)
    names = {_project_name(pk): pk for pk in opened}
    found: dict[UUID, bytes] = {}
    for name, wrapped in WrappedKey.objects.filter(pk__in=names).values_list("name", "wrapped"):
        with suppress(BrokenSeal):
            found[names[name]] = _unwrapped(name, bytes(wrapped))
    return found


def kept_deeds(keys: Mapping[UUID, bytes]) -> Iterator[tuple[UUID, bool, Deed | None]]:
    """Every deed kept for the projects of `opened_keys`: its project, whether it is published, and what it says; None
    for one that is not what was sealed. For proofs; one statement.
    """
    for event in SealedEvent.objects.filter(project__in=keys).order_by("project", "pk"):
        place = f"deed:{event.project_id}:{event.pk}"
        deed = None
        with suppress(BrokenSeal):
            deed = Deed(**json.loads(unpadded(decrypt(keys[event.project_id], bytes(event.ciphertext), place))))
        yield event.project_id, event.published, deed


def sealed_as(bid: Bid, keys: Mapping[UUID, bytes]) -> Terms | None:
    """What an opened bid, whose `sealed` row is there, was sealed as; None when its receipt does not match. For proofs,
    with the keys of `opened_keys`.
    """
    key = keys.get(bid.project_id) if bid.opened_at is not None else None
    try:
        return open_terms(bid, key=key) if key is not None else None
    except BrokenSeal:
        return None


# ------------------------------------------------------------------ points given apart


def seal_scores(project_id: UUID, panelist_id: int, cells: Iterable[Cell], *, bids: int) -> bytes:
    """The points one panelist gives, sealed until the others have given theirs. `bids`: how many there are to judge;
    the size follows from it alone. Raises Invalid when the reasons are too long together.
    """
    text = canonical({"cells": [asdict(cell) for cell in cells]})
    size = SCORES_BYTES * max(bids, 1)
    if len(text.encode()) > size - LENGTH_BYTES:
        raise Invalid(_("The reasons are too long together. Shorten them."))
    return encrypt(_project_key(project_id), padded(text, size), _scores_place(project_id, panelist_id))


def open_scores(project_id: UUID, sealed: Mapping[int, bytes]) -> dict[int, list[Cell]]:
    """What `seal_scores` was given, by panelist. Only for the panelist's own eyes, or once everybody gave theirs."""
    if not sealed:
        return {}
    key = _project_key(project_id)
    return {
        panelist: [
            Cell(**row)
            for row in json.loads(unpadded(decrypt(key, ciphertext, _scores_place(project_id, panelist))))["cells"]
        ]
        for panelist, ciphertext in sealed.items()
    }


def _scores_place(project_id: UUID, panelist_id: int) -> str:
    return f"scores:{project_id}:{panelist_id}"


# ------------------------------------------------------------------ letters


def seal_letter(project_id: UUID, facts: Mapping[str, str]) -> str:
    """Facts for one bidder's mail on their way through the broker, whose files are no place for names."""
    place = f"letter:{project_id}"
    sealed = encrypt(_project_key(project_id), padded(canonical(dict(facts)), EVENT_BYTES), place)
    return urlsafe_b64encode(sealed).decode()


def open_letter(project_id: UUID, sealed: str) -> dict[str, str]:
    """What `seal_letter` was given."""
    plain = decrypt(_project_key(project_id), urlsafe_b64decode(sealed), f"letter:{project_id}")
    found: dict[str, str] = json.loads(unpadded(plain))
    return found


# ------------------------------------------------------------------ many at once


class Sealer:
    """Seals what a seeder writes by the thousand: the rows that the functions above would leave, without a statement
    each. The caller stores them in one transaction with the projects and bids they belong to.
    """

    def __init__(self) -> None:
        self._tokens = _tokens()

    def token(self, project_id: UUID, microenterprise_id: UUID) -> str:
        """What `bidder_token` gives."""
        return _token(self._tokens, project_id.bytes + microenterprise_id.bytes)

    def project(self, project_id: UUID) -> "ProjectSealer":
        """A new key for a project that has none yet."""
        return ProjectSealer(project_id)


class ProjectSealer:
    """The key of one new project, and rows sealed under it."""

    def __init__(self, project_id: UUID) -> None:
        self._project_id = project_id
        self._key = secrets.token_bytes(KEY_BYTES)

    def key(self) -> WrappedKey:
        """The row that keeps the key, under BID_KEY."""
        name = _project_name(self._project_id)
        return WrappedKey(name=name, wrapped=_wrapped(name, self._key))

    def terms(self, bid: Bid, terms: Terms) -> SealedTerms:
        """The terms of a bid's current revision."""
        ciphertext = encrypt(self._key, padded(terms.whole(), TERMS_BYTES), _terms_place(bid))
        return SealedTerms(bid=bid, ciphertext=ciphertext, made_for=_mark(self._key, bid, 1))

    def deed(self, deed: Deed, *, published: bool) -> SealedEvent:
        """One deed; published: the project's bids are opened and the deed stands in the audit trail."""
        event_id = new_id()
        place = f"deed:{self._project_id}:{event_id}"
        ciphertext = encrypt(self._key, padded(canonical(asdict(deed)), EVENT_BYTES), place)
        return SealedEvent(id=event_id, project_id=self._project_id, ciphertext=ciphertext, published=published)
