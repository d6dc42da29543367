"""What the header and the banners say: nothing that was not heard, every age, every outage for itself."""

from __future__ import annotations

from dataclasses import replace

from console.domain.clock_hint import ClockHint
from console.services.incidents import IncidentLine
from console.services.live_values import Connectivity, EngineLink, PlaceLink, ProviderLink
from console.viewmodels.banners import notices
from console.viewmodels.header import header_lines, provider_sentence
from console.viewmodels.shell import Shell
from console.viewmodels.times import ago, left, span, timer

NOW_MS = 1_800_000_000_000
LINE = IncidentLine("i-1", "INC-2026-abcd", "F-7 helps", 1, "execution", "correcting", "p-1", NOW_MS - 2_472_000)
SHELL = Shell(
    me="p-1", my_name="Commander", world="real", rung="founded", unlocked=True, inc="i-1", line=LINE,
    commander="Commander", scribes=(), my_roles=("commander",), uncontained_since_ms=NOW_MS - 2_472_000, queued=0,
    needs_me=1,
)  # fmt: skip
ANSWERS = ProviderLink(instance="g-1", name="gateway", adapter="x", state="answers", read_ms=NOW_MS - 2_000)
DOWN = ProviderLink(
    instance="g-2", name="triton", adapter="x", state="unreachable", since_ms=NOW_MS - 360_000, fault="no connection"
)
PLACE = PlaceLink(path="/mnt/shared", synced_ms=NOW_MS - 2_000)


def _links(*providers: ProviderLink, places: tuple[PlaceLink, ...] = (), engine: str = "here") -> Connectivity:
    return Connectivity(engine=EngineLink(state=engine), providers=providers, places=places)


def _texts(shell: Shell, links: Connectivity | None) -> list[str]:
    return [chip.text for chip in header_lines(shell, links, NOW_MS).links]


def test_the_incident_says_how_long_nothing_holds_and_who_commands() -> None:
    told = header_lines(SHELL, None, NOW_MS)
    assert told.title.mark == "SEV-1"
    assert [chip.text for chip in told.incident] == [
        "INC-2026-abcd", "uncontained for 00:41:12", "Execution  00:41:12", "IC  you", "Scribe  -",
    ]  # fmt: skip
    assert [chip.text for chip in header_lines(replace(SHELL, uncontained_since_ms=None), None, NOW_MS).incident][
        1
    ] == ("Execution  00:41:12")


def test_before_anything_was_heard_it_says_just_that() -> None:
    assert "Connections: not heard yet" in _texts(SHELL, None)
    assert "Providers: not read yet" in _texts(SHELL, _links(replace(ANSWERS, state="unread")))


def test_providers_are_counted_and_places_have_their_age() -> None:
    texts = _texts(SHELL, _links(ANSWERS, DOWN, places=(PLACE,)))
    assert texts == ["1/2 providers answer", "shared 2 s ago", "0 queued", "1 needs you"]
    assert provider_sentence(DOWN, NOW_MS) == "triton: does not answer for 6 min, never read: no connection"


def test_a_lost_place_says_when_it_was_last_met() -> None:
    lost = replace(PLACE, fault="gone", fault_ms=NOW_MS, synced_ms=NOW_MS - 120_000)
    assert "shared not reached, last met 2 min ago" in _texts(SHELL, _links(ANSWERS, places=(lost,)))


def test_a_drill_and_one_person_are_said_first() -> None:
    assert _texts(replace(SHELL, world="drill"), _links())[0] == "DRILL"
    assert _texts(replace(SHELL, rung="provisional"), _links())[0] == "PROVISIONAL: ONE PERSON"


def test_another_engine_shows() -> None:
    assert any("Another process" in text for text in _texts(SHELL, _links(ANSWERS, engine="elsewhere")))


def test_a_partial_outage_names_who_and_what_still_works() -> None:
    (notice,) = notices(SHELL, _links(ANSWERS, DOWN), NOW_MS)
    assert notice.text == "No answer from triton for 6 min. 1 of 2 providers answer."
    assert "never goes by surprise" in notice.next_step
    assert notice.command == "outbox"


