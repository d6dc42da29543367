"""What a vendor's own SDK and its own description say of a simulator's answers and of an adapter's requests."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft202012Validator

from adapters.contract import Request
from adapters.simulator import Answer, Incoming


@dataclass(frozen=True)
class Sent:
    """What of a request matters: how, where (without the base path), and what."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: object

    @staticmethod
    def of(incoming: Incoming, prefix: str = "") -> Sent:
        parts = urlsplit(incoming.target)
        query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
        body = json.loads(incoming.body) if incoming.body else None
        return Sent(incoming.method, parts.path.removeprefix(prefix), query, body)

    @staticmethod
    def planned(request: Request) -> Sent:
        parts = urlsplit(request.path)
        query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
        return Sent(request.method, parts.path, query, json.loads(request.body) if request.body else None)


class Witness:
    """A site whose every exchange is kept."""

    def __init__(self, site):
        self._site = site
        self.seen: list[tuple[Incoming, Answer]] = []

    @property
    def state(self):
        return self._site.state

    @state.setter
    def state(self, value):
        self._site.state = value

    def kind(self, incoming):
        return self._site.kind(incoming)

    def handle(self, incoming, enforce_lag_s):
        answer = self._site.handle(incoming, enforce_lag_s)
        self.seen.append((incoming, answer))
        return answer

    def take(self, prefix: str = "") -> list[Sent]:
        """What was asked since the last time."""
        taken = [Sent.of(incoming, prefix) for incoming, _ in self.seen]
        self.seen.clear()
        return taken


class Description:
    """An OpenAPI description, as the judge of exchanges."""

    def __init__(self, text: str) -> None:
        self._all = json.loads(text)
        self._routes = [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + r"\Z"), path) for path in self._all["paths"]]

    def faults(self, incoming: Incoming, answer: Answer, prefix: str, refusal: str) -> list[str]:
        """What of an exchange the description does not have; `refusal` names the schema of an error."""
        sent = Sent.of(incoming, prefix)
        path = next((name for pattern, name in self._routes if pattern.match(sent.path)), None)
        operation = self._all["paths"].get(path, {}).get(sent.method.lower())
        where = f"{sent.method} {sent.path}"
        if operation is None:
            return [f"{where}: no such call"]
        known = {one["name"].removesuffix("[]") for one in operation.get("parameters", ()) if one["in"] == "query"}
        named = [name.partition("[")[0] for name, _ in sent.query]  # a list, or a member of an object
        found = [f"{where}: no parameter {name}" for name in named if name not in known]
        asked = operation.get("requestBody")
        if asked is None:
            found += [f"{where}: it takes no body"] if sent.body is not None else []
        else:
            schema = asked["content"]["application/json"]["schema"]
            found += self._fit(where, schema, sent.body) + self._unknown(where, schema, sent.body)
        told = operation["responses"].get(str(answer.status), {}).get("content", {}).get("application/json")
        if told is None and answer.status < 400:
            return [*found, f"{where}: no answer {answer.status}"]
        schema = told["schema"] if told else {"$ref": f"#/components/schemas/{refusal}"}
        return found + self._fit(f"{where} -> {answer.status}", schema, answer.body)

    def _fit(self, where, schema, value):
        judge = Draft202012Validator({**schema, "components": self._all["components"]})
        return [f"{where}: {fault.message}" for fault in judge.iter_errors(value)]

    def _unknown(self, where, schema, value):
        """Members that the description does not name: JSON Schema lets them through."""
        while "$ref" in schema:
            schema = self._all["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        named = set(schema.get("properties", ()))
        return [f"{where}: no member {name}" for name in (value or {}) if name not in named]
