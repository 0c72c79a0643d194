"""The tables of the books. Rows are written by `ledger.writer`, `ledger.entities` and `ledger.days` only.

What the database refuses by itself (unbalanced, changed, deleted, overdrawn, late) is in `migrations/0002_guards.sql`;
methods that post or decide do not belong here. Lines carry no foreign keys on purpose: they cost more than everything
else together (docs/adr), the guard checks them in sets, and `check_books` proves them again. The key of a line starts
with its business date, so that the table can be partitioned by it.
"""

from django.db import models
from django.db.models import F, Q

from ledger.accounts import Book, EntityKind, Kind, PartyRule, kinds_with


class Entity(models.Model):
    """Whoever has complete books of its own. Name and kind may change (an idea becomes an ME), the currency never."""

    name = models.TextField()
    kind = models.TextField()
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name_plural = "entities"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=list(EntityKind)), name="an_entity_is_of_a_known_kind"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="a_currency_is_three_letters"),
            models.CheckConstraint(condition=~Q(name=""), name="an_entity_has_a_name"),
            models.UniqueConstraint(fields=["id", "currency"], name="an_entity_has_one_currency"),
        ]

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """One account of one entity, in one book, for one party or none. Never changed, never deleted."""

    # The real foreign key spans entity and currency: see an_account_has_its_entitys_currency in the guards.
    entity = models.ForeignKey(
        Entity, on_delete=models.PROTECT, related_name="accounts", db_constraint=False, db_index=False
    )
    kind = models.TextField()
    book = models.TextField(default=Book.REAL)
    party = models.TextField(blank=True, default="")
    currency = models.CharField(max_length=3)
    content_hash = models.CharField(max_length=64, editable=False)  # by trigger

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entity", "book", "kind", "party"], name="one_account_per_entity_book_kind_and_party"
            ),
            models.CheckConstraint(condition=Q(kind__in=list(Kind)), name="an_account_is_of_a_known_kind"),
            models.CheckConstraint(condition=Q(book__in=list(Book)), name="an_account_is_in_a_known_book"),
            models.CheckConstraint(
                condition=Q(party="") | Q(party__regex="^(person|entity|owner):."), name="a_party_says_what_it_is"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=list(kinds_with(PartyRule.NEVER)), party="")
                | (Q(kind__in=list(kinds_with(PartyRule.MUST))) & ~Q(party=""))
                | Q(kind__in=list(kinds_with(PartyRule.MAY))),
                name="an_account_has_a_party_where_its_kind_says_so",
            ),
        ]
        indexes = [
            models.Index(fields=["party", "kind"], name="ledger_account_party", condition=~Q(party="")),
        ]

    def __str__(self) -> str:
        return f"{self.entity_id}:{self.kind}" + (f":{self.party}" if self.party else "")


class Entry(models.Model):
    """The head of one balanced entry. `reference` is its natural key and never expires."""

    reference = models.TextField()
    kind = models.TextField()
    subject = models.TextField(blank=True, default="")
    memo = models.TextField(blank=True, default="")
    book = models.TextField(default=Book.REAL)
    business_date = models.DateField()
    effective_date = models.DateField()
    posted_at = models.DateTimeField()
    posted_by = models.TextField()
    posting_count = models.IntegerField()
    debit_total_minor = models.BigIntegerField()
    reverses = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False, related_name="reversals")
    content_hash = models.CharField(max_length=64)
    by_night = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["reference"], name="a_reference_stands_for_one_entry"),
            models.UniqueConstraint(
                fields=["reverses"], condition=Q(reverses__isnull=False), name="an_entry_is_reversed_once"
            ),
            models.CheckConstraint(condition=Q(book__in=list(Book)), name="an_entry_is_in_a_known_book"),
            models.CheckConstraint(condition=Q(posting_count__gte=2), name="an_entry_has_two_lines_or_more"),
            models.CheckConstraint(condition=Q(debit_total_minor__gt=0), name="an_entry_moves_something"),
            models.CheckConstraint(
                condition=~Q(reference="") & ~Q(kind="") & ~Q(posted_by=""),
                name="an_entry_says_what_it_is_and_who_posted",
            ),
            models.CheckConstraint(condition=~Q(reverses=F("id")), name="an_entry_does_not_reverse_itself"),
        ]
        indexes = [
            models.Index(fields=["business_date", "id"], name="ledger_entry_date"),
            # Not of nights: their references say whose they are, and 4,000 MEs a night are scattered over all of it.
            models.Index(
                fields=["subject", "id"], name="ledger_entry_subject", condition=~Q(subject="") & Q(by_night=False)
            ),
            models.Index(fields=["id"], name="ledger_entry_year_close", condition=Q(kind="year_close")),
            # As good as empty; reports by effect start from a snapshot and have to know what it counts too early.
            models.Index(
                fields=["effective_date"],
                name="ledger_entry_ahead",
                condition=Q(effective_date__gt=F("business_date")),
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class Posting(models.Model):
    """One line: a signed amount in minor units, debit positive. Only read here: lines arrive with their whole entry.

    A view over `ledger_posting_day`, a row for each line, and `ledger_nightlines`, a row for each entry of a night.
    """

    pk = models.CompositePrimaryKey("business_date", "entry_id", "line")
    business_date = models.DateField()
    entry_id = models.BigIntegerField()
    line = models.IntegerField()
    account_id = models.BigIntegerField()
    entity_id = models.BigIntegerField()
    amount_minor = models.BigIntegerField()
    by_night = models.BooleanField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.business_date} {self.entry_id}/{self.line}: {self.amount_minor}"


class Balance(models.Model):
    """The kept balance of a guarded account, in the account's own sign. Only the guard of the lines changes it."""

    account = models.OneToOneField(
        Account, on_delete=models.PROTECT, primary_key=True, related_name="balance", db_constraint=False
    )
    side = models.SmallIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="a_guarded_account_never_goes_below_zero"),
            models.CheckConstraint(condition=Q(side__in=[1, -1]), name="an_account_grows_by_debits_or_by_credits"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_minor}"


class BusinessDay(models.Model):
    """A date that is closed (only the settlement posts on it) and later sealed (nothing does).

    Sealed dates form a chain: `day_hash` covers the counts, the debit totals, every entry's hash, every account opened
    since the date before (up to `accounts_through`) and `previous_hash`.
    """

    date = models.DateField(primary_key=True)
    closed_at = models.DateTimeField()
    closed_by = models.TextField()
    sealed_at = models.DateTimeField(null=True)
    sealed_by = models.TextField(blank=True, default="")
    entry_count = models.BigIntegerField(null=True)
    posting_count = models.BigIntegerField(null=True)
    debit_totals = models.JSONField(null=True)
    accounts_through = models.BigIntegerField(null=True)
    previous_hash = models.CharField(max_length=64, blank=True, default="")
    day_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sealed_at__isnull=True, day_hash="", entry_count__isnull=True)
                | (Q(sealed_at__isnull=False, entry_count__isnull=False, debit_totals__isnull=False) & ~Q(day_hash="")),
                name="a_sealed_date_has_its_counts_and_its_hash",
            ),
        ]

    def __str__(self) -> str:
        return str(self.date)
