"""The connections to one provider: kept, shared, bounded, never used after the other side left."""

from __future__ import annotations

import asyncio
import ssl

import httpx
import pytest

from console.providers import sockets
from console.providers.sockets import Sockets

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class Server:
    """Answers each request with `answer` as long as `holds` is not set; counts connections."""

    def __init__(self):
        self.connections = 0
        self.open = set()
        self.under_way = self.most = 0
        self.answer = ANSWER
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.leaves = False

    async def serve(self, reader, writer):
        self.connections += 1
        self.open.add(writer)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.under_way += 1
                self.most = max(self.most, self.under_way)
                try:
                    await self.go_on.wait()
                finally:
                    self.under_way -= 1
                writer.write(self.answer)
                await writer.drain()
                if self.leaves:
                    break
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()


def run(story, *, most=4, keep=4, within_s=120.0):
    async def whole():
        server = Server()
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/k"
        transport = Sockets(ssl.create_default_context(), most=most, keep=keep)
        try:
            async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=None) as client:
                await story(server, client, url, transport)
                server.go_on.set()
        finally:
            listening.close()
            for writer in tuple(server.open):
                writer.transport.abort()
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(whole(), within_s))


async def until(true):
    for _ in range(5_000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to be")


def test_calls_share_connections_and_no_more_than_are_allowed_are_under_way():
    async def story(server, client, url, _transport):
        for _ in range(5):
            assert (await client.get(url)).json() == {}
        assert server.connections == 1
        server.go_on.clear()
        calls = [asyncio.create_task(client.get(url)) for _ in range(9)]
        await until(lambda: server.under_way == 4)
        server.go_on.set()
        assert {one.status_code for one in await asyncio.gather(*calls)} == {200}
        assert (server.connections, server.most) == (4, 4)

    run(story)


def test_where_none_is_kept_each_call_makes_its_own_and_closes_it():
    async def story(server, client, url, _transport):
        for _ in range(3):
            await client.get(url)
        assert server.connections == 3
        await until(lambda: not server.open)

    run(story, keep=0)


def test_a_connection_that_the_other_side_left_is_not_used_again():
    async def story(server, client, url, _transport):
        server.leaves = True
        for _ in range(3):
            assert (await client.get(url)).status_code == 200
            await until(lambda: not server.open)
        assert server.connections == 3

    run(story)


def test_a_connection_that_was_idle_for_long_is_let_go(monkeypatch):
    monkeypatch.setattr(sockets, "_KEPT_S", 0.0)

    async def story(server, client, url, transport):
        server.go_on.clear()
        calls = [asyncio.create_task(client.get(url)) for _ in range(3)]
        await until(lambda: server.under_way == 3)
        server.go_on.set()
        await asyncio.gather(*calls)
        await client.get(url)
        assert server.connections == 4  # none of the three was used again
        for _ in range(3):
            await client.get(url)
        await until(lambda: len(server.open) <= 1)
        assert len(transport._idle) <= 1

    run(story)


def test_a_call_that_is_given_up_gives_its_place_back_and_its_connection_is_closed():
    async def story(server, client, url, transport):
        server.go_on.clear()
        for _ in range(3):
            call = asyncio.create_task(client.get(url))
            await until(lambda: server.under_way == 1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert not transport._idle
            server.go_on.set()
            await until(lambda: not server.open)
            server.go_on.clear()
        server.go_on.set()
        assert (await client.get(url)).status_code == 200

    run(story, most=1)


def test_a_call_given_up_while_it_waits_for_its_turn_takes_no_place():
    async def story(server, client, url, _transport):
        server.go_on.clear()
        first = asyncio.create_task(client.get(url))
        await until(lambda: server.under_way == 1)
        waiting = asyncio.create_task(client.get(url))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        server.go_on.set()
        assert (await first).status_code == 200
        assert (await client.get(url)).status_code == 200

    run(story, most=1)


def test_no_connection_is_told_as_such_and_takes_no_place():
    async def story(_server, client, url, _transport):
        for _ in range(3):
            with pytest.raises(httpx.ConnectError):
                await client.get("http://127.0.0.1:9/")
        assert (await client.get(url)).status_code == 200

    run(story, most=1)


@pytest.mark.parametrize("answer", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}"])
def test_an_answer_that_is_none_is_told_as_such_and_its_connection_is_closed(answer):
    async def story(server, client, url, transport):
        server.answer, server.leaves = answer, True
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)
        assert not transport._idle
        server.answer, server.leaves = ANSWER, False
        assert (await client.get(url)).status_code == 200

    run(story, most=1)


def test_closing_ends_what_is_under_way_and_leaves_nothing_open():
    async def story(server, client, url, transport):
        await client.get(url)
        server.go_on.clear()
        calls = [asyncio.create_task(client.get(url)) for _ in range(2)]
        await until(lambda: server.under_way == 2)
        await transport.aclose()
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(one, httpx.HTTPError) for one in ended)
        server.go_on.set()
        await until(lambda: not server.open)
        assert (await client.get(url)).status_code == 200

    run(story)


def test_an_idle_connection_is_used_for_its_own_place_only():
    async def story(server, client, url, transport):
        await client.get(url)
        other = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        async with other:
            port = other.sockets[0].getsockname()[1]
            assert (await client.get(f"http://127.0.0.1:{port}/k")).status_code == 200
        assert server.connections == 2
        assert len(transport._idle) == 2

    run(story)
