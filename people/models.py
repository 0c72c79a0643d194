"""Who somebody is: accounts, roles, skills, notices. What they do in the market is told in the rooms above."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from core.ids import new_id


class Role(models.TextChoices):
    """What somebody may do beyond being an employee. Leading an ME follows from membership and is no role."""

    HR = "hr", _("HR")
    FINANCE = "finance", _("Finance")
    STEWARD = "steward", _("Steward")
    AUDITOR = "auditor", _("Auditor")
    VENDOR = "vendor", _("Outside vendor")


class AlertMails(models.TextChoices):
    """How alerts about what somebody watches or searches for come by e-mail; on the pages they stand anyway."""

    DAILY = "daily", _("Once a day, together")
    AT_ONCE = "at_once", _("At once")
    OFF = "off", _("Not at all")


class UserManager(BaseUserManager["User"]):
    """Makes accounts; e-mail addresses are compared without case."""

    def create_user(self, email: str, password: str | None = None, **facts: Any) -> "User":
        """A saved account; without a password nobody can sign in to it."""
        user = self.model(email=self.normalize_email(email).lower(), **facts)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person with an account. Rights come from `roles` and memberships, never from per-object grants."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True, max_length=254)
    name = models.CharField(_("name"), max_length=200)
    employee_number = models.CharField(_("employee number"), max_length=20, unique=True, null=True, blank=True)
    location = models.CharField(_("place of work"), max_length=120, blank=True)
    roles = ArrayField(models.CharField(max_length=10, choices=Role.choices), default=list, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    time_zone = models.CharField(_("time zone"), max_length=60, blank=True)
    alert_mails = models.CharField(
        _("alerts by e-mail"),
        max_length=8,
        choices=AlertMails.choices,
        default=AlertMails.DAILY,
        db_default=AlertMails.DAILY,
    )
    alerts_mailed_on = models.DateField(null=True, blank=True, editable=False)
    joined_on = models.DateField(_("joined on"), null=True, blank=True)
    address_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the e-mail address last became another, by the market's clock; the database alone writes it."""
    is_active = models.BooleanField(_("may sign in"), default=True)
    created_at = models.DateTimeField(db_default=Now())
    skills: models.ManyToManyField["Skill", "PersonSkill"] = models.ManyToManyField(
        "Skill", through="PersonSkill", related_name="people"
    )

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        indexes = [
            GinIndex(fields=["roles"], name="people_user_roles"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="people_user_name_trgm"),
            GinIndex(OpClass(Upper("email"), name="gin_trgm_ops"), name="people_user_email_trgm"),
            models.Index(fields=["name", "id"], name="people_user_name_id"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    def has_role(self, *roles: str) -> bool:
        """Whether the person holds one of `roles`. Who audits changes nothing, so is nothing else whatever HR gave."""
        held = (Role.AUDITOR,) if Role.AUDITOR in self.roles else self.roles
        return self.is_active and any(role in held for role in roles)

    @property
    def is_vendor(self) -> bool:
        """Outside vendors see only what they are invited to."""
        return Role.VENDOR in self.roles

    @property
    def is_staff(self) -> bool:
        """Whether the admin site lets the person in at all."""
        return self.has_role(Role.HR, Role.FINANCE, Role.STEWARD, Role.AUDITOR)

    @property
    def is_superuser(self) -> bool:
        """Nobody is above the rules."""
        return False

    # What Django's admin asks; the real answers are given per table by `core.admin.MarketModelAdmin`.
    def has_perm(self, perm: str, obj: object = None) -> bool:
        return False

    def has_perms(self, perm_list: Any, obj: object = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    @property
    def party(self) -> str:
        """How the ledger names this person as a party."""
        return f"person:{self.pk}"


class Skill(models.Model):
    """A skill of the ESCO classification of the European Commission."""

    id = models.BigAutoField(primary_key=True)
    concept_uri = models.URLField(max_length=200, unique=True)
    reuse_level = models.CharField(max_length=30)
    label = models.CharField(max_length=200)
    search_text = models.TextField()

    class Meta:
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        ordering = ["label"]
        indexes = [GinIndex(OpClass(Upper("label"), name="gin_trgm_ops"), name="people_skill_label_trgm")]

    def __str__(self) -> str:
        return self.label


class PersonSkill(models.Model):
    """That somebody has a skill."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="person_skills")
    skill = models.ForeignKey(Skill, on_delete=models.PROTECT, related_name="person_skills")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "skill"], name="a_person_has_a_skill_once")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.skill_id}"


class CalendarKey(models.Model):
    """That whoever holds a token may read somebody's calendar. The token itself is stored nowhere."""

    person = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="calendar_key")
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id}"


class Notice(models.Model):
    """A sentence for one person, on their home page and by e-mail. Its id is random: it must not count.

    mail_waits: an alert that `people.digest` still has to mail. Other notices are mailed by themselves, at once.
    """

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    sentence = models.TextField()
    link = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mail_waits = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-created_at"], name="people_notice_person"),
            models.Index(fields=["person"], name="people_notice_mail", condition=models.Q(mail_waits=True)),
        ]

    def __str__(self) -> str:
        return self.sentence
