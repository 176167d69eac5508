"""The vintage CRM: CSV exports in cp1252, decimal commas, days before months, and fifteen years of habits."""

from __future__ import annotations

from filrouge.sample import faults
from filrouge.sample.companies import Company
from filrouge.sample.dice import Dice
from filrouge.sample.life import Contract, Life
from filrouge.sample.paper import Sheet
from filrouge.sample.people import Person
from filrouge.sample.world import World, digits, money

_CLIENTS = (
    "Num_Client;Civ;Nom;Prénom;Nom_JF;Né(e) le;Adresse;CP;Ville;Pays;Tél;Courriel;Num_Societe;Ref_Compte;Carte_Fid;"
    "OptIn_Mail;OptIn_SMS;OptIn_Tel;Décédé;Langue;CA_12M;Commercial;Date_Crea;Date_Maj"
)
_PROSPECTS = "Num_Prospect;Nom;Prénom;Courriel;Tél;CP;Ville;Société;Origine;OptIn_Mail;Intérêt;Date_Crea"
_COMPANIES = "Num_Societe;Raison_Sociale;SIREN;Site;Adresse;CP;Ville;Standard;Effectif;Secteur;Date_Maj"
_ROLES = "Num_Role;Num_Client;Num_Societe;Fonction;Début;Fin"
_DEALS = "Num_Opp;Num_Societe;Num_Client;Libellé;Étape;Montant;Devise;Canal;Date_Prévue;Date_Clôture;Résultat;Contrat"
_CALLBACKS = "Num_Relance;Type_Tiers;Num_Tiers;Num_Societe;Type;Objet;Échéance;Statut;Montant;Commercial"
_STAGES = ("1-Prospect", "2-Qualifié", "3-Devis", "4-Négociation")
_SELLERS = ("N. Ferreira", "T. Aubry", "S. Cadiou", "M. Lopez")
_CHANNELS = ("Site", "Salon", "Bouche à oreille", "Téléprospection", "Emailing")
_SUBJECTS = (
    "Rappeler pour le renouvellement", "Envoyer le devis", "Relancer après le salon", "Proposer l'offre Entreprises",
    "Vérifier l'adresse de livraison", "Confirmer le nombre de lecteurs", "Reprendre contact après résiliation",
)  # fmt: skip
_BROKEN = 3_001  # one person in so many has a line cut short before their row