def test_nobody_is_said_not_to_answer_who_was_not_asked_yet() -> None:
    down = replace(DOWN, since_ms=NOW_MS)
    (notice,) = notices(SHELL, _links(replace(ANSWERS, state="unread"), down), NOW_MS)
    assert notice.text == "No answer from triton. 0 of 2 providers answer, 1 not read yet."
    (notice,) = notices(SHELL, _links(down), NOW_MS)
    assert notice.text == "No answer from triton. No provider answers."


def test_nothing_wrong_says_nothing() -> None:
    assert notices(SHELL, _links(ANSWERS, places=(PLACE,)), NOW_MS) == ()
    assert notices(SHELL, None, NOW_MS) == ()


def test_each_trouble_has_its_own_notice() -> None:
    lost = replace(PLACE, fault="gone", fault_ms=NOW_MS)
    links = replace(_links(DOWN, places=(lost,), engine="elsewhere"), locked="Credentials are locked.")
    names = [one.name for one in notices(replace(SHELL, rung="provisional"), links, NOW_MS)]
    assert names == ["rung", "locked", "providers", "places", "engine"]


def test_locked_credentials_are_told_with_what_goes_on_and_in_a_keyrings_own_words() -> None:
    def told(what: str) -> str:
        (notice,) = notices(SHELL, replace(_links(ANSWERS, places=(PLACE,)), locked=what), NOW_MS)
        assert notice.text.startswith("The providers' credentials are locked")
        return notice.next_step

    assert told("This needs the secrets file, which is locked.") == (
        "Writing, evidence and signing go on; what is queued waits."
    )
    assert told("The keyring asks at its own window.") == "The keyring asks at its own window."


def test_times_are_told_in_fitting_units() -> None:
    assert [span(ms) for ms in (0, 41_000, 372_000, 15_720_000, 420_000_000)] == [
        "0 s", "41 s", "6 min 12 s", "4 h 22 min", "4 d 20 h",
    ]  # fmt: skip
    assert timer(2_472_000) == "00:41:12"
    assert timer(90_000_000) == "1 d 01:00:00"
    assert (ago(NOW_MS, NOW_MS + 5), ago(NOW_MS, NOW_MS - 12_000)) == ("just now", "12 s ago")
    assert (left(NOW_MS, NOW_MS + 1000), left(NOW_MS, NOW_MS - 1000)) == ("1 s left", "over for 1 s")


def _incident_chips(due_ms: int) -> list[tuple[str, str]]:
    chips = header_lines(replace(SHELL, update_due_ms=due_ms), None, NOW_MS).incident
    return [(chip.text, chip.tone) for chip in chips if chip.text.startswith("update")]


def test_it_counts_down_to_the_update_that_was_promised_and_up_from_it() -> None:
    assert _incident_chips(NOW_MS + 754_000) == [("update in 00:12:34", "text")]
    assert _incident_chips(NOW_MS + 60_000) == [("update in 00:01:00", "waiting")]
    assert _incident_chips(NOW_MS - 60_000) == [("update overdue 00:01:00", "alarm")]
    assert not [chip for chip in header_lines(SHELL, None, NOW_MS).incident if chip.text.startswith("update")]


def test_what_other_clocks_tell_of_ours_is_a_word_in_the_header_and_a_banner_from_a_minute_on() -> None:
    far = ClockHint(ahead_ms=240_000, whose="provider", count=3, heard=3)
    links = replace(_links(ANSWERS), clock=far)
    (chip,) = [one for one in header_lines(SHELL, links, NOW_MS).links if one.text.startswith("clock")]
    assert (chip.text, chip.mark, chip.tone) == ("clock 4 min ahead?", "stale", "waiting")
    assert "A hint and no proof" in chip.tip
    (notice,) = notices(SHELL, links, NOW_MS)
    assert (notice.name, notice.kind, notice.text) == ("clock", "warning", far.sentence)
    near = replace(links, clock=replace(far, ahead_ms=-10_000))
    assert "clock 10 s behind?" in [one.text for one in header_lines(SHELL, near, NOW_MS).links]
    assert notices(SHELL, near, NOW_MS) == ()
