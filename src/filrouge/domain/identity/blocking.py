"""Which pairs are worth comparing: keys chosen from the table's own counts, under a budget of pairs."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.domain.identity.desk import Desk
from filrouge.domain.identity.spec import IdentitySpec

_SORTED = "least(given_key, family_key) || ' ' || greatest(given_key, family_key)"
# name of the key -> expressions; a record takes part with each that is not null. The most telling keys come first.
KEYS: dict[str, tuple[str, ...]] = {
    "loyalty": ("loyalty",),
    "account": ("account",),
    "email": ("email",),
    "phone": ("phone",),
    "name_birth": (f"{_SORTED} || ' ' || born",),
    "name_place": (f"{_SORTED} || ' ' || postcode", f"{_SORTED} || ' ' || city"),
    "maiden": ("given_key || ' ' || family_key", "given_key || ' ' || birth_key"),
    "name": (_SORTED,),
    "given_birth": ("given_key || ' ' || born",),
    "family_birth": ("family_key || ' ' || born", "birth_key || ' ' || born"),
    "mailbox": ("case when length(email_local) >= 5 then email_local end",),
    "letters": ("case when length(email_letters) >= 7 then email_letters end",),
    "address": ("address || ' ' || coalesce(postcode, city)",),
    "birth_place": ("born || ' ' || postcode", "born || ' ' || city"),
    "family_place": ("family_key || ' ' || postcode", "family_key || ' ' || city"),
    "given_place": ("given_key || ' ' || left(family_key, 1) || ' ' || postcode",),
    "starts_year": ("left(family_key, 4) || ' ' || left(given_key, 2) || ' ' || left(born, 4)",),
    "ends_year": ("right(family_key, 4) || ' ' || left(given_key, 3) || ' ' || left(born, 4)",),
    "birth": ("born",),
    "starts": ("left(family_key, 5) || ' ' || left(given_key, 3)",),
    "ends": ("right(family_key, 4) || ' ' || right(given_key, 4)",),
    "phone_end": ("right(phone, 7)",),
    "postcode_starts": ("postcode || ' ' || left(given_key, 2)", "postcode || ' ' || left(family_key, 2)"),
    "starts_month": ("left(family_key, 3) || ' ' || left(born, 7)", "left(given_key, 3) || ' ' || left(born, 7)"),
    "given_city": ("given_key || ' ' || city",),
    "family": ("family_key",),
}


@dataclass(frozen=True)
class Block:
    """What one key contributed: pairs counted, and the largest block that was kept."""

    key: str
    pairs: int
    largest: int


def block(desk: Desk, spec: IdentitySpec) -> list[Block]:
    """Lay table ``pairs`` (l, r: rid, l < r, each pair once) on the desk and return what each key contributed."""
    (count,) = desk.rows("select count(*) from nodes")[0]
    budget = max(spec.training.min_pairs, spec.training.pairs_per_record * count)
    if count * (count - 1) // 2 <= budget:
        desk.run(
            "create or replace table pairs as select a.rid as l, b.rid as r from nodes a join nodes b on a.rid < b.rid"
        )
        return [Block("all", count * (count - 1) // 2, count)]
    desk.run("create or replace table found (pair bigint)")
    blocks: list[Block] = []
    for key, expressions in KEYS.items():
        if budget <= 0:
            break
        if kept := _one(desk, key, expressions, budget=budget, spec=spec):
            blocks.append(kept)
            budget -= kept.pairs
    desk.run(
        "create or replace table pairs as select distinct cast(pair >> 32 as integer) as l, cast(pair & 4294967295 as integer) as r from found"
    )
    desk.drop("found", "keyed", "sized")
    return blocks


def _one(desk: Desk, key: str, expressions: tuple[str, ...], *, budget: int, spec: IdentitySpec) -> Block | None:
    parts = " union ".join(f"select rid, hash({e}) as k from nodes where {e} is not null" for e in expressions)
    if len(expressions) == 1:
        parts = parts.replace(" union ", " union all ")
    desk.run(f"create or replace table keyed as {parts}")
    desk.run("create or replace table sized as select k, count(*) as n from keyed group by k having count(*) > 1")
    sizes = desk.rows(f"select n, count(*) from sized where n <= {spec.limits.block} group by n order by n")
    share, largest, pairs = budget // 3, 1, 0
    for size, blocks in sizes:
        more = blocks * size * (size - 1) // 2
        if pairs + more > share:
            break
        largest, pairs = size, pairs + more
    if pairs == 0:
        return None
    desk.run(
        f"""insert into found
        with k as (select rid, k from keyed semi join (select k from sized where n <= {largest}) using (k))
        select (cast(x.rid as bigint) << 32) | y.rid from k x join k y on x.k = y.k and x.rid < y.rid"""
    )
    return Block(key, pairs, largest)
