"""What this account may not write, by the server's own word: a review of its own access, which changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from adapters.contract import Context, Planned, Request
from adapters.kubernetes import wire

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_APPLY = "application/apply-patch+yaml"
_VERBS = {"PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a write does, as the server's authorisers see it."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str

    @property
    def told(self) -> str:
        """For people."""
        part = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.resource}{part} in {self.namespace}"


def acts(request: Request) -> Iterator[Act]:
    """What a request does. Applying makes what is not there, and changes what is."""
    steps = request.path.partition("?")[0].strip("/").split("/")
    at = steps.index("namespaces")
    group = steps[1] if steps[0] == "apis" else ""
    namespace, resource, name, *part = steps[at + 1 :]
    verbs = [_VERBS[request.method], *(["create"] if request.content_type == _APPLY else [])]
    for verb in verbs:
        yield Act(verb, group, resource, "/".join(part), namespace, "" if verb == "create" else name)


async def lacking(context: Context, planned: Planned) -> list[str] | None:
    """What it may not do of a plan and its way back; None where the server does not review."""
    missing: list[str] = []
    for act in dict.fromkeys(one for request in (*planned.requests, *planned.revert) for one in acts(request)):
        asked = {name: value for name, value in asdict(act).items() if value}
        body = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }  # fmt: skip
        reply = await context.call("POST", _PATH, json=body, effect="read")
        if reply.status in {wire.FORBIDDEN, wire.NOT_FOUND}:
            return None
        if not wire.read(wire.AccessReview, wire.check(reply, "review")).status.allowed:
            missing.append(act.told)
    return missing
