from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.errors import BadForm
from console.domain.forms import Person, Roster
from console.keys import canon, roster, sshsig
from console.keys.faults import BadEnrolment, BadPublicKey, BadRoster, TooFewSigners
from console.keys.roster import VerifiedRoster
from tests.keys import openssh, rosters
from tests.keys.rosters import NOW, ORG, following, key, made_id, person, person_key, public, raw_of, revoked, sign

ZERO = rosters.genesis()
ZERO_RAW = raw_of(ZERO)
PIN = canon.sha256_hex(ZERO_RAW)
ONE = following(ZERO, "one", "two")
FOUNDERS = ("one-writer", "one-approver", "two-approver")
TWO = following(ONE, "one", "two", "three")
FEED, IDENT = "f" * 64, "a" * 64


def genesis() -> VerifiedRoster:
    return roster.verify_genesis(ZERO_RAW, sign(ZERO_RAW, "one-writer"), PIN)


def step(previous: VerifiedRoster, form: Roster, *names: str) -> VerifiedRoster:
    raw = raw_of(form)
    return roster.verify_next(previous, raw, sign(raw, *names))


def founded() -> VerifiedRoster:
    return step(genesis(), ONE, *FOUNDERS)


def test_a_chain_from_one_person_to_three():
    one = founded()
    two = step(one, TWO, "one-approver", "two-approver")
    assert two.ref == (2, canon.sha256_hex(raw_of(TWO)))
    assert two.persons_with("admin") == tuple(made_id("p", name) for name in ("one", "two", "three"))
    facts = two.key(public("two-approver").fingerprint)
    assert facts is not None
    assert (facts.person, facts.use, facts.console) == (made_id("p", "two"), "approver", made_id("c", "two"))
    device = two.key(public("two-device").fingerprint)
    assert device is not None
    assert (device.person, device.use, device.console) == (None, "device", made_id("c", "two"))
    assert two.key(public("nobody").fingerprint) is None
    assert facts.valid_at(NOW)
    assert not facts.valid_at(NOW - 1)


def test_a_genesis_is_the_pinned_one_signed_by_its_one_person():
    assert roster.verify_genesis(ZERO_RAW, sign(ZERO_RAW, "one-writer"), None).sha256 == PIN
    founder = ZERO.persons[0]
    several = replace(founder, keys=(*founder.keys, person_key("one-approver", "approver")))
    cases = [
        (TooFewSigners, ZERO, (), PIN),
        (TooFewSigners, ZERO, ("two-writer",), PIN),
        (BadRoster, ZERO, ("one-writer",), "0" * 64),
        (BadRoster, replace(ZERO, persons=(founder, person("two"))), ("one-writer",), None),
        (BadRoster, replace(ZERO, persons=(several,)), ("one-writer",), None),
        (BadRoster, replace(ZERO, persons=(replace(founder, keys=several.keys[1:]),)), ("one-approver",), None),
        (BadRoster, ONE, FOUNDERS, None),
    ]
    for fact, form, names, pinned in cases:
        raw = raw_of(form)
        with pytest.raises(fact):
            roster.verify_genesis(raw, sign(raw, *names), pinned)
    entry = sign(ZERO_RAW, "one-writer", namespace=sshsig.entry_ns(ORG))
    with pytest.raises(TooFewSigners):
        roster.verify_genesis(ZERO_RAW, entry, PIN)


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("one-writer",),
        ("one-approver", "two-approver"),
        ("one-writer", "one-approver"),
        ("one-writer", "two-approver"),
        ("one-writer", "one-approver", "one-recovery"),
        ("one-writer", "two-writer"),
        ("two-writer", "one-approver", "two-approver"),
        ("one-writer", "one-approver", "three-approver"),
        ("one-writer", "one-approver", "two-device"),
    ],
)
def test_founding_needs_the_first_writer_key_and_two_people(names):
    with pytest.raises(TooFewSigners):
        step(genesis(), ONE, *names)


SIX = ("one", "two", "three", "four", "five", "six")


