"""The main job, by command line, against a real LiteLLM proxy and a real Triton server; two people, two profiles."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pexpect
import pytest

from tests.scenarios.cutwire import CutWire

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct horse battery"


class Console:
    """One person's console: a profile, driven as a person drives it."""

    def __init__(self, profile: Path) -> None:
        self.profile = profile
        self.environ = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}

    def command(self, *arguments: str, fds: tuple[int, int]) -> list[str]:
        front = ["--profile", str(self.profile), "--json", "--passphrase-fd", str(fds[0]), "--secret-fd", str(fds[1])]
        return [sys.executable, "-m", "console", *front, *arguments]

    def start(self, *arguments: str, secrets: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        fds = (_pipe([PASSPHRASE] * 6), _pipe(secrets))
        try:
            return subprocess.Popen(
                self.command(*arguments, fds=fds), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                pass_fds=fds, env=self.environ, cwd=ROOT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        finally:
            for fd in fds:
                os.close(fd)

    def __call__(self, *arguments: str, secrets: tuple[str, ...] = (), code: int = 0) -> dict[str, Any]:
        child = self.start(*arguments, secrets=secrets)
        out, err = child.communicate(timeout=400)
        assert child.returncode == code, f"{arguments}: {child.returncode}\n{out}\n{err}"
        assert "Traceback" not in err
        return json.loads(out.splitlines()[-1])

    def sign(self, document: str, value: str) -> str:
        """Approve in a real terminal."""
        child = pexpect.spawn(
            sys.executable, ["-m", "console", "--profile", str(self.profile), "approve", "sign", document],
            env=self.environ, cwd=str(ROOT), encoding="utf-8", timeout=60, dimensions=(200, 240),
        )  # fmt: skip
        child.expect("your writer key")
        child.sendline(PASSPHRASE)
        child.expect("To approve, type")
        shown = str(child.before)
        child.expect(r"\): ")
        child.sendline(value)
        child.expect("your approver key")
        child.sendline(PASSPHRASE)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0, child.before
        return shown

    def states(self, op: str) -> dict[int, str]:
        found = self("correct", "show", op)["corrections"]
        return {one["target"]: one["state"] for one in found[-1]["targets"]}


def _pipe(lines: list[str] | tuple[str, ...]) -> int:
    read, write = os.pipe()
    os.write(write, "".join(f"{line}\n" for line in lines).encode())
    os.close(write)
    return read


class Gateway:
    """LiteLLM's own way, as a person with curl has it."""

    def __init__(self, server: dict[str, Any]) -> None:
        self.url = server["base_url"]
        self.admin = {"Authorization": f"Bearer {server['master_key']}"}
        self.master = server["master_key"]
        self.model = server["models"][0]["name"]

    def new_key(self, alias: str) -> tuple[str, str]:
        answer = httpx.post(
            f"{self.url}/key/generate", headers=self.admin, json={"key_alias": f"{alias}-{time.time_ns()}"}, timeout=30
        ).json()
        return str(answer["key"]), str(answer["token"])

    def serve(self, model: str) -> None:
        """Offer a model of this name here too, if it is not offered yet."""
        found = httpx.get(f"{self.url}/model/info", headers=self.admin, timeout=30).json()["data"]
        if all(one["model_name"] != model for one in found):
            answer = "hello from the gateway"
            told = {"model": f"openai/{model}", "api_key": "none", "mock_response": answer}
            body = {"model_name": model, "litellm_params": told}
            httpx.post(f"{self.url}/model/new", headers=self.admin, json=body, timeout=30).raise_for_status()

    def call(self, key: str) -> int:
        body = {"model": self.model, "messages": [{"role": "user", "content": "hi"}]}
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.post(f"{self.url}/v1/chat/completions", headers=headers, json=body, timeout=30).status_code

    def block(self, key: str, *, un: bool = False) -> None:
        word = "unblock" if un else "block"
        httpx.post(f"{self.url}/key/{word}", headers=self.admin, json={"key": key}, timeout=30).raise_for_status()


def test_the_main_job(real_servers: dict[str, Any], tmp_path: Path) -> None:  # noqa: PLR0915  one story, in order
    gateway, triton = Gateway(real_servers["litellm"]), real_servers["triton"]
    key, token = gateway.new_key("target")
    canary, canary_token = gateway.new_key("canary")
    _, extra_token = gateway.new_key("extra")
    early, early_token = gateway.new_key("early")
    one, two = Console(tmp_path / "commander"), Console(tmp_path / "approver")
    folder = tmp_path / "share"
    folder.mkdir()
    model = triton["models"][-1]

    # 0. alone, offline; then by hand
    started = time.monotonic()
    one("record", "start", "--name", "Commander")
    assert time.monotonic() - started < 60
    for number in range(10):
        one("note", f"entry {number}")
    one("fact", "first report read", "--since", "00:01")
    gateway.block(early)
    done = one(
        "correct", "record-by-hand", "Blocked the caller's key with curl", "--at", "00:02", "--selector", early_token
    )
    one(
        "provider", "add", "litellm", "--name", "gateway", "--set", f"base_url={gateway.url}", secrets=(gateway.master,)
    )
    one("provider", "canary", "add", "gateway", early_token, secrets=(early,))
    seen = one(
        "correct", "watch-by-hand", done["entry"], "--provider", "gateway", "--lever", "key.block",
        "--selector", early_token, "--surface", gateway.model,
    )  # fmt: skip
    assert seen["recorded"]
    assert seen["bites"]

    # 1. found
    words = one("org", "found", "--folder", str(folder))["words"]
    words = two("org", "join", "--folder", str(folder), "--words", words, "--name", "Approver")["words"]
    one("org", "admit", "--words", words)
    two("org", "sign")
    for console in (one, two, one, two):
        console("sync", "run")
    one("org", "rehearse")
    two("org", "rehearse")
    for console in (one, two, one):
        console("sync", "run")
    one("org", "show")

    with CutWire(triton["base_url"]) as wire:
        # 2. providers
        one("provider", "canary", "add", "gateway", canary_token, secrets=(canary,))
        one("provider", "add", "open_inference", "--name", "triton", "--set", f"base_url={wire.url}")
        surfaces = json.dumps([{"key": "vendor", "name": "At the vendor", "model": "vendor-model"}])
        one(
            "provider", "add", "manual", "--name", "vendor", "--set", "who=vendor desk", "--set", f"surfaces={surfaces}"
        )
        assert {p["name"] for p in one("status")["providers"]} == {"gateway", "triton", "vendor"}

        # 3. incident and proposal
        one("incident", "declare", "dangerous answers", "--severity", "1")
        log = tmp_path / "chat.log"
        log.write_text("02:58 Desk: third report\n03:01 On call: reproduced\n")
        one("note", "--paste", str(log))
        one("evidence", "add", str(log))
        proposal = one(
            "correct", "propose", "--reason", "three reports", "--target", f"gateway:{gateway.model} key.block {token}",
            "--canary", f"gateway:{gateway.model} key.block {canary_token}",
            "--target", f"triton:{model} model.unload {model}",
            "--by-hand", "ask support to stop it", "--at", "vendor", "--contact", "hotline", "--ticket", "T-17",
        )  # fmt: skip
        assert proposal["gravity"] in {"high", "critical"}
        document, op = proposal["document"], proposal["op"]
        index = {target["lever"] + str(target["canary"]): target["target"] for target in proposal["targets"]}
        block, unload, ask = index["key.blockFalse"], index["model.unloadFalse"], index["manual.askFalse"]
        value = _varying(one, document)

        # 4. the model server goes down
        wire.cut()
        status = one("status", code=4)
        assert [p["name"] for p in status["providers"] if not p["reachable"]] == ["triton"]

        # 5. one signature moves nothing, by no route
        one.sign(document, value)
        one("outbox", "run", "--for", "3", code=3)
        assert one("outbox", "list")["rows"] == []
        _edit_a_row(one, document, op, block)
        one("outbox", "run", "--for", "3", code=3)
        assert all(row["state"] == "queued" for row in one("outbox", "list")["rows"])
        _forge_an_approval(one, folder, document)
        one("sync", "run")
        one("outbox", "run", "--for", "3", code=3)
        assert gateway.call(key) == 200
        assert {e["kind"] for e in one("incident", "show")["entries"]}.isdisjoint(
            {"dispatch.authorised", "dispatch.intent"}
        )
        for console in (one, two):
            console("sync", "run")
        assert "key/block" in two.sign(document, value)
        for console in (two, one):
            console("sync", "run")

        # 6. and 7. at once where it can; killed in the middle; nothing is sent twice
        child = one.start("outbox", "run", "--fast")
        _until(lambda: one.states(op).get(block) in {"accepted", "recorded"}, 60)
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=60)
        one("outbox", "run", "--fast", "--until-settled", "--for", "240", code=4)
        states = one.states(op)
        assert states[block] == "enforced"
        assert states[unload] == "queued"
        assert states[ask] == "queued"
        assert gateway.call(key) == 401
        intents = [e for e in one("incident", "show")["entries"] if e["kind"] == "dispatch.intent"]
        assert len([e for e in intents if e["pub"]["target"] == block]) == 1
        one("sync", "run")
        two("sync", "run")
        assert two.states(op)[unload] == "queued"

        # 8. it returns
        one("correct", "attest-by-hand", document, str(ask), "support confirmed")
        wire.mend()
        one("outbox", "run", "--fast", "--until-settled", "--for", "120")
        assert one.states(op)[unload] == "enforced"
        assert one.states(op)[ask] == "attested"

        # 9. undo, lift, close, export
        mistaken = one(
            "correct",
            "propose",
            "--reason",
            "same caller",
            "--target",
            f"gateway:{gateway.model} key.block {extra_token}",
        )
        one.sign(mistaken["document"], _varying(one, mistaken["document"]))
        for console in (one, two):
            console("sync", "run")
        two.sign(mistaken["document"], _varying(one, mistaken["document"]))
        for console in (two, one):
            console("sync", "run")
        child = one.start("outbox", "run", "--fast")
        _until(lambda: one.states(mistaken["op"]).get(0) in {"recorded", "unmeasurable"}, 60)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        undone = one("correct", "undo", mistaken["document"], "--reason", "nothing to do with it")
        one("sync", "run")
        two("sync", "run")
        two.sign(undone["document"], _varying(one, undone["document"]))
        two("sync", "run")
        child = one.start("outbox", "run", "--fast")
        _until(lambda: one.states(undone["op"]).get(0) == "recorded", 60)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        lifted = one("correct", "lift", document, "--reason", "fixed and re-tested")
        one.sign(lifted["document"], _varying(one, lifted["document"]))
        one("sync", "run")
        two("sync", "run")
        two.sign(lifted["document"], _varying(two, lifted["document"]))
        two("sync", "run")
        one("sync", "run")
        one("correct", "attest-by-hand", lifted["document"], str(ask), "serves again")
        one("outbox", "run", "--fast", "--until-settled", "--for", "90", code=_any_code())
        _until(lambda: gateway.call(key) == 200, 90)
        closing = one("incident", "close")["document"]
        first = _varying(one, closing)
        one.sign(closing, first)
        one("sync", "run")
        two("sync", "run")
        two.sign(closing, first)
        two("sync", "run")
        one("outbox", "run", "--fast", "--until-settled", "--for", "20", code=_any_code())
        assert one("incident", "list")["incidents"][0]["status"] == "closed"

    genesis = one("org", "words")["genesis"]
    bundle = tmp_path / "bundle.zip"
    one("export", str(bundle))
    one("verify", str(bundle), "--genesis", genesis)
    one("verify")
    two("verify")
    audit(bundle, tmp_path / "audit", genesis)


def _any_code() -> int:
    return 0


def _varying(console: Console, document: str) -> str:
    """What the terminal asks to be typed, as the text itself tells."""
    return str(console("approve", "show", document)["to_type"])


def _edit_a_row(console: Console, document: str, op: str, target: int) -> None:
    """Somebody with the database file writes into the outbox what no two people signed."""
    entries = console("incident", "show")["entries"]
    inc = entries[0]["inc"]
    instance = next(p["instance"] for p in console("provider", "list")["providers"] if p["name"] == "gateway")
    with contextlib.closing(sqlite3.connect(console.profile / "journal.db")) as database:
        claimed = {"doc": document, "target": target, "op": op, "inc": inc, "instance": instance}
        claimed |= {"direction": "contain", "state": "queued", "detail": ""}
        row = {name: claimed.get(name, 0) for _, name, *_ in database.execute("PRAGMA table_info(outbox)")}
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO outbox ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
        database.commit()


def _forge_an_approval(console: Console, folder: Path, document: str) -> None:
    """Somebody with the folder lays there, in the approver's name, what the commander signed."""
    entries = console("incident", "show", "--all")["entries"]
    mine = next(e for e in entries if e["kind"] == "correction.approved" and e["pub"]["doc"] == document)
    theirs = next(e for e in entries if e["kind"] == "self-test" and e["author"] != mine["author"])
    with contextlib.closing(sqlite3.connect(console.profile / "journal.db")) as database:
        raw, sig = database.execute("SELECT raw, sig FROM entry WHERE id = ?", (mine["id"],)).fetchone()
    entry = json.loads(raw)
    seq = 90
    entry |= {"author": theirs["author"], "console": theirs["console"], "feed": theirs["feed"], "seq": seq}
    forged = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
    line = json.dumps(
        {"e": base64.b64encode(forged).decode(), "s": base64.b64encode(sig).decode()}, separators=(",", ":")
    )
    data = f"{line}\n".encode()
    name = f"{seq}-{seq}-{hashlib.sha256(data).hexdigest()}.seg"
    (folder / "v1" / theirs["feed"] / "e" / name).write_bytes(data)


def _until(so: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end, "it did not become so in time"
        time.sleep(0.5)


def audit(bundle: Path, folder: Path, genesis: str) -> None:
    """What an auditor does without us: the bundle's own verifier, and the commands its README names."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    commands = [line.strip() for line in readme.splitlines() if line.startswith("    ")]
    assert any(line.startswith("ssh-keygen -Y verify") for line in commands)
    assert any(line.startswith("sha256sum") for line in commands)
    assert any(genesis in line for line in commands)
    for line in commands:
        done = subprocess.run(
            ["bash", "-c", line],
            check=False,
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    entry = next(iter(sorted((folder / "entries").rglob("*.json"))))
    raw = bytearray(entry.read_bytes())
    raw[len(raw) // 2] ^= 1
    entry.write_bytes(raw)
    assert (
        subprocess.run(
            ["sha256sum", "--quiet", "-c", "manifest.sha256"],
            check=False,
            cwd=folder,
            capture_output=True,
            timeout=300,
        ).returncode
        != 0
    )
