"""Seats that an idea or an ME offers, and the invitations to them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.clock import business_date
from core.ids import new_id
from microenterprises.models.firms import Membership, Microenterprise
from microenterprises.models.ideas import Idea
from people.models import Role, Skill, User


class Track(models.TextChoices):
    """`stable`: fixed hours and salary. `entrepreneur`: paid by value created, with or without a base draw."""

    STABLE = "stable", _("Stable")
    ENTREPRENEUR = "entrepreneur", _("Entrepreneur")


class SeatQuerySet(models.QuerySet["Seat"]):
    def visible_to(self, user: User) -> "SeatQuerySet":
        """Seats are as public as the idea or ME that offers them."""
        if user.is_vendor:
            return self.none()
        hidden = Q(idea__status=Idea.Status.DRAFT) & ~Q(idea__owner=user)
        return self.exclude(hidden)

    def open(self) -> "SeatQuerySet":
        """Seats somebody can take now: open, of an ME or a team that lives, or an idea that gathers people."""
        return self.filter(
            Q(microenterprise__status__in=(Microenterprise.Status.ACTIVE, Microenterprise.Status.INCUBATING))
            | Q(microenterprise=None, idea__status=Idea.Status.PUBLISHED),
            status=Seat.Status.OPEN,
        )


class Seat(models.Model):
    """A place for one person: role, the customer outcome it serves, allocation, weight, track, pay.

    It belongs to an idea or to an ME. When an idea is launched its seats get the ME too, and from then on are the ME's.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        FILLED = "filled", _("Filled")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=new_id)
    idea = models.ForeignKey(Idea, on_delete=models.PROTECT, null=True, related_name="seats")
    microenterprise = models.ForeignKey(Microenterprise, on_delete=models.PROTECT, null=True, related_name="seats")
    role = models.CharField(_("role"), max_length=120)
    customer_outcome = models.TextField(
        _("customer outcome"), help_text=_("Which outcome for which customer this seat serves.")
    )
    allocation_percent = models.PositiveSmallIntegerField(_("allocation in percent"), default=100)
    weight = models.PositiveIntegerField(_("share weight"), default=10)
    track = models.CharField(_("track"), max_length=12, choices=Track.choices, default=Track.ENTREPRENEUR)
    pay_minor = models.BigIntegerField(_("monthly pay or draw"), default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    skills = models.ManyToManyField(Skill, related_name="seats", blank=True)
    filled_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="seats_filled")
    filled_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(idea__isnull=False) | Q(microenterprise__isnull=False), name="a_seat_has_an_owner"
            ),
            models.CheckConstraint(condition=~Q(customer_outcome=""), name="a_seat_names_the_outcome_it_serves"),
            models.CheckConstraint(
                condition=Q(status="filled", filled_by__isnull=False) | (~Q(status="filled") & Q(filled_by=None)),
                name="a_filled_seat_names_who_fills_it",
            ),
            models.CheckConstraint(
                condition=Q(allocation_percent__gte=1, allocation_percent__lte=100), name="a_seat_is_1_to_100_percent"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-opened_at", "id"], name="seat_status_opened"),
            models.Index(fields=["idea", "status"], name="seat_idea"),
            models.Index(fields=["microenterprise", "status"], name="seat_me"),
        ]

    def __str__(self) -> str:
        return self.role

    @property
    def owner_name(self) -> str:
        """Who offers the seat: the ME, or the idea as long as it is not launched."""
        if self.microenterprise is not None:
            return self.microenterprise.name
        return self.idea.title if self.idea else ""


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> "InvitationQuerySet":
        """The person, whoever sent it, those who decide about the seat, HR and the auditor."""
        if user.is_vendor:
            return self.none()
        if user.has_role(Role.HR, Role.AUDITOR):
            return self
        led = Membership.objects.active(business_date()).filter(person=user, is_lead=True).values("microenterprise")
        return self.filter(
            Q(person=user) | Q(invited_by=user) | Q(seat__idea__owner=user) | Q(seat__microenterprise__in=led)
        )


class Invitation(models.Model):
    """An invitation to a seat, or a person's own request for it; it lands them only when both sides agree."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        EXPIRED = "expired", _("Expired")

    class Direction(models.TextChoices):
        INVITED = "invited", _("Invited")
        ASKED = "asked", _("Asked for the seat")

    id = models.UUIDField(primary_key=True, default=new_id)
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="invitations")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="invitations")
    direction = models.CharField(max_length=8, choices=Direction.choices, default=Direction.INVITED)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    message = models.TextField(_("message"), blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    open_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "person"], condition=Q(status="open"), name="one_open_invitation_per_seat_and_person"
            ),
            models.UniqueConstraint(fields=["seat"], condition=Q(status="accepted"), name="a_seat_is_taken_once"),
        ]
        indexes = [models.Index(fields=["person", "status"], name="invitation_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.status}"