@pytest.mark.parametrize(
    ("what", "before", "threshold_before", "after", "threshold_after", "names", "holds"),
    [
        ("the threshold of both", SIX[:3], 2, SIX[:3], 2, ("one-approver", "two-approver"), True),
        ("one signature", SIX[:3], 2, SIX[:3], 2, ("one-approver",), False),
        ("nobody", SIX[:3], 2, SIX[:3], 2, (), False),
        ("two keys of one person", SIX[:3], 2, SIX[:3], 2, ("one-approver", "one-recovery"), False),
        ("two people by recovery keys", SIX[:3], 2, SIX[:3], 2, ("one-recovery", "two-recovery"), True),
        ("writer keys", SIX[:3], 2, SIX[:3], 2, ("one-writer", "two-writer", "three-writer"), False),
        ("device keys", SIX[:3], 2, SIX[:3], 2, ("one-device", "two-device"), False),
        ("only the new people", SIX[:2], 2, SIX[2:4], 2, ("three-approver", "four-approver"), False),
        ("only the old people", SIX[:2], 2, SIX[2:4], 2, ("one-approver", "two-approver"), False),
        (
            "old and new people",
            SIX[:2],
            2,
            SIX[2:4],
            2,
            ("one-approver", "two-approver", "three-approver", "four-approver"),
            True,
        ),
        ("a raised threshold not met", SIX[:3], 2, SIX[:3], 3, ("one-approver", "two-approver"), False),
        ("a raised threshold met", SIX[:3], 2, SIX[:3], 3, ("one-approver", "two-approver", "three-approver"), True),
        ("a lowered threshold before it counts", SIX[:3], 3, SIX[:3], 2, ("one-approver", "two-approver"), False),
        ("a stranger as second", SIX[:3], 2, SIX[:3], 2, ("one-approver", "six-approver"), False),
        ("one old, one new", SIX[:2], 2, SIX[1:3], 2, ("two-approver", "three-approver"), False),
        (
            "a leaver and a stayer, and the new",
            SIX[:2],
            2,
            SIX[1:3],
            2,
            ("one-approver", "two-approver", "three-approver"),
            True,
        ),
    ],
)
def test_a_version_counts_by_the_distinct_people_of_both(
    what, before, threshold_before, after, threshold_after, names, holds
):
    start = step(
        genesis(),
        following(ZERO, *dict.fromkeys(("one", *before)), threshold=threshold_before),
        "one-writer",
        *(f"{name}-approver" for name in dict.fromkeys(("one", *before))),
    )
    form = following(start.roster, *after, threshold=threshold_after)
    if holds:
        assert step(start, form, *names).roster.n == 2
    else:
        with pytest.raises(TooFewSigners):
            step(start, form, *names)


@pytest.mark.parametrize(
    ("who", "threshold", "names", "holds"),
    [
        ("two", 2, ("two-recovery", "one-approver"), True),  # an admin: their own spare key and one other admin
        ("two", 2, ("two-recovery",), False),
        ("four", 2, ("four-recovery", "one-approver"), False),  # no admin: their spare key counts for nobody
        ("four", 2, ("one-approver", "two-approver"), True),
        ("two", 3, ("two-recovery", "one-approver"), False),
        ("two", 3, ("two-recovery", "one-approver", "three-approver"), True),
    ],
)
def test_a_re_key_takes_the_whole_threshold(who, threshold, names, holds):
    """Decision 0033: one rule between versions, whatever a version changes."""
    people = (person("one"), person("two"), person("three"), person("four", ("approver",)))
    consoles = tuple(rosters.console(name) for name in ("one", "two", "three", "four"))
    start = step(
        genesis(), following(ZERO, threshold=threshold, persons=people, consoles=consoles), "one-writer",
        "one-approver", "two-approver", "three-approver",
    )  # fmt: skip

    def keyed_anew(one: Person) -> Person:
        fresh = person_key(f"{who}-new", "approver")
        return replace(one, keys=(one.keys[0], fresh, *one.keys[2:])) if one.person == made_id("p", who) else one

    form = following(
        start.roster, threshold=threshold, persons=tuple(map(keyed_anew, people)), consoles=consoles
    )  # fmt: skip
    if holds:
        assert step(start, form, *names).key(public(f"{who}-new").fingerprint) is not None
    else:
        with pytest.raises(TooFewSigners):
            step(start, form, *names)


