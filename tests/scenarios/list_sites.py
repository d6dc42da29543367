"""Real control planes with a crowd of accounts, as a list meets them: who is there, who is blocked, who is served."""

from __future__ import annotations

import hashlib
import socket
import subprocess
from pathlib import Path
from typing import Any, Protocol

import httpx

WITHIN_S = 60.0


class Site(Protocol):
    """One server. `names` are the lines of a list; `ids` what the server calls the same accounts, in that order."""

    adapter: str
    lever: str
    surface: str
    settings: dict[str, Any]
    secret: str
    names: list[str]
    ids: list[str]
    wrong: list[str]

    def block(self, accounts: set[str]) -> None:
        """Somebody else blocks these, in the server's own way."""
        ...

    def spoil(self, account: str) -> None:
        """Somebody else changes one so that what was signed does not fit it any more."""
        ...

    def blocked(self) -> set[str]:
        """Who is blocked, asked in the server's own way."""
        ...

    def credential(self, name: str) -> str:
        """With what this account calls."""
        ...

    def served(self, name: str) -> bool:
        """One call of this account: answered, or refused as a blocked one."""
        ...


class Proxy:
    """HAProxy: every word is a caller, so that only lines that can be none are unknown."""

    adapter, lever, surface, secret = "haproxy", "caller.block", "", ""

    def __init__(self, server: dict[str, Any], count: int) -> None:
        self.settings = {
            "base_url": server["base_url"], "socket": server["control_socket"], "backend": server["backend"],
            "probe_path": "/v2/models/toy", "block_map": server["maps"]["block"],
        }  # fmt: skip
        self.names = self.ids = [f"crowd-{at:05}" for at in range(count)]
        self.wrong = ["two words", "sk-a-key-itself", "ends;show info"]
        self.file = Path(server["maps"]["block"])
        self._say(f"clear map {self.file}")
        self.file.write_text("# nobody\n", encoding="ascii")

    def _say(self, line: str) -> str:
        with socket.socket(socket.AF_UNIX) as made:
            made.settimeout(WITHIN_S)
            made.connect(self.settings["socket"])
            made.sendall(f"{line}\n".encode())
            return b"".join(iter(lambda: made.recv(65_536), b"")).decode()

    def block(self, accounts: set[str]) -> None:
        for one in accounts:
            self._say(f"add map {self.file} {one} 1")
        with self.file.open("a", encoding="ascii") as file:
            file.writelines(f"{one} 1\n" for one in accounts)

    def spoil(self, account: str) -> None:
        self._say(f"add map {self.file} {account} 2")

    def blocked(self) -> set[str]:
        """By the map that runs; the file, which a reload reads, has to say the same."""
        return {line.split()[1] for line in self._say(f"show map {self.file}").splitlines() if line.strip()}

    def in_file(self) -> set[str]:
        lines = self.file.read_text(encoding="ascii").splitlines()
        return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}

    def credential(self, name: str) -> str:
        return name

    def served(self, name: str) -> bool:
        url = f"{self.settings['base_url']}{self.settings['probe_path']}"
        got = httpx.get(url, headers={"authorization": f"Bearer {name}"}, timeout=WITHIN_S).status_code
        assert got in {200, 403}, got
        return got == 200


class Gateway:
    """LiteLLM: keys by alias. One is made by its interface and the crowd is copied from it in its database,

    because its interface makes 26 keys a second.
    """

    adapter, lever = "litellm", "key.block"

    def __init__(self, server: dict[str, Any], count: int) -> None:
        self.settings, self.secret = {"base_url": server["base_url"]}, server["master_key"]
        self.names = [f"crowd-{at:05}" for at in range(count)]
        self.ids = [hashlib.sha256(self.credential(name).encode()).hexdigest() for name in self.names]
        self.wrong = ["nobody-1", "nobody-2", "sk-a-key-itself"]
        self.surface = server["models"][0]["name"]
        self._psql = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", server["database_url"]]
        self._admin = httpx.Client(
            base_url=server["base_url"], headers={"authorization": f"Bearer {self.secret}"}, timeout=WITHIN_S
        )
        self._sql("""delete from "LiteLLM_VerificationToken" where key_alias like 'crowd-%'""")
        made = self._admin.post("/key/generate", json={"key_alias": "crowd-pattern"}).raise_for_status().json()
        columns = self._sql(
            """select string_agg(quote_ident(column_name), ',') from information_schema.columns where """
            """table_name = 'LiteLLM_VerificationToken' and column_name not in ('token', 'key_alias')"""
        )
        rows = ",".join(f"('{one}','{name}')" for one, name in zip(self.ids, self.names, strict=True))
        self._sql(
            f'insert into "LiteLLM_VerificationToken" (token, key_alias, {columns}) select v.t, v.a, {columns} '
            f"from \"LiteLLM_VerificationToken\" p, (values {rows}) v(t, a) where p.token = '{made['token_id']}'"
        )

    def _sql(self, text: str) -> str:
        done = subprocess.run(self._psql, input=text, text=True, capture_output=True, check=False, timeout=WITHIN_S)
        assert not done.returncode, done.stderr[-500:]
        return done.stdout.strip()

    def block(self, accounts: set[str]) -> None:
        rows = ",".join(f"'{one}'" for one in accounts)
        self._sql(f'update "LiteLLM_VerificationToken" set blocked = true where token in ({rows})')

    def spoil(self, account: str) -> None:
        self._admin.post("/key/delete", json={"keys": [account]}).raise_for_status()

    def blocked(self) -> set[str]:
        asked = """select token from "LiteLLM_VerificationToken" where blocked and key_alias like 'crowd-%'"""
        return set(self._sql(asked).split())

    def credential(self, name: str) -> str:
        return f"sk-of-{name}"

    def served(self, name: str) -> bool:
        body = {"model": self.surface, "messages": [{"role": "user", "content": "hi"}]}
        headers = {"authorization": f"Bearer {self.credential(name)}"}
        url = f"{self.settings['base_url']}/v1/chat/completions"
        got = httpx.post(url, headers=headers, json=body, timeout=WITHIN_S)
        assert got.status_code in {200, 401, 403}, got.text[:300]
        return got.status_code == 200

    def close(self) -> None:
        self._sql("""delete from "LiteLLM_VerificationToken" where key_alias like 'crowd-%'""")
        self._admin.close()
