"""Match columns from person records: one spelling for one thing, computed in bulk by DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import phonenumbers
import pyarrow as pa

from filrouge.base.nicknames import roots
from filrouge.base.reached import EMAIL, FEWEST, LAST, SEQUENCES
from filrouge.domain.identity.desk import Desk, identifier, quoted
from filrouge.domain.identity.spec import IdentitySpec

TEXT = (
    "source", "entity", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex", "email", "phone",
    "address_line", "postcode", "city", "loyalty_id", "account_ref",
)  # fmt: skip
PARTICLES = "de|du|des|d|la|le|l|van|von|der|den|del|della|di|da|do|dos|el|al|ben|bin|st|saint|sainte|mac|mc|o|ter|zu"
_TITLES = "monsieur|madame|mademoiselle|mr|mrs|ms|miss|mme|mlle|m|dr|docteur|doctor|pr|prof|professeur|me|maitre|sir|lady|lord"
ABBREVIATIONS = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "boul": "boulevard",
    "r": "rue", "pl": "place", "all": "allee", "imp": "impasse", "ch": "chemin", "che": "chemin", "rte": "route",
    "sq": "square", "crs": "cours", "fbg": "faubourg", "fg": "faubourg", "res": "residence", "bat": "batiment",
    "st": "saint", "ste": "sainte", "gal": "general", "mal": "marechal", "dr": "docteur", "pdt": "president",
    "rd": "road", "ct": "court", "cr": "crescent", "cres": "crescent", "ln": "lane", "hwy": "highway", "pde": "parade",
    "n": "", "no": "", "numero": "",
}  # fmt: skip
LONGEST = 1_000  # letters of a value that are read: beyond, it is no name of anybody
_USUAL, _USUAL_SHARE = 8, 0.0002
_WHOLE = "(case when i.given_name is null and i.family_name is null then i.full_name end)"

MACROS = (
    """create or replace macro folded(t) as nullif(trim(regexp_replace(strip_accents(replace(replace(replace(replace(
       lower(t), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), 'ø', 'o')), '[^\\p{L}\\p{N}]+', ' ', 'g')), '')""",
    "create or replace macro squeezed(t) as nullif(replace(t, ' ', ''), '')",
    "create or replace macro clean(t) as nullif(trim(t), '')",
)


@dataclass(frozen=True)
class Words:
    """How names are borne where there are many: those that are usual (given), and as what each word is used (word, g, f)."""

    usual: pa.Table
    used: pa.Table


def normalise(desk: Desk, records: pa.Table | str, spec: IdentitySpec, known: Words | None = None) -> None:
    """Lay table ``nodes`` on the desk: one row per record, numbered by record_key, with the columns that matching compares;
    and table ``keys`` (rid, record_key).

    The numbering and every value depend on the content of the records, never on their order. ``known`` tells what the
    names of a few records mean among the many; left out, the records tell it themselves. Tables ``usual`` and ``used`` stay.
    """
    for macro in MACROS:
        desk.run(macro)
    _lay(desk, records, spec)
    _names(desk, spec, known)
    _phones(desk, spec)
    _assemble(desk, spec)
    desk.run("drop view incoming")
    if not isinstance(records, str):
        desk.con.unregister("_records")
    desk.drop("split", "words", "phone_keys", "nickname", "placeholder")


def _lay(desk: Desk, records: pa.Table | str, spec: IdentitySpec) -> None:
    """Lay table ``keys`` and view ``incoming``, over an Arrow table in memory or over a view that streams from disk."""
    if isinstance(records, str):
        present = desk.columns(records)
        desk.run(
            f"""create or replace table keys as
            select cast(row_number() over (order by record_key) - 1 as integer) as rid, record_key from {records}"""
        )
        source = f"(select r.*, k.rid from {records} r join keys k using (record_key))"
    else:
        present, source = set(records.column_names), "_records"
        keys = records.column("record_key").cast(pa.int64()).to_numpy()
        order = np.argsort(keys, kind="stable")
        rank = np.empty(keys.size, dtype=np.int32)
        rank[order] = np.arange(keys.size, dtype=np.int32)
        used = [name for name in dict.fromkeys((*TEXT, *spec.extras)) if name in present]
        desk.con.register("_records", records.select(used).append_column("rid", pa.array(rank)))
        numbered = {"rid": pa.array(np.arange(keys.size, dtype=np.int32)), "record_key": pa.array(keys[order])}
        desk.put("keys", pa.table(numbered))
    columns = [
        f"clean(left(cast({name} as varchar), {LONGEST})) as {name}"
        if name in present
        else f"cast(null as varchar) as {name}"
        for name in TEXT
    ]
    columns += [
        f"folded(cast({identifier(name)} as varchar)) as {extra(index)}" for index, name in enumerate(spec.extras)
    ]
    desk.run(f"create or replace temp view incoming as select rid, {', '.join(columns)} from {source}")
    desk.put("placeholder", pa.table({"word": pa.array(sorted(spec.placeholders), pa.string())}))


def extra(index: int) -> str:
    """Return the match column that holds the extra column of rank ``index``."""
    return f"extra_{index}"


def _names(desk: Desk, spec: IdentitySpec, known: Words | None) -> None:
    """Split full names where parts are missing, strip titles and placeholders, fold, and find nicknames' heads."""
    heads = roots() if spec.nicknames else {}
    names = sorted(heads)
    groups = pa.array([list(heads[name]) for name in names], pa.list_(pa.string()))
    desk.put("nickname", pa.table({"name": pa.array(names, pa.string()), "heads": groups}))
    if known is not None:
        desk.put("used", known.used)
    _split(desk, told=known is not None)
    # each spelling is worked on once, however many bear it
    desk.run(
        f"""create or replace table words as
        with raw as (
            select given_name as raw from incoming union select family_name from incoming
            union select birth_name from incoming union select given from split union select family from split
        ), bare as ({bare_sql("(select raw from raw where raw is not null)")})
        select b.raw, b.word from bare b anti join placeholder p on b.word = p.word where b.word is not null"""
    )
    # a given name that many bear is a name of its own, not somebody else's misspelt
    if known is not None:
        desk.put("usual", known.usual)
        return
    desk.run(
        f"""create or replace table usual as
        with borne as (
            select given_name as raw from incoming where given_name is not null
            union all select s.given from incoming i join split s on s.full_name = {_WHOLE}
        )
        select w.word as given from borne b join words w on w.raw = b.raw group by w.word
        having count(*) >= greatest({_USUAL}, {_USUAL_SHARE} * (select count(*) from keys))"""
    )


def bare_sql(source: str) -> str:
    """Return the SQL of what a name of ``source`` (raw) is without its title."""
    return f"""select raw, nullif(trim(regexp_replace(folded(raw), '^(?:{_TITLES})( |$)', '')), '') as word from {source} n"""


def _split(desk: Desk, *, told: bool) -> None:
    """Lay table ``split`` (full_name, given, family): "DUPONT Jean", "Dupont, Jean", "Jean de La Tour", "Tour Marie-Lou"."""
    whole = """(select distinct full_name from incoming
        where given_name is null and family_name is null and full_name is not null)"""
    desk.run(f"create or replace table cut as {cut_sql(whole)}")
    # which of the two is the given name is told by how the words are used where they have columns of their own
    if not told:
        _used(desk)
    desk.run(f"create or replace table split as {SPLIT}")
    desk.drop("cut")


def cut_sql(source: str) -> str:
    """Return the SQL of the parts of each ``full_name`` of ``source``, as its commas and capitals tell them."""
    upper = "\\p{Lu}[\\p{Lu}''’-]+"
    return f"""
        with bare as (
            select full_name, trim(regexp_replace(full_name, '^\\s*(?i:{_TITLES})\\.?\\s+', '')) as name from {source} f
        ), kinds as (
            select *, ' ' || replace(name, ' ', '  ') || ' ' as spread,
                case when contains(name, ',') then 'comma'
                     when name != upper(name) and regexp_matches(name, '(^|\\s){upper}(\\s|$)') then 'upper' else 'last' end as kind,
                trim(regexp_extract(name, '(?i)(?:^|\\s)((?:(?:{PARTICLES})[\\s''’]+)*\\S+)$', 1)) as last
            from bare
        )
        select full_name,
            folded(case kind when 'comma' then split_part(name, ',', 1)
                when 'upper' then regexp_replace(regexp_replace(spread, ' \\S*\\p{{Ll}}\\S* ', ' ', 'g'), ' \\p{{Lu}}\\.? ', ' ', 'g')
                else last end) as family,
            folded(case kind when 'comma' then substr(name, strpos(name, ',') + 1)
                when 'upper' then regexp_replace(spread, ' {upper} ', ' ', 'g')
                else left(name, length(name) - length(last)) end) as given
        from kinds"""


SPLIT = """
        with weighed as (
            select c.*, coalesce(a.g, 0) > coalesce(a.f, 0) and coalesce(b.g, 0) <= coalesce(b.f, 0) as swapped
            from cut c left join used a on a.word = c.family left join used b on b.word = c.given
        )
        select full_name, case when swapped and given is not null then family else given end as given,
            case when swapped and given is not null then given else family end as family from weighed"""


def _used(desk: Desk) -> None:
    """Lay table ``used`` (word, g, f): how often each word is a given name, and how often a family name."""
    desk.run(
        """create or replace table used as
        select word, cast(sum(g) as bigint) as g, cast(sum(f) as bigint) as f from (
            select folded(given_name) as word, count(*) as g, 0 as f from incoming where given_name is not null group by 1
            union all select folded(family_name), 0, count(*) from incoming where family_name is not null group by 1
            union all select name, 1, 0 from nickname
        ) group by word"""
    )


def _phones(desk: Desk, spec: IdentitySpec) -> None:
    """Map each distinct phone to E.164; French forms by rule, the rest by phonenumbers; possible numbers are kept."""
    phones = "(select distinct phone from incoming where phone is not null)"
    desk.run(f"create or replace table phone_keys as {digits_sql(phones, spec)}")
    rest = [
        row[0]
        for row in desk.rows("select distinct d from phone_keys where e164 is null and length(d) >= 4 order by d")
    ]
    desk.put(
        "phone_rest",
        pa.table({"d": pa.array(rest, pa.string()), "e": pa.array([e164(d, spec.country) for d in rest], pa.string())}),
    )
    desk.run(f"create or replace table phone_keys as {PHONE}")
    desk.drop("phone_rest")


def digits_sql(source: str, spec: IdentitySpec) -> str:
    """Return the SQL of the digits of each ``phone`` of ``source``, and of its E.164 form where a rule tells it."""
    french = "true" if spec.country == "FR" else "false"
    return f"""
        with digits as (select phone, regexp_replace(replace(phone, '(0)', ''), '[^0-9+]+', '', 'g') as d from {source} p)
        select phone, d, case
            when regexp_matches(d, '^(\\+33|0033)0?[1-9][0-9]{{8}}$') then '+33' || right(d, 9)
            when {french} and regexp_matches(d, '^0[1-9][0-9]{{8}}$') then '+33' || right(d, 9)
            when {french} and regexp_matches(d, '^33[1-9][0-9]{{8}}$') then '+' || d
            end as e164 from digits"""


def filler_sql(key: str, digits: str) -> str:
    """Return the SQL of whether a number, its ``digits`` as typed, was typed for want of one: 01 00 00 00 00."""
    blocked = ", ".join(f"'{sequence}'" for sequence in SEQUENCES)
    return (
        f"(length({key}) < {FEWEST} or length(replace(right({key}, {LAST}), right({key}, 1), '')) <= 1 "
        f"or replace({digits}, '+33', '0') in ({blocked}))"
    )


PHONE = f"""
        with mapped as (
            select k.phone, k.d, coalesce(k.e164, r.e, nullif(replace(k.d, '+', ''), '')) as key
                from phone_keys k left join phone_rest r on r.d = k.d
        )
        select phone, case when {filler_sql("key", "d")} then null else key end as key from mapped"""


def e164(digits: str, country: str) -> str | None:
    """Return the E.164 form of a number that is possible (fiction ranges are), None of one that is not."""
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _assemble(desk: Desk, spec: IdentitySpec) -> None:
    desk.run(f"create or replace table nodes as {assembled_sql(spec)}")


def assembled_sql(spec: IdentitySpec) -> str:
    """Return the SQL of the columns that matching compares, from ``incoming`` and what names and phones were found to be."""
    roles = ", ".join(quoted(role.replace("-", "")) for role in spec.role_mailboxes)
    words = ", ".join(map(quoted, spec.placeholders))
    whole = " ".join(f"when '{short}' then '{word}'" for short, word in ABBREVIATIONS.items())
    extras = "".join(f", {extra(index)}" for index in range(len(spec.extras)))
    single = ", ".join(map(quoted, spec.one_each or ("",)))
    short = (
        "[0-9]{4}" if spec.country == "FR" else "[^0-9A-Z]"
    )  # of 01000, a sheet keeps 1000; elsewhere four digits are whole
    return f"""
        with cut as (
            select i.*, coalesce(i.given_name, s.given) as given_raw, coalesce(i.family_name, s.family) as family_raw,
                case when regexp_matches(lower(email), '{EMAIL}') then lower(email) end as mail
            from incoming i left join split s on s.full_name = {_WHOLE}
        ), named as (
            select c.*, g.word as given, f.word as family, n.word as birth_family,
                regexp_replace(split_part(mail, '@', 1), '\\+.*$', '') as local_raw,
                replace(split_part(mail, '@', 2), 'googlemail.com', 'gmail.com') as domain,
                upper(regexp_replace(postcode, '[^0-9A-Za-z]', '', 'g')) as p,
                array_to_string(list_filter(list_transform(string_split(folded(address_line), ' '),
                    w -> case w {whole} else w end), w -> w != ''), ' ') as way,
                regexp_replace(regexp_replace(regexp_replace(folded(city), '(^| )st( |$)', '\\1saint\\2'),
                    '(^| )ste( |$)', '\\1sainte\\2'), '( cedex)?( [0-9]+)?$', '') as town
            from cut c left join words g on g.raw = c.given_raw left join words f on f.raw = c.family_raw
            left join words n on n.raw = c.birth_name
        ), boxes as (
            select *, case when domain = 'gmail.com' then replace(local_raw, '.', '') else local_raw end as local,
                regexp_replace(strip_accents(local_raw), '[^a-z]+', '', 'g') as letters,
                nullif(replace(given, ' ', ''), '') as given_key, nullif(replace(family, ' ', ''), '') as family_key,
                length(local_raw) < 2 or regexp_replace(local_raw, '[^a-z]+', ' ', 'g') in ({words}) as bad
            from named
        ), judged as (
            select *, case when mail is null or bad then null when letters in ({roles}) then 'role' else 'own' end as box
            from boxes
        )
        select i.rid, i.entity, case when i.source in ({single}) then i.source end as one_each, i.given, split_part(i.given, ' ', 1) as given_first, i.given_key,
            coalesce(k.heads[1], i.given) as given_root, k.heads[2] as given_root2, us.given is not null as given_usual,
            i.family, i.family_key, squeezed(i.birth_family) as birth_key,
            case when regexp_matches(i.birth_date, '[0-9]') then left(i.birth_date, 10) end as born,
            try_cast(left(i.birth_date, 4) as smallint) as born_y,
            try_cast(substr(i.birth_date, 6, 2) as smallint) as born_m,
            try_cast(substr(i.birth_date, 9, 2) as smallint) as born_d,
            try_cast(left(i.birth_date, 4) as smallint)::integer * 365 + try_cast(substr(i.birth_date, 6, 2) as smallint)::integer * 30
                + try_cast(substr(i.birth_date, 9, 2) as smallint) as born_n,
            case when box = 'own' then i.local || '@' || i.domain end as email,
            case when box = 'role' then i.local || '@' || i.domain end as role_email,
            case when box = 'own' then i.local end as email_local, case when box = 'own' then i.letters end as email_letters,
            case when box = 'own' then i.domain end as email_domain,
            case when box = 'own' then regexp_replace(i.local, '[^0-9]+', '', 'g') end as email_digits,
            coalesce(contains(i.letters, i.family_key) or contains(i.letters, i.given_key), false) as email_named,
            ph.key as phone, nullif(i.way, '') as address, regexp_extract(i.way, '^([0-9]+)', 1) as house,
            regexp_replace(i.way, '^[0-9]+ ', '') as street, case when regexp_matches(p, '^{short}$') then '0' || p else nullif(i.p, '') end as postcode,
            nullif(i.town, '') as city, squeezed(folded(i.loyalty_id)) as loyalty, clean(i.account_ref) as account,
            lower(left(folded(i.sex), 1)) as sex{extras}
        from judged i left join phone_keys ph on i.phone = ph.phone
        left join nickname k on k.name = i.given left join usual us on us.given = i.given"""