def test_a_signature_by_another_fingerprint_counts_for_nobody():
    one, raw = founded(), raw_of(TWO)
    mine = sign(raw, "one-approver")[public("one-approver").fingerprint]
    sigs = {public(name).fingerprint: mine for name in ("one-approver", "two-approver", "three-approver")}
    with pytest.raises(TooFewSigners):
        roster.verify_next(one, raw, sigs)


def test_a_bad_signature_spoils_nothing_and_helps_nothing():
    one, raw = founded(), raw_of(TWO)
    sigs = sign(raw, "one-approver", "two-approver")
    sigs[public("three-approver").fingerprint] = b"junk"
    assert roster.verify_next(one, raw, sigs).roster.n == 2
    for namespace in (sshsig.approve_ns(ORG), sshsig.roster_ns(made_id("o", "other"))):
        with pytest.raises(TooFewSigners):
            roster.verify_next(one, raw, sign(raw, "one-approver", "two-approver", namespace=namespace))


def test_people_who_are_no_admins_do_not_count():
    people = (person("one"), person("two"), person("three", ("approver", "commander")))
    three = step(founded(), following(ONE, "one", "two", "three", persons=people), "one-approver", "two-approver")
    with pytest.raises(TooFewSigners):
        step(three, following(three.roster, "one", "two", "three"), "one-approver", "three-approver")


def test_expired_and_revoked_keys_do_not_count():
    ended = replace(person("two"), keys=(person_key("two-approver", "approver", None, NOW + 1),))
    for change in (
        {"persons": (person("one"), ended, person("three"))},
        {"revoked": (revoked("two-approver"),)},
    ):
        now = step(
            founded(), following(ONE, "one", "two", "three", **change), "one-approver", "two-approver", "three-approver"
        )
        with pytest.raises(TooFewSigners):
            step(now, following(now.roster, "one", "two", "three"), "one-approver", "two-approver")
        assert step(now, following(now.roster, "one", "two", "three"), "one-approver", "three-approver").roster.n == 3


TWICE = replace(person("two"), keys=(*person("two").keys, person_key("one-approver", "approver")))
BOTH_USES = replace(person("two"), keys=(*person("two").keys, person_key("two-writer", "approver")))
HARDWARE_TWICE = replace(
    person("two"),
    keys=(
        *person("two").keys,
        replace(person_key("two-writer", "approver"), key=openssh.hardware_key(key("two-writer")).line),
    ),
)
CHANGED_USE = replace(person("two"), keys=(person_key("two-writer", "approver"), person_key("two-b", "writer")))


@pytest.mark.parametrize(
    ("attack", "change"),
    [
        ("other organisation", {"org": made_id("o", "other")}),
        ("drill organisation", {"org": "d-" + ORG[2:]}),
        ("number skipped", {"n": 3}),
        ("number repeated", {"n": 1}),
        ("other predecessor", {"prev": "0" * 64}),
        ("older than its predecessor", {"created": NOW}),
        ("person twice", {"persons": (person("one"), person("two"), person("two", ("admin", "deputy")))}),
        ("role twice", {"persons": (person("one"), person("two", ("admin", "admin")))}),
        ("one key for two people", {"persons": (person("one"), TWICE)}),
        ("one key with two uses", {"persons": (person("one"), BOTH_USES)}),
        ("one point as two kinds", {"persons": (person("one"), HARDWARE_TWICE)}),
        ("console twice", {"consoles": (rosters.console("one"), rosters.console("two"), rosters.console("one"))}),
        (
            "device key as a person's",
            {"consoles": (rosters.console("one"), replace(rosters.console("two"), key=public("two-writer").line))},
        ),
        ("unknown console", {"consoles": (rosters.console("one"),)}),
        ("more needed than there are", {"threshold": 3}),
        ("no admin left", {"persons": (person("one", ("approver",)), person("two", ("approver",)))}),
        ("a key changes use", {"persons": (person("one"), CHANGED_USE)}),
    ],
)
def test_what_may_not_follow_is_refused_whoever_signs(attack, change):
    form = following(ONE, "one", "two", **change)
    raw = raw_of(form)
    everyone = [f"{name}-{use}" for name in ("one", "two") for use in ("writer", "approver", "recovery")]
    with pytest.raises(BadRoster) as refused:
        roster.verify_next(founded(), raw, sign(raw, *everyone, namespace=sshsig.roster_ns(form.org)))
    assert not isinstance(refused.value, TooFewSigners), attack


