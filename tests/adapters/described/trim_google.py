"""Write google-discovery.json anew: of Google's discovery documents, the methods that we use and their schemas.

Run it by hand with the folder `googleapiclient/discovery_cache/documents` of google-api-python-client (Apache-2.0).
Descriptions are left out; nothing else is changed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORIGIN = "google-api-python-client 2.202.0, static discovery documents, Apache-2.0; trimmed by trim_google.py"
PLACE = "projects.locations."
WANTED = {
    "aiplatform.v1": (
        *(PLACE + f"endpoints.{name}" for name in ("list", "get", "patch", "deployModel", "undeployModel", "predict")),
        PLACE + "endpoints.operations.get", "publishers.models.get", PLACE + "publishers.models.generateContent",
        PLACE + "publishers.models.rawPredict",
        *(PLACE + f"{kind}.{name}" for kind in ("batchPredictionJobs", "tuningJobs", "customJobs")
          for name in ("list", "get", "cancel")),
    ),
    "orgpolicy.v2": tuple(
        f"{at}.policies.{name}" for at in ("projects", "folders", "organizations")
        for name in ("get", "create", "patch", "delete", "getEffectivePolicy")
    ),
    "iam.v2": (
        *(f"policies.{name}" for name in ("get", "createPolicy", "update", "delete")), "policies.operations.get",
    ),
    "cloudresourcemanager.v3": tuple(f"{at}.testIamPermissions" for at in ("projects", "folders", "organizations")),
    "serviceusage.v1beta1": (
        "services.consumerQuotaMetrics.get", "services.consumerQuotaMetrics.importConsumerOverrides", "operations.get",
    ),
}  # fmt: skip
KEPT = ("kind", "name", "version", "revision", "rootUrl", "servicePath", "batchPath", "parameters")


def plain(value, *, inside=False):
    """Without what is written for people; a property may be called so."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    words = () if inside else ("description", "enumDescriptions", "enumDeprecated", "scopes", "deprecated")
    return {name: plain(one, inside=name in {"properties", "parameters", "schemas", "methods", "resources"})
            for name, one in value.items() if name not in words}  # fmt: skip


def trimmed(document, wanted):
    made = {name: document[name] for name in KEPT if name in document} | {"resources": {}}
    needed = []
    for path in wanted:
        *steps, name = path.split(".")
        source, target = document, made
        for step in steps:
            source = source["resources"][step]
            target = target.setdefault("resources", {}).setdefault(step, {})
        target.setdefault("methods", {})[name] = source["methods"][name]
        needed.append(source["methods"][name])
    schemas = {}
    while needed:
        for name in references(needed.pop()):
            if name not in schemas:
                schemas[name] = document["schemas"][name]
                needed.append(schemas[name])
    return plain(made | {"schemas": dict(sorted(schemas.items()))})


def references(value):
    if isinstance(value, list):
        return [name for one in value for name in references(one)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [name for one in value.values() for name in references(one)]


def main() -> None:
    folder = Path(sys.argv[1])
    found = {
        name.partition(".")[0]: trimmed(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), wanted)
        for name, wanted in WANTED.items()
    }
    text = json.dumps({"origin": ORIGIN, **found}, separators=(",", ":"))
    (HERE / "google-discovery.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
