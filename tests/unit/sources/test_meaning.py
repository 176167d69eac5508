"""What a column means is told by its name and its values together, and how sure that is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filrouge.domain.sources.meaning import MEANINGS, Held, meant
from filrouge.domain.sources.naming import named

ROWS = 400
_dice = random.Random(5)
_GIVEN = ("Camille", "Zoé", "Éric", "Anaïs", "Hugo", "Olivier", "Mary", "John", "Fatou", "Jean-Luc", "Sophie", "Paul")
_FAMILY = ("Martin", "Lefèvre", "O’Brien", "Müller", "N’Guessan", "Le Goff", "Smith", "Traoré", "García", "Kowalski")


def _n(least: int, most: int) -> int:
    return _dice.randint(least, most)


MAKERS: dict[str, Callable[[], str]] = {
    "given": lambda: _dice.choice(_GIVEN),
    "family": lambda: _dice.choice(_FAMILY) + _dice.choice(("", "", "-Petit")),
    "full": lambda: f"{_dice.choice(_FAMILY).upper()} {_dice.choice(_GIVEN)}",
    "email": lambda: f"{_dice.choice(_GIVEN).lower()}{_n(1, 999)}@example.com",
    "phone": lambda: "0" + str(_n(1, 9)) + "".join(f" {_n(0, 99):02}" for _ in range(4)),
    "phone_abroad": lambda: f"+{_dice.choice((33, 44, 49))}{_n(10**8, 10**9)}",
    "phone_us": lambda: f"({_n(200, 999)}) {_n(200, 999)}-{_n(1000, 9999)}",
    "born": lambda: f"{_n(1, 28):02}/{_n(1, 12):02}/{_n(1935, 2007)}",
    "born_us": lambda: f"{_n(1, 12)}/{_n(1, 28)}/{_n(1935, 2007)}",
    "recent": lambda: f"{_n(1, 28):02}/{_n(1, 12):02}/{_n(2021, 2026)}",
    "moment": lambda: f"{_n(2020, 2026)}-{_n(1, 12):02}-{_n(1, 28):02}T{_n(0, 23):02}:{_n(0, 59):02}:00Z",
    "address": lambda: f"{_n(1, 200)} {_dice.choice(('rue de la Paix', 'avenue Foch', 'Main Street', 'chemin Vert'))}",
    "postcode": lambda: f"{_n(1000, 95999):05}",
    "postcode_uk": lambda: f"{_dice.choice(('SW', 'M', 'LS'))}{_n(1, 20)} {_n(1, 9)}AB",
    "city": lambda: _dice.choice(("Paris", "Vitré", "Guéret", "Mende", "Saint-Denis", "Foix")),
    "country": lambda: _dice.choice(("FR", "BE", "CH")),
    "title": lambda: _dice.choice(("M.", "Mme", "Mlle")),
    "sex": lambda: _dice.choice("MF"),
    "yes": lambda: _dice.choice(("oui", "non")),
    "bit": lambda: _dice.choice("01"),
    "amount": lambda: f"{_n(1, 9)} {_n(100, 999)},{_n(0, 99):02}",
    "euros": lambda: f"{_n(1, 999)},{_n(0, 99):02} €",
    "count": lambda: str(_n(1, 50)),
    "code": lambda: f"CL{_n(10_000, 99_999)}",
    "note": lambda: _dice.choice(("À rappeler lundi matin", "Très mécontent de la livraison", "Left a message twice")),
    "company": lambda: _dice.choice(("Durand SARL", "ACME Inc", "Groupe Bo SAS")),
    "status": lambda: _dice.choice(("actif", "résilié", "prospect")),
    "link": lambda: f"https://example.com/{_n(1, 999)}",
}
COLUMNS = """
given_name  | given        | Prénom, FirstName, cust_fname, Prénom du client, traits.firstName, Vorname, col1
family_name | family       | Nom, surname, LAST_NM, NOMFAMILLE, Nom du client, lname
full_name   | full         | Nom complet, CUSTOMER_NAME, Nom et prénom, contact, Nom, recipient_name
email       | email        | Courriel, E-Mail Address, Adresse e-mail principale, login, mail_perso, x7
phone       | phone        | Tél, Téléphone 2, N° de tél, portable, Fixe, column_3
phone       | phone_abroad | mobile_phone, numéro, msisdn
phone       | phone_us     | Phone Number, Home phone
birth_date  | born         | Né(e) le, DtNaiss, Date de naissance (JJ/MM/AAAA), DATENAISSANCE, D.O.B., f3
birth_date  | born_us      | Birthdate, customer.birthday
date        | recent       | Date d'inscription, Dernier achat, Membre depuis, Date de consentement
date        | moment       | created_at, last_login, opt_in_at, timestamp
address_line| address      | Adresse, Address 1, street_address, Adresse (ligne 1), billing_address1, f9
postcode    | postcode     | CP, Code postal, shipping_postal_code, Adresse_CP, zip
postcode    | postcode_uk  | Post Code
city        | city         | Ville, Town/City, shipping_city, Localité
country     | country      | Pays, country_code, Pays de résidence
title       | title        | Civilité, Salutation, f2
sex         | sex          | Sexe, gender
consent     | yes          | OptIn_Mail, Newsletter, Ne pas contacter
consent     | bit          | accepts_email, Consentement SMS, is_subscribed
amount      | amount       | Montant TTC, CA 2025, order_total
amount      | euros        | Panier moyen, Lifetime value, z
number      | count        | Age, nb_commandes, quantity
identifier  | code         | Code client, customer_id, Réf. client, rec_id
loyalty_id  | code         | Carte_Fid, N° adhérent, loyalty_number
text        | note         | Commentaires, remarks, Notes internes
company     | company      | Raison sociale, Company Name
category    | status       | Statut client, type
url         | link         | Site web, profile_link
"""
CASES = [
    (meaning.strip(), kind.strip(), name.strip())
    for meaning, kind, names in (line.split("|") for line in COLUMNS.strip().splitlines())
    for name in names.split(", ")
]


def held(name: str, values: list[str]) -> Held:
    filled = [value for value in values if value]
    distinct = sorted(set(filled))
    return Held(name, len(filled) / max(len(values), 1), len(distinct), len(values), tuple(distinct[:300]))


@pytest.mark.parametrize(("meaning", "kind", "name"), CASES, ids=[f"{kind}-{name}" for _, kind, name in CASES])
def test_a_column_means_what_its_name_and_values_say(meaning: str, kind: str, name: str) -> None:
    assert meant(held(name, [MAKERS[kind]() for _ in range(ROWS)])).meaning == meaning


def test_a_name_that_its_values_contradict_is_not_believed() -> None:
    told = meant(held("Téléphone", [MAKERS["email"]() for _ in range(ROWS)]))
    assert (told.meaning, told.by) == ("email", "values")
    assert meant(held("title", [f"How to mend a chair, part {n}" for n in range(ROWS)])).meaning != "title"
    assert meant(held("opt_in", [MAKERS["moment"]() for _ in range(ROWS)])).meaning == "date"


def test_name_and_values_together_are_surer_than_either() -> None:
    values = [MAKERS["phone"]() for _ in range(ROWS)]
    both, alone = meant(held("Téléphone", values)), meant(held("f3", values))
    empty = meant(held("Téléphone", ["", ""]))
    assert both.confidence > alone.confidence > empty.confidence
    assert (both.by, alone.by, empty.by) == ("both", "values", "name")


def test_what_nothing_tells_is_not_pretended() -> None:
    told = meant(held("zz", [f"{word} {n % 97}" for n, word in enumerate(("blue", "red", "green") * 100)]))
    assert told.confidence <= 0.5
    assert meant(held("zz", [])).meaning == "unknown"


def test_values_known_of_the_installation_tell_their_column() -> None:
    plain = held("list", ["HORIZON", "LECARGO"] * 50)
    known = Held(plain.name, 1.0, 2, 100, plain.sample, {"brand": frozenset({"horizon", "lecargo"})})
    assert meant(known).meaning == "brand"
    assert meant(plain).meaning == "category"


@given(st.text(max_size=300), st.lists(st.text(max_size=60), max_size=30))
def test_any_column_gets_a_known_meaning_and_a_confidence(name: str, values: list[str]) -> None:
    told = meant(held(name, values))
    assert told.meaning in MEANINGS
    assert 0 <= told.confidence <= 1
    assert told == meant(held(name, values))
    assert all(0 < plainly <= 1 for _, plainly in named(name))
