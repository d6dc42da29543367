"""The bundle's README: what it proves, what it does not, and stock commands that run as they stand.

Every command is one line indented by four spaces, is run from the bundle's folder, and exits 0 when it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from console.domain.actions import ApprovalRecord
from console.domain.facts import fingerprint
from console.exports import names
from console.exports.evidence import Evidence
from console.exports.timeline import lodged
from console.exports.words import stamp

_COMMAND = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)

_NAMED = (
    '( for f in actions/*.json documents/*.json blobs/*; do [ -f "$f" ] || continue; n=${f##*/}; n=${n%.json}; '
    'n=${n%.approval}; n=${n##*.}; [ "$(sha256sum < "$f" | cut -c1-64)" = "$n" ] || '
    '{ echo "WRONG $f"; exit 1; }; done )'
)
_DISCLOSED = (
    "( for f in $(find disclosures -name '*.txt'); do h=${f#disclosures/}; while read -r d; do "
    "x=$(printf %s \"$d\" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '='); "
    'grep -qF -- "\\"$x\\"" "${h%.txt}.json" || { echo "WRONG $f"; exit 1; }; done < "$f" || exit 1; done )'
)
_HEAD = """\
{label}
{line}
{marks}
READ THIS FIRST. The keys in this bundle prove nothing by themselves: whoever made the bundle could have made the keys.
They prove something once you have the genesis fingerprint of the organisation another way (the letter it lodged, a
public page, a call in which it was read out) and have seen that it is this one:

  {genesis}
{letters}
What it proves then: these entries were written by the people and consoles of that organisation's roster, in this order
within each feed, and were not changed, removed or inserted up to the heads named in bundle.json; each correction that
was dispatched had the signatures its policy asked for, when it was dispatched; each disclosed value is the one that was
signed as a digest.
What it does not prove: that what people wrote is true; that a clock was right; that nobody kept silent; that two people
did not act together; that a provider told the truth (see which evidence each "enforced" rests on). Whole feeds are in
here, so that chains can be checked, but values only of this incident and of the organisation; other incidents appear as
signed bytes with digests. If the incident is closed, two people signed up to which entry the record is complete.
Stock tools cannot see: whether a FIDO2 key's user gave a PIN, and whether the rule of who must sign was met. verify.py
checks both with the very rules the console ran (they are readable in it), and exits 0 or 1.

COMMANDS. Run them in this folder; each exits 0 when it holds.

The files are those of the manifest:
    sha256sum --quiet -c manifest.sha256
The exporter signed the manifest:
    ssh-keygen -Y verify -f allowed_signers -I {by} -n bundle.v1@{org} -s manifest.sha256.sig < manifest.sha256
The first roster is the genesis you had another way (compare):
    sha256sum {genesis_file}
Everything at once, with Python 3.11 or later (put the fingerprint you had another way):
    python3 verify.py --genesis {genesis}

