"""What the group sells and says: offers, goods, shows, promotions, campaigns."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.sample.dice import Calendar

HORIZON, CARGO, HALLE, SALONS = "horizon", "le-cargo", "la-halle", "salons-horizon"


@dataclass(frozen=True, slots=True)
class Offer:
    """A subscription: ``months`` is the term, ``price`` in cents for one term."""

    brand: str
    code: str
    label: str
    months: int
    price: int
    kind: str = "person"


OFFERS = (
    Offer(HORIZON, "HZ-NUM-M", "Horizon Numérique, mensuel", 1, 990),
    Offer(HORIZON, "HZ-NUM-A", "Horizon Numérique, annuel", 12, 9900),
    Offer(HORIZON, "HZ-PN-A", "Horizon Papier + Numérique, annuel", 12, 29900),
    Offer(HORIZON, "HZ-WE-T", "Horizon Week-end, trimestriel", 3, 4200),
    Offer(CARGO, "LC-INT-A", "Le Cargo Intégral, annuel", 12, 6900),
    Offer(CARGO, "LC-NUM-T", "Le Cargo Numérique, trimestriel", 3, 1950),
    Offer(HORIZON, "HZ-PN-M", "Horizon Papier + Numérique, mensuel", 1, 2790),
)
JUNIOR = Offer(HORIZON, "HZ-JR-A", "Horizon Junior, annuel", 12, 5900, "junior")
BUSINESS = (
    Offer(HORIZON, "HZ-ENT-5", "Horizon Entreprises, 5 lecteurs", 12, 74500, "company"),
    Offer(HORIZON, "HZ-ENT-25", "Horizon Entreprises, 25 lecteurs", 12, 299000, "company"),
    Offer(HORIZON, "HZ-ENT-200", "Horizon Entreprises, 200 lecteurs", 12, 1490000, "company"),
)


@dataclass(frozen=True, slots=True)
class Good:
    """Something that La Halle sells; ``season`` lists the months when it sells best."""

    sku: str
    label: str
    price: int
    topic: str
    season: tuple[int, ...] = ()


GOODS = (
    Good("LV-001", "Le grand atlas des chemins côtiers", 3900, "voyages", (5, 6, 7)),
    Good("LV-002", "Carnet du potager, quatre saisons", 1890, "jardin", (3, 4)),
    Good("LV-003", "Cuisine de marché, cent recettes", 2590, "cuisine", (11, 12)),
    Good("LV-004", "Histoire du rail en quarante cartes", 3400, "région"),
    Good("LV-005", "Romans de l'été, coffret", 4500, "livres", (6, 7)),
    Good("LV-006", "Petite philosophie du dimanche", 1450, "livres"),
    Good("VN-001", "Vinyle : Nuits de jazz à la Halle", 2490, "musique", (11, 12)),
    Good("VN-002", "Vinyle : Les sessions du Cargo, volume 3", 2290, "musique"),
    Good("VN-003", "Coffret chanson, six disques", 5990, "musique", (12,)),
    Good("EP-001", "Panier gourmand de l'Ouest", 4490, "cuisine", (11, 12)),
    Good("EP-002", "Conserves de la côte, six boîtes", 2850, "cuisine"),
    Good("EP-003", "Chocolats de la Halle, 500 g", 2190, "cuisine", (12, 4)),
    Good("EP-004", "Café torréfié du port, 1 kg", 1690, "cuisine"),
    Good("MS-001", "Lampe de lecture Horizon", 3290, "livres"),
    Good("MS-002", "Sac en toile Le Cargo", 1500, "culture"),
    Good("MS-003", "Affiche encadrée, une de collection", 4900, "culture", (9, 10)),
    Good("MS-004", "Puzzle 1000 pièces, carte ancienne", 2400, "région", (12,)),
    Good("MS-005", "Jumelles d'observation 8×42", 11900, "environnement", (4, 5)),
    Good("MS-006", "Kit de semis, douze variétés", 1990, "jardin", (2, 3)),
    Good("MS-007", "Jeu de société : Le tour des ports", 3450, "éducation", (12,)),
)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A code that takes ``percent`` off, from ``start`` to ``end`` days ago."""

    code: str
    label: str
    percent: int
    start: int
    end: int


