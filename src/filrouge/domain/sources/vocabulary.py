"""The words by which files write what is chosen from a set, in French and English: folded, each of one code."""

from __future__ import annotations

import re
from functools import cache

from babel import Locale
from babel.core import get_global

from filrouge.base.text import fold
from filrouge.domain.sources.codes import codes

NOWHERE = frozenset({
    "", "na", "nc", "nd", "n a", "n c", "n d", "null", "none", "nil", "inconnu", "inconnue", "unknown", "non renseigne",
    "non renseignee", "non communique", "non precise", "aucun", "aucune", "vide", "empty", "undefined", "not provided",
    "not available", "a completer", "sans objet",
})  # fmt: skip
_WORDS: dict[str, dict[str, str]] = {
    "sex": {
        "f": "femme feminin female woman fille girl fem w mme madame mlle mrs ms",
        "m": "homme h masculin male man garcon boy masc mr monsieur",
    },
    "title": {
        "mrs": "mme|madame|mmes|ms|mrs|frau|sra",
        "mr": "m|mr|monsieur|mister|herr|sr",
        "miss": "mlle|mademoiselle|melle|miss",
        "couple": "m mme|m et mme|mr et mme|mme et m|mme m|monsieur et madame|madame et monsieur"
        "|mr and mrs|m ou mme|mr mrs",
        "dr": "dr|docteur|doctor|dr med",
        "prof": "pr|prof|professeur|professor",
        "maitre": "me|maitre",
    },
    "yes_no": {
        "true": "oui o yes y vrai true t 1 x decede decedee deceased dead dcd mort morte",
        "false": "non n no faux false f 0 vivant vivante alive",
    },
    "status": {
        "paid": "paye|payee|payes|payees|paid|regle|reglee|solde|soldee|encaisse|encaissee|acquitte|acquittee"
        "|succeeded|success|reussi|reussie|captured",
        "preparing": "en preparation|preparation|preparing|processing|en cours de preparation|en traitement",
        "delivered": "livre|livree|livres|livrees|delivered|recu|recue|remis|remise|retiree|retire|completed|complete",
        "pending": "en attente|attente|pending|en attente de paiement|attente paiement|on hold|a payer|a regler|due",
        "unpaid": "impaye|impayee|unpaid|non paye|non payee|non regle|non reglee|overdue",
        "credited": "avoir|credite|creditee|credited|note de credit",
        "cancelled": "annule|annulee|annules|annulees|annulation|cancelled|canceled|cancel|void|voided"
        "|abandonne|abandonnee",
        "refunded": "rembourse|remboursee|rembourses|refund|refunded|remboursement",
        "failed": "echec|echoue|echouee|failed|failure|refuse|refusee|rejete|rejetee|rejet|declined"
        "|rejected|ko|error|erreur",
        "new": "nouveau|nouvelle|new",
        "open": "ouvert|ouverte|open|opened|en cours|a faire|todo|to do|in progress",
        "solved": "resolu|resolue|solved|resolved|traite|traitee",
        "closed": "ferme|fermee|closed|clos|close|cloture|cloturee|termine|terminee|archive|archivee",
        "done": "fait|faite|done|termine|terminee|realise|realisee|clos|close|closed",
        "kept": "tenu|tenue|kept",
        "registered": "inscrit|inscrite|registered|inscription",
        "came": "venu|venue|present|presente|came|attended|checked in",
        "absent": "absent|absente|no show|noshow|did not come",
        "prospect": "prospect|piste|lead|prospection",
        "qualified": "qualifie|qualifiee|qualified|qualification",
        "quote": "devis|devis envoye|quote|proposal|proposition|proposition commerciale|offre",
        "negotiation": "negociation|negotiation|en negociation",
        "won": "gagne|gagnee|won|closed won|signe|signee",
        "lost": "perdu|perdue|lost|closed lost",
    },
    "channel": {
        "email": "email|e mail|mail|courriel|emailing|newsletter|mel",
        "sms": "sms|texto|text",
        "phone": "phone|telephone|tel|appel|call|centre d appels|mobile",
        "push": "push|notification|notification push",
        "post": "post|courrier|courrier postal|postal|poste|vpc|mail order|letter",
        "ads": "ads|publicite|pub|advertising|display|sea",
        "web": "web|site|site web|internet|en ligne|online|website|site internet|ecommerce|e commerce"
        "|boutique en ligne",
        "app": "app|appli|application|application mobile|mobile app",
        "chat": "chat|tchat|live chat|messagerie instantanee",
        "form": "form|formulaire|formulaire web|formulaire de contact",
        "social": "social|reseaux sociaux|reseau social|social networks|facebook|instagram|linkedin",
        "till": "till|caisse|magasin|boutique|store|point de vente|en magasin|pos|retail|guichet",
        "click_and_collect": "click and collect|click collect|clickandcollect|clic et retrait"
        "|retrait magasin|retrait en magasin|cc",
        "drive": "drive",
        "kiosk": "kiosque|kiosk|marchand de journaux",
        "trade_show": "salon|foire|trade show|fair",
        "live": "evenement|event|live event|spectacle",
        "search": "moteur de recherche|search|search engine|seo|google|referencement",
        "referral": "parrainage|bouche a oreille|referral|recommandation|word of mouth",
        "telemarketing": "telemarketing|televente|demarchage|phoning|demarchage telephonique",
        "print": "print|presse|encart|magazine|papier",
    },
    "term": {
        "P1M": "mensuel|mensuelle|monthly|month|mois|1 mois|par mois|m",
        "P3M": "trimestriel|trimestrielle|quarterly|quarter|trimestre|3 mois",
        "P6M": "semestriel|semestrielle|half yearly|semestre|6 mois",
        "P1Y": "annuel|annuelle|annual|yearly|year|an|1 an|12 mois|annee|par an|a",
    },
    "end": {
        "wanted": "wanted|client|souhait du client|a la demande du client|demande client|volontaire"
        "|resiliation client|desir"
        "|voluntary|customer request",
        "payment": "paiement|payment|impaye|impayes|defaut de paiement|non paiement|payment failed|involuntary",
        "other": "autre|other|autres|divers|deces|demenagement",
    },
    "method": {
        "direct_debit": "prelevement|prelevement sepa|sepa|direct debit|prelevement automatique|prlv|sepa debit",
        "card": "card|carte|cb|carte bancaire|carte bleue|credit card|visa|mastercard|debit card",
        "cheque": "cheque|chq|check|ch",
        "transfer": "virement|virement bancaire|transfer|bank transfer|wire|vir|wire transfer",
    },
    "segment_choice": {
        "ticket": "ticket|demande|request|dossier|incident|question",
        "complaint": "reclamation|complaint|plainte|litige",
        "message": "message|courriel|mail|email|e mail|sms|chat",
        "call": "appel|call|telephone|phone|appel telephonique",
        "visit": "visite|visit|rendez vous|rdv|passage",
        "registration": "inscription|registration|enregistrement",
        "in": "entrant|entrante|inbound|incoming|in|e|recu|entree|ent",
        "out": "sortant|sortante|outbound|outgoing|out|s|emis|sortie|sort",
        "service": "service|transactionnel|transactional|gestion|relationnel",
        "marketing": "marketing|commercial|commerciale|promo|promotionnel|promotion|newsletter",
    },
    "outcome": {
        "delivered": "delivered|delivre|livre|recu|remis|sent|envoye|delivery",
        "opened": "opened|open|ouvert|ouverture|lu",
        "clicked": "clicked|click|clic|clique",
        "bounced": "bounced|bounce|hard bounce|soft bounce|npai|rebond|erreur|non remis",
        "unsubscribed": "unsubscribed|unsubscribe|desabonne|desabonnement|desinscrit|desinscription",
        "complained": "complained|complaint|spam|plainte|signale comme spam",
    },
    "followup": {
        "call": "appel|appeler|call|telephone|phone|rappel|a rappeler",
        "email": "email|mail|courriel|e mail|ecrire|write",
        "visit": "visite|visit|rendez vous|rdv|meeting",
        "task": "tache|task|todo|to do|a faire|autre|other",
    },
}  # fmt: skip
_SIGNS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "us$": "USD", "£": "GBP", "dollar": "USD", "dollars": "USD",
    "livre": "GBP", "livres": "GBP", "pound": "GBP", "pounds": "GBP", "chf": "CHF", "franc suisse": "CHF",
}  # fmt: skip
_OWN = {
    "country": {"uk": "GB", "usa": "US", "etats unis d amerique": "US", "angleterre": "GB", "england": "GB",
                "grande bretagne": "GB", "great britain": "GB", "hollande": "NL", "holland": "NL", "f": "FR"},
    "language": {"vf": "fr", "vo": ""},
}  # fmt: skip