@pytest.mark.parametrize(
    "change", [{"threshold": 1}, {"threshold": 0}, {"threshold": None}, {"prev": None}, {"persons": []}]
)
def test_below_two_is_unrepresentable(change):
    raw = canon.encode({**ONE.as_json(), **change})
    with pytest.raises(BadForm):
        roster.verify_next(genesis(), raw, sign(raw, *FOUNDERS))


def test_bytes_with_another_spelling_are_no_roster():
    raw = raw_of(ONE)
    for other in (raw + b"\n", raw.replace(b",", b", ", 1), b" " + raw, b"[]", b""):
        with pytest.raises(BadForm):
            roster.verify_next(genesis(), other, sign(other, *FOUNDERS))


def test_a_key_never_changes_hands_not_even_after_a_pause():
    three = step(founded(), TWO, "one-approver", "two-approver")
    without = step(three, following(TWO, "one", "two"), "one-approver", "two-approver")
    heir = replace(person("four"), keys=(*person("four").keys, person_key("three-approver", "approver")))
    form = following(without.roster, "one", "two", "four", persons=(person("one"), person("two"), heir))
    with pytest.raises(BadRoster, match="changes hands"):
        step(without, form, "one-approver", "two-approver")
    back = following(without.roster, "one", "two", "three")
    assert step(without, back, "one-approver", "two-approver").roster.n == 4


def test_a_revocation_stays_and_names_what_was_good():
    form = following(TWO, "one", "two", "three", revoked=(revoked("three-writer", (FEED, 7, IDENT)),))
    three = step(step(founded(), TWO, "one-approver", "two-approver"), form, "one-approver", "two-approver")
    name = public("three-writer").fingerprint
    assert three.is_revoked(name)
    assert not three.is_revoked(public("one-writer").fingerprint)
    assert three.good(name, FEED) == (7, IDENT)
    assert three.good(name, "0" * 64) is None
    with pytest.raises(BadRoster, match="stays revoked"):
        step(three, following(form, "one", "two", revoked=()), "one-approver", "two-approver")


def test_names_that_look_the_same_are_refused():
    roster.check_names({"p-1": "Duty officer A", "p-2": "Duty officer B"})
    for other in ("duty OFFICER a", "Duty  officer A", "Dutyofficer A"):
        with pytest.raises(BadRoster, match="same name"):
            roster.check_names({"p-1": "Duty officer A", "p-2": other})


def test_founding_is_complete_when_a_lost_key_can_be_survived():
    bare = person("one", recovery=False), person("two", recovery=False), person("three", recovery=False)
    assert roster.founding_complete(ONE)
    assert not roster.founding_complete(replace(ONE, persons=bare[:2]))
    assert not roster.founding_complete(replace(ONE, persons=(bare[0], person("two"))))
    assert roster.founding_complete(replace(ONE, persons=bare))
    assert not roster.founding_complete(replace(ONE, persons=(bare[0], bare[1], person("three", ("scribe",)))))
    assert not roster.founding_complete(replace(ONE, revoked=(revoked("two-recovery"),)))
    assert not roster.founding_complete(ZERO)


def test_whether_the_admins_can_still_sign_is_known_beforehand():
    assert roster.admin_quorum_satisfiable(ZERO)
    assert roster.admin_quorum_satisfiable(ONE)
    assert roster.admin_quorum_satisfiable(replace(ONE, revoked=(revoked("two-approver"),)))
    gone = (revoked("two-approver"), revoked("two-recovery"))
    assert not roster.admin_quorum_satisfiable(replace(ONE, revoked=gone))


