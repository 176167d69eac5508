"""What people write to the desk and say on the telephone, what they are answered and what they are promised."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.sample.catalogue import HALLE, HORIZON, SALONS
from filrouge.sample.dice import Dice, waking
from filrouge.sample.life import Call, Life, Ticket


@dataclass(frozen=True, slots=True)
class Theme:
    """A reason to write: its subject, ways to say it, answers, ways to end."""

    name: str
    subject: str
    says: tuple[str, ...]
    answers: tuple[str, ...]
    ends: tuple[str, ...]
    complaint: bool = False


_THANKS = ("Merci, c'est réglé.", "Merci pour votre réponse.", "Parfait, bonne journée à vous.", "Bien reçu, merci.")
_ANGRY = (
    "Cela fait trois fois que j'écris, personne ne me répond la même chose.",
    "Je ne suis pas satisfait de cette réponse.",
    "Si rien ne bouge d'ici la fin de la semaine, je résilie.",
)
THEMES = {
    theme.name: theme
    for theme in (
        Theme(
            "delivery", "Journal non reçu",
            ("Bonjour, je n'ai pas reçu mon numéro de {day}. C'est la deuxième fois ce mois-ci. Pouvez-vous vérifier ?",
             "Toujours rien dans ma boîte aux lettres à {city} depuis {day}. Merci de faire le nécessaire.",
             "Le porteur ne passe plus rue depuis la semaine dernière, que se passe-t-il ?"),
            ("Bonjour, nous sommes désolés. Nous renvoyons le numéro manquant et prévenons le dépôt de {city}.",
             "Bonjour, la tournée a été réorganisée. Votre abonnement est prolongé d'une semaine."),
            (*_THANKS, *_ANGRY), complaint=True),
        Theme(
            "payment", "Prélèvement en double",
            ("Bonjour, j'ai été prélevé deux fois pour {offer}. Merci de me rembourser au plus vite.",
             "Ma banque m'indique deux prélèvements le même jour. Est-ce une erreur de votre part ?"),
            ("Bonjour, nous constatons l'anomalie et demandons le remboursement, sous cinq jours ouvrés.",
             "Bonjour, le second montant est une simple autorisation et disparaîtra de votre relevé."),
            (*_THANKS, "Je n'ai toujours pas vu le remboursement."), complaint=True),
        Theme(
            "card", "Paiement refusé",
            ("Bonjour, mon paiement a échoué, ma carte a simplement été renouvelée. Comment la changer ?",
             "Je reçois un message de carte expirée. Je souhaite bien continuer {offer}."),
            ("Bonjour, vous pouvez enregistrer la nouvelle carte dans votre espace, rubrique Moyens de paiement.",),
            _THANKS),
        Theme(
            "login", "Connexion impossible",
            ("Je n'arrive plus à me connecter sur l'application depuis la mise à jour.",
             "Bonjour, le mot de passe que je viens de créer n'est pas reconnu. J'ai essayé trois fois."),
            ("Bonjour, nous avons réinitialisé votre accès. Un lien vous a été envoyé.",
             "Bonjour, pouvez-vous supprimer puis réinstaller l'application ?"),
            _THANKS),
        Theme(
            "address", "Changement d'adresse",
            ("Bonjour, je déménage à {city} à la fin du mois. Merci de faire suivre mon abonnement.",
             "Nouvelle adresse à prendre en compte, {street}, {city}. Merci."),
            ("Bonjour, c'est noté, la nouvelle adresse prend effet dans dix jours.",),
            _THANKS),
        Theme(
            "leaving", "Demande de résiliation",
            ("Bonjour, je souhaite mettre fin à {offer}. Je n'ai plus le temps de lire.",
             "Merci de résilier mon abonnement, les sujets ne m'intéressent plus.",
             "Je trouve l'abonnement trop cher depuis l'augmentation, je préfère arrêter."),
            ("Bonjour, votre demande est enregistrée. Si vous changez d'avis, une formule plus légère existe.",
             "Bonjour, nous regrettons votre départ. La résiliation prendra effet à l'échéance."),
            (*_THANKS, "Non merci, je maintiens ma demande.")),
        Theme(
            "return", "Retour de ma commande {order}",
            ("Bonjour, l'article reçu est abîmé, comment le renvoyer ?",
             "La commande {order} ne correspond pas à ce que j'attendais, je souhaite un remboursement."),
            ("Bonjour, voici l'étiquette de retour. Le remboursement suit à réception.",),
            (*_THANKS, "Le colis est déposé, j'attends le remboursement.")),
        Theme(
            "mailing", "Trop de courriels",
            ("Trois courriels en cinq jours pour la même offre, alors que je suis déjà abonné ! Arrêtez.",
             "Merci de ne plus m'envoyer vos « dernières chances ». C'est du harcèlement.",
             "Pourquoi recevoir une offre à moitié prix quand je paie plein tarif depuis des années ?"),
            ("Bonjour, nous vous retirons de ces envois et nous vous prions de nous excuser.",),
            (*_THANKS, *_ANGRY), complaint=True),
        Theme(
            "show", "Question sur mes billets",
            ("Bonjour, je n'ai pas reçu mes billets pour la soirée. Puis-je entrer avec la confirmation ?",
             "Est-il possible de changer le nom sur un badge visiteur ?"),
            ("Bonjour, la confirmation suffit à l'accueil, avec une pièce d'identité.",),
            _THANKS),
        Theme(
            "praise", "Bravo pour le dossier",
            ("Bonjour, un mot pour féliciter la rédaction du dossier sur le sujet {topic}. Continuez ainsi.",
             "Très belle série sur le thème {topic}, merci à toute l'équipe."),
            ("Bonjour, merci beaucoup, nous transmettons à la rédaction.",),
            ()),
    )
}  # fmt: skip

_PROMISES = (
    ("Rappeler avant la fin de la semaine", 4), ("Rembourser le prélèvement en double", 7),
    ("Renvoyer le numéro manquant", 3),
    ("Offrir un mois d'abonnement", 10), ("Envoyer un devis pour l'entreprise", 5), ("Ne plus appeler à ce numéro", 1),
    ("Transmettre au service livraison", 2),
)  # fmt: skip
_NOTES = {
    "information": "Demande de renseignements sur {offer}.",
    "livraison": "Numéro non reçu à {city}, deuxième fois. Client courtois.",
    "paiement": "Prélèvement refusé, carte changée. Guidé vers l'espace client.",
    "retention": "Veut arrêter {offer}. Proposé la formule allégée, va réfléchir.",
    "vente": "Intéressé par {offer}, demande un rappel.",
    "reclamation": "Mécontent : réponses différentes selon les interlocuteurs.",
    "injoignable": "Pas de réponse, message laissé.",
    "opposition": "Ne veut plus être appelé.",
}


def talk(life: Life, dice: Dice) -> None:
    """Give a life its tickets and calls; what went wrong elsewhere is what they are about."""
    if life.desk:
        for _ in range(1 if dice.chance(0.7) else dice.between(2, 4)):
            life.tickets.append(_ticket(life, dice))
        life.tickets.sort(key=lambda ticket: (-ticket.ago, ticket.second))
    if life.calls:
        for _ in range(1 if dice.chance(0.65) else dice.between(2, 4)):
            life.talks.append(_call(life, dice))


def words(life: Life, dice: Dice, text: str) -> str:
    """Fill a template with what this person has."""
    contract = life.contracts[-1] if life.contracts else None
    return text.format(
        offer=contract.offer.label if contract else "Horizon Numérique",
        city=life.person.home.city,
        street=life.person.home.line,
        order=life.orders[-1].number if life.orders else "en cours",
        topic=life.person.topics[0],
        day=dice.pick(("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi")),
    )


def _ticket(life: Life, dice: Dice) -> Ticket:
    theme, ago, brand = _reason(life, dice)
    second = waking(dice)
    messages = [(True, ago, second, words(life, dice, dice.pick(theme.says)))]
    fresh, stubborn = ago < 12, theme.complaint and dice.chance(0.22)
    status = "new" if fresh and dice.chance(0.4) else "open" if fresh or (ago < 40 and stubborn) else "closed"
    if status != "new":
        wait = dice.between(0, min(2, ago - 1))
        messages.append((False, ago - wait, min(86_000, second + 5_400), words(life, dice, dice.pick(theme.answers))))
        if theme.ends and (status == "open" or dice.chance(0.55)):
            end = dice.pick(_ANGRY) if status == "open" and theme.complaint else dice.pick(theme.ends)
            later = min(ago - wait, dice.between(0, 2))
            messages.append((True, max(1, ago - wait - later), min(86_300, second + 9_000), end))
    return Ticket(brand, theme.name, theme.complaint, ago, second, status, messages)


def _reason(life: Life, dice: Dice) -> tuple[Theme, int, str]:
    """Return why, when and to which brand this person writes."""
    returned = next((order for order in life.orders if order.returned), None)
    failed = [contract for contract in life.contracts if contract.reason == "card" and contract.end]
    left = [contract for contract in life.contracts if contract.reason == "wanted" and contract.end]
    throw = dice.random()
    if life.annoyed and throw < 0.6:
        return THEMES["mailing"], dice.between(30, 37), HORIZON
    if returned and returned.returned and throw < 0.5 and returned.ago < 700:
        return THEMES["return"], max(1, returned.returned[1] + 2), HALLE
    if failed and throw < 0.6:
        return THEMES["card"], max(1, (failed[0].end or 1) - 1), failed[0].offer.brand
    if left and throw < 0.6:
        return THEMES["leaving"], (left[0].end or 1) + 9, left[0].offer.brand
    ago = 1 + int(420 * dice.random() ** 1.4)
    if life.shows and throw < 0.75:
        return THEMES["show"], ago, SALONS
    if life.contracts:
        name = dice.skewed(("delivery", "login", "payment", "praise", "address"), 1.3)
        return THEMES[name], ago, life.contracts[-1].offer.brand
    if life.orders:
        return THEMES["return"], ago, HALLE
    return THEMES[dice.pick(("login", "praise"))], ago, life.brands[0]


def _call(life: Life, dice: Dice) -> Call:
    ago = 1 + int(330 * dice.random() ** 1.5)
    incoming = dice.chance(0.72)
    kinds: tuple[str, ...] = ("information", "vente")
    if life.contracts:
        kinds = ("information", "livraison", "paiement", "reclamation", "retention")
    if not incoming:
        kinds = ("vente", "injoignable", "injoignable", "retention", "opposition")
    disposition = dice.pick(kinds)
    promise, due, kept = "", 0, False
    if disposition not in ("injoignable", "opposition") and dice.chance(0.34):
        promise, due = dice.pick(_PROMISES)
        kept = dice.chance(0.86) if ago > 30 else dice.chance(0.4)
    note = words(life, dice, _NOTES[disposition])
    seconds = dice.between(8, 40) if disposition == "injoignable" else dice.between(50, 900)
    hour = dice.between(9, 18) * 3600 + dice.between(0, 3599)
    brand = dice.pick(life.brands)
    return Call(brand, ago, hour, incoming, seconds, disposition, note, promise, due, kept)
