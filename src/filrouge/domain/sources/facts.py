"""The definition that would read an unknown table of orders, payments, calls…: a mapping guessed, to be looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from filrouge.domain.sources.columns import READS, complete, dated, refers, sayings
from filrouge.domain.sources.guessed import Guess, keyed
from filrouge.domain.sources.meaning import Held, meant
from filrouge.domain.sources.naming import words
from filrouge.domain.sources.writing import way
from filrouge.tables import TABLES

LIKELY = 0.5  # share of the numbers of a column that a source must know for the column to name its records
# What says, in the folded name of a column, what it holds: the first that fits wins.
_NAMES: tuple[tuple[str, str], ...] = (
    ("currency", r"devise|monnaie|currency( code)?|ccy|code devise"),
    ("quantity", r"(qte|qty|quantites?|quantity|nb|nombre)( .*)?"),
    ("discount", r"(remise|rabais|discount|reduction)( .*)?"),
    ("price", r"(prix|price|tarif|pu)( .*)?|unit price"),
    ("total", r"(total|montant|amount)( .*)?|(.* )?(total|montant|ttc)"),
    ("amount", r"(montant|amount|total|somme|valeur|value)( .*)?|(.* )?(montant|amount|ttc)"),
    ("promotion_code", r"(code )?(promo|promotion|coupon)( code)?"),
    ("sku", r"sku|article|(ref|reference|code) (article|produit|product)|produit|product|ean|isbn"),
    ("offer", r"offre|offer|formule|plan|produit|product|titre|abonnement|libelle( offre)?"),
    ("sales_channel", r"canal( (de )?vente)?|sales channel|channel|magasin|store|point de vente"),
    ("acquisition_channel", r"(canal|source|origine)( (d )?(acquisition|recrutement))?|acquisition( channel)?|origin"),
    ("channel", r"canal|channel|media|moyen( de contact)?"),
    ("direction", r"sens|direction"),
    ("status", r"statut|status|etat|state"),
    ("state", r"statut|status|etat|state|valeur|choix|reponse"),
    ("stage", r"etape|stage|phase|statut|status"),
    ("outcome", r"resultat|result|outcome|issue|statut|status"),
    ("end_reason", r"motif( .*)?|reason|raison( .*)?|end reason"),
    ("reason", r"motif( .*)?|reason|raison( .*)?|cause"),
    ("term", r"duree( .*)?|term|periodicite|engagement|frequence"),
    ("method", r"(mode|moyen|methode)( .*)?|method|payment method"),
    ("order_ref", r"(num(ero)?|no|n|ref(erence)?|id|code)? ?(de )?(la )?(commande|order|panier)( .*)?"),
    ("contract_ref", r"(num(ero)?|no|n|ref|id|code)? ?(du |d |de )?(contrat|contract|abonnement|subscription)( .*)?"),
    ("invoice_ref", r"(num(ero)?|no|n|ref(erence)?|id|code)? ?(de )?(la )?(facture|invoice)( .*)?"),
    ("ticket_ref", r"(num(ero)?|no|n|ref(erence)?|id|code)? ?(du )?(ticket|dossier|case)( .*)?"),
    ("campaign", r"campagne|campaign( .*)?|operation"),
    ("duration_s", r"duree( s| sec.*)?|duration( s| sec.*)?|secondes|seconds"),
    ("subject", r"sujet|objet|subject|motif|titre|title|libelle"),
    ("text", r"texte?|message|commentaires?|comments?|description|contenu|body|notes?"),
    ("disposition", r"qualification|resolution|disposition|suite"),
    ("kind", r"type|nature|kind|categorie|category"),
    ("name", r"nom|name|raison sociale|societe|company( name)?|evenement|event( name)?|action|denomination"),
    ("registration_id", r"siren|siret|rcs|registration( .*)?"),
    ("domain", r"domaine|domain|site( web)?|website"),
    ("size", r"taille|effectifs?|size|employees|headcount"),
    ("sector", r"secteur( .*)?|sector|industry|activite|naf|ape"),
    ("role", r"role|fonction|poste|job( title)?"),
    ("owner", r"responsable|owner|commercial|vendeur|gestionnaire"),
    ("label", r"libelle|label|titre|title|nom|name|affaire"),
    ("code", r"code( .*)?"),
    ("purpose", r"finalite|purpose"),
    ("notice", r"mention|notice|wording|texte"),
    ("anonymous_id", r"(anonymous|visitor|cookie|browser|device) ?id|visiteur"),
    ("url", r"url|page|adresse( de la page)?|link"),
    ("topic", r"theme|topic|rubrique|section"),
    ("ended_at", r"(date |dt )?(de )?(fin|end|resiliation|expiration|echeance|ended)( .*)?"),
    ("renews_at", r"(date |dt )?(de )?(renouvellement|reconduction|renew\w*)( .*)?"),
    ("due_at", r"(date |dt )?(d )?(echeance|due)( .*)?"),
    ("closed_at", r"(date |dt )?(de )?(cloture|fermeture|clos\w*)( .*)?"),
    ("until", r"(date |dt )?(de )?(fin|end|until|jusqu .*)( .*)?"),
    ("from", r"(date |dt )?(de )?(debut|start|from|depuis)( .*)?"),
)  # fmt: skip
_PLACES = ("address_line", "postcode", "city", "country", "phone", "email")


def guessed_rows(reads: str, columns: Sequence[Held], theirs: Mapping[str, tuple[str, str]]) -> Guess:
    """Return how a table whose rows go to ``reads`` would be read.

    ``theirs``: of a column whose values are numbers of records of another source, the reference and that source. Raises
    KeyError when no file is read into ``reads``.
    """
    if reads not in READS:
        raise KeyError(reads)
    able, days = sayings(reads), dated(reads)
    used: set[str] = set(theirs)
    cells: dict[str, Any] = {}
    for column, (target, source) in theirs.items():
        cells.setdefault(target, {"column": column, "of": source})
    told = {held.name: meant(held).meaning for held in columns if held.distinct}
    by_name = {held.name: words(held.name) for held in columns if held.distinct}
    for target, pattern in _NAMES:
        if target in able and target not in days:
            _take(cells, used, target, [name for name, said in by_name.items() if re.fullmatch(pattern, said)])
    for target in (*_PLACES, "currency", "url"):
        if target in able:
            _take(cells, used, target, [name for name, meaning in told.items() if meaning == target])
    _days(reads, columns, cells, used, by_name, told)
    key = keyed(columns, used) or _first(columns, used)
    left = tuple(held.name for held in columns if held.name not in used and held.name not in key)
    complete(reads, cells, key)
    return Guess(cells, key or tuple(held.name for held in columns), left)


def whose(reads: str, held: Held, known: Mapping[tuple[str, str], float]) -> tuple[str, str] | None:
    """Return which reference of a row of ``reads`` a column is, and to which source; None when none knows enough of it.

    ``known``: by source and the table it reads, the share of the column's numbers that it knows.
    """
    best = max(known, key=lambda one: known[one], default=None)
    if best is None or known[best] < LIKELY:
        return None
    source, table = best
    names = [name for name, ref in refers(reads).items() if ref == table]
    if "reader_ref" in names and re.search(r"lecteur|reader|beneficiaire|destinataire", words(held.name)):
        return "reader_ref", source
    return (names[0], source) if names else None


def _take(cells: dict[str, Any], used: set[str], target: str, names: Sequence[str]) -> None:
    """Let the first free of ``names`` say ``target``."""
    free = [name for name in names if name not in used]
    if target not in cells and free:
        cells[target] = {"column": free[0]}
        used.add(free[0])


def _days(
    reads: str, columns: Sequence[Held], cells: dict[str, Any], used: set[str], names: Mapping[str, str],
    told: Mapping[str, str],
) -> None:  # fmt: skip
    """Let columns of dates say when: each by its name, and what is left the moment that rows are kept from."""
    samples = {held.name: held.sample for held in columns}
    free = [name for name, meaning in told.items() if meaning == "date" and name not in used]
    patterns = dict(_NAMES)
    for target in dated(reads):
        if target in patterns:
            fit = [name for name in free if name not in used and re.fullmatch(patterns[target], names[name])]
            _take(cells, used, target, fit)
    at = TABLES[reads].at
    if at in sayings(reads):
        _take(cells, used, str(at), free)
    for target in dated(reads):
        if target in cells:
            form = way(samples[cells[target]["column"]])
            if form is None:  # no date after all
                used.discard(cells.pop(target)["column"])
            elif form:
                cells[target]["format"] = form


def _first(columns: Sequence[Held], used: set[str]) -> tuple[str, ...]:
    """Return the first column that is filled throughout and repeats nothing, whatever it is called."""
    for held in columns:
        if held.name not in used and held.filled >= 1 and held.distinct == held.rows:
            return (held.name,)
    return ()
