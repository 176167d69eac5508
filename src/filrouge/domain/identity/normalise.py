"""Match columns from person records: one spelling for one thing, computed in bulk by DuckDB."""

from __future__ import annotations

import phonenumbers
import pyarrow as pa

from filrouge.domain.identity.desk import Desk, identifier, quoted
from filrouge.domain.identity.nicknames import roots
from filrouge.domain.identity.spec import IdentitySpec

TEXT = (
    "source", "entity", "given_name", "family_name", "full_name", "birth_name", "birth_date", "sex", "email", "phone",
    "address_line", "postcode", "city", "loyalty_id", "account_ref",
)  # fmt: skip
PARTICLES = "de|du|des|d|la|le|l|van|von|der|den|del|della|di|da|do|dos|el|al|ben|bin|st|saint|sainte|mac|mc|o|ter|zu"
_TITLES = "monsieur|madame|mademoiselle|mr|mrs|ms|miss|mme|mlle|m|dr|docteur|doctor|pr|prof|professeur|me|maitre|sir|lady|lord"
_ABBREVIATIONS = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "boul": "boulevard",
    "r": "rue", "pl": "place", "all": "allee", "imp": "impasse", "ch": "chemin", "che": "chemin", "rte": "route",
    "sq": "square", "crs": "cours", "fbg": "faubourg", "fg": "faubourg", "res": "residence", "bat": "batiment",
    "st": "saint", "ste": "sainte", "gal": "general", "mal": "marechal", "dr": "docteur", "pdt": "president",
    "rd": "road", "ct": "court", "cr": "crescent", "cres": "crescent", "ln": "lane", "hwy": "highway", "pde": "parade",
    "n": "", "no": "", "numero": "",
}  # fmt: skip
_USUAL, _USUAL_SHARE = 8, 0.0002
_SEQUENCES = ("0123456789", "1234567890", "0102030405", "0605040302", "123456789", "987654321")

MACROS = (
    """create or replace macro folded(t) as nullif(trim(regexp_replace(strip_accents(replace(replace(replace(replace(
       lower(t), 'œ', 'oe'), 'æ', 'ae'), 'ß', 'ss'), 'ø', 'o')), '[^\\p{L}\\p{N}]+', ' ', 'g')), '')""",
    "create or replace macro squeezed(t) as nullif(replace(t, ' ', ''), '')",
    "create or replace macro clean(t) as nullif(trim(t), '')",
)


def normalise(desk: Desk, records: pa.Table, spec: IdentitySpec) -> None:
    """Lay table ``nodes`` on the desk: one row per record, numbered by record_key,
        with the columns that matching compares.

    The numbering and every value depend on the content of the records, never on their order.
    """
    for macro in MACROS:
        desk.run(macro)
    _lay(desk, records, spec)
    _names(desk, spec)
    _phones(desk, spec)
    _assemble(desk, spec)
    desk.drop("incoming", "named", "phone_keys", "nickname", "placeholder", "usual")


def _lay(desk: Desk, records: pa.Table, spec: IdentitySpec) -> None:
    present = set(records.column_names)
    columns = [
        f"clean(cast({name} as varchar)) as {name}" if name in present else f"cast(null as varchar) as {name}"
        for name in TEXT
    ]
    columns += [
        f"folded(cast({identifier(name)} as varchar)) as {extra(index)}" for index, name in enumerate(spec.extras)
    ]
    desk.con.register("_records", records)
    desk.run(
        f"""create or replace table incoming as select cast(row_number() over (order by record_key) - 1 as integer) as rid,
            cast(record_key as bigint) as record_key, {", ".join(columns)} from _records order by record_key"""
    )
    desk.con.unregister("_records")
    desk.put("placeholder", pa.table({"word": pa.array(sorted(spec.placeholders), pa.string())}))


def extra(index: int) -> str:
    """Return the match column that holds the extra column of rank ``index``."""
    return f"extra_{index}"


