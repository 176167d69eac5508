"""One spelling for one thing, before anything is compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
from tests.unit.identity.conftest import people_table

from filrouge.base.text import fold
from filrouge.domain.identity.desk import desk
from filrouge.domain.identity.normalise import normalise
from filrouge.domain.identity.spec import IdentitySpec
from filrouge.domain.sources.values import clean, unreaching
from filrouge.engines import open_engine

MAILS = (
    "jean.dupont@example.com", "Jean.D+x@EXAMPLE.co.uk", "contact@example.com", "jean@ex-ample.com", "n/a", "-", "x@",
    "jean.dupont(at)x", "@x.fr", "jean@x", "jean@x.f", "a b@x.fr", "ada@x.fr; bob@x.fr", "jean@x.12", "mailto:ada@x.fr",
    "<ada@x.fr>", "jean@exämple.fr", "jean@x.éé", "jean@@x.fr", "jean@x..fr", ".@.fr", "  jean@example.com ", "x" * 400,
)  # fmt: skip
PHONES = (
    "06 12 34 56 78", "+33 (0)6.12.34.56.78", "0033612345678", "33612345678", "01-45-67-89-01 (bureau)", "123456",
    "12345", "+1 212 555 0143", "+44 20 7946 0958", "+33", "+", "n/a", "-", "x", "3639", "après 18h",
    "01 00 00 00 00", "0600000001", "9999999999", "0000000", "1000000", "112233", "01 02 03 04 05", "+33102030405",
    "0033102030405", "0123456789", "06 05 04 03 02", "+33612", "06 12 34 56 78 / 01 45 67 89 01",
    "0612345678 0612345678", "6,12E+08", "6.12345678E+8", "tel: 0612345678", "(0) 612345678", "(0)", "٠٦١٢٣٤٥٦٧٨",
    "1111111", "2111111", "21111111", "211111111",
)  # fmt: skip


def nodes(column: str, *rows: dict[str, Any]) -> list[Any]:
    with desk() as table:
        normalise(table, people_table(*({"source_id": f"{n:03d}"} | row for n, row in enumerate(rows))), IdentitySpec())
        keys = people_table(*({"source_id": f"{n:03d}"} for n in range(len(rows)))).column("record_key").to_pylist()
        found = dict(table.rows(f"select record_key, {column} from nodes join keys using (rid)"))
        return [found[key] for key in keys]


def test_a_full_name_is_split_whatever_its_order() -> None:
    expected = {
        "Jean Dupont": ("jean", "dupont"),
        "M. Jean-Pierre DE LA TOUR": ("jean pierre", "de la tour"),
        "DUPONT Jean": ("jean", "dupont"),
        "Dupont, Jean": ("jean", "dupont"),
        "Jean de La Fontaine": ("jean", "de la fontaine"),
        "Ingrid Pelletier": ("ingrid", "pelletier"),
        "Mme Marie d'Hautefeuille": ("marie", "d hautefeuille"),
        "M. DELACROIX": (None, "delacroix"),
        "Zoé MARTIN-DURAND": ("zoe", "martin durand"),
        "Boucher Mireille": ("mireille", "boucher"),  # told by how others bear these words
    }
    rows = [*({"full_name": whole} for whole in expected), {"given_name": "Mireille", "family_name": "Boucher"}]
    found = nodes("[given, family]", *rows)
    assert {whole: tuple(found[n]) for n, whole in enumerate(expected)} == expected


def test_a_phone_has_one_form_and_a_placeholder_none() -> None:
    expected = {
        "06 39 98 00 01": "+33639980001",
        "+33 (0)6 39 98 00 01": "+33639980001",
        "0033639980001": "+33639980001",
        "33 6 39 98 00 01": "+33639980001",
        "01.99.00.12.34": "+33199001234",  # fiction ranges are not "valid": they are kept
        "+44 20 7946 0018": "+442079460018",
        "0000000000": None,
        "0123456789": None,
        "12": None,
        "anonyme": None,
    }
    assert dict(zip(expected, nodes("phone", *({"phone": typed} for typed in expected)), strict=True)) == expected


def test_a_mailbox_of_a_role_is_nobody_s_address() -> None:
    expected = {
        " Jean.Dupont@Example.ORG ": ["jean.dupont@example.org", None],
        "j.dupont+lettre@gmail.com": ["jdupont@gmail.com", None],
        "j.dupont@googlemail.com": ["jdupont@gmail.com", None],
        "contact@example.com": [None, "contact@example.com"],
        "service.client@example.com": [None, "service.client@example.com"],
        "nc@nc.fr": [None, None],
        "not an address": [None, None],
    }
    found = nodes("[email, role_email]", *({"email": typed} for typed in expected))
    assert dict(zip(expected, found, strict=True)) == expected


def test_addresses_and_postcodes_are_written_out() -> None:
    rows = ({"address_line": "12, bd. St-Michel", "postcode": "1000"}, {"address_line": "12 Boulevard Saint Michel"})
    written = "12 boulevard saint michel"
    assert nodes("[address, postcode]", *rows) == [[written, "01000"], [written, None]]


def test_placeholders_are_no_names() -> None:
    assert nodes("given", {"given_name": "INCONNU"}, {"given_name": "xxx"}, {"given_name": "Jean"}) == [
        None,
        None,
        "jean",
    ]


def test_the_engine_folds_as_the_rest_of_the_house() -> None:
    texts = ["Éléonore", "D'Hautefeuille", "Jean–Pierre", "Œuvre", "Straße", "  a  b ", "Çelik"]
    assert nodes("family", *({"family_name": text} for text in texts)) == [fold(text) for text in texts]


def test_nicknames_lead_to_one_head() -> None:
    heads = nodes("given_root", {"given_name": "Bob"}, {"given_name": "Robert"}, {"given_name": "Guillaume"})
    assert heads[0] == heads[1] != heads[2]


def test_what_an_import_warns_of_is_what_identity_cannot_use(tmp_path: Path) -> None:
    reached = nodes("email is null and role_email is null", *({"email": mail} for mail in MAILS))
    called = nodes("phone is null", *({"phone": phone} for phone in PHONES))
    engine = open_engine("duckdb://", scratch=tmp_path)
    try:
        table = engine.load("t", pa.table({"n": range(len(MAILS)), "m": list(MAILS)}))
        rows = table.select("n", code=unreaching(clean(table.m), "email")).order_by("n").to_pyarrow().to_pylist()
        assert [(mail, row["code"] is not None) for mail, row in zip(MAILS, rows, strict=True)] == [
            (mail, unused) for mail, unused in zip(MAILS, reached, strict=True)
        ]
        table = engine.load("t", pa.table({"n": range(len(PHONES)), "p": list(PHONES)}))
        rows = table.select("n", code=unreaching(clean(table.p), "phone")).order_by("n").to_pyarrow().to_pylist()
        assert [(phone, row["code"] is not None) for phone, row in zip(PHONES, rows, strict=True)] == [
            (phone, unused) for phone, unused in zip(PHONES, called, strict=True)
        ]
    finally:
        engine.close()