PROMOTIONS = (
    Promotion("HALLE10", "Bienvenue à la Halle", 10, 1400, -60),
    Promotion("RENTREE15", "La rentrée de la Halle", 15, 85, 60),
    Promotion("ETE20", "Soldes d'été", 20, 150, 120),
    Promotion("NOEL12", "Les fêtes à la Halle", 12, 375, 325),
    Promotion("CARGO5", "Lecteurs du Cargo", 5, 240, 20),
    Promotion("FIDELE8", "Porteurs de la carte", 8, 700, -120),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """Something sent to many; ``mood`` is plain, good (it sells) or pushy (it annoys)."""

    code: str
    brand: str
    subject: str
    ago: int
    topic: str = ""
    mood: str = "plain"
    kind: str = "marketing"


_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_LETTERS = {
    HORIZON: "L'essentiel du mois : {month}",
    CARGO: "À l'affiche en {month}",
    HALLE: "Les trouvailles, {month}",
}
_PREFIX = {HORIZON: "HZ", CARGO: "LC", HALLE: "LH"}


def campaigns(calendar: Calendar) -> tuple[Campaign, ...]:
    """Return the campaigns of the last six months, the oldest first."""
    found = []
    for brand, subject in _LETTERS.items():
        for back in range(6):
            ago = 8 + 30 * back
            month = _MONTHS[calendar.month(ago) - 1]
            code = f"{_PREFIX[brand]}-LETTRE-{calendar.iso(ago)[:7]}"
            found.append(Campaign(code, brand, subject.format(month=month), ago, ("", "culture", "cuisine")[back % 3]))
    found += [
        Campaign("HZ-RENTREE", HORIZON, "Rentrée : trois mois à moitié prix", 74, "économie", "good"),
        Campaign("HZ-SPORT", HORIZON, "L'été du sport, chaque matin", 128, "sport"),
        Campaign("HZ-DERNIERE-1", HORIZON, "Dernière chance : votre offre expire", 41, "", "pushy"),
        Campaign("HZ-DERNIERE-2", HORIZON, "Plus que 24 heures, ne passez pas à côté", 39, "", "pushy"),
        Campaign("HZ-DERNIERE-3", HORIZON, "Offre prolongée : vraiment la dernière chance", 37, "", "pushy"),
        Campaign("HZ-CARTE", HORIZON, "Votre moyen de paiement arrive à échéance", 52, kind="service"),
        Campaign("LC-FESTIVAL", CARGO, "Festival d'été : vos places avant tout le monde", 142, "musique", "good"),
        Campaign("LC-LIVRES", CARGO, "Les vingt livres de la rentrée", 66, "livres"),
        Campaign("LH-RENTREE", HALLE, "−15 % sur toute la Halle avec RENTREE15", 84, "livres", "good"),
        Campaign("LH-ETE", HALLE, "Soldes : jusqu'à −20 %", 149, "voyages", "good"),
        Campaign("LH-AVIS", HALLE, "Votre avis sur votre dernière commande", 20, kind="service"),
    ]
    return tuple(sorted(found, key=lambda campaign: (-campaign.ago, campaign.code)))


@dataclass(frozen=True, slots=True)
class Show:
    """A trade show or a concert."""

    code: str
    label: str
    place: str
    kind: str
    ago: int
    topic: str
    price: int = 0


def shows(calendar: Calendar) -> tuple[Show, ...]:
    """Return the shows of this year and the two before, that have opened their registrations."""
    year = calendar.today.year
    found = []
    for back in (0, 1, 2):
        when = year - back
        for code, label, place, month, topic in (
            ("SDI", "Salon de l'industrie durable", "Parc de la Beaujoire, Nantes", 3, "économie"),
            ("FDM", "Forum des médias locaux", "Halle aux Fruits, Rennes", 6, "numérique"),
            ("SDL", "Salon du livre et de la carte", "Docks, Saint-Nazaire", 10, "livres"),
        ):
            ago = calendar.ago(when, month, 14)
            found.append(Show(f"{code}{when}", f"{label} {when}", place, "salon", ago, topic))
        for code, label, place, month, topic, price in (
            ("JAZ", "Nuits de jazz à la Halle", "La Halle, Nantes", 2, "musique", 3200),
            ("FES", "Festival du Cargo", "Quai des Grues, Nantes", 7, "musique", 4800),
            ("CHO", "Le grand chœur d'automne", "Cathédrale de papier, Angers", 11, "culture", 2600),
        ):
            ago = calendar.ago(when, month, 21)
            found.append(Show(f"{code}{when}", f"{label} {when}", place, "concert", ago, topic, price))
    return tuple(show for show in found if show.ago > -90)