class Crm:
    """Writes clients, prospects, companies, roles, opportunities and follow-ups."""

    def __init__(self, world: World) -> None:
        self.world = world
        folder = world.folder / "crm"

        def sheet(name: str, header: str) -> Sheet:
            return Sheet(folder / name, header, encoding="cp1252")

        self._clients, self._late = sheet("clients.csv", _CLIENTS), sheet("clients_complement.csv", _CLIENTS)
        self._prospects, self._companies = sheet("prospects.csv", _PROSPECTS), sheet("societes.csv", _COMPANIES)
        self._roles, self._deals = sheet("contacts_societes.csv", _ROLES), sheet("opportunites.csv", _DEALS)
        self._callbacks = sheet("relances.csv", _CALLBACKS)
        self._sheets = (
            self._clients, self._late, self._prospects, self._companies, self._roles, self._deals, self._callbacks,
        )  # fmt: skip
        self._known: set[int] = set()

    @property
    def rows(self) -> int:
        return sum(sheet.rows for sheet in self._sheets)

    def write(self, life: Life, dice: Dice) -> None:
        """Write what the CRM knows of one life."""
        if life.crm == "prospect":
            self._prospect(life, dice)
        elif life.crm == "client":
            self._client(life, dice)

    def close(self) -> None:
        """Write the companies that were met, twice when two sellers met them, and close."""
        dice = Dice(self.world.seed, 3, 0)
        for number in sorted(self._known):
            company = self.world.companies[number]
            self._companies.add(self._company(company, f"S{number:06}", company.name, dice))
            if dice.chance(0.04):
                name = company.name.rpartition(" ")[0].upper()
                self._companies.add(self._company(company, f"S{900_000 + number:06}", name, dice))
        for sheet in self._sheets:
            sheet.close()

    def _client(self, life: Life, dice: Dice) -> None:
        person, number = life.person, f"C{digits(life.person.number)}"
        row = self._row(life, number, dice, careless=1.0)
        if person.number % _BROKEN == 1_500:
            self._clients.add(row[:3])
        if person.number % 2_501 == 900:
            row[15] = "?"
        self._clients.add(row)
        self.world.truth.add("crm_people", number, person.number)
        throw = dice.random()
        if throw < 0.07:
            again = f"C{digits(person.number + 3_000_000)}"
            self._clients.add(self._row(life, again, dice, careless=2.2))
            self.world.truth.add("crm_people", again, person.number)
        elif throw < 0.075:
            self._clients.add(row)
        elif throw < 0.083:
            row[6:9] = [person.home.line, person.home.postcode, person.home.city]
            row[23] = self.world.calendar.french(dice.between(1, 3))
            self._late.add(row)
        elif throw < 0.09:
            late = f"C{digits(person.number + 6_000_000)}"
            self._late.add(self._row(life, late, dice, careless=1.5))
            self.world.truth.add("crm_people", late, person.number)
        self._business(life, number, dice)
        if dice.chance(0.11) or (person.everywhere and dice.chance(0.6)):
            self._callback(dice, "C", number, life)

    def _row(self, life: Life, number: str, dice: Dice, careless: float) -> list[str]:
        person, calendar = life.person, self.world.calendar
        home = faults.home(dice, person, 0.6)
        year, month, day = faults.born(dice, person, careless)
        born = f"{day:02}/{month:02}/{year}"
        throw = dice.random()
        if throw < 0.16:
            born = ""
        elif throw < 0.163:
            born = dice.pick(("00/00/0000", "31/02/1975", "inconnue"))
        first = max([contract.start for contract in life.contracts] + [order.ago for order in life.orders] + [40])
        made = first + dice.between(0, 20)
        spent = sum(invoice.cents for contract in life.contracts for invoice in contract.invoices if invoice.ago < 365)
        yes = 0.62 if life.letters else 0.35
        society = f"S{person.company:06}" if person.company is not None and dice.chance(0.6) else ""
        dead = any(contract.reason == "death" for contract in life.contracts) and dice.chance(0.5)
        return [
            number, dice.pick((person.title, person.title, "", "Mme" if person.woman else "Mr")),
            faults.family(dice, person, careless), faults.given(dice, person, careless),
            person.birth_name if person.birth_name and dice.chance(0.3) else "", born,
            faults.street(dice, home.line), home.postcode, home.city.upper() if dice.chance(0.6) else home.city,
            dice.pick(("FR", "FR", "France", "")), self._phone(person, dice), self._email(life, dice, careless),
            society, person.account if dice.chance(0.35) else "",
            person.loyalty if life.shop and dice.chance(0.25) else "",
            self._choice(dice, yes), self._choice(dice, 0.2), "B" if dice.chance(0.03) else self._choice(dice, 0.4),
            "O" if dead else "", dice.pick(("FR", "FR", "FR", "")), money(spent) if spent else "", dice.pick(_SELLERS),
            calendar.french(made), calendar.french(dice.between(2, min(made, 900))),
        ]  # fmt: skip

    def _phone(self, person: Person, dice: Dice) -> str:
        throw = dice.random()
        if person.company is not None and throw < 0.08:
            return faults.phone(dice, self.world.companies[person.company].phone)
        if person.landline and throw < 0.3:
            return faults.phone(dice, person.landline)
        return faults.phone(dice, person.phone) if throw < 0.88 else ""

    def _email(self, life: Life, dice: Dice, careless: float) -> str:
        if dice.chance(0.14) and not life.person.everywhere:
            return ""
        return faults.email(dice, faults.mailbox(dice, life.person, second=0.1, work=0.08, shared=0.15), careless)

    @staticmethod
    def _choice(dice: Dice, yes: float) -> str:
        return "" if dice.chance(0.12) else "O" if dice.chance(yes) else "N"

    def _prospect(self, life: Life, dice: Dice) -> None:
        person, number = life.person, f"P{digits(life.person.number, 6)}"
        if self.world.people > 900_000:
            number = f"P{digits(life.person.number, 8)}"
        company = "" if person.company is None else self.world.companies[person.company].name
        self._prospects.add([
            number, faults.family(dice, person, 1.3), faults.given(dice, person, 1.3),
            faults.email(dice, person.work_email or person.email, 1.5), self._phone(person, dice), person.home.postcode,
            person.home.city, company, dice.pick(_CHANNELS), self._choice(dice, 0.5), dice.pick(person.topics),
            self.world.calendar.french(dice.between(3, 400)),
        ])  # fmt: skip
        self.world.truth.add("crm_prospects", number, person.number)
        if dice.chance(0.35):
            self._callback(dice, "P", number, life)

    def _callback(self, dice: Dice, kind: str, number: str, life: Life) -> None:
        ago = dice.between(-25, 60)
        done = ago > 0 and dice.chance(0.8)
        society = f"S{life.person.company:06}" if life.person.company is not None else ""
        if society:
            self._known.add(life.person.company or 0)
        self._callbacks.add([
            f"R{digits(life.person.number * 2 + (kind == 'P'), 8)}", kind, number, society,
            dice.pick(("Appel", "Appel", "Courriel", "Visite")), dice.pick(_SUBJECTS), self.world.calendar.french(ago),
            "Faite" if done else "À faire", money(dice.between(5, 300) * 1_000) if dice.chance(0.4) else "",
            dice.pick(_SELLERS),
        ])  # fmt: skip

    def _business(self, life: Life, number: str, dice: Dice) -> None:
        person = life.person
        if person.company is None:
            return
        society = f"S{person.company:06}"
        self._known.add(person.company)
        since = dice.between(30, 2_500)
        left = self.world.calendar.french(dice.between(1, 29)) if dice.chance(0.06) else ""
        if dice.chance(0.8):
            self._roles.add([f"L{number[1:]}", number, society, person.job, self.world.calendar.french(since), left])
        for contract in life.contracts:
            if contract.offer.kind == "company":
                self._won(contract, society, number, dice)
        if dice.chance(0.07):
            self._open(person, society, number, dice)

    def _won(self, contract: Contract, society: str, number: str, dice: Dice) -> None:
        """Write the sale behind a business contract; a few disagree with billing: another amount, another quarter."""
        cents, closed = contract.offer.price, contract.start + dice.between(0, 6)
        throw = dice.random()
        if throw < 0.06:
            cents = int(cents * dice.pick((0.9, 1.1, 1.2)))
        elif throw < 0.10:
            closed += dice.between(30, 80)
        date = self.world.calendar.french(closed)
        self._deals.add([
            f"O{contract.number[2:]}", society, number, contract.offer.label, "5-Gagné", money(cents), "EUR",
            dice.pick(_CHANNELS), date, date, "Gagné", "" if throw > 0.95 else contract.number,
        ])  # fmt: skip

    def _open(self, person: Person, society: str, number: str, dice: Dice) -> None:
        lost = dice.chance(0.4)
        ago = dice.between(10, 300) if lost else dice.between(-120, 15)
        date = self.world.calendar.french(ago)
        stage = "6-Perdu" if lost else dice.pick(_STAGES)
        if person.number % 61 == 5:
            stage = "9-???"
        self._deals.add([
            f"O9{person.number:07}", society, number,
            dice.pick(("Abonnement entreprise", "Stand au salon", "Page de publicité")),
            stage, money(dice.between(6, 180) * 10_000), "EUR", dice.pick(_CHANNELS), date, date if lost else "",
            "Perdu" if lost else "", "",
        ])  # fmt: skip

    def _company(self, company: Company, number: str, name: str, dice: Dice) -> list[str]:
        return [
            number, name, company.siren if dice.chance(0.8) else "", f"www.{company.domain}", company.line,
            company.postcode,
            company.city, faults.phone(dice, company.phone), company.size, company.sector,
            self.world.calendar.french(dice.between(2, 700)),
        ]  # fmt: skip
