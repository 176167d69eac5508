"""Splink with the settings of its own tutorial for people (duplicates in one table), as the yardstick of identity."""

from __future__ import annotations

import logging
import time
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLD = 0.95
# what a newcomer does to the table first; it is not counted
_PLAIN = """create table people as select record_key as unique_id,
    nullif(strip_accents(lower(trim(given_name))), '') as first_name,
    nullif(strip_accents(lower(trim(family_name))), '') as surname,
    birth_date::varchar as dob, nullif(lower(trim(email)), '') as email,
    nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 9), '') as phone,
    nullif(postcode, '') as postcode, nullif(strip_accents(lower(trim(city))), '') as city from {records}"""


def tutorial(con: duckdb.DuckDBPyConnection, records: str) -> tuple[float, duckdb.DuckDBPyConnection]:
    """Train, predict and cluster view ``records``; return the seconds, and a cursor on which table ``found`` stands
    (record_key, person)."""
    cursor = con.cursor()
    cursor.execute("create schema tutorial").fetchall()
    cursor.execute("set search_path = 'tutorial,main'").fetchall()
    cursor.execute(_PLAIN.format(records=records)).fetchall()
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    began = time.perf_counter()
    linker = Linker(DuckDBAPI(connection=cursor).register("people"), _settings(), log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("first_name", "surname", "dob"), block_on("email")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    for rule in (block_on("first_name", "surname"), block_on("dob"), block_on("email")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=1e6
        )
    pairs = linker.inference.predict(threshold_match_probability=0.2)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, THRESHOLD)
    seconds = time.perf_counter() - began
    made = clusters.physical_name
    cursor.execute(
        f"create table found as select unique_id as record_key, cluster_id::varchar as person from {made}"
    ).fetchall()
    return seconds, cursor


def _settings() -> Any:
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.EmailComparison("email"),
            cl.LevenshteinAtThresholds("phone", 1),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("first_name", "surname"), block_on("surname", "dob"), block_on("first_name", "dob"),
            block_on("email"), block_on("phone"), block_on("postcode", "surname"),
        ],
    )  # fmt: skip
