"""``python -m bench [NAME…]``: measure, and write one JSON a figure into bench/results/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench import (
    chain,
    collect,
    drained,
    identity,
    imports,
    inbox,
    match,
    membership,
    pages,
    pushes,
    scores,
    segments,
    steady,
)
from bench.figures import Skipped

BENCHES = {
    "import": imports.run, "again": imports.again, "profile": imports.profile,
    "chain": chain.run, "search": pages.search, "person": pages.person, "identity": identity.run, "match": match.run,
    "arrival": match.arrival, "collect": collect.run, "inbox": inbox.run, "drain": drained.run,
    "steady": steady.minutes, "repeated": steady.repeated, "membership": membership.measure,
    "scores": scores.run, "segments": segments.run, "push": pushes.run,
}  # fmt: skip


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    asked.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(BENCHES)} (all)")
    asked.add_argument("--rows", type=int, default=1_000_000, help="rows of the file that is imported or profiled")
    asked.add_argument(
        "--people",
        type=int,
        default=20_000,
        help="people of the sample that the chain builds, of the lake of segments, of scores and of pushes",
    )
    asked.add_argument(
        "--home", type=Path, default=Path("var"), help="home folder that search, person, identity and match read"
    )
    asked.add_argument("--queries", type=int, default=200, help="how often search, person and arrival ask")
    asked.add_argument("--scratch", type=Path, default=None, help="where the chain builds its home folder")
    asked.add_argument("--truth", type=Path, default=None, help="truth.parquet of the sample, for identity")
    asked.add_argument("--share", type=float, default=1.0, help="share of the people that identity is measured on")
    asked.add_argument(
        "--laid", type=Path, default=None, help="where match and segments keep what they lay, or find it laid"
    )
    asked.add_argument("--seconds", type=float, default=10, help="how long collect and inbox send, each time")
    asked.add_argument("--rounds", type=int, default=200, help="how often collect and drain kill what they measure")
    asked.add_argument("--in-place", action="store_true", help="let drain change --home itself, which is not copied")
    asked.add_argument("--minutes", type=float, default=10, help="how long steady sends")
    asked.add_argument("--away", type=float, default=60, help="seconds for which inbox stops its PostgreSQL")
    given = asked.parse_args()
    unknown = sorted(set(given.names) - set(BENCHES))
    if unknown:
        asked.error(f"nothing is called {unknown[0]}; there are {', '.join(BENCHES)}")
    for name in given.names or BENCHES:
        try:
            BENCHES[name](given)
        except Skipped as why:
            print(f"{name}: left out, {why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
