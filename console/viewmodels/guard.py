"""When a signature may be begun: the guard of the confirmation, as events in and a state out, with a clock handed in.

It signs nothing. Armed means that the prompt for the approver's passphrase may open, for one signature over the digest
first shown. Whatever disturbs (other content, focus, cover, a contradiction) begins it anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from console.domain.errors import WrongUse
from console.runtime.clock import Clock

STEADY_MS: Final = 1_000
HOLD_MS: Final = 1_500
STEP_MS: Final = 100  # the most that one progress counts for: a window that hangs must not hold in a person's place
TYPED_FOR: Final = ("high", "critical")
NEVER: Final = frozenset({"enter", "return", "space"})
Choice = Literal["approve", "refuse"]
By = Literal["pointer", "keyboard", "accessible"]
CHOICES: Final[tuple[Choice, ...]] = ("approve", "refuse")
Name = Literal["waiting", "ready", "holding", "armed", "locked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardState:
    """What the screen shows. `remaining_ms` until it is ready, `progress` of the hold from 0 to 1, `reason` if locked.

    `may_hold` and `may_unlock` say whether holding a button, and the button that opens the prompt, are enabled.
    """

    name: Name
    remaining_ms: int = 0
    progress: float = 0.0
    reason: str = ""
    choice: Choice | None = None
    may_hold: bool = False
    may_unlock: bool = False
    typed_fits: bool = False


class NotArmed(WrongUse):
    """A signature was asked for that nobody had prepared by holding or typing."""

    def __init__(self) -> None:
        super().__init__("Nothing was prepared to be signed.", "Hold the button, or type the value and unlock.")


class OtherBytes(WrongUse):
    """The document at hand is not the one first shown: nothing is signed."""

    def __init__(self) -> None:
        super().__init__("These are other bytes than those first shown; nothing was signed.", "Open it again, read it.")


class Guard:
    """The guard of one confirmation, from its opening to one signature. Use it on one thread.

    `digest` is the document first shown; `gravity` null where a document has none; `to_type` the value that varies;
    `choices` what may be signed at all.
    """

    def __init__(
        self, clock: Clock, *, digest: str, gravity: str | None, to_type: str, choices: Iterable[Choice] = CHOICES
    ) -> None:
        self._clock = clock
        self._choices = frozenset(choices)
        self._digest = digest
        self._to_type = to_type
        self._must_type = gravity in TYPED_FOR
        self._visible = False
        self._covered = False
        self._focused = False
        self._locks: dict[str, str] = {}
        self._steady_from = clock.boot_ms()
        self._typed_fits = False
        self._pressed: Choice | None = None
        self._held_ms = 0
        self._progress_at = 0
        self._armed: Choice | None = None
        self._begun = 0

    @property
    def begun(self) -> int:
        """How often it began anew: what was typed before counts for nothing after, so it is wiped."""
        return self._begun

    def locked_by(self, what: str) -> bool:
        """Whether it is locked for this reason (as `forbid` named it)."""
        return what in self._locks

    @property
    def must_type(self) -> bool:
        """Whether the value has to be typed, whatever else is done."""
        return self._must_type

    def state(self) -> GuardState:
        """What is so now."""
        if self._locks:
            return GuardState(name="locked", reason=next(iter(self._locks.values())))
        remaining = self._remaining_ms()
        if remaining:
            return GuardState(name="waiting", remaining_ms=remaining, typed_fits=self._typed_fits)
        if self._armed is not None:
            return GuardState(name="armed", choice=self._armed, progress=1.0, typed_fits=self._typed_fits)
        may_hold = self._typed_fits or not self._must_type
        return GuardState(
            name="ready" if self._pressed is None else "holding",
            progress=min(1.0, self._held_ms / HOLD_MS),
            choice=self._pressed,
            may_hold=may_hold,
            may_unlock=self._typed_fits,
            typed_fits=self._typed_fits,
        )

    def _remaining_ms(self) -> int:
        if not self._visible or self._covered or not self._focused:
            return STEADY_MS
        return max(0, self._steady_from + STEADY_MS - self._clock.boot_ms())

    # -- what disturbs -------------------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Begin anew: whatever was typed, held or armed is gone, and the second of rest begins again."""
        self._begun += 1
        self._steady_from = self._clock.boot_ms()
        self._typed_fits = False
        self._armed = None
        self._let_go()

    def shown(self, visible: bool) -> None:  # noqa: FBT001  an event and its one value
        """The confirmation became visible, or was hidden."""
        if visible != self._visible:
            self._visible = visible
            self.reset()

    def obscured(self, covered: bool) -> None:  # noqa: FBT001  as `shown`
        """Something covers it, or no longer does."""
        if covered != self._covered:
            self._covered = covered
            self.reset()

    def focus(self, has: bool) -> None:  # noqa: FBT001  as `shown`
        """Its window has the focus, or lost it."""
        if has != self._focused:
            self._focused = has
            self.reset()

    def content_changed(self, digest: str) -> None:
        """What is shown changed. The same bytes in other words begin anew; other bytes end this confirmation."""
        if digest != self._digest:
            self._locks["bytes"] = OtherBytes().what
        self.reset()

    def contradicted(self) -> None:
        """A reading speaks against what is signed. Readings that agree are no event."""
        self.reset()

    def forbid(self, what: str, reason: str) -> None:
        """Lock it for a reason (`what` names it): a problem of the document, the seat, the time."""
        self._locks[what] = reason
        self.reset()

    def allow(self, what: str) -> None:
        """Take that reason away. Other bytes, and a signature given, are for ever."""
        if what not in ("bytes", "spent") and self._locks.pop(what, None) is not None:
            self.reset()

    def permit(self, choices: Iterable[Choice]) -> None:
        """What may be signed from now on; what was prepared and is not among it any more begins anew."""
        self._choices = frozenset(choices)
        if {self._armed, self._pressed} - {None} - self._choices:
            self.reset()

    # -- what people do ------------------------------------------------------------------------------------------------

    def typed(self, text: str, *, spontaneous: bool) -> None:
        """The whole text of the field, as a person's keys (or dictation) left it; a program's is ignored."""
        if not spontaneous:
            return
        fits = text.strip() == self._to_type
        if self._typed_fits and not fits and (self._armed is not None or self._pressed is not None):
            self.reset()
        self._typed_fits = fits and not self._locks

    def press(self, choice: Choice, *, spontaneous: bool, double: bool = False) -> None:
        """A pointer went down on one of the two buttons. Of a double click neither press counts."""
        if not spontaneous:
            return
        self._let_go()
        if not double and choice in self._choices and self.state().may_hold:
            self._pressed = choice
            self._held_ms = 0
            self._progress_at = self._clock.boot_ms()

    def progress(self) -> None:
        """Time passes while the button is held: call it at least every 50 ms. Longer gaps do not count."""
        if self._pressed is None or self.state().name != "holding":
            return
        now = self._clock.boot_ms()
        self._held_ms += max(0, min(now - self._progress_at, STEP_MS))
        self._progress_at = now
        if self._held_ms >= HOLD_MS:
            self._armed = self._pressed
            self._let_go()

    def release(self) -> None:
        """The pointer went up, or left the button."""
        self._let_go()

    def key(self, name: str) -> bool:
        """A key on a button that signs. False: it does nothing there. Enter and Space never approve."""
        if name.casefold() in NEVER:
            self._let_go()
        return False

    def unlock(self, choice: Choice, by: By) -> bool:  # noqa: ARG002  all three ways are equal, on purpose
        """`Unlock and sign` (or refuse): opens the prompt where the value was typed. It signs nothing by itself."""
        if choice not in self._choices or not self.state().may_unlock:
            return False
        self._let_go()
        self._armed = choice
        return True

    def _let_go(self) -> None:
        self._pressed = None
        self._held_ms = 0

    # -- the signature -------------------------------------------------------------------------------------------------

    def take(self, digest: str) -> Choice:
        """What was armed, for one signature over these bytes; then never again.

        Raises:
            NotArmed: when it is not armed (any more).
            OtherBytes: when the bytes are not those first shown; then it is locked for good.
        """
        if digest != self._digest:
            self.content_changed(digest)
            raise OtherBytes
        found = self.state()
        if found.name != "armed" or found.choice is None:
            raise NotArmed
        self.forbid("spent", "It was signed here.")
        return found.choice

    def give_back(self) -> None:
        """The passphrase did not open the key: nothing was signed, so it may be begun anew."""
        if self._locks.pop("spent", None) is not None:
            self.reset()