def _names(desk: Desk, spec: IdentitySpec) -> None:
    """Split full names where parts are missing, strip titles and placeholders, fold, and find nicknames' heads."""
    heads = roots() if spec.nicknames else {}
    known = sorted(heads)
    groups = pa.array([list(heads[name]) for name in known], pa.list_(pa.string()))
    desk.put("nickname", pa.table({"name": pa.array(known, pa.string()), "heads": groups}))
    _split(desk)
    # each spelling is worked on once, however many bear it
    desk.run(
        f"""create or replace table words as
        with raw as (
            select given_name as raw from incoming union select family_name from incoming
            union select birth_name from incoming union select given from split union select family from split
        ), bare as (
            select raw, nullif(trim(regexp_replace(folded(raw), '^(?:{_TITLES})( |$)', '')), '') as word
            from raw where raw is not null
        )
        select b.raw, b.word from bare b anti join placeholder p on b.word = p.word where b.word is not null"""
    )
    desk.run(
        """create or replace table named as
        with whole as (
            select rid, given_name, family_name, birth_name,
                case when given_name is null and family_name is null then full_name end as full_name from incoming
        ), parts as (
            select w.rid, w.birth_name, coalesce(w.given_name, s.given) as given, coalesce(w.family_name, s.family) as family
            from whole w left join split s on w.full_name = s.full_name
        )
        select p.rid, g.word as given, f.word as family, n.word as birth_family
        from parts p left join words g on g.raw = p.given left join words f on f.raw = p.family
        left join words n on n.raw = p.birth_name"""
    )
    # a given name that many bear is a name of its own, not somebody else's misspelt
    desk.run(
        f"""create or replace table usual as select given from named where given is not null group by given
        having count(*) >= greatest({_USUAL}, {_USUAL_SHARE} * (select count(*) from named))"""
    )
    desk.drop("split", "words")


