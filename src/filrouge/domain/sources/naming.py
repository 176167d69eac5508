"""What the name of a column says that it holds, in French or English, abbreviated or dressed up with other words."""

from __future__ import annotations

import re
from functools import lru_cache

from filrouge.base.text import fold

# Words cut short, as they are meant.
_LONG = {
    "nm": "name", "nme": "name", "dte": "date", "mnt": "montant", "mt": "montant", "amt": "amount", "nais": "naissance",
    "pcode": "postcode", "ctry": "country", "qnt": "quantity", "cmt": "comment", "comm": "comment", "tph": "tel",
    "tlf": "tel", "ph": "phone", "mob": "mobile", "vil": "ville", "nb": "nombre", "nbre": "nombre", "nr": "number",
    "lbl": "label", "desig": "designation", "prn": "prenom", "fam": "family", "ste": "societe",
}  # fmt: skip
LONGEST = 200  # characters of a name that can be told
# meaning, the folded names that say it, whether they also say it inside a longer name. The first that fits wins.
# A blank may be left out: "code postal" is also CODEPOSTAL.
_NAMES: tuple[tuple[str, str, bool], ...] = (
    ("consent", r"(opt (in|out)|optin|optout|consent\w*|consentement\w*|(accepts?|accord|accepte|autorise|autorisation|agrees?|allow) .+|accord|rgpd|gdpr|newsletters?|abonne(ment)? newsletter|do not (call|mail|email|contact)|stop (sms|pub|mail|email|courrier)|(marketing|email|sms|phone|call|mail) (ok|consent|opt ?in|permission|allowed)|no (call|mail|sms|email)|unsubscribed?|desinscrit|desabonne|robinson|bloctel|subscribed|(ne pas|pas de) .+)( (e ?mail|mail|sms|tel|phone|courrier|post|push|marketing|partenaires?|partners?|newsletter|flag|status|statut))*", False),
    ("consent", r"opt (in|out)|optin|optout|consent(ement)?|rgpd|gdpr", True),
    ("email", r"(adresse? |address )?(e mail|mail|courriel|mel|email)( (address|adresse?|addr|id))?|adresse (e mail|electronique)|mails?|e mails|correo( electronico)?", False),
    ("email", r"e mail|courriel|email", True),
    ("phone", r"(tele )?phones?|tel|telephones?|tph|phone (number|no|num|nr)|(num(ero)?|no|n) (de )?(tel|telephone|portable|mobile|fixe)|mobiles?|portable|gsm|cell( phone)?|cellulaire|(tel|telephone|phone) .*|(mobile|cell|home|work|daytime|evening) (phone|tel|number|no|num).*|fixe|standard|fax|msisdn|telefon(o|nummer)?|handy|movil|whats ?app", False),
    ("phone", r"(tele )?phone|telephone|tel|mobile|gsm|portable", True),
    ("birth_name", r"(nom|name) (de )?(naissance|jeune fille|jf|birth)|(maiden|birth) (sur ?)?name|nee|nom patronymique", False),
    ("birth_place", r"birth place|place of birth|lieu (de )?naiss(ance)?|(ville|commune|pays|city) (de |of )?(naissance|birth)|ne(e)? a", False),
    ("birth_date", r"dob|ddn|d o b|do b|date (of )?birth|birth ?(date|day|dt)?|born( on)?|dnaiss|dt naiss\w*|geburtsdatum|fecha (de )?nac\w*|ne( e)? le|naissance|anniversaire|date naiss\w*|annee (de )?naissance|(birth|born) year|year of birth|jour naissance", False),
    ("birth_date", r"birth date|birth ?day|date (de )?naiss\w*|date of birth|naiss\w* date|naissance|birth", True),
    ("house", r"(street|house|st|building) (number|no|num|nr)|num(ero)? (de )?(voie|rue)|(no|n) (de )?(voie|rue)|house|hausnummer|house (name )?number", False),
    ("national_id", r"((soc|social)( sec(urity)?)?|ssn|nss|nir|num secu|secu|securite sociale|social insurance|national|nino|nin|id card|carte (d )?identite|passports?|passeport|cpf|dni|tax|fiscal|driving licen[cs]e|permis)( (sec|security|insurance|id|identity|number|no|num|numero|card|insurance number))*|(num(ero)?|no|n) (de )?(secu\w*( sociale?)?|ss|passeport|carte identite)|soc sec.*|social security.*|num\w* secu.*|national .*", False),
    ("bank_account", r"iban|rib|bank account( (number|no|num))?|compte bancaire|bic|swift|bic swift|iban .*|.* iban", False),
    ("registration_id", r"siren|siret|(siren|siret) .*|num(ero)? (siren|siret|rcs)|rcs|vat( (number|no|id|num))?|(num(ero)? )?tva( intra\w*)?|company (number|registration)( number)?|registration (number|no|id)|duns|kbis|ein", False),
    ("loyalty_id", r".*(loyalty|fidelite|fid).*|.*(membership|member|adherent|carte (client|membre)).*|carte (fid\w*|client|membre)|(num(ero)?|no|n) (de )?carte|(card|carte) (number|no|num|id|numero)|carte", False),
    ("registration_id", r"identifiant (fiscal|tva)", False),
    ("full_name", r"(full|complete|display|whole|legal) names?|nom complet|nom prenom|prenom nom|nom et prenom|prenom et nom|noms?( et)? prenoms?|(first|given|last|family)( name)?( and| et)? (sur|last|family|first|given) ?name|contact( name)?|names?|client|identite|titulaire|(account )?holder( name)?|beneficiaire|interlocuteur|destinataire|recipient|(card|account) ?holder.*|nombre completo|user name full", False),
    ("given_name", r"(given|first|fore|christian) names?|prenoms?|pren|prn|fname|f name|given|vorname|nombre|prenom usuel|first", False),
    ("middle_name", r"(middle|second) (name|initial)s?|deuxieme prenom|autres prenoms|prenom 2|middle", False),
    ("family_name", r"(family|last|sur) names?|noms?( (de )?famille| d ?usage| usage| usuel)?|lname|l name|nachname|familienname|apellidos?|patronyme|last|nm", False),
    ("sex", r"sexe?|gender|genre|m f|mf|h f|sx", False),
    ("title", r"title|civilite|civ|salutations?|prefix|titre|honorific( prefix)?|anrede|courtesy title|politesse|name prefix", False),
    ("postcode", r"(post|zip|postal|postale) (codes?|al)?|code ?postale?|code post|cp|c p|zip|zip 5|plz|post ?codes?|codigo postal|(code postal|postcode|zip|postal) .*|cpost|postleitzahl|pin ?code|cod post(al)?", False),
    ("postcode", r"code ?postal|post ?code|zip ?code|postal code", True),
    ("address_more", r"(address|adresse|adr|addr) ?(line |ligne )?([2-4]|two|comp\w*|supplement\w*)|compl(ement)?( (d )?(adresse|address))?|complement .*|apartment|apt|appt|appartement|unit|suite|batiment|building|residence|etage|floor|lieu dit|po box|boite postale|bp", False),
    ("address_line", r"(street )?(address|addr|adresse|adr)( (line )?(1|ligne 1|postale|street|one))?|(address|adresse|adr|addr) ?(ligne |line )?1|(address|adresse) .*|street( (name|address|line|1))?|rue|voie|(nom|libelle|lib) (de )?(la )?(voie|rue)|road|strasse|direccion|calle|domicile|full address", False),
    ("city", r"city|town|villes?|commune|localite|suburb|locality|ort|ciudad|(city|town|ville) ?(name|nom)|nom (de )?(la )?(commune|ville)|stadt|municipality|lib(elle)? commune|acheminement|bureau distributeur|libelle acheminement", False),
    ("country", r"country|pays|nation|nationality|nationalite|country (code|name|iso)|(code|lib(elle)?) pays|pays (code|iso)|land|cntry|ctry", False),
    ("state", r"states?|regions?|county|province|departements?|dept|dep|(state|region) (code|name)|code (region|departement)|canton|prefecture", False),
    ("language", r"lang(uage|ue)?s?|locale|(preferred|spoken) language|langue (preferee|parlee)|language code|idioma|sprache", False),
    ("currency", r"currency( code)?|devise|monnaie|ccy|curr|code devise", False),
    ("date", r"(date|dt|jour|day|time|timestamp|moment|heure|hour|date (and |et )?(time|heure)|datetime|horodatage|depuis|debut|fin|since|until|from|to|echeance|deadline|when|at|mois|month|annee|year|ts|start|end|expir(y|es|ation)|maj|mise a jour|last (update|modified|seen|login|order|visit)|due|valid (from|until|to))|(date|dt|timestamp|jour|annee|mois|year|month|derniere?|first|last|premiere?) .+|.+ (date|dt|at|on|le|time|timestamp|since|until|depuis|jour|pour|heure|ts|since|from)|(created?|updated?|modified|changed|signup|starts?|ends?|started|ended|expires?|renews?|closed|opened|sent|received|paid|issued|ordered|last seen|registered|joined)( (at|on|date))?|(debut|fin|start|end|maj|crea|creation|modif\w*|expiration|inscription|adhesion|resiliation)( .+)?|.+ (debut|fin|maj|crea)|received ?at", False),
    ("amount", r"(montants?|amounts?|totals?|prix|prices?|tarifs?|couts?|costs?|chiffre (d )?affaires?|ca|revenues?|turnover|solde|balance|remise|discount|rabais|fees?|frais|salaires?|salary|income|spend(ing)?|spent|ltv|budget|payment|valeur|value|sum|somme|credit|debit|cotisation|loyer|rent|paid|facture|depenses?|panier( moyen)?|don|donation|worth)( .*)?|(.* )?(montant|amount|total|prix|price|cost|revenue|value|valeur|ttc|ht|eur|euros?|usd|spent|spend|fee|balance|solde|remise)", False),
    ("number", r"(qty|qte|quantites?|quantity|qt|nb|nbr|nombre|count|num of|number of|age|duree|duration|effectif|headcount|size|scores?|rangs?|rank|places|seconds|secondes|minutes|share|taux|rate|points?|percent(age)?|pourcentage|weight|poids|height|taille|distance|volume|note sur .*|rating|stars|stock|frequency|frequence|recency|latitude|longitude|lat|lon|lng|employees|salaries)( .*)?|.* (qty|qte|quantity|count|nb|nbr|s|sec|seconds|mois|months|days|jours|pct|percent|score|points|age|count|rate|ans)", False),
    ("url", r"(url|uri|sites?|web ?sites?|site (web|internet)|link|lien|web|domain|domaine|homepage|page|path|href|linked ?in|twitter|facebook|instagram|referr?er|photo|image|avatar|picture)( (url|link|address|adresse))?|.* (url|uri|link|lien|website)", False),
    ("text", r"(notes?|comm?ents?|comm?entaires?|remarques?|remarks?|observations?|obs|descriptions?|desc|messages?|body|corps|texte?s?|memo|details?|contenu|content|subject|objet|sujet|verbatim|feedback|avis|review|commentary|free text|texte libre|bio|about|precisions?|infos?|informations?( complementaires?)?|promesse|reponse|answer|question|summary|resume|historique|divers|misc|excerpt|what|first message|instructions?)( (clients?|libres?|internes?|internal|public|text|texte|1|2|3))?|(first|last|premier|dernier) message|.* (notes?|comments?|commentaires?|message|remarks?|remarques?|observations?|texte|text|description)", False),
    ("brand", r"brands?|marques?|enseignes?|banners?|brand (name|code)|(code|nom|lib(elle)?) marque|label brand", False),
    ("company", r"company( name)?|societes?|entreprises?|employ(er|eur)|organi[sz]ations?( name)?|org|raison( sociale)?|rs|firm|business( name)?|denomination( sociale)?|(nom|name) (de )?(la |l )?(societe|entreprise|organisation|company)|account name|nom (du )?compte|etablissement|firma|empresa|corporate name", False),
    ("job", r"jobs?( (title|function|role|position))?|fonctions?|poste( occupe)?|roles?|occupation|professions?|metiers?|position|csp|pcs|function|titre (de )?poste|activity|activite professionnelle|beruf", False),
    ("source", r"source( system| dataset| file| systeme)?|system(e)?|origin(e)?|provider|data source|sys( source)?|provenance|base|platform", False),
    ("label", r"(label|libelle|lib|titre|intitule|designation|produits?|products?( name)?|offres?|offers?|articles?|items?|campaigns?|campagnes?|topics?|themes?|sector|secteur( activite)?|headline|event|evenement|plan|formule|concert|salon|spectacle|event name|page title|store|magasin|boutique|lieu|place|venue|agence|agency|categories?|category|interets?|interests?|hobbies|centre d interet|service|department|equipe|team|commercial|vendeur|sales ?(rep|person|man)|owner|agent|conseiller|advisor|responsable|gestionnaire|stand|abonnement|subscription|contrat)( (name|nom|label|title|libelle))?|(lib|libelle|nom|name) .+|.+ (name|libelle|label)", False),
    ("category", r"(status|statut|types?|kind|nature|categories?|canal|channels?|sens|direction|motif|reasons?|raison .*|etapes?|stages?|resultat|result|outcome|qualification|segments?|moyen|method|methode|mode|etat|state|tier|niveau|level|priority|priorite|class|classe|group|groupe|payment method|disposition|cause|statut .*|situation|marital status|flag|os|device|browser)( .*)?|.* (status|statut|type|kind|etat|canal|channel|reason|motif|category|categorie|mode|outcome|level|ligne)|ligne", False),
    ("yes_no", r"(is|has|est|a) .+|active|actif|deceased|decede|dead|deces|vip|blacklist(ed)?|enabled|disabled|deleted|archived|verified|valide|npai|pnd|test|bounced", False),
    ("identifier", r"(.* )?(id|ids|uid|uuid|guid|key|cle|index|rowid|row|rec id|identifiant|ident|matricule|code|codes|ref|refs|reference|sku|ean|gtin|isbn|barcode|token|hash)( .*)?|unnamed.*|n|no|num|numero|number|nr|(num|numero|no|n|nr) .+|.+ (num|numero|no|number|nr)|ref.*|id\w*|account|compte|order|commande|contract|contrat|abonnement|dossier|facture|devis|invoice|ticket|billet|login|username|user name|pseudo|nickname|handle|cookie|ip|ip address|imei|cluster|group id|customer number", False),
)  # fmt: skip
# What is said around the meaning: whose it is, which of several, how it is written.
_AROUND = frozenset(
    ["client", "clients", "customer", "customers", "cust", "cli", "clt", "contact", "contacts", "person", "personne", "people", "user", "usr", "subscriber", "abonne", "appelant", "caller", "lead", "prospect", "buyer", "acheteur", "payeur", "payer", "lecteur", "reader", "billing", "shipping", "delivery", "facturation", "livraison", "fact", "livr", "bill", "ship", "primary", "principal", "principale", "main", "secondary", "secondaire", "perso", "personnel", "personnelle", "personal", "pro", "professionnel", "professionnelle", "prof", "work", "home", "private", "current", "actuel", "actuelle", "traits", "properties", "context", "attributes", "data", "fields", "field", "champ", "col", "column", "the", "du", "de", "la", "le", "les", "des", "of", "d", "l", "txt", "str", "fr", "en", "jj", "mm", "aaaa", "dd", "yyyy", "yy", "ttc", "utc", "crm", "tmp", "old", "new", "orig", "original", "raw", "clean", "fake", "norm", "std", "cleaned", "normalized", "normalise", "1", "2", "3", "01", "02", "a", "b", "individu", "individual", "membre", "usager", "patient", "donor", "donateur", "address", "adresse", "addr", "guest", "invite", "participant", "student", "etudiant", "eleve", "adulte", "holder", "beneficiary", "assure", "insured", "profile", "profil", "record", "fiche", "row", "recipient", "adr", "is", "has", "wants", "default", "preferred", "usual", "usuel", "tiers"]
)  # fmt: skip