def _words(told: str) -> frozenset[str]:
    return frozenset(told.split("|") if "|" in told else told.split())


WORDS: dict[tuple[str, str], frozenset[str]] = {
    (kind, code): _words(told) | {fold(code)} for kind, codes_ in _WORDS.items() for code, told in codes_.items()
}


@cache
def currency_codes() -> frozenset[str]:
    """Return the codes of currencies (ISO 4217)."""
    return frozenset(str(code) for code in Locale.parse("en").currencies)


def named(kind: str, value: str) -> str:
    """Return the code of the country, language or currency that ``value`` names, "" when it names none."""
    if kind == "currency":
        sign = value.strip().lower()
        return _SIGNS.get(sign) or _SIGNS.get(fold(value)) or _names(kind).get(fold(value), "")
    if kind == "language" and (tag := re.fullmatch(r"([A-Za-z]{2,3})[-_][A-Za-z]{2,4}", value)):  # fr_FR
        return named(kind, tag[1])
    return _names(kind).get(fold(value), "")


@cache
def _names(kind: str) -> dict[str, str]:
    """Return the codes of a kind by the folded names that French, English and the standards give them."""
    found: dict[str, str] = {}
    able = currency_codes() if kind == "currency" else codes(kind)
    for language in ("en", "fr"):
        names = Locale.parse(language)
        held = {"country": names.territories, "language": names.languages, "currency": names.currencies}[kind]
        for code, name in held.items():
            if str(code) in able:
                found.setdefault(fold(str(name)), str(code))
    if kind == "language":
        for code in ("fr", "en", "de", "es", "it", "pt", "nl"):
            found.setdefault(fold(str(Locale.parse(code).languages[code])), code)
    if kind != "currency":
        aliases = get_global("territory_aliases" if kind == "country" else "language_aliases")
        for alias, code in aliases.items():
            code = code[0] if isinstance(code, list | tuple) else code
            if len(alias) == 3 and alias.isalpha() and str(code) in able:
                found.setdefault(alias.lower(), str(code))
    return found | {word: code for word, code in _OWN.get(kind, {}).items() if code} | {
        code.lower(): code for code in able
    }  # fmt: skip