Rosters, signed by their admins:
"""


def _letters(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """A heading, then each letter that the record says was lodged: whoever keeps one can say what it names."""
    found = lodged(evidence)
    if found:
        yield "Letters the record says were lodged", f"{len(found)}. Ask whoever keeps one for its fingerprint."
    for at_ms, text in found:
        yield stamp(at_ms), " ".join(text.split())


def commands(readme: str) -> list[str]:
    """The commands of a README, in order."""
    return _COMMAND.findall(readme)


def make_readme(evidence: Evidence, label: str, marks: Iterable[str]) -> bytes:
    """The README of this evidence."""
    about = evidence.about
    text = _HEAD.format(
        label=label, line="=" * len(label), marks="".join(f"*** {mark} ***\n" for mark in marks),
        genesis=about.genesis, by=about.by, org=about.org, genesis_file=names.roster(0, about.genesis),
        letters="".join(f"  {at}: {text}\n" for at, text in _letters(evidence)),
    )  # fmt: skip
    lines = [*_rosters(evidence), "", "Entries, feed by feed:", *_feeds(evidence)]
    approvals = list(_approvals(evidence))
    if approvals:
        lines += ["", "Approvals, each over the document whose SHA-256 stands in its name:", *approvals]
    lines += ["", "The chains: each entry names the SHA-256 of the one before it in its feed:", *_chains(evidence)]
    lines += [
        "",
        "Documents and files have the SHA-256 they are named by:",
        f"    {_NAMED}",
        "A file of blobs/ that begins with age-encryption.org/v1 is for the people its entry names: `age -d -i KEY`",
        "opens it with the OpenSSH key file of one of them. Its SHA-256 is that of the encrypted bytes, which fix the",
        "others. `about` in the entry's value is its name, size and hash in the clear, base64, opened in the same way.",
        "Disclosed values: the SHA-256 of each line stands (in base64url) among the digests of the signed file:",
        f"    {_DISCLOSED}",
        "",
        "revoked.tsv names revoked keys and their last good entries; revoked.krl is for ssh-keygen's -r with anything",
        "signed later (with -r it refuses even the good history of a revoked key).",
        "",
    ]
    return (text + "\n".join(lines)).encode()


def _verify(who: str, key: tuple[str, int, int | None], namespace: str, files: tuple[str, str]) -> str:
    ended = "" if key[2] is None else f" -Overify-time={_stamp(key[1])}"
    return (
        f"ssh-keygen -Y verify{ended} -f allowed_signers -I {who} -n {namespace} -s {files[1]} < {files[0]} > /dev/null"
    )


def _stamp(at_ms: int) -> str:
    return datetime.fromtimestamp(-(-at_ms // 1000), UTC).strftime("%Y%m%d%H%M%SZ")


def _keys(evidence: Evidence) -> dict[str, tuple[str, tuple[str, int, int | None]]]:
    """Fingerprint to (principal, (line, from, to)), the newest roster's word."""
    found: dict[str, tuple[str, tuple[str, int, int | None]]] = {}
    for _, _, roster in evidence.every_roster():
        for person in roster.persons:
            for key in person.keys:
                found[fingerprint(key.key)] = (person.person, (key.key, key.from_ms, key.to_ms))
        for console in roster.consoles:
            found[fingerprint(console.key)] = (console.console, (console.key, console.from_ms, console.to_ms))
    return found


def _rosters(evidence: Evidence) -> Iterator[str]:
    by_hex = {names.hex_fingerprint(name): facts for name, facts in _keys(evidence).items()}
    for path, _, _ in evidence.every_roster():
        start = path.removesuffix("json")
        for beside in sorted(one for one in evidence.files if one.startswith(start) and one.endswith(".sig")):
            who, key = by_hex[beside.removeprefix(start).removesuffix(".sig")]
            yield "    " + _verify(who, key, f"roster.v1@{evidence.about.org}", (path, beside))


def _feeds(evidence: Evidence) -> Iterator[str]:
    keys = _keys(evidence)
    for entry in evidence.entries.values():
        if entry.seq == 0:
            who, key = keys[entry.key]
            kind = "machine" if entry.author is None else "entry"
            each = _verify(who, key, f"{kind}.v1@{entry.org}", ('"$e"', '"${e%.json}.sig"'))
            yield f'    ( for e in entries/{entry.feed}/*.json; do {each} || {{ echo "WRONG $e"; exit 1; }}; done )'


def _approvals(evidence: Evidence) -> Iterator[str]:
    keys = _keys(evidence)
    for path in sorted(evidence.files):
        if names.read_record(path) is not None:
            record = ApprovalRecord.parse(evidence.json(path))
            who, key = keys[record.key]
            yield "    " + _verify(who, key, f"approve.v1@{record.org}", (path, names.signature(path)))


def _chains(evidence: Evidence) -> Iterator[str]:
    places: dict[str, list[int]] = {}
    for entry in evidence.entries.values():
        places.setdefault(entry.feed, []).append(entry.seq)
    for feed, seqs in places.items():
        if len(set(seqs)) == len(seqs):  # a forked feed has two ends; verify.py follows both
            yield (
                f'    ( p=null; for e in entries/{feed}/*.json; do grep -qF "\\"prev\\":$p," "$e" || '
                f'{{ echo "WRONG $e"; exit 1; }}; p="\\"$(sha256sum < "$e" | cut -c1-64)\\""; done )'
            )
