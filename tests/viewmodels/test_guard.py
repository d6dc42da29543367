"""The guard of the confirmation: no habit, no accident and no program gets as far as the prompt."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.viewmodels.guard import HOLD_MS, STEADY_MS, Guard, NotArmed, OtherBytes
from tests.kit.clock import FakeClock

DIGEST, OTHER, VALUE = "a" * 64, "b" * 64, "F-7 2"


class Screen:
    """A guard and its clock, with the gestures of a person."""

    def __init__(self, gravity="normal"):
        self.clock = FakeClock()
        self.guard = Guard(self.clock, digest=DIGEST, gravity=gravity, to_type=VALUE)

    @property
    def name(self):
        return self.guard.state().name

    def open(self, wait=STEADY_MS):
        self.guard.shown(True)
        self.guard.focus(True)
        self.clock.advance(wait)
        return self

    def hold(self, ms=HOLD_MS, choice="approve", step=50, **how):
        self.guard.press(choice, spontaneous=True, **how)
        for _ in range(ms // step):
            self.clock.advance(step)
            self.guard.progress()
        return self

    def type(self, text=VALUE):
        self.guard.typed(text, spontaneous=True)
        return self


def test_it_waits_a_second_after_it_is_visible_uncovered_focused_and_unchanged():
    screen = Screen()
    assert screen.name == "waiting"
    screen.open(wait=STEADY_MS - 1)
    assert screen.guard.state().remaining_ms == 1
    screen.clock.advance(1)
    assert screen.name == "ready"


@pytest.mark.parametrize("gravity", ["normal", None])
def test_a_hold_of_a_second_and_a_half_arms(gravity):
    assert (STEADY_MS, HOLD_MS) == (1000, 1500)
    screen = Screen(gravity).open().hold(HOLD_MS - 50)
    assert (screen.name, screen.guard.state().choice) == ("holding", "approve")
    assert 0.9 < screen.guard.state().progress < 1
    screen.clock.advance(50)
    screen.guard.progress()
    assert screen.name == "armed"
    assert screen.guard.take(DIGEST) == "approve"


def test_refusing_is_held_just_as_long():
    screen = Screen().open().hold(choice="refuse")
    assert screen.guard.take(DIGEST) == "refuse"


def test_letting_go_early_does_nothing():
    screen = Screen().open().hold(HOLD_MS - 50)
    screen.guard.release()
    assert screen.name == "ready"
    screen.hold(50)
    assert screen.name == "holding"


def test_a_press_before_it_is_ready_never_counts():
    screen = Screen().open(wait=0).hold(5 * HOLD_MS)
    assert screen.name == "ready"


def test_a_window_that_hangs_does_not_hold_in_a_persons_place():
    screen = Screen().open()
    screen.guard.press("approve", spontaneous=True)
    screen.clock.advance(60_000)
    screen.guard.progress()
    assert screen.name == "holding"
    screen.guard.release()
    assert screen.name == "ready"


def test_a_double_click_never_arms():
    screen = Screen().open()
    screen.hold(50)
    screen.guard.release()
    screen.hold(5 * HOLD_MS, double=True)
    assert screen.name == "ready"


def test_a_program_that_presses_or_types_is_ignored():
    screen = Screen().open()
    screen.guard.press("approve", spontaneous=False)
    screen.guard.typed(VALUE, spontaneous=False)
    for _ in range(100):
        screen.clock.advance(50)
        screen.guard.progress()
    assert screen.name == "ready"
    assert not screen.guard.state().may_unlock


@pytest.mark.parametrize("name", ["Enter", "Return", "Space", "enter", "Y", "Escape"])
def test_no_key_approves(name):
    for screen in (Screen().open(), Screen().open().type(), Screen("high").open().type()):
        assert screen.guard.key(name) is False
        assert screen.name == "ready"


def test_enter_ends_a_hold():
    screen = Screen().open().hold(HOLD_MS - 50)
    screen.guard.key("Enter")
    assert screen.name == "ready"


@pytest.mark.parametrize("by", ["pointer", "keyboard", "accessible"])
@pytest.mark.parametrize("gravity", ["normal", "high", "critical"])
def test_the_typed_value_opens_the_prompt_by_every_way_alike(by, gravity):
    screen = Screen(gravity).open()
    assert not screen.guard.unlock("approve", by)
    assert screen.type("F-7 3").guard.unlock("approve", by) is False
    assert screen.type(f" {VALUE} ").guard.unlock("approve", by)
    assert screen.name == "armed"
    assert screen.guard.take(DIGEST) == "approve"


@pytest.mark.parametrize("gravity", ["high", "critical"])
def test_what_is_grave_is_never_only_held(gravity):
    screen = Screen(gravity).open()
    assert screen.guard.must_type
    assert not screen.guard.state().may_hold
    assert screen.hold(5 * HOLD_MS).name == "ready"
    assert screen.type().hold().name == "armed"


def test_an_unlock_before_the_second_has_passed_does_nothing():
    screen = Screen().open(wait=STEADY_MS - 1).type()
    assert not screen.guard.unlock("approve", "keyboard")
    screen.clock.advance(1)
    assert screen.guard.unlock("approve", "keyboard")


DISTURBANCES = {
    "hidden": lambda guard: (guard.shown(False), guard.shown(True)),
    "covered": lambda guard: (guard.obscured(True), guard.obscured(False)),
    "focus lost": lambda guard: (guard.focus(False), guard.focus(True)),
    "content": lambda guard: guard.content_changed(DIGEST),
    "contradiction": lambda guard: guard.contradicted(),
    "reset": lambda guard: guard.reset(),
    "locked and back": lambda guard: (guard.forbid("seat", "Somebody else has the seat."), guard.allow("seat")),
}


@pytest.mark.parametrize("name", DISTURBANCES)
@pytest.mark.parametrize("stage", ["ready", "holding", "armed", "typed and armed"])
def test_whatever_disturbs_begins_it_anew(name, stage):
    screen = Screen("high" if "typed" in stage else "normal").open()
    if stage == "holding":
        screen.hold(HOLD_MS - 50)
    elif stage == "armed":
        screen.hold()
    elif stage != "ready":
        screen.type().guard.unlock("approve", "keyboard")
    assert screen.name == stage.split()[-1]
    DISTURBANCES[name](screen.guard)
    found = screen.guard.state()
    assert (found.name, found.remaining_ms, found.typed_fits) == ("waiting", STEADY_MS, False)
    with pytest.raises(NotArmed):
        screen.guard.take(DIGEST)
    screen.clock.advance(STEADY_MS)
    assert screen.name == "ready"
    screen.guard.progress()
    assert screen.name == "ready"


@pytest.mark.parametrize("event", ["shown", "obscured", "focus"])
def test_what_is_so_already_disturbs_nothing(event):
    screen = Screen().open()
    getattr(screen.guard, event)(event != "obscured")
    assert screen.name == "ready"


def test_it_is_never_ready_while_covered_hidden_or_without_focus():
    for event in (lambda g: g.shown(False), lambda g: g.obscured(True), lambda g: g.focus(False)):
        screen = Screen().open()
        event(screen.guard)
        screen.clock.advance(10 * STEADY_MS)
        assert screen.name == "waiting"


def test_other_bytes_during_the_hold_sign_nothing_ever():
    screen = Screen().open().hold(HOLD_MS - 50)
    screen.guard.content_changed(OTHER)
    assert screen.guard.state().reason.startswith("These are other bytes")
    screen.guard.content_changed(DIGEST)
    screen.guard.allow("bytes")
    screen.clock.advance(STEADY_MS)
    assert screen.type().hold().name == "locked"


def test_bytes_swapped_behind_the_prompt_sign_nothing():
    screen = Screen().open().hold()
    with pytest.raises(OtherBytes):
        screen.guard.take(OTHER)
    assert screen.name == "locked"
    with pytest.raises(NotArmed):
        screen.guard.take(DIGEST)


def test_one_arming_serves_one_signature():
    screen = Screen().open().hold()
    screen.guard.take(DIGEST)
    assert screen.name == "locked"
    screen.guard.allow("spent")
    with pytest.raises(NotArmed):
        screen.guard.take(DIGEST)


def test_a_wrong_passphrase_begins_anew():
    screen = Screen().open().hold()
    screen.guard.take(DIGEST)
    screen.guard.give_back()
    assert screen.name == "waiting"
    screen.clock.advance(STEADY_MS)
    assert screen.hold().name == "armed"
    screen.guard.give_back()
    assert screen.name == "armed"


def test_a_locked_document_says_why_and_takes_nothing():
    screen = Screen().open()
    screen.guard.forbid("problem", "A value is not here.")
    screen.clock.advance(STEADY_MS)
    screen.type().hold()
    assert screen.guard.state().reason == "A value is not here."
    assert not screen.guard.unlock("approve", "accessible")
    screen.guard.allow("problem")
    screen.clock.advance(STEADY_MS)
    assert screen.name == "ready"


def test_typing_something_else_while_armed_begins_anew():
    screen = Screen().open().type()
    screen.guard.unlock("approve", "keyboard")
    screen.type("F-7 22")
    assert screen.name == "waiting"


def test_what_may_not_be_signed_is_neither_held_nor_unlocked():
    screen = Screen().open()
    screen.guard.permit(["refuse"])
    assert screen.hold().name == "ready"
    assert not screen.type().guard.unlock("approve", "keyboard")
    assert screen.hold(choice="refuse").name == "armed"
    screen.guard.permit(["refuse"])
    assert screen.name == "armed"
    screen.guard.permit(["approve"])
    assert screen.name == "waiting"
    screen.clock.advance(STEADY_MS)
    screen.hold(50)
    screen.guard.permit([])
    assert screen.name == "waiting"


EVENTS = {
    "tick": lambda s: s.clock.advance(50),
    "long tick": lambda s: s.clock.advance(400),
    "progress": lambda s: s.guard.progress(),
    "press": lambda s: s.guard.press("approve", spontaneous=True),
    "double": lambda s: s.guard.press("approve", spontaneous=True, double=True),
    "synthetic": lambda s: s.guard.press("approve", spontaneous=False),
    "release": lambda s: s.guard.release(),
    "hide": lambda s: s.guard.shown(False),
    "show": lambda s: s.guard.shown(True),
    "cover": lambda s: s.guard.obscured(True),
    "uncover": lambda s: s.guard.obscured(False),
    "blur": lambda s: s.guard.focus(False),
    "focus": lambda s: s.guard.focus(True),
    "change": lambda s: s.guard.content_changed(DIGEST),
    "type": lambda s: s.type(),
    "mistype": lambda s: s.type("x"),
    "auto-type": lambda s: s.guard.typed(VALUE, spontaneous=False),
    "enter": lambda s: s.guard.key("enter"),
    "unlock": lambda s: s.guard.unlock("approve", "keyboard"),
}
CALM = {"tick", "long tick", "progress", "press", "double", "synthetic", "release", "type", "mistype", "auto-type",
        "enter", "unlock", "show", "uncover", "focus"}  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=120), st.sampled_from(["normal", "high"]))
def test_whatever_happens_it_is_armed_only_after_rest_and_a_persons_own_doing(events, gravity):
    screen, since, typed, held, down, last = Screen(gravity).open(0), 0, False, 0, False, 0
    start = screen.clock.boot_ms()
    for event in events:
        before = screen.name
        EVENTS[event](screen)
        now = screen.clock.boot_ms() - start
        if event in {"type", "mistype"}:
            typed = event == "type"
        if event in {"press", "double", "release", "enter"}:
            down, held, last = event == "press", 0, now
        if event == "progress" and down:
            held, last = held + min(now - last, 100), now
        if event not in CALM:
            since, typed, down = now, False, False
        if screen.name == "armed" and before != "armed":
            assert now - since >= STEADY_MS
            assert (event == "unlock" and typed) or (event == "progress" and held >= HOLD_MS)
            assert gravity == "normal" or typed
