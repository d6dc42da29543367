"""Google's discovery documents as the judge of exchanges: methods, paths, parameters, and each member of each body."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

DOCUMENT = Path(__file__).resolve().parent / "described" / "google-discovery.json"
_INTEGERS = {"int32", "uint32", "int64", "uint64"}
_ERROR = {"code", "message", "status", "details"}
_TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool}


_ANY = ({"$ref": "GoogleCloudAiplatformV1RawPredictRequest"},)  # an HTTP body, whatever the model takes


class Discovery:
    """All services. A method is found by its HTTP method and its flat path, percent-encoded as it is sent."""

    def __init__(self) -> None:
        self.documents = {
            name: one for name, one in json.loads(DOCUMENT.read_text(encoding="utf-8")).items() if name != "origin"
        }
        self._methods = [
            (_pattern(method["flatPath"]), document, method)
            for document in self.documents.values() for method in _methods(document)
        ]  # fmt: skip
        self.used: set[str] = set()

    def faults(self, incoming, answer) -> list[str]:
        """What of an exchange the documents do not have."""
        path, _, query = incoming.target.partition("?")
        where = f"{incoming.method} {path}"
        found = [
            (document, method) for pattern, document, method in self._methods
            if pattern.fullmatch(path.removeprefix("/")) and method["httpMethod"] == incoming.method
        ]  # fmt: skip
        if len(found) != 1:
            return [f"{where}: {len(found)} such methods"]
        ((document, method),) = found
        self.used.add(method["id"])
        faults = self._query(method, document, query)
        asked = json.loads(incoming.body) if incoming.body else None
        if method.get("request") in _ANY:
            faults += [] if isinstance(asked, dict) else ["no body"]
        elif "request" in method:
            faults += self._fit(document, method["request"], asked, "body", sent=True)
        elif asked is not None:
            faults.append("it takes no body")
        if answer.status >= 400:
            error = answer.body.get("error", {}) if isinstance(answer.body, dict) else {}
            wrong = (
                set(error) - _ERROR or error.get("code") != answer.status or not isinstance(error.get("status"), str)
            )
            faults += [f"no google.rpc.Status: {answer.body}"] if wrong else []
        elif method["response"] != {"$ref": "GoogleApiHttpBody"}:
            faults += self._fit(document, method["response"], answer.body, "answer", sent=False)
        return [f"{where}: {fault}" for fault in faults]

    def _query(self, method, document, query):
        known = {name: one for name, one in method["parameters"].items() if one["location"] == "query"}
        every = {**document.get("parameters", {}), **known}
        given = dict(parse_qsl(query, keep_blank_values=True))
        faults = [f"no parameter {name}" for name in given if name not in every]
        for name, value in given.items():
            options = every.get(name, {}).get("enum")
            faults += [f"{name} is no {value}"] if options and value not in options else []
        return faults + [
            f"{name} is missing" for name, one in known.items() if one.get("required") and name not in given
        ]

    def _fit(self, document, schema, value, at, *, sent):
        """Each member has to be named and of its type; what only Google says is never sent."""
        if "$ref" in schema:
            schema = document["schemas"][schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "any":
            return []
        if kind == "array":
            if not isinstance(value, list):
                return [f"{at} is no list"]
            return [fault for one in value for fault in self._fit(document, schema["items"], one, f"{at}[]", sent=sent)]
        if kind == "object":
            return self._object(document, schema, value, at, sent=sent)
        fits = isinstance(value, _TYPES[kind]) and not (kind in {"integer", "number"} and isinstance(value, bool))
        if fits and kind == "string" and schema.get("format") in _INTEGERS:
            fits = re.fullmatch(r"-?\d+", value) is not None
        if fits and schema.get("enum") and value not in schema["enum"]:
            fits = False
        return [] if fits else [f"{at} is no {schema.get('format', kind)}: {value!r}"]

    def _object(self, document, schema, value, at, *, sent):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        named, more = schema.get("properties", {}), schema.get("additionalProperties")
        faults = []
        for name, one in value.items():
            if name in named:
                if sent and named[name].get("readOnly"):
                    faults.append(f"{at}.{name} is Google's alone to say")
                faults += self._fit(document, named[name], one, f"{at}.{name}", sent=sent)
            elif more is not None:
                faults += self._fit(document, more, one, f"{at}.{name}", sent=sent)
            else:
                faults.append(f"{at}.{name} is no member")
        return faults


def _pattern(flat):
    return re.compile("".join("[^/:?]+" if part.startswith("{") else re.escape(part)
                              for part in re.split(r"(\{\w+\})", flat)))  # fmt: skip


def _methods(resource):
    yield from resource.get("methods", {}).values()
    for one in resource.get("resources", {}).values():
        yield from _methods(one)
