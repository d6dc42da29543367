"""How long a list of accounts takes, on the practice estate: `python -m tests.bench.lists [COUNT]` (5,000 by default).

It founds an organisation of two in a temporary folder, matches, proposes, signs, sends and reads back. Figures only.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from adapters.practice.simulator import Estate
from console.domain.lists import read_list
from console.services import incidents, list_progress, lists, providers
from console.services.presented import present
from console.viewmodels.approval import approval_view
from tests.kit.pair import connect, found, pair_at, sync
from tests.services.test_lists import WISH, blocked, crowd, run, sign


def main() -> int:
    """Print the figures; the exit status."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made, Estate(gateway_lag_s=0.0) as estate:
        folder = Path(made) / "founded"
        found(folder)
        with pair_at(folder, Path(made) / "org") as (one, two):
            names = crowd(estate, count)
            connect(one, estate, "gateway")
            providers.add_canary(one, "gateway-east", "key-canary", "practice-gateway-east-key-canary")
            inc = incidents.declare(one, "a campaign", severity=1).entry.inc or ""
            began = time.perf_counter()

            def tell(what: str) -> None:
                nonlocal began
                print(f"{what:<32} {time.perf_counter() - began:8.2f} s")  # noqa: T201  a script's answer
                began = time.perf_counter()

            matched = lists.match(one, WISH, read_list("\n".join(names).encode(), "list.txt"))
            tell(f"matched {len(matched.accounts)} accounts")
            canary = replace(WISH, selector="key-canary", canary=True)
            proposed = lists.propose(one, inc, matched, "a campaign", canaries=[canary])
            tell("proposed")
            sync(one, two)
            tell("met the shared folder")
            view = approval_view(present(two, proposed.sha))
            tell(f"shown to the second signer: {view.can_sign}")
            sign(one, two, proposed.sha)
            tell("signed by two")
            settled = run(one, 1_800_000)
            tell(f"sent and proven: {', '.join(row.state for row in settled.rows)}")
            (far,) = list_progress.progress(one, proposed.op)
            print(far.sentence, len(blocked(estate)) - 1, "blocked at the gateway")  # noqa: T201  as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
