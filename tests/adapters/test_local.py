"""Lines to a socket and lines of files: what may be concluded when they are cut short, and that files stay whole."""

from __future__ import annotations

import asyncio
import stat

import pytest

from adapters.contract import Malformed, NotSent, OutcomeUnknown, Places, Refused, Request
from adapters.haproxy import wire
from adapters.local import MOST_BYTES, carry_out

DEADLINE_S = 0.3


def line(text="set it", effect="write"):
    return Request(method="LINE", path="/", body=text, content_type=None, effect=effect)


def file(path, text, effect="write"):
    return Request(method="FILE", path=str(path), body=text, content_type=None, effect=effect)


def change(path, text):
    asyncio.run(carry_out(Places(files=(str(path),)), file(path, text), DEADLINE_S))
    return path.read_text()


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "body", "after"),
    [
        ("", "a 1", "a 1\n"),
        ("a 1\n", "a 2", "a 2\n"),
        ("ab 1\n# a 3\n", "a 2", "ab 1\n# a 3\na 2\n"),
        ("a 1\nab 1\na 3\n", "a", "ab 1\n"),
        ("b 1", "a 1", "b 1\na 1\n"),
        ("b 1\n", "a", "b 1\n"),
    ],
)
def test_one_key_is_changed_and_everything_else_stays(tmp_path, before, body, after):
    path = tmp_path / "m.map"
    path.write_text(before)
    path.chmod(0o640)
    assert change(path, body) == after
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [found.name for found in tmp_path.iterdir()] == ["m.map"]


def test_a_file_that_is_not_there_or_too_long_is_not_written(tmp_path):
    path = tmp_path / "m.map"
    with pytest.raises(NotSent, match="cannot be read"):
        change(path, "a 1")
    path.write_bytes(b"x" * (MOST_BYTES + 1))
    with pytest.raises(Malformed, match="longer than 1 MiB"):
        change(path, "a 1")
    assert path.stat().st_size == MOST_BYTES + 1


def test_nothing_is_opened_that_the_settings_do_not_name(tmp_path):
    for request in (line(), file(tmp_path / "m.map", "a 1")):
        with pytest.raises(Refused):
            asyncio.run(carry_out(Places(), request, DEADLINE_S))


def test_a_longer_key_is_another_one():
    assert wire.line_of(b"caller-ab 1\n#caller-a 2\ncaller-a  3 \n", "caller-a") == "3"
    assert wire.line_of(b"caller-ab 1\n", "caller-a") is None


# -- the socket --------------------------------------------------------------------------------------------------------


async def said_to(answer, request):
    """One exchange with a socket that answers so; an answer of None never comes."""
    heard = []

    async def serve(reader, writer):
        heard.append(await reader.readline())
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            reply = await carry_out(Places(socket=f"127.0.0.1:{port}"), request, 30.0 if answer else DEADLINE_S)
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
    return reply, heard


def test_a_line_goes_out_whole_and_everything_that_comes_back_is_kept():
    reply, heard = asyncio.run(said_to(b"one\n" * 40_000, line("show map /m")))
    assert heard == [b"show map /m\n"]
    assert (reply.status, len(reply.body)) == (200, 160_000)


@pytest.mark.parametrize(("effect", "kind"), [("write", OutcomeUnknown), ("read", NotSent)])
def test_silence_after_the_line_went_out_is_unknown_to_a_write(effect, kind):
    with pytest.raises(kind, match="no whole answer"):
        asyncio.run(said_to(None, line(effect=effect)))


@pytest.mark.parametrize(("effect", "kind"), [("write", OutcomeUnknown), ("read", Malformed)])
def test_an_answer_without_end_is_cut_off(effect, kind):
    with pytest.raises(kind, match="more than 1 MiB"):
        asyncio.run(said_to(b"x" * (MOST_BYTES + 10), line(effect=effect)))


def test_no_socket_is_not_sent(tmp_path):
    with pytest.raises(NotSent, match="no connection"):
        asyncio.run(carry_out(Places(socket=str(tmp_path / "none")), line(), DEADLINE_S))


def test_many_lines_at_once_wait_for_their_turn():
    """An HAProxy resets whoever comes as the eleventh."""
    open_now, most = 0, 0

    async def serve(reader, writer):
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await reader.readline()
        for _ in range(20):  # so many turns of the loop in which others would come, if they could
            await asyncio.sleep(0)
        open_now -= 1
        writer.write(b"so\n")
        writer.close()

    async def crowd():
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            places = Places(socket=f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
            return await asyncio.gather(*(carry_out(places, line(), 30.0) for _ in range(30)))

    assert {reply.body for reply in asyncio.run(crowd())} == {b"so\n"}
    assert most < 10
