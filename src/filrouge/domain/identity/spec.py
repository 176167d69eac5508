"""How identities are settled: rules, limits, thresholds and survivorship, in one frozen definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

import pydantic

from filrouge.base.spec import Spec

ROLE_MAILBOXES = (
    "abonnement", "abonnements", "accueil", "achat", "achats", "admin", "administration", "bonjour", "commercial",
    "communication", "compta", "comptabilite", "contact", "contacts", "direction", "facturation", "facture", "factures",
    "hello", "info", "infos", "information", "mail", "mairie", "marketing", "noreply", "no-reply", "nepasrepondre",
    "ne-pas-repondre", "newsletter", "office", "postmaster", "presse", "rh", "recrutement", "sales", "sav", "secretariat",
    "service", "serviceclient", "support", "webmaster",
)  # fmt: skip
PLACEHOLDERS = (
    "inconnu", "inconnue", "unknown", "anonyme", "anonymous", "non communique", "non renseigne", "neant", "nc", "na", "n a",
    "nr", "nd", "none", "null", "nan", "test", "client", "xxx", "xx", "x", "a completer", "sans nom", "sans prenom",
)  # fmt: skip


class Limits(Spec):
    """How many distinct names, and how many records, one value of an identifier may carry before it is called shared."""

    email_names: int = 2
    phone_names: int = 3
    loyalty_names: int = 1
    account_names: int = 1
    records: int = 60  # beyond, a value is not evidence by itself, whatever the names
    block: int = 120  # largest block compared by the model; above, the key is too common to block on
    component: int = 120  # largest component whose pairs are all scored
    cluster: int = 400  # a larger cluster is cut at its weakest bridges


Bits = Annotated[float, pydantic.Field(ge=-20, le=60)]  # below, everything would be joined; above, nothing


class Thresholds(Spec):
    """Match weights, in bits (log2 of the odds): above ``link`` joined, above ``review`` shown to a person."""

    link: Bits = 0.0
    join: Bits = -1.0  # two groups become one while their pairs, on average, are not worse than two to one against
    review: Bits = -5.0
    clip: Annotated[float, pydantic.Field(gt=0, le=60)] = (
        12.0  # one pair never outweighs more than this inside a cluster
    )


class Training(Spec):
    """What the model may spend on learning."""

    min_records: int = 200
    u_pairs: float = 1e6
    em_pairs: float = 5e5
    pairs_per_record: int = 12  # budget of compared pairs
    min_pairs: int = 1_000_000  # budget for small tables
    rounds: int = 2  # a second round learns from a table without its duplicates
    sample_above: int = 200_000  # a larger table teaches through a sample
    sample: int = 120_000


Rule = Literal["source_rank", "verified", "complete", "recent", "frequent"]
DEFAULT_ORDER: tuple[Rule, ...] = ("source_rank", "verified", "recent", "frequent", "complete")


ORDERS: dict[str, tuple[Rule, ...]] = {
    "title": ("source_rank", "frequent", "recent", "complete"),
    "given_name": ("source_rank", "verified", "frequent", "recent", "complete"),
    "family_name": ("source_rank", "verified", "recent", "frequent", "complete"),
    "birth_name": ("source_rank", "frequent", "recent", "complete"),
    "birth_date": ("source_rank", "frequent", "recent", "complete"),
    "sex": ("source_rank", "frequent", "recent", "complete"),
    "address": ("source_rank", "complete", "recent", "frequent"),
}


class Survivorship(Spec):
    """Order of the criteria that rank candidate values of an attribute; the first that tells two apart is the reason."""

    order: tuple[Rule, ...] = DEFAULT_ORDER
    attributes: dict[str, tuple[Rule, ...]] = pydantic.Field(default_factory=ORDERS.copy)
    source_rank: dict[str, int] = pydantic.Field(default_factory=dict)  # lower is better; unknown sources come last

    def criteria(self, attribute: str) -> tuple[Rule, ...]:
        """Return the order of criteria for ``attribute``."""
        return self.attributes.get(attribute, self.order)


class IdentitySpec(Spec):
    """Everything that decides who is who; frozen, so that the same records and the same spec give the same people."""

    version: int = 1
    country: str = "FR"
    nicknames: bool = True
    model: bool = True
    limits: Limits = Limits()
    thresholds: Thresholds = Thresholds()
    training: Training = Training()
    survivorship: Survivorship = Survivorship()
    role_mailboxes: tuple[str, ...] = ROLE_MAILBOXES
    placeholders: tuple[str, ...] = PLACEHOLDERS
    one_each: tuple[str, ...] = ()  # sources that hold each person once
    fixed: str = ""  # the name of a model that somebody set, and that is not learned anew
    extras: tuple[str, ...] = ()  # further columns of the records that a model may compare


@dataclass(frozen=True)
class HumanDecision:
    """What a person decided of two records: a constraint for ever after, until undone."""

    left: int
    right: int
    kind: Literal["must_link", "cannot_link"]
    by: str = ""
    at: datetime | None = None
    reviewed: bool = False  # asked by the queue, whatever the answer: such pairs tell whether the scores are right
    stays: bool = False  # of two that stayed together when a third was separated; said of the whole, not of the pair
