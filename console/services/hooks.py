"""The wires of the call-out: a command, a webhook in the shape its receiver wants, a mail. One page, one answer.

It is called on a worker. A hook that fails is told and stops no other; no secret stands in an answer. In a drill only
this machine is reached.
"""

from __future__ import annotations

import html
import os
import re
import shlex
import smtplib
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from console.domain.callout import Call
from console.domain.errors import Problem, WrongUse

Kind = Literal["command", "webhook", "pagerduty", "opsgenie", "slack", "teams", "smtp"]
KINDS: Final[dict[Kind, str]] = {
    "command": "a program of this machine; the text is its standard input",
    "webhook": "an address that takes JSON",
    "pagerduty": "PagerDuty, Events API v2",
    "opsgenie": "Opsgenie, alerts",
    "slack": "a Slack incoming webhook",
    "teams": "a Microsoft Teams workflow",
    "smtp": "a mail, through a mail server",
}
SECRET_OF: Final[dict[Kind, str]] = {
    "webhook": "bearer token (empty for none)", "pagerduty": "routing key", "opsgenie": "API key",
    "slack": "the webhook's address", "teams": "the workflow's address", "smtp": "password (empty for none)",
}  # fmt: skip
_WITHIN_S: Final = 10.0
_PAGERDUTY: Final = "https://events.pagerduty.com/v2/enqueue"
_OPSGENIE: Final = "https://api.opsgenie.com/v2/alerts"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_MARKDOWN: Final = re.compile(r"[\\\[\]()*_`<>]")  # of a name that somebody gave themselves no link is made
_SEVERITIES: Final = {1: "critical", 2: "error", 3: "warning", 4: "info"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One wire. `address` is a command line, a URL or host:port; `to` and `sender` are of a mail. No secret in it."""

    name: str
    kind: Kind
    address: str = ""
    to: str = ""
    sender: str = ""


def kind_of(word: str) -> Kind:
    """The kind a person names.

    Raises:
        WrongUse: when there is none of that name.
    """
    found: Kind | None = next((one for one in KINDS if one == word), None)
    if found is None:
        raise WrongUse(f"There is no hook of kind {word!r}.", f"Kinds: {', '.join(KINDS)}.")
    return found


class HookFailed(Problem):
    """A hook did not take a page."""

    def __init__(self, hook: str, why: str) -> None:
        super().__init__(f"The hook {hook} did not take it: {why}.", "Try it with `standdown doctor --page-test`.")
        self.why = why


def page(hook: Hook, call: Call, text: str, secret: str | None, *, drill: bool) -> str:
    """Make one page; what the receiver said, in short.

    Raises:
        HookFailed: when it was not taken, with a clause that holds no secret.
    """
    wire: Callable[[Hook, Call, str, str, bool], str] = {
        "command": _command, "smtp": _mail,
    }.get(hook.kind, _post)  # fmt: skip
    try:
        return wire(hook, call, text, secret or "", drill)
    except HookFailed:
        raise
    except (OSError, ValueError, smtplib.SMTPException, subprocess.SubprocessError) as fault:
        raise HookFailed(hook.name, type(fault).__name__) from None


def _command(hook: Hook, call: Call, text: str, _secret: str, drill: bool) -> str:  # noqa: FBT001  one shape of wires
    if drill:
        raise HookFailed(hook.name, "a drill starts no program of yours")
    words = shlex.split(hook.address)
    if not words:
        raise HookFailed(hook.name, "it names no program")
    facts = {"STANDDOWN_WHY": call.why, "STANDDOWN_SEVERITY": str(call.severity), "STANDDOWN_KEY": call.key[:64]}
    done = subprocess.run(
        words, input=text.encode(), capture_output=True, timeout=_WITHIN_S, check=False, env={**os.environ, **facts}
    )
    if done.returncode != 0:
        raise HookFailed(hook.name, f"it ended with {done.returncode}")
    return "it ran"


def _post(hook: Hook, call: Call, text: str, secret: str, drill: bool) -> str:  # noqa: FBT001  as above
    import httpx  # noqa: PLC0415  a window that starts calls nobody

    url, headers, body = _shape(hook, call, text, secret)
    host = urlsplit(url)
    if host.scheme not in ("https", "http") or not host.hostname:
        raise HookFailed(hook.name, "its address is no http address")
    if host.scheme == "http" and host.hostname not in _LOOPBACK:
        raise HookFailed(hook.name, "only https leaves this machine")
    if drill and host.hostname not in _LOOPBACK:
        raise HookFailed(hook.name, "a drill reaches this machine only")
    try:
        reply = httpx.post(url, json=body, headers=headers, timeout=_WITHIN_S, follow_redirects=False)
    except httpx.HTTPError as fault:
        raise HookFailed(hook.name, f"no answer ({type(fault).__name__})") from None
    if not reply.is_success:
        raise HookFailed(hook.name, f"it answered {reply.status_code}")
    return f"it answered {reply.status_code}"


def _shape(hook: Hook, call: Call, text: str, secret: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    first = text.split("\n", 1)[0]
    match hook.kind:
        case "pagerduty":
            payload = {"summary": first[:1024], "source": "standdown", "severity": _SEVERITIES[call.severity],
                       "custom_details": {"text": text}}  # fmt: skip
            body: dict[str, Any] = {"routing_key": secret, "event_action": "trigger", "dedup_key": call.key[:255]}
            return hook.address or _PAGERDUTY, {}, {**body, "payload": payload}
        case "opsgenie":
            body = {"message": first[:130], "alias": call.key[:512], "description": text[:15_000],
                    "priority": f"P{min(call.severity, 5)}", "source": "standdown"}  # fmt: skip
            return hook.address or _OPSGENIE, {"Authorization": f"GenieKey {secret}"}, body
        case "slack":
            return secret or hook.address, {}, {"text": html.escape(text, quote=False)}  # Slack's own three
        case "teams":
            block = {"type": "TextBlock", "text": _MARKDOWN.sub(r"\\\g<0>", text), "wrap": True}
            card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
                    "version": "1.4", "body": [block]}  # fmt: skip
            kind = "application/vnd.microsoft.card.adaptive"
            return secret or hook.address, {}, {
                "type": "message", "attachments": [{"contentType": kind, "content": card}]
            }  # fmt: skip
        case _:
            headers = {"Authorization": f"Bearer {secret}"} if secret else {}
            return hook.address, headers, {
                "why": call.why, "severity": call.severity, "organisation": call.organisation, "words": call.words,
                "incident": call.incident, "until_ms": call.until_ms, "key": call.key, "text": text,
            }  # fmt: skip


def _mail(hook: Hook, _call: Call, text: str, secret: str, drill: bool) -> str:  # noqa: FBT001  as above
    host, _, port = hook.address.partition(":")
    if drill and host not in _LOOPBACK:
        raise HookFailed(hook.name, "a drill reaches this machine only")
    mail = EmailMessage()
    mail["Subject"] = text.split("\n", 1)[0][:200]
    mail["From"], mail["To"] = hook.sender, hook.to
    mail.set_content(text)
    with smtplib.SMTP(host, int(port or 587), timeout=_WITHIN_S) as server:
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        elif host not in _LOOPBACK:
            raise HookFailed(hook.name, "the mail server offers no encryption")
        if secret:
            server.login(hook.sender, secret)
        server.send_message(mail)
    return "the mail server took it"
