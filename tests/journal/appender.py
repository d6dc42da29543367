"""A process of its own that appends to a profile: `appender.py FOLDER NAME MEMBER COUNT [ROUNDS]`; says ready, waits
for a line, then says each acknowledged id; as often as there are rounds."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from console.journal.values import Draft
from console.runtime.clock import SystemClock
from tests.journal.world import INC, World


def main() -> None:
    folder, name, member, count = sys.argv[1:5]
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 1
    world = World(folder=Path(folder))
    with world.open(name, SystemClock()) as store:
        feed = world.person_feed(store, int(member))
        for turn in range(rounds):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
            for i in range(int(count)):
                draft = Draft("note", inc=INC, disclosures={"text": f"{member}.{turn}.{i}"})
                stored = store.write(lambda tx, draft=draft: tx.append(feed, draft, roster=world.ref))
                sys.stdout.write(stored.id + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
