"""Rules on strong identifiers: same loyalty card, same e-mail and name… with limits on what one value may carry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from filrouge.domain.identity.cluster import components
from filrouge.domain.identity.comparisons import GENDERED, RIVAL, ROOTS
from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.letters import jaro_winkler
from filrouge.domain.identity.spec import IdentitySpec

# 1 the given names may be of one person, 0 they may not, null nothing is known
GIVEN = f"""(case when l.given_key is null or r.given_key is null then null
    when l.given_key = r.given_key then 1 when {GENDERED} then 0
    when {ROOTS} then 1 when {RIVAL} then 0
    when least(length(l.given_key), length(r.given_key)) = 1 then (left(l.given_key, 1) = left(r.given_key, 1))::int
    when l.given_key = r.family_key and l.family_key = r.given_key then 1
    when jaro_winkler_similarity(l.given_key, r.given_key) >= 0.92 then 1 else 0 end)"""
FAMILY = """(case when l.family_key is null or r.family_key is null then null
    when l.family_key = r.family_key or l.family_key = r.birth_key or l.birth_key = r.family_key
        or l.birth_key = r.birth_key then 1
    when l.given_key = r.family_key and l.family_key = r.given_key then 1
    when contains(' ' || l.family || ' ', ' ' || r.family || ' ') or contains(' ' || r.family || ' ',
        ' ' || l.family || ' ') then 1
    when jaro_winkler_similarity(l.family_key, r.family_key) >= 0.9 then 1 else 0 end)"""
BORN = """(case when l.born is null or r.born is null then null when l.born = r.born then 1
    when (l.born_y = r.born_y)::int + (l.born_m = r.born_m)::int + (l.born_d = r.born_d)::int >= 2 then 1
    when l.born_y = r.born_y and l.born_m = r.born_d and l.born_d = r.born_m then 1 else 0 end)"""
_NAMED = "coalesce(given, 1) = 1 and coalesce(family, 1) = 1 and given is not null and coalesce(born, 1) = 1"


@dataclass(frozen=True)
class StrongRule:
    """``identifier`` must be the same, its value must be within limits, and ``when`` must hold."""

    name: str
    identifier: str
    when: str
    weight: float
    names: str  # the limit it obeys
    kinds: tuple[str, ...]


RULES = (
    StrongRule("loyalty", "loyalty || '|' || entity", f"{_NAMED}", 20, "loyalty_names", ("loyalty_id", "name")),
    StrongRule("loyalty_alone", "loyalty || '|' || entity", "given is null and coalesce(family, 1) = 1 and coalesce(born, 1) = 1 and names <= 1", 12, "loyalty_names", ("loyalty_id",)),
    StrongRule("account", "account || '|' || entity", f"{_NAMED}", 20, "account_names", ("account_ref", "name")),
    StrongRule("account_alone", "account || '|' || entity", "given is null and coalesce(family, 1) = 1 and coalesce(born, 1) = 1 and names <= 1", 12, "account_names", ("account_ref",)),
    StrongRule("email_name", "email", f"{_NAMED} and family is not null", 18, "email_names", ("email", "name")),
    StrongRule("email_given_birth", "email", "given = 1 and born = 1", 16, "email_names", ("email", "given_name", "birth_date")),
    StrongRule("email_alone", "email", "given is null and coalesce(family, 1) = 1 and coalesce(born, 1) = 1 and names <= 1", 10, "email_names", ("email",)),
    StrongRule("phone_name", "phone", "given = 1 and family = 1 and coalesce(born, 1) = 1", 14, "phone_names", ("phone", "name")),
    StrongRule("phone_alone", "phone", "given is null and coalesce(family, 1) = 1 and coalesce(born, 1) = 1 and names <= 1 and bare", 6, "phone_names", ("phone",)),
    StrongRule("name_birth_place", "given_key || '|' || family_key || '|' || born || '|' || coalesce(postcode, city)", "true", 12, "email_names", ("name", "birth_date", "place")),
)  # fmt: skip


ALIKE = 0.88  # names less alike than this are two


def names_borne(found: Sequence[str | None]) -> int:
    """Return how many names the given names of one value are: what ``carried`` counts, for the few records of one."""
    counted = Counter(name for name in found if name is not None and len(name) > 1)
    if not counted:
        return 0
    main = max(counted, key=lambda name: (counted[name], name))
    return 1 + sum((jaro_winkler(name, main) or 0.0) < ALIKE for name in counted)


def strong_edges(desk: Desk, spec: IdentitySpec, *, few: bool = False, among: str = "") -> None:
    """Lay table ``strong`` (l, r, rule, w, kinds) on the desk: one edge per pair, that of the weightiest rule.

    ``few`` records are compared by every identifier at once, as planning would cost more than they do; many by one
    identifier at a time, as memory would. ``among`` (a table record_key) leaves out what none of them bears; ``nodes``
    bear their keys then.
    """
    desk.run(
        "create or replace table strong_all (l integer, r integer, rule varchar, w float, kinds varchar, place integer)"
    )
    identifiers = list(dict.fromkeys(rule.identifier for rule in RULES))
    for together in [identifiers] if few else [[one] for one in identifiers]:
        _compare(desk, spec, together, among)
    desk.run(
        """create or replace table strong as
        select l, r, arg_max(rule, (w * 100 - length(rule), -place)) as rule, max(w) as w,
            arg_max(kinds, (w * 100 - length(rule), -place)) as kinds
        from strong_all group by l, r order by l, r"""
    )
    desk.drop("strong_all", "held", "carried")


def _compare(desk: Desk, spec: IdentitySpec, identifiers: Sequence[str], among: str) -> None:
    """Add to ``strong_all`` what the rules on ``identifiers`` say of the pairs that bear the same."""
    rules = [rule for rule in RULES if rule.identifier in identifiers]
    code = {identifier: at for at, identifier in enumerate(identifiers)}
    bearers = [
        f"select {at} as i, rid, hash({identifier}) as v, given_root from nodes where {identifier} is not null"
        + (
            f" and hash({identifier}) in (select hash({identifier}) from nodes semi join {among} using (record_key))"
            if among
            else ""
        )
        for identifier, at in code.items()
    ]
    desk.run(f"create or replace table held as {' union all '.join(bearers)}")
    most = {code[rule.identifier]: getattr(spec.limits, rule.names) + 1 for rule in rules}
    limits = " ".join(f"when {at} then {names}" for at, names in most.items())
    # nicknames, initials and misspellings of the commonest name do not make a value look shared
    desk.run(
        f"""create or replace table carried as
        with each as (
            select i, v, given_root, count(*) as n, coalesce(length(given_root) > 1, false) as told
            from held group by i, v, given_root
        ), main as (
            select i, v, sum(n) as records, arg_max(given_root, (n, given_root)) filter (where told) as name
            from each group by i, v
        ), counted as (
            select e.i, e.v, m.records, (m.name is not null)::int + count(*) filter (
                where e.told and jaro_winkler_similarity(e.given_root, m.name) < {ALIKE}) as names
            from each e join main m on m.i = e.i and m.v = e.v
            where m.records between 2 and {spec.limits.records} group by e.i, e.v, m.records, m.name
        )
        select i, v, names from counted where names <= case i {limits} end"""
    )
    branches = " ".join(f"when i = {code[rule.identifier]} and ({rule.when}) then '{rule.name}'" for rule in rules)
    weights = " ".join(f"when '{rule.name}' then {rule.weight}" for rule in rules)
    kinds = " ".join(f"when '{rule.name}' then '{','.join(rule.kinds)}'" for rule in rules)
    places = " ".join(f"when '{rule.name}' then {RULES.index(rule)}" for rule in rules)
    desk.run(
        f"""insert into strong_all
        with compared as (
            select c.i, l.rid as lr, r.rid as rr, c.names, {GIVEN} as given, {FAMILY} as family, {BORN} as born,
                (l.email is null and l.family_key is null) or (r.email is null and r.family_key is null) as bare
            from carried c join held hl on hl.i = c.i and hl.v = c.v
            join held hr on hr.i = c.i and hr.v = c.v and hl.rid < hr.rid
            join nodes l on l.rid = hl.rid join nodes r on r.rid = hr.rid
        ), ruled as (select lr, rr, case {branches} end as rule from compared)
        select lr, rr, rule, case rule {weights} end, case rule {kinds} end, case rule {places} end
        from ruled where rule is not null"""
    )


def conflicts(desk: Desk, spec: IdentitySpec) -> None:
    """Lay table ``edges`` from the rules alone: where no model weighs the pairs, other given names or birth dates speak against."""
    found = desk.numbers("select l, r from strong")
    (count,) = desk.rows("select count(*) from keys")[0]
    label = components(count, found["l"].astype(np.int64), found["r"].astype(np.int64))
    desk.put("component", pa.table({"rid": pa.array(np.arange(count), pa.int32()), "c": pa.array(label, pa.int32())}))
    desk.run(
        f"""create or replace table edges as
        with sized as (select rid, c from component where c in (
            select c from component group by c having count(*) between 2 and {spec.limits.component})),
        compared as (
            select l.rid as lr, r.rid as rr, {GIVEN} as given, {BORN} as born from sized x
                join sized y on x.c = y.c and x.rid < y.rid
            join nodes l on l.rid = x.rid join nodes r on r.rid = y.rid
        ), against as (
            select lr as l, rr as r, -12.0 as w, 0::bigint as levels, null as rule, null as kinds from compared
            where (given = 0 or born = 0) and not exists (select 1 from strong s where s.l = lr and s.r = rr)
        )
        select l, r, w, w as said, 0::bigint as levels, rule, kinds from strong
        union all select l, r, w, w, levels, rule, kinds from against order by 1, 2"""
    )
    desk.drop("component")