def _split(desk: Desk) -> None:
    """Lay table ``split`` (full_name, given, family): "DUPONT Jean", "Dupont, Jean", "Jean de La Tour", "Tour Marie-Lou"."""
    upper = "\\p{Lu}[\\p{Lu}''’-]+"
    desk.run(
        f"""create or replace table cut as
        with bare as (
            select distinct full_name, trim(regexp_replace(full_name, '^\\s*(?i:{_TITLES})\\.?\\s+', '')) as name
            from incoming where given_name is null and family_name is null and full_name is not null
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
    )
    # which of the two is the given name is told by how the words are used where they have columns of their own
    desk.run(
        """create or replace table used as
        select word, sum(g) as g, sum(f) as f from (
            select folded(given_name) as word, count(*) as g, 0 as f from incoming where given_name is not null group by 1
            union all select folded(family_name), 0, count(*) from incoming where family_name is not null group by 1
            union all select name, 1, 0 from nickname
        ) group by word"""
    )
    desk.run(
        """create or replace table split as
        with weighed as (
            select c.*, coalesce(a.g, 0) > coalesce(a.f, 0) and coalesce(b.g, 0) <= coalesce(b.f, 0) as swapped
            from cut c left join used a on a.word = c.family left join used b on b.word = c.given
        )
        select full_name, case when swapped and given is not null then family else given end as given,
            case when swapped and given is not null then given else family end as family from weighed"""
    )
    desk.drop("cut", "used")


def _phones(desk: Desk, spec: IdentitySpec) -> None:
    """Map each distinct phone to E.164; French forms by rule, the rest by phonenumbers; possible numbers are kept."""
    french = spec.country == "FR"
    desk.run(
        """create or replace table phone_keys as
        with raw as (select distinct phone from incoming where phone is not null),
        digits as (select phone, regexp_replace(replace(phone, '(0)', ''), '[^0-9+]+', '', 'g') as d from raw)
        select phone, d, case
            when regexp_matches(d, '^(\\+33|0033)0?[1-9][0-9]{8}$') then '+33' || right(d, 9)
            when """
        + ("true" if french else "false")
        + """ and regexp_matches(d, '^0[1-9][0-9]{8}$') then '+33' || right(d, 9)
            when """
        + ("true" if french else "false")
        + """ and regexp_matches(d, '^33[1-9][0-9]{8}$') then '+' || d
            end as e164 from digits"""
    )
    rest = [
        row[0]
        for row in desk.rows("select distinct d from phone_keys where e164 is null and length(d) >= 4 order by d")
    ]
    desk.put(
        "phone_rest",
        pa.table({"d": pa.array(rest, pa.string()), "e": pa.array([e164(d, spec.country) for d in rest], pa.string())}),
    )
    blocked = ", ".join(f"'{sequence}'" for sequence in _SEQUENCES)
    desk.run(
        f"""create or replace table phone_keys as
        with mapped as (
            select phone, k.d, coalesce(k.e164, r.e, nullif(replace(k.d, '+', ''), '')) as key
                from phone_keys k left join phone_rest r using (d)
        )
        select phone, case when length(key) < 6 or length(replace(right(key, 8), right(key, 1), '')) <= 1
            or replace(d, '+33', '0') in ({blocked}) then null else key end as key from mapped"""
    )
    desk.drop("phone_rest")


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
    roles = ", ".join(quoted(role.replace("-", "")) for role in spec.role_mailboxes)
    words = ", ".join(map(quoted, spec.placeholders))
    whole = " ".join(f"when '{short}' then '{word}'" for short, word in _ABBREVIATIONS.items())
    extras = "".join(f", {extra(index)}" for index in range(len(spec.extras)))
    pad = "when regexp_matches(p, '^[0-9]{4}$') then '0' || p" if spec.country == "FR" else ""
    desk.run(
        f"""create or replace table nodes as
        with mail as (
            select rid, case when regexp_matches(lower(email), '^[^@\\s]+@[^@\\s]+\\.[a-z]{{2,}}$')
                then lower(email) end as mail
            from incoming
        ), parts as (
            select rid, regexp_replace(split_part(mail, '@', 1), '\\+.*$', '') as local_raw,
                replace(split_part(mail, '@', 2), 'googlemail.com', 'gmail.com') as domain from mail
                    where mail is not null
        ), boxes as (
            select rid, domain, case when domain = 'gmail.com' then replace(local_raw, '.', '')
                else local_raw end as local,
                nullif(trim(regexp_replace(strip_accents(local_raw), '[^a-z]+', ' ', 'g')), '') as letters,
                regexp_replace(local_raw, '[^a-z]+', '', 'g') in ({roles}) as role,
                length(local_raw) < 2 or regexp_replace(local_raw, '[^a-z]+', ' ', 'g') in ({words}) as bad from parts
        ), places as (
            select rid, upper(regexp_replace(postcode, '[^0-9A-Za-z]', '', 'g')) as p,
                array_to_string(list_filter(list_transform(string_split(folded(address_line), ' '),
                    w -> case w {whole} else w end), w -> w != ''), ' ') as address,
                regexp_replace(regexp_replace(regexp_replace(folded(city), '(^| )st( |$)', '\\1saint\\2'),
                    '(^| )ste( |$)', '\\1sainte\\2'),
                    '( cedex)?( [0-9]+)?$', '') as city from incoming
        )
        select i.rid, i.record_key, i.source, i.entity,
            n.given, split_part(n.given, ' ', 1) as given_first, squeezed(n.given) as given_key,
            coalesce(k.heads[1], n.given) as given_root, k.heads[2] as given_root2,
            us.given is not null as given_usual,
            n.family, squeezed(n.family) as family_key, n.birth_family, squeezed(n.birth_family) as birth_key,
            case when n.given is not null and n.family is not null
                then squeezed(n.given) || ' ' || squeezed(n.family) end as name_key,
            case when regexp_matches(i.birth_date, '[0-9]') then left(i.birth_date, 10) end as born,
            left(i.birth_date, 4) as born_y, substr(i.birth_date, 6, 2) as born_m, substr(i.birth_date, 9, 2) as born_d,
            try_cast(left(i.birth_date, 4) as integer) * 365 + try_cast(substr(i.birth_date, 6, 2) as integer) * 30
                + try_cast(substr(i.birth_date, 9, 2) as integer) as born_n,
            case when not coalesce(b.role or b.bad, false) then b.local || '@' || b.domain end as email,
            case when b.role and not b.bad then b.local || '@' || b.domain end as role_email,
            case when not coalesce(b.role or b.bad, false) then b.local end as email_local, b.letters as email_letters,
            b.domain as email_domain, regexp_replace(b.local, '[^0-9]+', '', 'g') as email_digits,
            coalesce(contains(replace(b.letters, ' ', ''), squeezed(n.family)) or contains(replace(b.letters, ' ',
                ''), squeezed(n.given)), false) as email_named,
            ph.key as phone, nullif(pl.address, '') as address,
            regexp_extract(pl.address, '^([0-9]+)', 1) as house, regexp_replace(pl.address, '^[0-9]+ ', '') as street,
                case {pad} else nullif(pl.p, '') end as postcode,
            nullif(pl.city, '') as city, squeezed(folded(i.loyalty_id)) as loyalty, clean(i.account_ref) as account,
            lower(left(folded(i.sex), 1)) as sex{extras}
        from incoming i join named n using (rid) left join boxes b using (rid) join places pl using (rid)
        left join phone_keys ph on i.phone = ph.phone
        left join nickname k on k.name = n.given
        left join usual us on us.given = n.given
        order by i.rid"""
    )
