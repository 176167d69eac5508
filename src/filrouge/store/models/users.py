"""Who signs in, and what each may do for which entities and brands."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _

from filrouge.store.models.base import Personal, Row
from filrouge.store.models.groups import Entity


class Role(models.TextChoices):
    ADVISOR = "advisor", _("Advisor")
    SALES = "sales", _("Sales")
    MARKETER = "marketer", _("Marketer")
    FINANCE = "finance", _("Finance")
    PRIVACY = "privacy", _("Privacy")
    ENGINEER = "engineer", _("Engineer")
    EXECUTIVE = "executive", _("Executive")
    ANALYST = "analyst", _("Analyst")
    ADMINISTRATOR = "administrator", _("Administrator")


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_superuser=True, is_staff=True, **fields)


class User(Row, Personal, AbstractBaseUser, PermissionsMixin):
    """A person who works with the product."""

    personal = ("email", "name", "called")
    person_column = ""
    whose = "staff"
    basis = "contract"
    counted_from = ""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    called = models.JSONField(default=list)  # what systems call them as an owner, as they said themselves
    language = models.CharField(max_length=5, default="fr")
    theme = models.CharField(max_length=5, default="auto")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    sample = models.BooleanField(default=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0] if self.name else self.email


class Grant(Row):
    """A role given to a user for one entity (all of them when empty), capped to brands when any are named."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    entity = models.ForeignKey(Entity, null=True, blank=True, on_delete=models.CASCADE)
    brands = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("user", "role")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class ApiKey(Row):
    """A bearer key for programs: only its hash is kept; scopes, entities and brands narrow it."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.ANALYST)
    scopes = models.JSONField(default=list)
    entities = models.JSONField(default=list)
    brands = models.JSONField(default=list)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="keys", null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Answer(Row, Personal):
    """What an API call with an Idempotency-Key was answered, so that the same call again does nothing twice."""

    personal = ("body",)
    plain = ("key",)
    person_column = ""
    retention_days = 1

    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    asked = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        ordering = ("created_at",)
        constraints: ClassVar = [models.UniqueConstraint(fields=("owner", "key"), name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"answer {self.id}"


class SavedView(Row, Personal):
    """A search or a list that someone keeps under a name."""

    personal = ("query",)
    person_column = ""
    whose = "staff"
    counted_from = ""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views")
    page = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    query = models.CharField(max_length=2000)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [models.UniqueConstraint(fields=("user", "page", "name"), name="one_view_per_name")]

    def __str__(self) -> str:
        return self.name
