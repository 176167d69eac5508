"""Camille Rousseau-Petit, the customer of the documentation: loyal since 2019, told three things in one week."""

from __future__ import annotations

from filrouge.sample.catalogue import CARGO, HALLE, HORIZON, OFFERS, Show
from filrouge.sample.dice import Calendar, Dice
from filrouge.sample.life import Call, Contract, Life, Order, Ticket
from filrouge.sample.subscriptions import bill

_WEEK = (
    (True, 6, 33_600, "Bonjour, je n'ai pas reçu mon numéro de samedi, ni celui d'avant. Que se passe-t-il ?"),
    (False, 6, 40_200, "Bonjour, la tournée de Nantes a été réorganisée. Votre abonnement est prolongé d'une semaine."),
    (True, 5, 30_900, "Merci. Pouvez-vous me confirmer que je recevrai bien le prochain ?"),
    (False, 4, 52_000, "Bonjour, votre abonnement papier a pris fin, il faut le renouveler sur le site."),
    (True, 4, 54_300, "Pardon ? Je suis prélevée tous les ans et l'échéance n'est pas passée !"),
    (False, 3, 61_200, "Bonjour, le dépôt indique que le journal a été remis. Voyez avec vos voisins."),
    (True, 2, 31_500, "Trois réponses, trois versions différentes en une semaine. Si cela continue, je résilie tout."),
)


def tell(life: Life, calendar: Calendar, shows: tuple[Show, ...], dice: Dice) -> None:
    """Give Camille the life that the documentation tells, whatever the dice had in store."""
    person = life.person
    life.letters, life.web = (HORIZON, CARGO, HALLE), (HORIZON, CARGO)
    life.appetite, life.fades, life.gone, life.annoyed = 2.4, 34, None, False
    since = calendar.ago(2019, 3, 4)
    paper, music = OFFERS[2], OFFERS[4]
    number = person.number * 4
    life.contracts = [
        Contract(f"AB{number:08}", paper, person, person, since, None, None, "", "salon", "salon", "carte"),
        Contract(f"AB{number + 1:08}", music, person, person, 410, None, None, "", "web", "parrainage", "carte"),
    ]
    for contract in life.contracts:
        bill(contract, dice)
    day = calendar.iso(23)[2:].replace("-", "")
    life.orders.append(
        Order(
            f"CH{day}-{person.number:06}90", 23, 70_200, "click_and_collect", "",
            [("LV-001", "Le grand atlas des chemins côtiers", 1, 3900, 0), ("EP-004", "Café du port", 1, 1690, 0)],
            "livrée", (0, 19, "abîmé à la livraison"),
        )
    )  # fmt: skip
    past = [show for show in shows if show.ago > 1]
    life.shows = [
        min((show for show in past if show.kind == kind), key=lambda show: show.ago) for kind in ("salon", "concert")
    ]
    life.tickets = [
        Ticket(HALLE, "return", False, 20, 36_000, "closed", [
            (True, 20, 36_000, "Bonjour, l'atlas est arrivé avec la couverture déchirée, je souhaite le rapporter."),
            (False, 20, 39_600, "Bonjour, rapportez-le au comptoir de Nantes, le remboursement de 39 € sera immédiat."),
        ]),
        Ticket(HORIZON, "delivery", True, 6, 33_600, "open", list(_WEEK)),
    ]  # fmt: skip
    life.talks = [
        Call(HORIZON, 61, 39_000, True, 340, "livraison", "Déménagement confirmé, nouvelle adresse à Nantes.",
             "Transmettre au service livraison", 2, True),
        Call(HORIZON, 5, 62_400, True, 264, "reclamation", "Journal non reçu, deux semaines. Cliente fidèle.",
             "Rappeler avant la fin de la semaine", 3, False),
    ]  # fmt: skip
