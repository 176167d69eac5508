"""Check that every link from one page of the documentation to another leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    faults = [fault for name in listed.split() if (ROOT / name).exists() for fault in faults_of(ROOT / name)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def faults_of(page: Path) -> list[str]:
    faults = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path) if path else page
        if not goal.exists():
            faults.append(f"{page.relative_to(ROOT)}: {target} leads nowhere")
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal):
            faults.append(f"{page.relative_to(ROOT)}: {target} names a heading that does not exist")
    return faults


def anchors(page: Path) -> set[str]:
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    sys.exit(main())