def test_a_request_to_join_is_signed_by_every_key_it_names():
    form = rosters.request()
    raw, namespace = raw_of(form), sshsig.enrol_ns(ORG)
    sigs = sign(raw, *rosters.REQUEST_SIGNERS, namespace=namespace)
    assert roster.verify_enrolment(raw, sigs, ORG, PIN) == form
    for name in rosters.REQUEST_SIGNERS:
        with pytest.raises(BadEnrolment, match="did not sign"):
            roster.verify_enrolment(
                raw, {who: sig for who, sig in sigs.items() if who != public(name).fingerprint}, ORG, PIN
            )
    for org, pin in ((made_id("o", "other"), PIN), (ORG, "0" * 64)):
        with pytest.raises(BadEnrolment, match="another organisation"):
            roster.verify_enrolment(raw, sigs, org, pin)
    with pytest.raises(BadEnrolment, match="did not sign"):
        roster.verify_enrolment(raw, sign(raw, *rosters.REQUEST_SIGNERS), ORG, PIN)
    keys = form.person.keys
    twice = replace(form, person=replace(form.person, keys=(*keys, replace(keys[0], use="approver"))))
    elsewhere = replace(form, person=replace(form.person, keys=(replace(keys[0], console=made_id("c", "x")),)))
    for other in (twice, elsewhere):
        raw = raw_of(other)
        with pytest.raises(BadEnrolment):
            roster.verify_enrolment(raw, sign(raw, *rosters.REQUEST_SIGNERS, namespace=namespace), ORG, PIN)


def _make_krl(folder, *fingerprints):
    (folder / "listed").write_text("".join(f"hash: {one}\n" for one in fingerprints))
    openssh.run("-k", "-q", "-f", folder / "krl", folder / "listed")


@pytest.fixture
def compiled(tmp_path):
    two = step(
        founded(),
        following(ONE, "one", "two", revoked=(revoked("two-writer", (FEED, 7, IDENT)),)),
        "one-approver",
        "two-approver",
    )
    chain = (genesis(), founded(), two)
    file = tmp_path / "allowed_signers"
    file.write_text(roster.allowed_signers(chain, roster.signer_namespaces(ORG)))
    _make_krl(tmp_path, *(one.key for one in two.roster.revoked))
    return tmp_path


def _stock(folder, name, who, namespace, *extra):
    message = b"message"
    (folder / "sig").write_text(sshsig.armour(sshsig.sign_blob(key(name), namespace, message)))
    command = ["-Y", "verify", "-f", folder / "allowed_signers", "-I", who, "-n", namespace, "-s", folder / "sig"]
    return openssh.run(*command, "-Overify-time=20261201000000Z", *extra, given=message, ok=False).returncode == 0


def test_stock_openssh_accepts_what_the_roster_says_and_no_more(compiled):
    one, two = made_id("p", "one"), made_id("p", "two")
    accepted = [
        ("one-writer", one, sshsig.entry_ns(ORG)),
        ("one-writer", one, sshsig.bundle_ns(ORG)),
        ("one-writer", one, sshsig.roster_ns(ORG)),
        ("two-approver", two, sshsig.approve_ns(ORG)),
        ("two-recovery", two, sshsig.roster_ns(ORG)),
        ("two-device", made_id("c", "two"), sshsig.machine_ns(ORG)),
    ]
    for name, who, namespace in accepted:
        assert _stock(compiled, name, who, namespace), (name, namespace)
    refused = [
        ("one-writer", one, sshsig.approve_ns(ORG)),
        ("one-writer", two, sshsig.entry_ns(ORG)),
        ("two-recovery", two, sshsig.approve_ns(ORG)),
        ("two-device", made_id("c", "two"), sshsig.entry_ns(ORG)),
        ("three-writer", made_id("p", "three"), sshsig.entry_ns(ORG)),
        ("one-writer", one, sshsig.entry_ns(made_id("o", "other"))),
    ]
    for name, who, namespace in refused:
        assert not _stock(compiled, name, who, namespace), (name, namespace)
    assert not _stock(compiled, "one-writer", one, sshsig.entry_ns(ORG), "-Overify-time=20200101000000Z")


def test_stock_openssh_refuses_a_revoked_key_and_no_other(compiled):
    namespace, listed = sshsig.entry_ns(ORG), ("-r", compiled / "krl")
    assert _stock(compiled, "two-writer", made_id("p", "two"), namespace)
    assert not _stock(compiled, "two-writer", made_id("p", "two"), namespace, *listed)
    assert _stock(compiled, "one-writer", made_id("p", "one"), namespace, *listed)
    _make_krl(compiled)
    assert _stock(compiled, "two-writer", made_id("p", "two"), namespace, *listed)


