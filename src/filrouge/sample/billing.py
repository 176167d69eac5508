"""Subscription billing: a SQL database of payers, readers, contracts, invoices and payments that sometimes fail."""

from __future__ import annotations

from filrouge.sample import faults
from filrouge.sample.catalogue import BUSINESS, CARGO, JUNIOR, OFFERS
from filrouge.sample.dice import Dice
from filrouge.sample.life import Contract, Life
from filrouge.sample.paper import Database
from filrouge.sample.people import Person
from filrouge.sample.world import World, euros

_SCHEMA = """
CREATE TABLE client (id_client INTEGER PRIMARY KEY, marque TEXT, civilite TEXT, nom TEXT, prenom TEXT, raison_sociale
TEXT,
  ne_le TEXT, adresse TEXT, code_postal TEXT, ville TEXT, pays TEXT, email TEXT, telephone TEXT, ref_compte TEXT,
  cree_le TEXT,
  maj_le TEXT);
CREATE TABLE offre (code TEXT PRIMARY KEY, marque TEXT, libelle TEXT, duree_mois INTEGER, prix NUMERIC);
CREATE TABLE abonnement (numero TEXT PRIMARY KEY, marque TEXT, code_offre TEXT, id_payeur INTEGER, id_lecteur INTEGER,
  prix NUMERIC, debut TEXT, echeance TEXT, fin TEXT, motif_fin TEXT, canal_vente TEXT, canal_acquisition TEXT, campagne
  TEXT,
  moyen_paiement TEXT);
CREATE TABLE facture (numero TEXT PRIMARY KEY, numero_abonnement TEXT, id_payeur INTEGER, montant NUMERIC, devise TEXT,
  emise_le TEXT, echeance TEXT, statut TEXT);
CREATE TABLE paiement (id INTEGER PRIMARY KEY, numero_facture TEXT, numero_abonnement TEXT, id_payeur INTEGER, montant
NUMERIC,
  devise TEXT, date_paiement TEXT, resultat TEXT, motif_rejet TEXT, moyen TEXT)
"""
_MARQUES = {CARGO: "LECARGO"}
_REASONS = {
    "wanted": "RESIL_CLIENT", "card": "CARTE_EXPIREE", "unpaid": "IMPAYE", "moved": "DEMENAGEMENT", "death": "DECES",
    "stopped": "ARRET_OFFRE",
}  # fmt: skip
_OUTCOMES = {"paid": "OK", "failed": "REJET", "refunded": "REMBOURSE"}
_SECOND_ACCOUNT = 20_000_000


class Billing:
    """Writes ``billing.db``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._db = Database(world.folder / "billing.db", _SCHEMA)
        self._payments = 0
        for offer in (*OFFERS, JUNIOR, *BUSINESS):
            marque = _MARQUES.get(offer.brand, "HORIZON")
            self._db.add("offre", (offer.code, marque, offer.label, offer.months, euros(offer.price)))

    @property
    def rows(self) -> int:
        return self._db.rows

    def write(self, life: Life, dice: Dice) -> None:
        """Write a payer or a reader, and what they pay."""
        if not (life.contracts or life.reads):
            return
        person, number = life.person, account(life.person)
        self._client(life, number, dice, 1.0)
        for rank, contract in enumerate(life.contracts):
            payer = number
            if rank and dice.chance(0.15):
                payer = _SECOND_ACCOUNT + person.number
                self._client(life, payer, dice, 2.0)
                rank = -1
            self._contract(contract, payer, dice)
            if rank < 0:
                break

    def close(self) -> None:
        self._db.finish((
            "CREATE INDEX facture_abonnement ON facture (numero_abonnement)",
            "CREATE INDEX abonnement_payeur ON abonnement (id_payeur)",
        ))  # fmt: skip

    def _client(self, life: Life, number: int, dice: Dice, careless: float) -> None:
        person, calendar = life.person, self.world.calendar
        contracts = life.contracts or life.reads
        home = faults.home(dice, person, 0.15)
        made = max(contract.start for contract in contracts)
        business = next((contract for contract in life.contracts if contract.offer.kind == "company"), None)
        company = self.world.companies[person.company] if business and person.company is not None else None
        throw = dice.random()
        if company is not None:
            email, phone = person.work_email, company.phone
        else:
            email = ""
            if throw > 0.12 or person.everywhere:
                email = faults.email(dice, faults.mailbox(dice, person, second=0.1, shared=0.15), careless)
            phone = person.landline if person.landline and throw > 0.8 else person.phone if throw > 0.3 else ""
        year, month, day = faults.born(dice, person)
        known = throw < 0.22 or not person.adult
        made_at = calendar.iso(made)
        self._db.add("client", (
            number, _MARQUES.get(contracts[0].offer.brand, "HORIZON"), person.title,
            faults.family(dice, person, careless),
            faults.given(dice, person, careless), company.name if company else None,
            f"{year}-{month:02}-{day:02}" if known else None,
            faults.street(dice, company.line if company else home.line),
            company.postcode if company else home.postcode, company.city if company else home.city, "FR", email or None,
            faults.phone(dice, phone) or None, person.account if throw < 0.6 else None, f"{made_at} 09:00:00",
            f"{calendar.iso(dice.between(1, made))} 06:30:00",
        ))  # fmt: skip
        self.world.truth.add("billing_people", str(number), person.number)

    def _contract(self, contract: Contract, payer: int, dice: Dice) -> None:
        calendar, offer = self.world.calendar, contract.offer
        renews = None if contract.renews is None else calendar.iso(contract.renews)
        if contract.payer.number % 4_003 == 77:
            renews = "2999-12-31"
        reader = payer if contract.reader is contract.payer else account(contract.reader)
        self._db.add("abonnement", (
            contract.number, _MARQUES.get(offer.brand, "HORIZON"), offer.code, payer, reader, euros(offer.price),
            calendar.iso(contract.start), renews, None if contract.end is None else calendar.iso(contract.end),
            _REASONS.get(contract.reason), contract.sold_by, contract.found_by, contract.campaign or None,
            contract.method,
        ))  # fmt: skip
        for turn, invoice in enumerate(contract.invoices):
            number = f"F{contract.number[2:]}-{turn:02}"
            issued = calendar.iso(invoice.ago)
            status = "PAYEE" if invoice.paid else "EN_ATTENTE" if invoice.ago < 30 else "IMPAYEE"
            if any(outcome == "refunded" for _, outcome, _ in invoice.payments):
                status = "AVOIR"
            self._db.add("facture", (
                number, contract.number, payer, euros(invoice.cents), "EUR", issued, calendar.iso(invoice.ago - 30),
                status,
            ))  # fmt: skip
            for ago, outcome, why in invoice.payments:
                self._payments += 1
                self._db.add("paiement", (
                    self._payments, number, contract.number, payer, euros(invoice.cents), "EUR",
                    f"{calendar.iso(ago)} {dice.between(5, 9):02}:15:00", _OUTCOMES[outcome], why or None,
                    contract.method,
                ))  # fmt: skip


def account(person: Person) -> int:
    """Return the number of a person in billing."""
    return 100_000 + person.number * 48_271 % 9_999_991
