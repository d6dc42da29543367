"""How long a change may take at one instance, where its settings say more than the adapter's manifest does."""

from __future__ import annotations

import pytest

from adapters.litellm.adapter import LiteLLM, Settings
from console.providers.instance import Instance
from console.providers.offered import offered
from console.providers.plane import Plane
from console.providers.registry import Registry
from console.runtime.clock import SystemClock
from tests.kit.scene import Kept

HERE = "https://gateway.example"


def plane_of(**settings):
    made = Instance(id="g-1", adapter="litellm", name="gateway", settings=settings, probe_credentials={})
    return made, Plane(made, LiteLLM(Settings(base_url=HERE, **settings)), Kept(), SystemClock(), world="real")


@pytest.mark.parametrize(
    ("settings", "lever", "expected"),
    [
        ({}, "key.block", 65),
        ({"key_cache_s": 300}, "key.block", 305),
        ({"key_cache_s": 300}, "model.delist", 305),
        ({"key_cache_s": 300}, "words.forbid", 35),  # no cache of keys: it is read from the database again
        ({"key_cache_s": 3}, "key.block", 65),  # never less than what was measured without it
    ],
)
def test_a_longer_cache_is_waited_out(settings, lever, expected):
    instance, plane = plane_of(**settings)
    assert plane.lever(lever).propagation_s == expected
    told = offered(Registry.load(), Instance(**{**_parts(instance), "settings": {"base_url": HERE, **settings}}))
    assert next(one for one in told if one.name == lever).propagation_s == expected, "people read the same"


def _parts(instance):
    return {name: getattr(instance, name) for name in ("id", "adapter", "name", "probe_credentials")}
