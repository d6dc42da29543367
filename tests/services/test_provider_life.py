"""A provider changes or goes: never silently while something stands there; the record says so; the secret is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from adapters.practice.simulator import Estate
from console.domain.errors import WrongUse
from console.providers.instance import BadSettings, NoSuchInstance
from console.services import corrections, incidents, provider_life, providers
from console.services.corrections import TargetWish
from console.services.inventory import retired
from console.services.secrets import open_secrets
from console.services.session import Session
from tests.kit.pair import founded, pair, sync

__all__ = ["founded", "pair"]
NAME = "gateway-east"
KEY = TargetWish(provider=NAME, surface="", lever="key.block", selector="key-research")


@pytest.fixture
def estate() -> Iterator[Estate]:
    with Estate(gateway_lag_s=0.1) as running:
        yield running


def known(estate: Estate) -> dict[str, object]:
    return next(one for one in estate.instances() if one["name"] == NAME)


def secret_of(estate: Estate, name: str) -> str:
    return str(known(estate)["secrets"][name])


def connect(session: Session, estate: Estate, *, ident: str | None = None) -> None:
    settings = dict(known(estate)["settings"])
    providers.add(session, "practice", NAME, settings, lambda _what: secret_of(estate, "admin"), id=ident)
    providers.adopt_surfaces(session, NAME)


def told(session: Session, kind: str) -> list[dict[str, object]]:
    return [dict(one.disclosed) for one in session.reader.entries(org=True, kinds=(kind,))]


def kept(session: Session) -> str:
    """Everything the place of the secrets holds, as it lies on the disk."""
    path = session.paths.root / "practice-tokens.json"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_a_retired_provider_goes_with_its_surfaces_its_credentials_and_says_so_everywhere(pair, estate) -> None:
    one, two = pair
    connect(one, estate)
    providers.add_canary(one, NAME, "key-canary", secret_of(estate, "key-canary"))
    ident = providers.instances_of(one).get(NAME).id
    assert secret_of(estate, "admin") in kept(one)
    assert secret_of(estate, "key-canary") in kept(one)
    gone = provider_life.remove(one, NAME, "replaced")
    assert (gone.surfaces, gone.secrets, gone.holds) == (1, 2, ())
    assert providers.instances_of(one).all() == ()
    assert json.loads(kept(one)) == {}, "both credentials are deleted"
    assert told(one, "provider.removed") == [{"reason": "replaced"}]
    assert told(one, "surface.removed") == [{"reason": "replaced"}]
    sync(one, two)
    assert providers.surfaces(two) == [], "the colleague's board shows it no more"
    assert retired(two)[ident].by == one.me
    assert retired(two)[ident].reason == "replaced"


def test_what_stands_there_stops_a_removal_until_somebody_says_that_it_goes_all_the_same(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    inc = str(incidents.declare(one, "t", 2).entry.inc)
    made = corrections.propose(one, inc, [KEY], "Because")
    with pytest.raises(provider_life.StillHeld) as fault:
        provider_life.remove(one, NAME, "replaced")
    assert "Block a key: Research assistant, proposed" in fault.value.what
    assert fault.value.exit_code == 3
    assert [each.name for each in providers.instances_of(one).all()] == [NAME], "nothing went"
    assert told(one, "provider.removed") == []
    gone = provider_life.remove(one, NAME, "replaced", anyway=True)
    assert [(held.doc, held.state) for held in gone.holds] == [(made.sha, "proposed")]
    text = str(told(one, "provider.removed")[0]["text"])
    assert "Research assistant" in text, "the record names what was left"
    assert "proposed" in text


def test_a_cancelled_correction_holds_nothing(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    inc = str(incidents.declare(one, "t", 2).entry.inc)
    made = corrections.propose(one, inc, [KEY], "Because")
    corrections.cancel(one, made.sha, "not needed")
    assert provider_life.holds(one, NAME) == ()


def test_disconnected_here_it_stays_the_organisations(pair, estate) -> None:
    one, two = pair
    connect(one, estate)
    ident = providers.instances_of(one).get(NAME).id
    gone = provider_life.remove(one, NAME, "another laptop does it", everywhere=False)
    assert gone.surfaces == 0
    assert json.loads(kept(one)) == {}
    assert "disconnected from this console" in str(told(one, "note")[-1]["text"])
    sync(one, two)
    assert [each.instance for each in providers.surfaces(two)] == [ident]
    assert retired(two) == {}
    again, _ = providers.add(one, "practice", NAME, dict(known(estate)["settings"]), lambda _what: "")
    assert again.id == ident, "connected again it is the same provider"


def test_what_a_colleague_retired_is_removed_here_without_a_second_entry(pair, estate) -> None:
    one, two = pair
    connect(one, estate)
    sync(one, two)
    connect(two, estate)
    assert providers.instances_of(two).get(NAME).id == providers.instances_of(one).get(NAME).id
    provider_life.remove(one, NAME, "replaced")
    sync(one, two)
    provider_life.remove(two, NAME, "retired")
    assert len(told(two, "provider.removed")) == 1
    assert json.loads(kept(two)) == {}


def test_a_name_that_was_retired_is_free_and_means_another_provider(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    before = providers.instances_of(one).get(NAME).id
    provider_life.remove(one, NAME, "replaced")
    connect(one, estate)
    after = providers.instances_of(one).get(NAME).id
    assert after != before
    assert [each.instance for each in providers.surfaces(one)] == [after]


def test_a_retired_provider_comes_back_under_its_own_id(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    before = providers.instances_of(one).get(NAME).id
    provider_life.remove(one, NAME, "by mistake")
    connect(one, estate, ident=before)
    assert retired(one) == {}
    assert [each.instance for each in providers.surfaces(one)] == [before]


def test_a_canary_goes_and_a_later_one_never_takes_anothers_place(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    providers.add_canary(one, NAME, "key-canary", secret_of(estate, "key-canary"))
    providers.add_canary(one, NAME, "key-research", "practice-research")
    provider_life.remove_canary(one, NAME, "key-canary", "revoked")
    assert secret_of(estate, "key-canary") not in kept(one)
    assert "canary key-canary" in str(told(one, "note")[-1]["text"])
    providers.add_canary(one, NAME, "key-partner", "practice-partner")
    instance = providers.instances_of(one).get(NAME)
    place = open_secrets(one)
    assert {who: place.get(instance.secret(name)) for who, name in instance.probe_credentials.items()} == {
        "key-research": "practice-research",
        "key-partner": "practice-partner",
    }


def test_a_canary_that_proves_something_says_so_before_it_goes(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    providers.add_canary(one, NAME, "key-canary", secret_of(estate, "key-canary"))
    inc = str(incidents.declare(one, "t", 2).entry.inc)
    canary = TargetWish(provider=NAME, surface="", lever="key.block", selector="key-canary", canary=True)
    corrections.propose(one, inc, [KEY, canary], "Because")
    with pytest.raises(provider_life.StillHeld, match="key-canary"):
        provider_life.remove_canary(one, NAME, "key-canary", "revoked")
    _, found = provider_life.remove_canary(one, NAME, "key-canary", "revoked", anyway=True)
    assert [held.name for held in found] == ["Canary"]


def test_a_change_keeps_id_and_credentials_and_is_noted(pair, estate) -> None:
    one, two = pair
    connect(one, estate)
    before = providers.instances_of(one).get(NAME)
    settings = {**before.settings, "base_url": "http://127.0.0.1:9"}
    changed, words = provider_life.change(
        one, NAME, name="gateway", settings=settings, secrets={"admin": "practice-new"}
    )
    assert (changed.id, changed.name, changed.settings["base_url"]) == (before.id, "gateway", "http://127.0.0.1:9")
    assert open_secrets(one).get(changed.secret("admin")) == "practice-new"
    text = str(told(one, "note")[-1]["text"])
    assert "http://127.0.0.1:9" in text
    assert "practice-new" not in text + str(words), "a credential is named, never told"
    sync(one, two)
    assert told(two, "provider.added")[-1] == {"name": "gateway"}
    assert len(providers.surfaces(two)) == 1


def test_what_cannot_be_is_refused_and_changes_nothing(pair, estate) -> None:
    one, _ = pair
    connect(one, estate)
    with pytest.raises(WrongUse, match="Nothing"):
        provider_life.change(one, NAME)
    with pytest.raises(BadSettings):
        provider_life.change(one, NAME, settings={"part": "nonsense"})
    with pytest.raises(WrongUse, match="no credential"):
        provider_life.change(one, NAME, secrets={"other": "practice-x"})
    with pytest.raises(WrongUse, match="reason"):
        provider_life.remove(one, NAME, " ")
    with pytest.raises(NoSuchInstance):
        provider_life.remove(one, "nobody", "r")
    with pytest.raises(WrongUse, match="No credential is kept"):
        provider_life.remove_canary(one, NAME, "key-canary", "r")
    assert told(one, "note") == []
    assert [each.name for each in providers.instances_of(one).all()] == [NAME]