def test_an_ended_key_ends_for_stock_openssh_too(tmp_path):
    ended = replace(
        person("two"), keys=(person_key("two-approver", "approver", None, NOW + 1), person_key("two-b", "approver"))
    )
    form = following(ONE, "one", "two", persons=(person("one"), ended))
    now = step(founded(), form, "one-approver", "two-approver", "two-b")
    text = roster.allowed_signers([now], roster.signer_namespaces(ORG))
    [line] = [line for line in text.splitlines() if public("two-approver").line in line]
    assert 'valid-after="20261124090000Z",valid-before="20261124090001Z"' in line


def test_the_table_of_revoked_keys_says_what_was_good():
    form = replace(ONE, revoked=(revoked("two-writer", (FEED, 7, IDENT)), revoked("two-device")))
    assert roster.revoked_tsv(form).splitlines() == [
        "key\tfeed\tlast_good_seq\tlast_good_id",
        f"{public('two-writer').fingerprint}\t{FEED}\t7\t{IDENT}",
        f"{public('two-device').fingerprint}\t-\t-\t-",
    ]


# -- what went wrong in update frameworks before: each advisory as one line -------------------------------------------

SIGNED_ONCE = ("one-writer", "one-approver")


@pytest.mark.parametrize(
    "threshold", [0, 1, -1, True, False, "2", [2], 2**53, None], ids=lambda value: f"threshold {value!r}"
)
def test_a_threshold_is_a_number_of_two_or_more(threshold):
    try:
        raw = canon.encode({**ONE.as_json(), "threshold": threshold})
    except BadForm:
        return  # not even bytes
    with pytest.raises((BadForm, BadRoster)):
        roster.verify_next(genesis(), raw, sign(raw, *FOUNDERS))


def other_spellings(name):
    yield name.lower()
    yield name.upper()
    yield f"{name}="
    yield f" {name}"
    yield name.removeprefix("SHA256:")
    yield name.replace("SHA256:", "MD5:")


@pytest.mark.parametrize("spelling", range(6))
def test_a_signature_under_another_spelling_of_its_key_is_nobodys(spelling):
    raw = raw_of(ONE)
    sigs = sign(raw, *SIGNED_ONCE)
    mine = public("one-approver").fingerprint
    theirs = public("two-approver").fingerprint
    sigs[list(other_spellings(theirs))[spelling]] = sign(raw, "two-approver")[theirs]
    sigs[list(other_spellings(mine))[spelling]] = sigs[mine]
    with pytest.raises(TooFewSigners):
        roster.verify_next(genesis(), raw, sigs)


@pytest.mark.parametrize(
    ("advisory", "old", "new"),
    [
        ("the same key with a comment", public("two-approver").line, public("one-approver").line + " second"),
        ("the same key with two spaces", public("two-approver").line, public("one-approver").line.replace(" ", "  ")),
        ("the same key with padding", public("two-approver").line, public("one-approver").line + "="),
        ("a person by case", made_id("p", "two"), made_id("p", "one").upper()),
        ("a console by case", made_id("c", "two"), made_id("c", "one").upper()),
        ("a role by case", '"admin"', '"Admin"'),
        ("a use by case", '"approver"', '"APPROVER"'),
        ("a field twice", '"n":1', '"n":1,"n":1'),
        ("a field of tomorrow", '"n":1', '"n":1,"nn":1'),
        ("a number with a point", '"n":1', '"n":1.0'),
        ("a number below zero", '"n":1', '"n":-1'),
        ("a type by case", '"roster.v1"', '"Roster.v1"'),
    ],
)
def test_no_second_spelling_of_anybody_is_a_roster(advisory, old, new):
    text = raw_of(ONE).decode()
    assert old in text, advisory
    raw = text.replace(old, new).encode()
    with pytest.raises((BadForm, BadRoster, BadPublicKey)) as refused:
        roster.verify_next(genesis(), raw, sign(raw, *FOUNDERS))
    assert not isinstance(refused.value, TooFewSigners), advisory


