"""What the composer makes is what approvers can read, and taking it back is exactly its signed revert."""

from __future__ import annotations

import pytest

from adapters.contract import Planned, Request
from console.domain.actions import Action
from console.domain.errors import WrongUse
from console.domain.forms import default_policy
from console.domain.profile import MAX_DOCUMENT_BYTES
from console.keys import canon
from console.providers.planned import from_disclosures
from console.services.composer import Composed, Frame, Part, compose, reversed_part
from tests.kit.entropy import SeededEntropy

NOW = 1_795_510_800_000


def named(prefix: str, digit: str = "1") -> str:
    return f"{prefix}-{'0' * 25}{digit}"


def part(selectors: int = 1, reversal: str = "exact", **changes: object) -> Part:
    planned = Planned(
        lever="key.block", selector="ab" * 32, surface_key="gateway", name="key K", model="F-7", params={},
        pre={"blocked": "false"}, pre_read_ms=NOW, wanted={"blocked": "true"},
        requests=(Request(method="POST", path="/key/block", body='{"key":"ab"}'),),
        revert=(Request(method="POST", path="/key/unblock", body='{"key":"ab"}'),), selectors=selectors,
        reach="our-customers", reversal=reversal,  # type: ignore[arg-type]
    )  # fmt: skip
    values = {
        "planned": planned, "surface": named("t"), "instance": named("g"), "adapter": "litellm/1", "lever": "key.block",
        "category": "user", "dispatchers": ("aa" * 32,), **changes,
    }  # fmt: skip
    return Part(**values)  # type: ignore[arg-type]


def frame(**changes: object) -> Frame:
    org = named("o")
    values = {
        "org": org, "op": named("a"), "inc": named("i"), "direction": "contain", "severity": 1, "reason": "It harms.",
        "roster": (1, "bb" * 32), "policy": default_policy(org, NOW), "policy_sha": "cc" * 32, "now_ms": NOW, **changes,
    }  # fmt: skip
    return Frame(**values)  # type: ignore[arg-type]


def opened(made: Composed, at: int) -> dict[str, object]:
    values = {canon.digest(text): canon.open_disclosure(text)[1:] for text in made.disclosures}
    return dict(values[digest] for digest in made.action.targets[at].sd)


def test_it_reads_back_as_the_same_action_with_every_value_disclosed() -> None:
    made = compose(frame(lift_criteria="Re-tested."), [part(), part(canary=True)], SeededEntropy())
    assert Action.parse(canon.decode(made.raw, limit=MAX_DOCUMENT_BYTES)) == made.action
    assert canon.sha256_hex(made.raw) == made.sha256
    signed = {
        made.action.reason_sd,
        made.action.lift_criteria_sd,
        *made.action.targets[0].sd,
        *made.action.targets[1].sd,
    }
    assert {canon.digest(text) for text in made.disclosures} == signed
    assert made.action.undo_within_s == 900


@pytest.mark.parametrize(
    ("parts", "direction", "expected"),
    [
        ([part()], "contain", "normal"),
        ([part(), part(canary=True)], "contain", "normal"),
        ([part(), part(surface=named("t", "2"))], "contain", "high"),
        ([part(selectors=0)], "contain", "high"),
        ([part()], "restore", "high"),
        ([part(reversal="none")], "contain", "critical"),
        ([part(selectors=0, category="shutdown", all_surfaces=True)], "contain", "critical"),
    ],
)
def test_gravity_follows_from_reach_and_reversal(parts: list[Part], direction: str, expected: str) -> None:
    made = compose(frame(direction=direction), parts, SeededEntropy())
    assert made.action.gravity == expected
    assert made.gravity_reason


def test_what_is_irreversible_has_no_undo() -> None:
    assert compose(frame(), [part(reversal="none")], SeededEntropy()).action.undo_within_s is None


def test_a_restore_does_not_wait_for_an_unreachable_provider() -> None:
    assert compose(frame(direction="restore"), [part()], SeededEntropy()).action.execute_by_unreachable is None


@pytest.mark.parametrize("bad", [{"reason": " \n"}])
def test_without_a_reason_there_is_no_correction(bad: dict[str, object]) -> None:
    with pytest.raises(WrongUse, match="reason"):
        compose(frame(**bad), [part()], SeededEntropy())


def test_without_a_target_there_is_no_correction() -> None:
    with pytest.raises(WrongUse, match="target"):
        compose(frame(), [], SeededEntropy())


def test_taking_back_sends_exactly_the_signed_revert() -> None:
    made = compose(frame(), [part()], SeededEntropy())
    back = reversed_part(made.action.targets[0], opened(made, 0), NOW + 5, None)
    again = compose(frame(direction="restore", undoes=made.sha256, op=named("a", "2")), [back], SeededEntropy(1))
    sent = from_disclosures(again.action.targets[0], opened(again, 0), "restore")
    assert sent.requests == part().planned.revert
    assert (sent.pre, sent.wanted) == ({"blocked": "true"}, {"blocked": "false"})


def test_what_cannot_be_reverted_is_said() -> None:
    made = compose(frame(), [part(reversal="none")], SeededEntropy())
    with pytest.raises(WrongUse, match="cannot be taken back"):
        reversed_part(made.action.targets[0], opened(made, 0), NOW, None)
