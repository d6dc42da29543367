"""What a credential may write, asked by each cloud's own harmless question, and told lever by lever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from adapters.aws_bedrock.simulated import ACCOUNT, CALLER_KEY, CONSOLE_SECRET, SCP
from adapters.azure_openai import rights as of_azure
from adapters.azure_openai.simulator import CLIENT_SECRET
from adapters.google_vertex import rights as of_google
from adapters.google_vertex.simulated import CONSOLE, PROJECT
from adapters.litellm.simulator import MASTER_KEY
from adapters.simulator import Answer, Simulator
from console.services.connection import ConnectionReport, try_plane
from console.viewmodels.provider_cards import report_view
from tests.adapters import aws_kit, azure_kit, google_kit
from tests.adapters import test_unleash as flags
from tests.adapters.kit import litellm_site
from tests.adapters.test_behind_the_guard import plane_of
from tests.services.test_tried_everywhere import service_key

READS = ["read", "deployments/read", "raiPolicies/read", "raiBlocklists/read", "raiBlocklists/raiBlocklistItems/read"]
SWITCH = "UPDATE_FEATURE_ENVIRONMENT"
PLACES = {"project": f"projects/{PROJECT}", "folder": "folders/4711"}


def tried(
    name: str, site: Any, settings: Mapping[str, Any], secrets: Mapping[str, str], **selectors: str
) -> ConnectionReport:
    """The report; nothing was written."""
    with Simulator(site) as server:
        before = repr(server.site.state)
        plane = plane_of(name, {key: value.replace("URL", server.url) for key, value in settings.items()}, secrets)
        report = asyncio.run(try_plane(plane, name, {lever.replace("__", "."): at for lever, at in selectors.items()}))
        assert [one.target for one in server.requests() if server.site.kind(one) == "write"] == []
        assert repr(server.site.state) == before
    assert report.answers, report.fault
    return report


def at_azure(roles: Sequence[Mapping[str, Any]], site: Any = None) -> ConnectionReport:
    made = site or azure_kit.site()
    made.state.roles = [dict(one) for one in roles]
    return tried("azure_openai", made, azure_kit.settings("URL"), {"client-secret": CLIENT_SECRET})


def at_google(roles: Mapping[str, Sequence[str]] | None, site: Any = None, **more: str) -> ConnectionReport:
    made = site or google_kit.site(verify=google_kit.verify)
    made.state.roles = roles
    key = {"service-account-key": service_key(CONSOLE)}
    return tried("google_vertex", made, google_kit.settings("URL", **more), key)


def at_aws(change: Callable[[Any], None], **selectors: str) -> ConnectionReport:
    made = aws_kit.site()
    change(made.state)
    return tried("aws_bedrock", made, aws_kit.settings("URL"), {"secret-key": CONSOLE_SECRET}, **selectors)


def may(report: ConnectionReport) -> dict[str, bool | None]:
    return {one.lever: one.allowed for one in report.levers}


def why(report: ConnectionReport, lever: str) -> str:
    return next(one.why for one in report.levers if one.lever == lever)


def needed(needs: Mapping[str, Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(one for some in needs.values() for one in some))


# -- Azure -------------------------------------------------------------------------------------------------------------


def role(*below: str, leaves: Sequence[str] = ()) -> dict[str, Any]:
    return {"actions": [of_azure.BELOW + one for one in below], "notActions": [of_azure.BELOW + one for one in leaves],
            "dataActions": [], "notDataActions": []}  # fmt: skip


def test_the_smallest_role_at_azure_is_enough_by_azures_own_word() -> None:
    report = at_azure([role(*READS, *needed(of_azure.NEEDS))])
    assert may(report) == dict.fromkeys(of_azure.NEEDS, True)
    assert report.asked.startswith("asked by Azure's list of this application's permissions")


@pytest.mark.parametrize("left_out", needed(of_azure.NEEDS))
def test_each_action_at_azure_is_missed_by_the_levers_that_need_it_and_no_other(left_out: str) -> None:
    rest = [one for one in needed(of_azure.NEEDS) if one != left_out]
    report = at_azure([role(*READS), role(*rest), role("x"), role("y")])  # four roles are two pages
    assert may(report) == {lever: left_out not in some for lever, some in of_azure.NEEDS.items()}
    for lever, some in of_azure.NEEDS.items():
        if left_out in some:
            verdict = next(one for one in report.levers if one.lever == lever)
            assert (verdict.verdict, verdict.denied) == ("cannot", True)
            assert f"may not do Microsoft.CognitiveServices/accounts/{left_out}" in verdict.why


def test_what_a_role_leaves_out_another_may_give_and_case_and_stars_count_as_azure_counts_them() -> None:
    contributor = {"actions": ["*"], "notActions": ["microsoft.cognitiveservices/ACCOUNTS/deployments/*"]}
    assert may(at_azure([contributor]))["deployment.capacity"] is False
    assert may(at_azure([contributor]))["keys.off"] is True
    assert may(at_azure([contributor, role("deployments/write")]))["deployment.capacity"] is True
    assert may(at_azure([contributor, role("deployments/write")]))["deployment.delete"] is False
    assert (
        may(at_azure([{"actions": ["Microsoft.CognitiveServices/accounts/raiXlocklists/*"]}]))["words.forbid"] is False
    )
    assert set(may(at_azure([])).values()) == {False}


def test_where_azure_does_not_tell_it_everything_is_unproven_and_the_reason_is_said() -> None:
    class Closed(type(azure_kit.site())):
        def handle(self, incoming: Any, enforce_lag_s: float) -> Answer:
            if incoming.path.endswith("/permissions"):
                return Answer(status=403, body={"error": {"code": "AuthorizationFailed", "message": "no"}})
            return super().handle(incoming, enforce_lag_s)

    report = at_azure([], Closed({"atlas": azure_kit.deployment("atlas-large", 120)}))
    assert set(may(report).values()) == {None}
    assert (
        report.asked
        == "unproven: it was asked and did not tell (permissions: Azure refused with 403 (AuthorizationFailed))"
    )
    assert "whether it may be written is unproven" in "\n".join(report.lines)


# -- Google ------------------------------------------------------------------------------------------------------------


def test_the_smallest_roles_at_google_are_enough_by_googles_own_word() -> None:
    report = at_google({PLACES["project"]: needed(of_google.NEEDS)})
    assert may(report) == dict.fromkeys(of_google.NEEDS, True)
    assert report.asked.startswith("asked by Google's testIamPermissions")


@pytest.mark.parametrize("left_out", ["iam.denypolicies.create", "orgpolicy.policies.update", "serviceusage.quotas.get",
                                      "aiplatform.endpoints.deploy", "aiplatform.customJobs.cancel"])  # fmt: skip
def test_each_permission_at_google_is_missed_by_the_levers_that_need_it_and_no_other(left_out: str) -> None:
    report = at_google({PLACES["project"]: [one for one in needed(of_google.NEEDS) if one != left_out]})
    assert may(report) == {lever: left_out not in some for lever, some in of_google.NEEDS.items()}
    lever = next(lever for lever, some in of_google.NEEDS.items() if left_out in some)
    assert f"may not do {left_out} at {PLACES['project']}" in why(report, lever)


def test_the_organisations_policy_is_asked_about_where_it_is_set() -> None:
    own = [one for one in needed(of_google.NEEDS) if not one.startswith("orgpolicy")]
    there = [one for one in needed(of_google.NEEDS) if one.startswith("orgpolicy")]
    both = at_google({PLACES["project"]: own, PLACES["folder"]: there}, policy_at=PLACES["folder"])
    assert set(may(both).values()) == {True}
    only = at_google({PLACES["project"]: [*own, *there]}, policy_at=PLACES["folder"])
    assert may(only) == {lever: not lever.startswith("model.") or lever in {"model.rpm", "model.cancel-work"}
                         for lever in of_google.NEEDS}  # fmt: skip


def test_a_permission_that_google_does_not_test_there_is_unproven_and_spoils_no_other() -> None:
    site = google_kit.site(verify=google_kit.verify)
    site.state.untestable = ("iam.denypolicies.update",)
    told = may(at_google(None, site))
    denials = {"principal.deny", "principal.no-tuning", "project.deny"}
    assert told == {lever: None if lever in denials else True for lever in of_google.NEEDS}
    site.state.untestable = ("iam.denypolicies.update",)
    told = may(at_google({PLACES["project"]: ["orgpolicy.policies.create"]}, site))
    assert {told[one] for one in denials} == {False}, "what is known to be missing is told all the same"


# -- AWS ---------------------------------------------------------------------------------------------------------------


CANARY = f"arn:aws:iam::{ACCOUNT}:user/canary"


def test_who_may_do_everything_at_aws_is_told_so_of_every_lever_named_or_not() -> None:
    report = at_aws(lambda rows: None, key__off=CALLER_KEY, principal__deny="user/canary")
    assert set(may(report).values()) == {True}
    assert "name a job to try it with" in why(report, "work.stop")


def test_a_permission_bound_to_one_principal_counts_for_the_plan_that_names_it_and_for_no_other() -> None:
    def bound(rows: Any) -> None:
        rows.may = (("iam:PutUserPolicy", CANARY), ("iam:DeleteUserPolicy", CANARY),
                    ("organizations:UpdatePolicy", f"arn:aws:organizations::*:policy/o-1/{SCP}"))  # fmt: skip

    ours = at_aws(bound, principal__deny="user/canary", **{"principal__no-tuning": "role/app"}, key__off=CALLER_KEY)
    told = may(ours)
    assert (told["principal.deny"], told["organisation.deny"]) == (True, True), why(ours, "principal.deny")
    assert (told["principal.no-tuning"], told["key.off"]) == (False, False)
    assert f"may not do iam:PutRolePolicy on arn:aws:iam::{ACCOUNT}:role/app" in why(ours, "principal.no-tuning")
    assert f"may not do iam:UpdateAccessKey on {CANARY}" in why(ours, "key.off")
    assert (told["work.stop"], told["guardrail.enforce"]) == (None, False), "nothing is known of what nobody named"


def test_what_a_boundary_or_the_organisation_denies_is_known_without_a_plan() -> None:
    report = at_aws(lambda rows: setattr(rows, "may_not", ("iam:UpdateAccessKey",)))
    told = may(report)
    assert told["key.off"] is False
    assert why(report, "key.off") == "this credential may not do iam:UpdateAccessKey"
    assert told["principal.deny"] is True


def test_a_user_that_may_not_simulate_itself_is_unproven() -> None:
    report = at_aws(lambda rows: setattr(rows, "simulates", False), key__off=CALLER_KEY)
    assert set(may(report).values()) == {None}
    assert report.asked == "unproven: it was asked and did not tell (simulation: AWS refused with 403 (AccessDenied))"


# -- Unleash and LiteLLM: whose it is, and what that one may do -------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "switch", "block"),
    [
        ([{"permission": "ADMIN"}], True, True),
        ([{"permission": SWITCH, "project": "default", "environment": "development"}], True, False),
        ([{"permission": SWITCH, "project": "other", "environment": "development"},
          {"permission": "UPDATE_PROJECT_SEGMENT", "project": "default"}], False, True),
        ([{"permission": SWITCH, "project": "default", "environment": "production"},
          {"permission": "UPDATE_SEGMENT"}], False, True),
        ([], False, False),
    ],
)  # fmt: skip
def test_what_a_token_of_unleash_may_do_counts_in_this_project_and_environment(
    permissions: list[dict[str, str]], switch: bool, block: bool
) -> None:
    site = flags.site()
    site.permissions = permissions
    report = tried("unleash", site, flags.settings("URL"), {"admin": flags.ADMIN_TOKEN})
    assert may(report) == {"model.off": switch, "feature.off": switch, "use.off": switch, "user.block": block}
    assert flags.ADMIN_TOKEN not in "".join(report.lines), "it repeats the token, and nobody else does"


@pytest.mark.parametrize(
    ("role", "routes", "allowed"),
    [("proxy_admin", [], True), ("proxy_admin_viewer", [], False), ("internal_user", [], False),
     ("proxy_admin", ["/key/info"], None)],
)  # fmt: skip
def test_a_key_at_litellm_may_do_what_its_owners_role_may(role: str, routes: list[str], allowed: bool | None) -> None:
    site = litellm_site()
    site.staff, site.routes = {"sk-staff": role}, routes
    report = tried("litellm", site, {"base_url": "URL"}, {"admin": "sk-staff"})
    assert may(report) == {one.lever: None if one.by_hand else allowed for one in report.levers}
    assert any(f"its owner's role is {role}" in one.why for one in report.levers) is (allowed is False)


def test_the_master_key_of_litellm_is_known_by_being_no_key() -> None:
    report = tried("litellm", litellm_site(), {"base_url": "URL"}, {"admin": MASTER_KEY})
    assert may(report) == {one.lever: None if one.by_hand else True for one in report.levers}
    assert [one.lever for one in report.levers if one.by_hand] == ["model.file"]


def test_whoever_has_no_key_of_the_gateway_and_is_not_its_master_counts_by_his_role() -> None:
    """Somebody who signed in otherwise: no key is found for him either."""

    class SignedIn(type(litellm_site())):
        def handle(self, incoming: Any, enforce_lag_s: float) -> Answer:
            if incoming.path == "/v2/user/info":
                return Answer(body={"user_id": "somebody", "user_role": "internal_user"})
            return super().handle(incoming, enforce_lag_s)

    report = tried("litellm", SignedIn([], [("m1", "F-7", True)]), {"base_url": "URL"}, {"admin": MASTER_KEY})
    assert {one.allowed for one in report.levers if not one.by_hand} == {False}


# -- shown -------------------------------------------------------------------------------------------------------------


def test_the_window_and_the_terminal_say_it_of_each_lever() -> None:
    report = at_azure([role(*READS, "deployments/write")])
    view = report_view(report)
    lever = {one.lever: next(line for line in view.levers if one.title in line.title) for one in report.levers}
    assert (lever["deployment.capacity"].verdict, lever["deployment.capacity"].right) == ("allowed", "allowed")
    assert (lever["keys.off"].verdict, lever["keys.off"].right) == ("cannot", "lacking")
    assert view.asked.startswith("What it may write: asked by Azure's list")
    assert view.asked.endswith(".")
    told = "\n".join(report.lines)
    assert "can be planned on atlas, borealis, cirrus, and its writes are allowed" in told
    assert "what it may write: asked by Azure's list" in told
    assert any("refuses this credential a part" in one for one in report.warnings)
