"""Values that are known one by one: ways to address people, sexes, countries, languages, currencies, legal forms, towns."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

from filrouge.base.text import fold

TITLES = frozenset(
    [
        "m",
        "mr",
        "mrs",
        "ms",
        "miss",
        "mx",
        "mme",
        "mlle",
        "mmes",
        "mm",
        "mademoiselle",
        "madame",
        "monsieur",
        "dr",
        "doctor",
        "docteur",
        "pr",
        "prof",
        "professeur",
        "me",
        "maitre",
        "sir",
        "lady",
        "lord",
        "rev",
        "father",
        "herr",
        "frau",
        "sr",
        "sra",
        "srta",
        "don",
        "dona",
        "mister",
        "m",
        "mme",
        "mme",
        "m",
        "m",
        "et",
        "mme",
        "mr",
        "et",
        "mme",
    ]
) | {"m et mme", "mr et mme", "m ou mme", "mme et m", "mr and mrs", "m mme", "monsieur et madame"}
SEXES = frozenset({
    "m", "f", "h", "male", "female", "homme", "femme", "masculin", "feminin", "man", "woman", "u", "x", "unknown", "w",
    "non binaire", "non binary", "other", "autre", "masc", "fem", "boy", "girl", "garcon", "fille", "nb", "inconnu",
})  # fmt: skip
YES = frozenset({"1", "true", "t", "yes", "y", "oui", "o", "vrai", "x", "on", "ja", "si"})
NO = frozenset({"0", "false", "f", "no", "n", "non", "faux", "off", "nein"})
CONSENTS = YES | NO | frozenset({
    "granted", "denied", "withdrawn", "objected", "active", "actif", "inactive", "inactif", "subscribed", "unsubscribed",
    "optin", "optout", "opt in", "opt out", "accepte", "refuse", "accepted", "refused", "pending", "bounced", "b",
    "desinscrit", "desabonne", "inscrit", "abonne", "accord", "opposition", "in", "out", "unknown", "never", "always",
})  # fmt: skip
FORMS = frozenset(
    [
        "sa",
        "sas",
        "sasu",
        "sarl",
        "eurl",
        "sci",
        "scop",
        "snc",
        "gie",
        "selarl",
        "ltd",
        "limited",
        "llc",
        "llp",
        "inc",
        "corp",
        "corporation",
        "gmbh",
        "ag",
        "kg",
        "bv",
        "nv",
        "spa",
        "srl",
        "plc",
        "cie",
        "company",
        "co",
        "group",
        "groupe",
        "holding",
        "association",
        "asso",
        "fondation",
        "ste",
        "societe",
        "mairie",
        "ets",
    ]
)
TOWNS = frozenset(
    ["paris", "marseille", "lyon", "toulouse", "nice", "nantes", "montpellier", "strasbourg", "bordeaux", "lille", "rennes", "reims", "toulon", "saint etienne", "le havre", "grenoble", "dijon", "angers", "villeurbanne", "nimes", "clermont ferrand", "aix en provence", "brest", "tours", "amiens", "limoges", "annecy", "boulogne billancourt", "metz", "perpignan", "besancon", "orleans", "rouen", "montreuil", "argenteuil", "mulhouse", "caen", "nancy", "saint denis", "roubaix", "tourcoing", "nanterre", "avignon", "vitry sur seine", "creteil", "poitiers", "dunkerque", "versailles", "courbevoie", "colombes", "pau", "cannes", "antibes", "calais", "beziers", "colmar", "la rochelle", "merignac", "valence", "quimper", "lorient", "vannes", "troyes", "chambery", "niort", "bayonne", "melun", "cergy", "evry", "laval", "le mans", "chartres", "blois", "bourges", "nevers", "macon", "auxerre", "ajaccio", "bastia", "arras", "lens", "valenciennes", "charleville mezieres", "epinal", "belfort", "albi", "tarbes", "agen", "montauban", "cahors", "rodez", "aurillac", "gap", "saint malo", "saint nazaire", "cholet", "alencon", "evreux", "beauvais", "compiegne", "saint quentin", "bruxelles", "brussels", "anvers", "gand", "liege", "geneve", "geneva", "lausanne", "zurich", "basel", "berne", "luxembourg", "london", "manchester", "birmingham", "leeds", "glasgow", "edinburgh", "liverpool", "bristol", "cardiff", "belfast", "dublin", "berlin", "munich", "hamburg", "frankfurt", "koln", "cologne", "stuttgart", "madrid", "barcelona", "valencia", "sevilla", "lisboa", "porto", "roma", "rome", "milano", "milan", "torino", "napoli", "amsterdam", "rotterdam", "wien", "vienna", "new york", "los angeles", "chicago", "houston", "boston", "seattle", "san francisco", "philadelphia", "phoenix", "dallas", "miami", "toronto", "montreal", "vancouver", "ottawa", "sydney", "melbourne", "brisbane", "perth", "adelaide", "auckland", "tokyo", "casablanca", "rabat", "tunis", "alger", "dakar"]
)  # fmt: skip
REGIONS = frozenset(
    ["nsw", "vic", "qld", "tas", "act", "new south wales", "victoria", "queensland", "tasmania", "south australia", "western australia", "alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut", "delaware", "florida", "hawaii", "idaho", "illinois", "indiana", "iowa", "kansas", "kentucky", "louisiana", "maine", "maryland", "massachusetts", "michigan", "minnesota", "mississippi", "missouri", "montana", "nebraska", "nevada", "new hampshire", "new jersey", "new mexico", "north carolina", "north dakota", "ohio", "oklahoma", "oregon", "pennsylvania", "rhode island", "south carolina", "south dakota", "tennessee", "texas", "utah", "vermont", "virginia", "washington", "west virginia", "wisconsin", "wyoming", "al", "ak", "az", "ar", "ca", "co", "ct", "de", "fl", "ga", "hi", "ia", "id", "il", "in", "ks", "ky", "la", "ma", "md", "me", "mi", "mn", "mo", "ms", "mt", "nc", "nd", "ne", "nh", "nj", "nm", "nv", "ny", "oh", "ok", "or", "pa", "ri", "sc", "sd", "tn", "tx", "ut", "va", "vt", "wa", "wi", "wv", "wy", "ontario", "quebec", "british columbia", "alberta", "manitoba", "saskatchewan", "on", "qc", "bc", "ab", "bretagne", "normandie", "ile de france", "occitanie", "nouvelle aquitaine", "grand est", "hauts de france", "pays de la loire", "corse", "auvergne rhone alpes", "bourgogne franche comte", "centre val de loire", "provence alpes cote d azur", "paca"]
)  # fmt: skip


@lru_cache(maxsize=1)
def countries() -> frozenset[str]:
    """Return the folded codes (ISO 3166-1, two letters) and names, in French and English, of countries."""
    found: set[str] = set()
    for language in ("en", "fr"):
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha():
                found |= {code.lower(), fold(name)}
    return frozenset(found) | {"usa", "uk", "fra", "bel", "che", "deu", "gbr", "esp", "ita", "can", "etats unis"}


@lru_cache(maxsize=1)
def languages() -> frozenset[str]:
    """Return the folded codes (ISO 639-1) and names, in French, English and themselves, of languages."""
    found: set[str] = set()
    for language in ("en", "fr"):
        for code, name in Locale.parse(language).languages.items():
            if len(code) == 2:
                found |= {str(code), fold(name)}
    return frozenset(found) | {"deutsch", "espanol", "italiano", "nederlands", "fra", "eng", "deu", "spa"}


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """Return the codes of currencies (ISO 4217, three letters) and their commonest signs."""
    return frozenset(Locale.parse("en").currencies) | {"€", "$", "£"}
