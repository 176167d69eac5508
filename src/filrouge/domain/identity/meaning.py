"""What the columns of an unknown table of people mean: told by their names, else by what they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from filrouge.base.text import fold
from filrouge.domain.identity.nicknames import roots

# meaning -> pattern on the folded name of the column; the first that fits wins
_NAMES: tuple[tuple[str, str], ...] = (
    ("email", r"e ?mail|mail|courriel|mel|adresse (e ?mail|electronique)"),
    ("phone", r"(tele)?phone.*|tel.*|mobile.*|portable.*|gsm|cell.*|.*(telephone|phone|mobile)( (number|no|num))?"),
    ("birth_date", r"dob|ddn|d o b|date (of )?birth|birth ?(date|day)|.*naissance.*date.*|date.*naiss.*|ne e? ?le|ne e le|geburtsdatum|fecha nac.*|.*birth.*date.*|.*date.*birth.*"),
    ("birth_name", r"(nom|name).*(naissance|jeune fille|birth)|(maiden|birth) ?(sur)?name|nom de naissance"),
    ("national_id", r"(soc.*sec.*|ssn|social security.*|nss|nir|num.*secu.*|national.*(id|number|no)|nino|nin|id ?card.*|passport.*|cpf|dni)( (id|number|no))?"),
    ("loyalty_id", r".*(loyalty|fidelite|carte|membership|member|adherent).*"),
    ("full_name", r"(full|complete|display|whole) ?names?|nom complet|nom prenom|prenom nom|nom et prenom|names?|contact( name)?|client|customer( name)?|raison.*|.*first and surname.*|identite"),
    ("given_name", r"(given|first|fore|christian) ?names?|prenoms?|fname|firstname|given|vorname|nombre"),
    ("family_name", r"(family|last|sur) ?names?|nom( de famille| usage| usuel)?|lname|lastname|surname|nachname|apellidos?"),
    ("title", r"title|civilite|salutation|prefix|titre"),
    ("sex", r"sex|gender|sexe|genre"),
    ("house", r"(street|house|st|building) ?(number|no|num|nr)|num(ero)?( de)?( voie| rue)|house"),
    ("postcode", r"(post|zip|postal) ?(code|al)?( fake)?|code ?postal|cp|zip|plz|code postal.*|postcode.*"),
    ("city", r"city|town|ville|commune|localite|suburb|locality|ort|ciudad|birth ?place|place of birth|lieu (de )?naissance"),
    ("address", r"(street )?(address|addr|adresse|adr)( ?(1|line|line 1|ligne 1|postale|street))?|street( name)?|rue|voie|address line.*|libelle voie"),
    ("address_more", r"(address|adresse|addr) ?(2|3|line 2|ligne 2)|complement.*|apartment|apt|unit"),
    ("state", r"state|region|county|province|departement|dept"),
    ("country", r"country|pays|nation(ality)?"),
    ("language", r"lang(uage|ue)?|locale"),
    ("company", r"company.*|societe|entreprise|employer|organi[sz]ation|org"),
    ("source", r"source( system| dataset| file)?|system(e)?|origin(e)?|provider"),
    ("identifier", r"(.* )?(id|uid|uuid|guid|key|index|rowid|row|rec id|record id|unique id|identifiant|matricule|num(ero)? client)( .*)?|unnamed.*|n|no|ref.*"),
)  # fmt: skip
_ONCE = {
    "given_name",
    "family_name",
    "full_name",
    "birth_name",
    "birth_date",
    "sex",
    "email",
    "phone",
    "postcode",
    "city",
    "national_id",
    "loyalty_id",
    "title",
    "house",
    "source",
    "country",
    "language",
    "company",
}
_EXTRA_VALUES = 2  # a further column is compared only if it holds at least so many values


@dataclass(frozen=True)
class Profile:
    """What a column holds: share filled, distinct values among the filled, and a sample of values."""

    name: str
    filled: float
    distinct: int
    rows: int
    sample: tuple[str, ...]


@dataclass(frozen=True)
class Meaning:
    """column of person_records -> columns of the table that make it; the rest compared as they are, or passed over."""

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def within(self, most: int) -> Meaning:
        """Return the meaning with ``most`` extras at most, those that come first; the others are passed over."""
        return replace(self, extras=self.extras[:most], ignored=(*self.ignored, *self.extras[most:]))


def guess(profiles: list[Profile], *, never: set[str]) -> Meaning:
    """Return what the columns mean; those named in ``never`` (truth, identifiers) are not looked at."""
    found: dict[str, list[str]] = {}
    extras, ignored = [], []
    waiting: list[Profile] = []
    for profile in profiles:
        if profile.name in never:
            continue
        meaning = by_name(profile.name)
        if meaning == "identifier" or (meaning is None and _is_identifier(profile)) or profile.distinct == 0:
            ignored.append(profile.name)
        elif meaning is None or not _plausible(meaning, profile) or (meaning in _ONCE and meaning in found):
            waiting.append(profile)
        else:
            found.setdefault(meaning, []).append(profile.name)
    for profile in waiting:
        meaning = by_content(profile)
        if meaning is not None and meaning not in found and by_name(profile.name) is None:
            found.setdefault(meaning, []).append(profile.name)
        elif _comparable(profile) and by_name(profile.name) not in ("full_name",):
            extras.append(profile.name)
        else:
            ignored.append(profile.name)
    if "given_name" in found and "family_name" in found:
        ignored += found.pop("full_name", [])
    for spare in ("state", "address_more", "country", "language", "title", "company"):
        extras += found.pop(spare, [])
    columns = {_target(k): tuple(v) for k, v in found.items() if k not in ("house", "address", "national_id")}
    if "address" in found:
        columns["address_line"] = tuple(found.get("house", []) + found["address"])
    elif "house" in found:
        extras += found["house"]
    if "national_id" in found:
        if "loyalty_id" in columns:
            extras += found["national_id"]
        else:
            columns["loyalty_id"] = tuple(found["national_id"])
    return Meaning(columns, tuple(e for e in extras), tuple(ignored))


def _target(meaning: str) -> str:
    return {"address": "address_line"}.get(meaning, meaning)


def by_name(name: str) -> str | None:
    """Return the meaning that the name of a column tells, None when it tells nothing."""
    folded = fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
    for meaning, pattern in _NAMES:
        if re.fullmatch(pattern, folded):
            return meaning
    return None


def _share(profile: Profile, pattern: str) -> float:
    if not profile.sample:
        return 0.0
    return sum(bool(re.search(pattern, value)) for value in profile.sample) / len(profile.sample)


def _plausible(meaning: str, profile: Profile) -> bool:
    """Return whether what the column holds does not contradict its name."""
    match meaning:
        case "email":
            return _share(profile, "@") > 0.5
        case "phone":
            return _share(profile, r"\d{4}|(\d\D?){6}") > 0.5
        case "birth_date":
            return _share(profile, r"\d") > 0.5
        case "given_name" | "family_name" | "full_name":
            return _share(profile, r"^[\d\W]+$") < 0.3
    return True


def by_content(profile: Profile) -> str | None:
    """Return the meaning that the values of a column tell, None when they tell nothing sure."""
    if not profile.sample:
        return None
    if _share(profile, r"^[^@\s]+@[^@\s]+\.\w+$") > 0.6:
        return "email"
    if _share(profile, r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$|^(19|20)\d{6}$") > 0.6:
        return "birth_date"
    decimals = _share(profile, r"^[-+]?\d*[.,]\d+$")
    if _share(profile, r"^\+?[\d\s().-]{9,20}$") > 0.7 and decimals < 0.3 and profile.distinct > 20:
        return "phone"
    if {fold(v) for v in profile.sample} <= {"m", "f", "h", "male", "female", "homme", "femme", "masculin", "feminin"}:
        return "sex"
    if _share(profile, r"^\d+\W.*[A-Za-z]{3}") > 0.6 and profile.distinct > 20:
        return "address"
    if _share(profile, r"^\d{4,5}$|^[A-Za-z]{1,2}\d[\dA-Za-z]? ?\d[A-Za-z]{2}$") > 0.7 and profile.distinct > 5:
        return "postcode"
    words = [fold(v) for v in profile.sample]
    if sum(w.split(" ")[0] in roots() for w in words if w) > 0.35 * len(words):
        return "full_name" if _share(profile, r"\S\s+\S") > 0.7 else "given_name"
    return None


def _is_identifier(profile: Profile) -> bool:
    """Return whether nearly every row has its own short code there: such a column names rows, not people."""
    one_each = profile.distinct >= 0.98 * profile.filled * profile.rows and profile.filled > 0.95 and profile.rows > 50
    return one_each and by_content(profile) is None and _share(profile, r"\s|@") < 0.1 and _share(profile, r"\d") > 0.5


def _comparable(profile: Profile) -> bool:
    return profile.distinct >= _EXTRA_VALUES and profile.filled >= 0.05
