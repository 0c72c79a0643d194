"""Rule 2: until a project's bids are opened, what is sealed is absent. This file is the only one that knows the keys.

Terms, deeds and receipts by mail are AES-256-GCM under a random key of their project; the project's key is wrapped by
`settings.BID_KEY` under its own name. Associated data ties a ciphertext to the place it was made for, so that it cannot
be moved to another bid, revision or project. Everything is padded to one size per kind: a length tells nothing. Who
bids is hidden by HMAC-SHA-256 of project and ME under one random key of the market.

Whoever holds both BID_KEY and the database can open bids early (docs/adr/0002). Nothing here decides who may read:
`actions.bids.read_own_bid` and `actions.projects.open_bids` do, and nobody else may call `open_terms`. Never log, cache
or store in clear what passes through here.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _

from contracts.canonical import canonical
from contracts.models import Bid, SealedEvent, SealedTerms, WrappedKey
from core.errors import Invalid
from core.ids import new_id

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
LENGTH_BYTES: Final = 4
TERMS_BYTES: Final = 18 * 1024
"""The size of every sealed bid; a plan of `LONGEST_PLAN` characters fits in any script."""
EVENT_BYTES: Final = 2 * 1024
LONGEST_PLAN: Final = 4_000
TOKENS: Final = "tokens"


class BrokenSeal(Exception):
    """A ciphertext does not belong here, was changed, or BID_KEY is not the one it was sealed with."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bid says. `nonce` (hex) keeps the receipt from being guessed by trying prices."""

    microenterprise: str
    author: str
    price_minor: int
    days: int
    plan: str
    nonce: str

    def text(self) -> str:
        """The canonical JSON whose SHA-256 is the receipt."""
        return canonical(asdict(self))

    def receipt(self) -> str:
        """SHA-256 over `text()`, in hex: what the bidder holds and anybody can check after opening."""
        return sha256(self.text().encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Deed:
    """What would stand in the audit trail: who did what to which bid at which instant."""

    deed: str
    bid: str
    actor: str
    actor_name: str
    at: str
    facts: Mapping[str, Any]


def new_terms(*, microenterprise: UUID, author: UUID, price_minor: int, days: int, plan: str) -> Terms:
    """Terms as they will be read back, with a fresh nonce. Raises Invalid when the plan cannot be written down."""
    try:
        plan.encode()
    except UnicodeEncodeError:
        raise Invalid(_("The plan holds a character that cannot be stored. Type it again."), field="plan") from None
    terms = Terms(str(microenterprise), str(author), price_minor, days, plan, secrets.token_hex(16))
    if len(terms.text().encode()) > TERMS_BYTES - LENGTH_BYTES:
        raise Invalid(_("The plan is too long. Shorten it."), field="plan")
    return Terms(**json.loads(terms.text()))


# ------------------------------------------------------------------ keys


def keep_project_key(project_id: UUID) -> None:
    """Make the key of a project, once. Called at publication, so that its presence tells nothing of bids."""
    _keep_key(_project_name(project_id))


def bidder_tokens(project_ids: Iterable[UUID], microenterprise_ids: Iterable[UUID]) -> dict[str, tuple[UUID, UUID]]:
    """The tokens of every pair, each with its project and ME. Costs one statement."""
    key = _key(TOKENS)
    firms = list(microenterprise_ids)
    return {_token(key, project, firm): (project, firm) for project in project_ids for firm in firms}


def bidder_token(project_id: UUID, microenterprise_id: UUID) -> str:
    """Hides an ME in a bid until opening; equal for the same ME and project."""
    return next(iter(bidder_tokens([project_id], [microenterprise_id])))


def _token(key: bytes, project_id: UUID, microenterprise_id: UUID) -> str:
    return hmac.digest(key, project_id.bytes + microenterprise_id.bytes, "sha256").hex()


def wrap_key(name: str) -> bytes:
    """A new random key under BID_KEY, bound to its name."""
    return _wrapped(name, secrets.token_bytes(KEY_BYTES))


def _wrapped(name: str, key: bytes) -> bytes:
    return _encrypt(settings.BID_KEY, key, f"key:{name}")


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
    return _decrypt(settings.BID_KEY, bytes(row), f"key:{name}")


# ------------------------------------------------------------------ terms


def seal_terms(bid: Bid, terms: Terms) -> None:
    """Store the terms of the bid's current revision and set its receipt. The caller saves the bid."""
    ciphertext = _encrypt(_project_key(bid.project_id), _padded(terms.text(), TERMS_BYTES), _terms_place(bid))
    SealedTerms.objects.update_or_create(bid_id=bid.pk, defaults={"ciphertext": ciphertext})


def open_terms(bid: Bid, *, key: bytes | None = None) -> Terms:
    """The terms of a bid, whose `sealed` row is there. Raises BrokenSeal when they are not what was sealed."""
    plain = _decrypt(key or _project_key(bid.project_id), bytes(bid.sealed.ciphertext), _terms_place(bid))
    terms = Terms(**json.loads(_unpadded(plain)))
    if terms.receipt() != bid.receipt:
        raise BrokenSeal("the receipt does not belong to these terms")
    return terms


def open_all(bids: Iterable[Bid], project_id: UUID) -> list[tuple[Bid, Terms]]:
    """Every bid of one project with its terms; the key is read once."""
    key = _project_key(project_id)
    return [(bid, open_terms(bid, key=key)) for bid in bids]


def _project_key(project_id: UUID) -> bytes:
    return _key(_project_name(project_id))


def _terms_place(bid: Bid) -> str:
    return f"terms:{bid.project_id}:{bid.pk}:{bid.revision}"


# ------------------------------------------------------------------ deeds


def keep_deed(
    project_id: UUID, *, deed: str, bid: UUID, actor: UUID, actor_name: str, at: datetime, **facts: Any
) -> None:
    """Seal one deed until the project's bids are opened."""
    told = Deed(deed, str(bid), str(actor), actor_name, at.isoformat(), facts)
    event_id = new_id()
    place = f"deed:{project_id}:{event_id}"
    ciphertext = _encrypt(_project_key(project_id), _padded(canonical(asdict(told)), EVENT_BYTES), place)
    SealedEvent.objects.create(id=event_id, project_id=project_id, ciphertext=ciphertext)


def open_deeds(project_id: UUID) -> list[Deed]:
    """The sealed deeds of a project in the order in which they happened. Only for the opening of its bids."""
    key = _project_key(project_id)
    events = SealedEvent.objects.filter(project_id=project_id, published=False)
    found = [
        json.loads(_unpadded(_decrypt(key, bytes(event.ciphertext), f"deed:{project_id}:{event.pk}")))
        for event in events
    ]
    return sorted((Deed(**row) for row in found), key=lambda row: (row.at, row.bid, row.deed))


# ------------------------------------------------------------------ letters


def seal_letter(project_id: UUID, facts: Mapping[str, str]) -> str:
    """Facts for one bidder's mail on their way through the broker, whose files are no place for names."""
    place = f"letter:{project_id}"
    sealed = _encrypt(_project_key(project_id), _padded(canonical(dict(facts)), EVENT_BYTES), place)
    return urlsafe_b64encode(sealed).decode()


def open_letter(project_id: UUID, sealed: str) -> dict[str, str]:
    """What `seal_letter` was given."""
    plain = _decrypt(_project_key(project_id), urlsafe_b64decode(sealed), f"letter:{project_id}")
    found: dict[str, str] = json.loads(_unpadded(plain))
    return found


# ------------------------------------------------------------------ many at once


class Sealer:
    """Seals what a seeder writes by the thousand: the rows that the functions above would leave, without a statement
    each. The caller stores them in one transaction with the projects and bids they belong to.
    """

    def __init__(self) -> None:
        self._tokens = _key(TOKENS)

    def token(self, project_id: UUID, microenterprise_id: UUID) -> str:
        """What `bidder_token` gives."""
        return _token(self._tokens, project_id, microenterprise_id)

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
        ciphertext = _encrypt(self._key, _padded(terms.text(), TERMS_BYTES), _terms_place(bid))
        return SealedTerms(bid=bid, ciphertext=ciphertext)

    def deed(self, deed: Deed, *, published: bool) -> SealedEvent:
        """One deed; published: the project's bids are opened and the deed stands in the audit trail."""
        event_id = new_id()
        place = f"deed:{self._project_id}:{event_id}"
        ciphertext = _encrypt(self._key, _padded(canonical(asdict(deed)), EVENT_BYTES), place)
        return SealedEvent(id=event_id, project_id=self._project_id, ciphertext=ciphertext, published=published)


# ------------------------------------------------------------------ the cipher


def _encrypt(key: bytes, plain: bytes, place: str) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def _decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except InvalidTag:
        raise BrokenSeal(
            "this ciphertext cannot be opened here: it was moved, changed, or BID_KEY is another"
        ) from None


def _padded(text: str, size: int) -> bytes:
    raw = text.encode()
    if len(raw) > size - LENGTH_BYTES:
        raise ValueError("too long to be sealed at the common size")
    return (len(raw).to_bytes(LENGTH_BYTES, "big") + raw).ljust(size, b"\0")


def _unpadded(plain: bytes) -> str:
    length = int.from_bytes(plain[:LENGTH_BYTES], "big")
    return plain[LENGTH_BYTES : LENGTH_BYTES + length].decode()
