"""Quality measured on any labelled file: columns recognised, order and identifiers without effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.unit.identity.conftest import crowd

from filrouge.base.errors import UsageError
from filrouge.domain.identity import IdentitySpec, evaluate
from filrouge.domain.identity.evaluate import compare, holdings, iso, read
from filrouge.domain.identity.meaning import guess
from filrouge.domain.identity.spec import Training
from filrouge.domain.sources.meaning import by_name

SHARED = Path(__file__).parents[4] / "shared" / "data" / "identity"
QUICK = IdentitySpec(training=Training(u_pairs=4e4, em_pairs=4e4, min_pairs=30_000))


def labelled(folder: Path, *, shuffle: int | None = None, name: str = "people.csv") -> Path:
    table, truth = crowd(100)
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.with_columns(truth=pl.col("record_key").replace_strict(truth)).with_row_index("row_id")
    if shuffle is not None:
        frame = frame.sample(fraction=1, shuffle=True, seed=shuffle).with_columns(row_id=pl.int_range(pl.len()))
    wanted = {
        "row_id": "row_id", "given_name": "Prénom", "family_name": "Nom", "birth_date": "Né(e) le", "email": "Courriel",
        "phone": "Téléphone", "address_line": "Adresse", "postcode": "Code postal", "truth": "truth",
    }  # fmt: skip
    frame.select(pl.col(k).alias(v) for k, v in wanted.items()).write_csv(folder / name, separator=";")
    return folder / name


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("first_name", "given_name"), ("Prénom", "given_name"), ("firstName", "given_name"), ("Nom", "family_name"),
        ("surname", "family_name"), ("full_name", "full_name"), ("dob", "birth_date"), ("date_of_birth", "birth_date"),
        ("Date de naissance", "birth_date"), ("E-mail", "email"), ("Courriel", "email"), ("Tél", "phone"),
        ("Code postal", "postcode"), ("suburb", "city"), ("soc_sec_id", "national_id"), ("rec_id", "identifier"),
        ("unique_id", "identifier"), ("gender", "sex"), ("Civilité", "title"), ("street_number", "house"),
        ("nom de naissance", "birth_name"), ("colour", None),
    ],
)  # fmt: skip
def test_the_name_of_a_column_tells_what_it_holds(name: str, meaning: str | None) -> None:
    assert by_name(name) == meaning


def test_columns_without_a_telling_name_are_told_by_what_they_hold() -> None:
    frame = pl.DataFrame(
        {
            "a": [f"p{n}@example.org" for n in range(60)],
            "b": [f"{1940 + n % 60}-03-{1 + n % 28:02d}" for n in range(60)],
            "c": [f"06 39 98 {n:02d} {n + 10:02d}" for n in range(60)],
            "d": ["m", "f"] * 30,
            "e": [f"X{n * 7919}" for n in range(60)],
        }
    )
    found = guess(holdings(frame), never=set())
    assert found.columns == {"email": ("a",), "birth_date": ("b",), "phone": ("c",), "sex": ("d",)}
    assert found.ignored == ("e",)


def test_dates_are_read_in_any_order() -> None:
    day_first = iso(pl.Series(["31/12/1999", "01/02/2000"])).to_list()
    month_first = iso(pl.Series(["12/31/1999", "02/01/2000"])).to_list()
    assert day_first == month_first == ["1999-12-31", "2000-02-01"]
    assert iso(pl.Series(["19991231", "1999.12.31", "1999-12-31", None])).to_list() == ["1999-12-31"] * 3 + [None]


def test_a_labelled_file_is_measured_and_neither_order_nor_numbers_count(tmp_path: Path) -> None:
    one = evaluate(labelled(tmp_path), "truth", "row_id", spec=QUICK)
    two = evaluate(labelled(tmp_path, shuffle=4, name="other.csv"), "truth", spec=QUICK)
    assert one["b_cubed"]["f1"] > 0.93
    keys = ("records", "pairwise", "b_cubed", "exact_clusters", "clusters", "true_clusters", "largest_cluster")
    assert {k: one[k] for k in keys} == {k: two[k] for k in keys}
    assert two["columns"]["ignored"] == ["row_id"]


def test_the_measures_are_those_of_the_books() -> None:
    found = compare(np.array(list("aabbc"), dtype=object), np.array(list("xxxyy"), dtype=object))
    assert found["pairwise"] == {"precision": 0.5, "recall": 0.25, "f1": 0.3333}
    assert found["b_cubed"]["precision"] == pytest.approx((1 + 1 + 0.5 + 0.5 + 1) / 5)
    assert found["b_cubed"]["recall"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 0.5 + 0.5) / 5, abs=1e-4)
    assert (found["exact_clusters"], found["largest_cluster"], found["largest_true"]) == (0, 2, 3)


def test_a_wrong_column_or_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = labelled(tmp_path)
    with pytest.raises(UsageError, match="no column nobody"):
        evaluate(path, "nobody")
    with pytest.raises(UsageError, match="cannot be read"):
        evaluate(tmp_path / "none.csv", "truth")
    (tmp_path / "odd.csv").write_text("colour,truth\nred,1\nblue,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="who somebody is"):
        evaluate(tmp_path / "odd.csv", "truth")


def test_a_file_in_another_alphabet_of_bytes_is_read(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes("Prénom;Nom\nZoé;Müller\n".encode("cp1252"))
    assert read(tmp_path / "old.csv").rows() == [("Zoé", "Müller")]


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the public sets are not on this machine")
@pytest.mark.parametrize(
    ("name", "link", "pairwise", "b_cubed"),
    [
        ("fake_1000.csv", None, 0.94, 0.955),
        ("febrl3.csv", None, 0.999, 0.999),
        ("febrl4a.csv", "febrl4b.csv", 0.999, 0.999),
        ("french_20k.csv", None, 0.96, 0.975),
        ("historical_dev.parquet", None, 0.87, 0.88),
    ],
)
def test_the_public_sets_are_resolved_as_well_as_promised(
    name: str, link: str | None, pairwise: float, b_cubed: float
) -> None:
    found = evaluate(SHARED / name, "cluster", None, SHARED / link if link else None)
    assert found["pairwise"]["f1"] >= pairwise
    assert found["b_cubed"]["f1"] >= b_cubed
    assert found["largest_cluster"] <= 2 * found["largest_true"]


def test_a_table_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    for content, said in (
        (b"truth,name,email,name\n1,Ada,a@example.org,Byron\n", "called name"),
        (b"truth,name,email\n", "no row"),
        (b"truth,name,email\n,Ada Byron,a@example.org\n,Bob Byron,b@example.org\n", "says nothing"),
        (bytes(range(256)) * 40, "not a CSV"),
        (b"truth,x,y\n" + b"".join(b"%d,%.9f,%.9f\n" % (n, n / 977, n / 991) for n in range(400)), "who somebody is"),
    ):  # fmt: skip
        file.write_bytes(content)
        with pytest.raises(UsageError) as told:
            evaluate(file, "truth")
        assert said in str(told.value) or "column truth" in str(told.value), content[:60]


def test_a_wide_table_or_a_cell_that_holds_a_book_is_read_in_bounded_time(tmp_path: Path) -> None:
    lines = labelled(tmp_path).read_text(encoding="utf-8").splitlines()
    names = [f"extra{column}" for column in range(150)]
    values = [[f"v{column}_{n % 7}" for column in range(150)] for n in range(len(lines))]
    wide = [";".join([line, *(values[n] if n else names)]) for n, line in enumerate(lines)]
    book = "Ada" * 200_000
    wide[1] = wide[1].replace(wide[1].split(";")[1], book, 1)
    file = tmp_path / "wide.csv"
    file.write_text("\n".join(wide), encoding="utf-8")
    found = evaluate(file, "truth", spec=QUICK)
    assert len(found["columns"]["compared_as_they_are"]) <= 5
    assert len(found["columns"]["ignored"]) > 100
    assert found["pairwise"]["precision"] > 0.9