def test_a_signature_of_another_version_or_beginning_is_not_carried_over():
    one = founded()
    old, raw = raw_of(ONE), raw_of(TWO)
    with pytest.raises(TooFewSigners):
        roster.verify_next(one, raw, sign(old, "one-approver", "two-approver", "three-approver"))
    two = step(one, TWO, "one-approver", "two-approver")
    with pytest.raises(BadRoster, match="does not follow"):
        roster.verify_next(two, raw_of(ONE), sign(raw_of(ONE), *FOUNDERS))
    with pytest.raises(BadRoster, match="does not follow"):
        roster.verify_next(two, raw, sign(raw, "one-approver", "two-approver"))


@pytest.mark.parametrize("copies", [2, 40])
def test_one_person_with_many_keys_is_one_person(copies):
    many = tuple(person_key(f"one-approver-{at}", "approver", made_id("c", "one")) for at in range(copies))
    rich = replace(person("one"), keys=(*person("one").keys, *many))
    form = following(ONE, "one", "two", persons=(rich, person("two")))
    one = step(founded(), form, "one-approver", "two-approver")
    after = following(form, "one", "two", persons=(rich, person("two")))
    names = [f"one-approver-{at}" for at in range(copies)]
    with pytest.raises(TooFewSigners, match="1 of 2"):
        step(one, after, "one-approver", "one-recovery", *names)


# -- two versions of one number ----------------------------------------------------------------------------------------

OTHER = replace(
    following(ONE, "one", "two", "four"),
    created=ONE.created + 70_000,
    revoked=(revoked("one-device", (FEED, 3, IDENT)),),
)
ADMINS = ("one-approver", "two-approver")


def ending(**changes: object) -> Roster:
    """A version that follows TWO and names OTHER."""
    made = replace(
        following(TWO, "one", "two", "three"), created=OTHER.created + 1, revoked=OTHER.revoked,
        settles=(canon.sha256_hex(raw_of(OTHER)),),
    )  # fmt: skip
    return replace(made, **changes)


def ended(form: Roster, *names: str, without: bool = False) -> VerifiedRoster:
    one = founded()
    branches = [step(one, form_, *ADMINS) for form_ in (TWO, OTHER)]
    raw = raw_of(form)
    return roster.verify_next(branches[0], raw, sign(raw, *names), () if without else branches[1:])


def test_a_version_that_names_both_ends_a_split():
    found = ended(ending(), *ADMINS)
    assert found.roster.settles == (canon.sha256_hex(raw_of(OTHER)),)
    assert Roster.parse(canon.decode(found.raw, limit=1 << 20)) == found.roster
    assert b"settles" not in raw_of(TWO)  # the form of every other version is as it was


def test_it_needs_the_admins_of_every_branch_and_undoes_nothing_of_any():
    assert ended(ending(), "one-approver", "three-approver", "two-approver").ref[0] == 3
    with pytest.raises(TooFewSigners, match="the other version 2"):
        ended(ending(), "one-approver", "three-approver")
    cases = [
        (ending(revoked=()), "drops a revocation of the other branch"),
        (ending(created=OTHER.created - 1), "newer than itself"),
        (ending(settles=("ab" * 32,)), "is not here"),
    ]
    for form, why in cases:
        with pytest.raises(BadRoster, match=why):
            ended(form, *ADMINS)
    with pytest.raises(BadRoster, match="is not here"):
        ended(ending(), *ADMINS, without=True)
    with pytest.raises(BadRoster, match="is not here"):
        ended(ending(settles=()), *ADMINS)
    takes = replace(person("three"), keys=(person_key("four-approver", "approver", made_id("c", "three")),))
    form = ending(persons=(person("one"), person("two"), takes))
    with pytest.raises(BadRoster, match="other branch changes hands"):
        ended(form, *ADMINS)


@pytest.mark.parametrize("settles", [[], ["x"], ["b" * 64, "a" * 64], ["a" * 64, "a" * 64], None, "a" * 64])
def test_what_it_settles_is_named_once_each_in_order(settles):
    value = {**ending().as_json(), "settles": settles}
    with pytest.raises(BadForm):
        Roster.parse(value)
    with pytest.raises(BadForm):
        Roster.parse({**ending().as_json(), "settles": [ending().prev]})
