"""The roster versions of a bundle, from the genesis on and beside: each in its place, and signed as section 2 demands.

Standard library and console.domain only: `verify.py` carries this very source. The rules are `succession`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.domain.errors import BadForm
from console.domain.facts import fingerprint
from console.domain.forms import Roster
from console.exports import names, strict
from console.exports.evidence import Evidence, Seal, Wrong
from console.exports.proving import prove_with
from console.exports.succession import Owner, lacking, owners_in, wrong_members, wrong_order


def check_rosters(evidence: Evidence, seal: Seal) -> None:
    """The chain from the genesis on, and the branches beside it, each version signed as section 2 demands."""
    found = sorted(pair for pair in map(names.read_roster, evidence.files) if pair is not None)
    if [n for n, _ in found] != list(range(len(found))) or not found:
        raise Wrong("roster/", "the roster versions are not 0, 1, 2 and so on, one of each")
    beside = sorted(pair for pair in map(names.read_beside, evidence.files) if pair is not None)
    forms = {sha: _roster_form(evidence, names.roster(n, sha), n, sha) for n, sha in found}
    forms |= {sha: _roster_form(evidence, names.roster_beside(n, sha), n, sha) for n, sha in beside}
    for n, sha in found:
        path = names.roster(n, sha)
        if n == 0 and sha != evidence.about.genesis:
            raise Wrong(path, "it is not the genesis that bundle.json names")
        if n > 0 and forms[sha].prev != evidence.rosters[-1][0]:
            raise Wrong(path, "it does not follow the version before it")
        _check_roster_signers(evidence, seal, path, forms[sha], _rests_on(path, forms[sha], forms))
        evidence.rosters.append((sha, forms[sha]))
    for n, sha in beside:
        path = names.roster_beside(n, sha)
        if n == 0 or forms[sha].prev not in forms:
            raise Wrong(path, "it follows no version that is here")
        _check_roster_signers(evidence, seal, path, forms[sha], _rests_on(path, forms[sha], forms))
        evidence.beside[sha] = forms[sha]


def _roster_form(evidence: Evidence, path: str, n: int, sha: str) -> Roster:
    if strict.sha256(evidence.files[path]) != sha:
        raise Wrong(path, "its content is not what its name says")
    try:
        roster = Roster.parse(evidence.json(path))
    except BadForm as fault:
        raise Wrong(path, fault.what.rstrip(".")) from None
    if (roster.n, roster.org) != (n, evidence.about.org):
        raise Wrong(path, "it is another version, or another organisation's")
    return roster


def _rests_on(path: str, roster: Roster, forms: Mapping[str, Roster]) -> list[Roster]:
    """The version it follows and those it settles: the admins of each have to have signed it."""
    below = [one for one in (roster.prev, *roster.settles) if one is not None]
    if any(sha not in forms for sha in below):
        raise Wrong(path, "a version that it follows or settles is not here")
    found = [forms[sha] for sha in below]
    if any(one.n != roster.n - 1 for one in found[:1]):
        raise Wrong(path, "it does not follow the version before it")
    if any(one.n == 0 for one in found[1:]):
        raise Wrong(path, "what it settles is no branch")
    why = wrong_members(roster) or wrong_order(roster, [(one, _owners(one, forms)) for one in found])
    if why is not None:
        raise Wrong(path, why)
    return found


def _owners(roster: Roster, forms: Mapping[str, Roster]) -> dict[bytes, Owner]:
    """Whose every key of this version or one before it is or was: a key never changes hands, not even after a pause."""
    found: dict[bytes, Owner] = {}
    at: Roster | None = roster
    while at is not None:
        found = {**dict(owners_in(at)), **found}
        at = forms.get(at.prev or "")
    return found


def _check_roster_signers(
    evidence: Evidence, seal: Seal, path: str, roster: Roster, below: Sequence[Roster]
) -> None:  # fmt: skip
    signed: set[str] = set()
    for line in {key.key for one in (roster, *below) for p in one.persons for key in p.keys}:
        beside = names.roster_signature(path, fingerprint(line))
        if beside in evidence.files:
            prove_with(evidence, seal, path, beside, (line, f"roster.v1@{evidence.about.org}"))
            signed.add(line)
    if roster.n <= 1:
        founder = (below[0] if below else roster).persons
        if len(founder) != 1 or not any(key.use == "writer" and key.key in signed for key in founder[0].keys):
            raise Wrong(path, "the founder's writer key did not sign it, or there is not one founder")
    for one in (roster, *below):
        if one.n > 0 and (why := lacking(one, signed, roster.created)) is not None:
            raise Wrong(path, why)
