"""Where one person lies: what each lever really does, the honest console's adapter, a provider, an organisation.

The liar has three approver keys and a second device with a machine of its own; whether they lead the incident is said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from adapters.contract import Refused, Rendered, Request, Whole
from adapters.membership import member, members_of
from console.domain.forms import ConsoleKey, PersonKey, Roster
from console.journal.values import Draft
from console.keys import canon
from console.keys.sshsig import roster_ns
from console.providers.plane import Plane
from console.providers.wholes import prove
from console.runtime.ids import crockford
from tests.journal.world import INC, ORG, Key
from tests.kit.plainadapter import lever
from tests.kit.quick import Estate, QuickAdapter, quick_plan
from tests.model.test_one_person import Alone

HOUR_MS, UNDO_MS, LATE_MS = 3_600_000, 900_000, 600_000
NORMAL_PER_HOUR = 5
BASE, HELD, LATE = "wide-0-0", "member-0-0", "wide-0-1"  # of two others: in force, in a set, and not sent yet
SET = "/sets/1"
# what each lever really does: its fields before and after, how many it selects, whether it can be reverted
TRUTH = {
    "small": ({"rpm": 100}, {"rpm": 10}, {}),
    "wide": ({"served": True}, {"served": False}, {"selectors": 0}),
    "lasting": ({"kept": True}, {"kept": False}, {"reversal": "none", "revert": ()}),
    "revoke": ({"live": True}, {"live": False}, {"reversal": "none", "revert": (), "credential": "in-use"}),
    "member": ({"blocked": False}, {"blocked": True}, {}),
}
LEVERS = (
    replace(lever(probe=None, name="small"), category="frequency"),
    replace(lever(probe=None, name="wide"), category="shutdown", wide=True),
    replace(lever(probe=None, name="lasting"), reversal="none"),
    replace(lever(probe=None, name="revoke"), reversal="none", revokes_credential=True),
    lever(probe=None, name="member"),
)
OF = {one.name: one for one in LEVERS}
ME = "p-" + crockford(bytes([16]) * 16)
SECOND = Key("a second device"), Key("a writer's key on it"), "c-" + crockford(b"\x29" * 16)
FALSE_FRIEND = Key("a key in somebody else's name")
FATES = ("lost answer", "lost", "throttled", "not sent", "refused")


def everybody(selector):
    """Whether an account stands for all of them: a name that the provider reads so."""
    return selector.endswith("x")


def truth(name, selector, direction="contain"):
    before, after, more = TRUTH[name]
    if direction == "restore":
        before, after = after, before
    made = replace(quick_plan(selector, before, after, name, direction), **more)
    if name == "member":
        inside = direction == "contain"
        made = replace(
            made, requests=(member(selector, (SET,), inside=inside),),
            revert=(member(selector, (SET,), inside=not inside),),
        )  # fmt: skip
    return replace(made, selectors=0) if everybody(selector) else made


class Honest(QuickAdapter):
    """The dispatching console's own adapter: it plans what a lever really does to whoever is named."""

    manifest = replace(QuickAdapter.manifest, levers=LEVERS)

    async def plan(self, context, wish):
        kind = wish.selector.split("-")[0]
        if kind != wish.lever:
            raise Refused("there is no such thing here")
        found = truth(wish.lever, wish.selector, wish.direction)
        now = self.estate.fields.get(wish.selector, dict(found.pre))
        return replace(found, pre=dict(now))

    async def render(self, context, planned):
        asked = members_of(planned)
        users, inside = list(self.estate.users), any(one.inside for one in asked.values())
        moved = tuple(one for one in asked if (one in users) != inside)
        if not moved:
            return Rendered(wholes=())
        left = [*users, *moved] if inside else [one for one in users if one not in moved]
        request = Request(method="PUT", path=SET, body=json.dumps({"users": left}))
        return Rendered(wholes=(Whole(path=SET, read=json.dumps({"users": users}), request=request, accounts=moved),))


class HonestPlane(Plane):
    """What the adapter would write whole is proven against what was read, as ever; there is no wire to read by."""

    async def render(self, planned):
        found = await self.adapter.render(None, planned)
        read = {SET: json.dumps({"users": self.adapter.estate.users}).encode()}
        return prove(found, members_of(planned), read)


@dataclass
class Timed(Estate):
    """Remembers when each write landed, and by whom; `users` is a set that is written whole."""

    clock: object = None
    times: list = field(default_factory=list)
    users: list = field(default_factory=lambda: [HELD])

    def land(self, request, kind):
        if request.method == "PUT":
            before, self.users = self.users, json.loads(request.body)["users"]
            for one in {*before} ^ {*self.users}:
                inside = one in self.users
                self.fields[one] = {"blocked": json.dumps(inside)}
                self.times.append((self.clock.wall_ms(), one, inside))
            return True
        landed = super().land(request, kind)
        if landed:
            self.times.append((self.clock.wall_ms(), *self.landed[-1]))
        return landed


class Granted(Alone):
    """The second member may be deputy. The liar has a second device; `leads` says whether they command, too."""

    def __init__(self, *, leads, **how):
        self.leads = leads
        super().__init__(**how)

    def make_roster(self, revoked=(), created=2):
        first, second = self.members[0].as_person(), self.members[1].as_person()
        deputy = replace(second, roles=("admin", "commander", "approver", "deputy"))
        self.members[1].as_person = lambda alone=False: second if alone else deputy
        bound = PersonKey(key=SECOND[1].public.line, use="writer", console=SECOND[2], from_ms=0, to_ms=None)
        roles = first.roles if self.leads else ("admin", "approver", "deputy")
        mine = replace(first, roles=roles, keys=(*first.keys, bound))
        self.members[0].as_person = lambda alone=False: first if alone else mine
        made = super().make_roster(revoked, created)
        return self._with_second_device(made)

    def _with_second_device(self, made):
        value = canon.decode(made[0], limit=1 << 20)
        device = ConsoleKey(console=SECOND[2], key=SECOND[0].public.line, from_ms=0, to_ms=None)
        return self.sign_roster(replace(roster := Roster.parse(value), consoles=(*roster.consoles, device)))

    def sign_roster(self, roster, keys=None):
        raw = canon.encode(roster.as_json())
        if keys is None:
            keys = [one.approver for one in self.members[:2]] + ([self.members[0].writer] if roster.n == 1 else [])
        return raw, {key.public.fingerprint: key.sign(roster_ns(ORG), raw) for key in keys}

    def begin(self):
        self.people = [self.person_feed(self.store, number) for number in range(3)]
        for number in range(3):
            self.say(number, Draft("self-test"))
            self.rehearse(number)
        who = 0 if self.leads else 1
        self.say(who, Draft("incident.declared", inc=INC, pub={"severity": 1}, disclosures={"title": "it lies"}))
        self.second = self.store.open_feed(SECOND[0], org=ORG, console=SECOND[2], author=None, roster=self.ref)
        return self
