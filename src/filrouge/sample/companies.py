"""Companies that people of the sample work for: invented names, a switchboard, one mail domain each."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.sample.dice import Dice
from filrouge.sample.places import street, town
from filrouge.sample.reach import Numbers, handle

_HEADS_TEXT = """Atelier Ateliers Groupe Maison Établissements Société Compagnie Bureau Comptoir Fabrique Manufacture
Cabinet
Laboratoires Transports Imprimerie Menuiserie Domaine Agence Studio Conserverie Fonderie Papeterie Brasserie
Librairie"""
_MIDDLES_TEXT = """Armor Boréal Cardinal Dorval Estran Finistral Galerne Hélion Iroise Jorane Korrigan Larmor Mistrane
Novalis
Océane Pélican Quercus Rivalto Solenn Tramontane Ursuline Vauclair Ostrane Zéphyrin Albatre Bruyère Corsaire Dunoise
Érable Fauvette Goéland Hermine Isatis Jonquille Kermeur Lavandin Merlane Noroît Orlane Penthièvre Ravelin Sirocène
Tamaris Vendane Aubrac-Sud Belle-Rive Cap-Nord Deux-Rives Grand-Large Haute-Lande Mont-Clair Trois-Îles"""
_TAILS_TEXT = """et_fils Industries Conseil Distribution Services Énergies Numérique Santé Logistique Immobilier Bois
Textiles
Agroalimentaire Communication Formation Ingénierie Mobilités Création Événementiel Assurances"""
_HEADS, _MIDDLES, _TAILS = _HEADS_TEXT.split(), _MIDDLES_TEXT.split(), _TAILS_TEXT.split()
_FORMS = ("SAS", "SARL", "SA", "SCOP", "EURL")
SECTORS = {
    "Industries": "industrie", "Conseil": "conseil", "Distribution": "commerce", "Énergies": "énergie",
    "Santé": "santé",
    "Numérique": "numérique", "Logistique": "transport", "Immobilier": "immobilier", "Bois": "industrie",
    "Textiles": "industrie",
    "Agroalimentaire": "agroalimentaire", "Communication": "communication", "Formation": "enseignement",
}  # fmt: skip
SIZES = ("1-9", "10-49", "50-249", "250-999", "1000+")
JOBS = (
    "Chargée de communication", "Directeur général", "Responsable achats", "Assistante de direction", "Ingénieure",
    "Chef de projet", "Comptable", "Responsable RH", "Commercial", "Directrice marketing", "Documentaliste",
    "Technicien", "Gérante", "Juriste", "Responsable formation", "Acheteur",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """One company, as it truly is."""

    number: int
    name: str
    siren: str
    domain: str
    line: str
    postcode: str
    city: str
    phone: str
    size: str
    sector: str


class Companies:
    """The companies of a sample, found by number; the same number always gives the same company."""

    def __init__(self, seed: int, count: int, numbers: Numbers) -> None:
        self.seed, self.count, self.numbers = seed, max(1, count), numbers
        self._known: dict[int, Company] = {}

    def __getitem__(self, number: int) -> Company:
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._found(number)
        return found

    def _found(self, number: int) -> Company:
        dice = Dice(self.seed, 2, number)
        middle, tail = dice.pick(_MIDDLES), dice.pick(_TAILS)
        name = " ".join(part for part in (dice.pick(_HEADS) if dice.chance(0.4) else "", middle, tail) if part)
        name = name.replace("_", " ")
        postcode, city = town(dice)
        short = handle(f"{middle}{tail}".replace("_", "").replace("-", ""))
        return Company(
            number=number,
            name=f"{name} {dice.pick(_FORMS)}",
            siren=siren(number),
            domain=f"{short}{number}.example.com",
            line=street(dice),
            postcode=postcode,
            city=city,
            phone=self.numbers.switchboard(number),
            size=dice.skewed(SIZES, 1.7),
            sector=SECTORS.get(tail, "services"),
        )


def siren(number: int) -> str:
    """Return nine digits shaped like a SIREN whose check digit is wrong on purpose: no company can bear it."""
    body = f"{10_000_000 + number * 37 % 89_999_999:08}"
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(body))
    right = -sum(value - 9 if value > 9 else value for value in doubled) % 10
    return f"{body}{(right + 5) % 10}"