Pattern = re.Pattern[str]


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, Pattern, Pattern, Pattern | None], ...]:
    """Return, by meaning, what a name must be, what it may be with other words, and what it may hold."""
    made = []
    for meaning, text, inside in _NAMES:
        glued = re.sub(r"(?<![*+]) (?!\.|\(\.)", " ?", text)
        alone = glued.replace(".*", "").replace(".+", "(?!)")
        made.append(
            (
                meaning,
                re.compile(alone),
                re.compile(glued),
                re.compile(rf"\b(?:{glued})\b") if inside else None,
            )
        )
    return tuple(made)


def words(name: str) -> str:
    """Return the name of a column as folded words: ``OptIn_SMS`` is "opt in sms", ``address1`` "address 1"."""
    parted = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])", " ", name)
    folded = fold(re.sub(r"(?<=[^\W\d_]{2})(?=\d)|(?<=\d)(?=[^\W\d_]{2})", " ", parted))
    return " ".join(_LONG.get(word, word) for word in folded.split())


@lru_cache(maxsize=4_000)
def named(name: str) -> tuple[tuple[str, float], ...]:
    """Return the meanings that the name of a column may tell, the likeliest first, each with how plainly (0 to 1)."""
    if len(name) > LONGEST:
        return ()
    folded = words(name)
    last = words(re.split(r"[./]", name.strip("./"))[-1])
    bare = " ".join(token for token in folded.split() if token not in _AROUND)
    found: dict[str, float] = {}
    for text, plainly in {bare: 0.85, last: 0.9, folded: 1.0}.items() if folded else ():
        found |= {
            meaning: max(plainly, found.get(meaning, 0))
            for meaning, alone, _, _ in _patterns()
            if alone.fullmatch(text)
        }
    for meaning, _, wide, inside in _patterns():
        if meaning not in found and wide.fullmatch(folded):
            found[meaning] = 0.75
        elif meaning not in found and inside is not None and inside.search(folded):
            found[meaning] = 0.65
    order = {meaning: -at for at, (meaning, *_) in enumerate(reversed(_patterns()))}
    return tuple(sorted(found.items(), key=lambda one: (-one[1], order[one[0]])))


def by_name(name: str) -> str | None:
    """Return the meaning that the name of a column tells first, None when it tells nothing."""
    found = named(name)
    return found[0][0] if found else None
