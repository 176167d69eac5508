"""The fictional group: legal entities, brands, what they share, and one account per role."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.sample.companies import siren


@dataclass(frozen=True)
class Entity:
    """A legal entity, controller of what its systems collect."""

    id: str
    name: str
    registration_id: str


@dataclass(frozen=True)
class Brand:
    """A brand and the entity that runs it; ``colour`` is its mark on screens."""

    id: str
    name: str
    entity: str
    colour: str


@dataclass(frozen=True)
class Agreement:
    """What ``giver`` opens to ``receiver``: a category of tables (``*`` for all), for one purpose."""

    giver: str
    receiver: str
    category: str
    purpose: str
    evidence: str


@dataclass(frozen=True)
class Account:
    """Somebody who works there; no entities or brands named means all of them."""

    username: str
    name: str
    email: str
    role: str
    language: str = "fr"
    entities: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """All of it."""

    name: str
    entities: tuple[Entity, ...]
    brands: tuple[Brand, ...]
    agreements: tuple[Agreement, ...]
    accounts: tuple[Account, ...]


_ENTITIES = (
    Entity("groupe-horizon", "Groupe Horizon SA", siren(90_000_001)),
    Entity("horizon-boutique", "Horizon Boutique SAS", siren(90_000_002)),
    Entity("horizon-evenements", "Horizon Événements SARL", siren(90_000_003)),
    Entity("le-cargo-sas", "Le Cargo SAS", siren(90_000_004)),
)
_BRANDS = (
    Brand("horizon", "Horizon", "groupe-horizon", "#1f5fa8"),
    Brand("le-cargo", "Le Cargo", "le-cargo-sas", "#7a3e9d"),
    Brand("la-halle", "La Halle", "horizon-boutique", "#2e7d4f"),
    Brand("salons-horizon", "Salons Horizon", "horizon-evenements", "#b0561a"),
)


def _agreements() -> tuple[Agreement, ...]:
    ids = [entity.id for entity in _ENTITIES]
    pairs = [(giver, receiver) for giver in ids for receiver in ids if giver != receiver]
    everywhere = [
        Agreement(giver, receiver, "*", purpose, evidence)
        for giver, receiver in pairs
        for purpose, evidence in (
            ("service", "Convention de service client du groupe, article 4"),
            ("contract", "Convention de service client du groupe, article 5"),
            ("analytics", "Convention de pilotage du groupe, annexe 2 : sommes seulement"),
        )
    ]
    between_two = [
        Agreement(giver, receiver, "*", "marketing", "Accord de co-prospection Horizon et Le Cargo, avenant 1")
        for giver, receiver in (("groupe-horizon", "le-cargo-sas"), ("le-cargo-sas", "groupe-horizon"))
    ]
    return (*everywhere, *between_two)


_ACCOUNTS = (
    Account("marie", "Marie Kervella", "marie@example.com", "advisor"),
    Account("hugo", "Hugo Lambert", "hugo@example.com", "advisor", "fr", ("horizon-boutique",), ("la-halle",)),
    Account("nadia", "Nadia Ferreira", "nadia@example.com", "sales", "fr", ("groupe-horizon", "horizon-evenements")),
    Account("ines", "Inès Morvan", "ines@example.com", "marketer", "fr", ("groupe-horizon",)),
    Account("bastien", "Bastien Roche", "bastien@example.com", "marketer", "fr", ("horizon-boutique",), ("la-halle",)),
    Account("paul", "Paul Vasseur", "paul@example.com", "finance"),
    Account("claire", "Claire Benslimane", "claire@example.com", "privacy"),
    Account("remy", "Rémy Castaing", "remy@example.com", "engineer", "en"),
    Account("helene", "Hélène de Beaurepaire", "helene@example.com", "executive"),
    Account("yann", "Yann Le Goff", "yann@example.com", "analyst"),
    Account("admin", "Sylvie Arnaud", "sylvie@example.com", "administrator"),
)

GROUP = Group("Groupe Horizon", _ENTITIES, _BRANDS, _agreements(), _ACCOUNTS)
