"""Lines to a socket and lines of files: what may be concluded when they are cut short, and that files stay whole."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys

import pytest

from adapters import local
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
        ("a 1\n\nb 1\n", "a 1", "a 1\n\nb 1\n"),
        ("a 1\na 1\n\n", "a 1", "\na 1\n"),
        ("a  1\nb 1\n", "a 1", "b 1\na 1\n"),
        ("a 1\n", "a ", ""),
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
    assert wire.lines_of(b"caller-ab 1\n#caller-a 2\ncaller-a  3 \n").get("caller-a") == "3"
    assert "caller-a" not in wire.lines_of(b"caller-ab 1\n")


# -- many changes of one file ------------------------------------------------------------------------------------------


def writes_of(monkeypatch):
    """What is written, each time; the write itself goes on."""
    found, writes = [], local._write

    def write(path, content):
        found.append((path.name, content.decode()))
        writes(path, content)

    monkeypatch.setattr(local, "_write", write)
    return found


async def together(places, *asked):
    return await asyncio.gather(*(carry_out(places, one, DEADLINE_S) for one in asked), return_exceptions=True)


def test_what_many_ask_for_at_once_is_written_once_in_the_order_asked(tmp_path, monkeypatch):
    one, two = tmp_path / "one.map", tmp_path / "two.map"
    one.write_text("old 1\nk3 1\n")
    two.write_text("")
    written = writes_of(monkeypatch)
    asked = [file(one, f"k{number} 1") for number in range(50)]
    asked += [file(two, "a 1"), file(one, "k7 2"), file(one, "k8"), file(one, "k7 2")]
    answers = asyncio.run(together(Places(files=(str(one), str(two))), *asked))
    assert [name for name, _ in written] == ["one.map", "two.map"]
    assert one.read_text() == written[0][1]
    assert sorted(one.read_text().split("\n")[:-1]) == sorted(
        ["old 1", *(f"k{number} 1" for number in range(50) if number not in (7, 8)), "k7 2"]
    )
    assert two.read_text() == "a 1\n"
    so_already = [at for at, answer in enumerate(answers) if answer.body == b"already so\n"]
    assert so_already == [3, 53]  # as it stood in the file, and as it was asked for just before
    assert {answer.body for at, answer in enumerate(answers) if at not in so_already} == {b"written\n"}


def test_a_file_in_which_everything_is_so_already_is_not_written(tmp_path, monkeypatch):
    path = tmp_path / "m.map"
    path.write_text("a 1\n")
    written = writes_of(monkeypatch)
    answers = asyncio.run(together(Places(files=(str(path),)), file(path, "a 1"), file(path, "b")))
    assert [answer.body for answer in answers] == [b"already so\n"] * 2
    assert written == []


@pytest.mark.parametrize(("spoilt", "kind"), [(False, NotSent), (True, OutcomeUnknown)])
def test_a_write_that_fails_is_told_to_everybody_who_asked(tmp_path, monkeypatch, spoilt, kind):
    path = tmp_path / "m.map"
    path.write_text("a 1\n")

    def fails(path, _content):
        if spoilt:
            path.write_text("a")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local, "_write", fails)
    answers = asyncio.run(together(Places(files=(str(path),)), file(path, "a 1"), file(path, "b 1")))
    assert {type(answer) for answer in answers} == {kind}


def test_a_file_that_goes_while_it_is_written_is_unknown(tmp_path, monkeypatch):
    path = tmp_path / "m.map"
    path.write_text("a 1\n")

    def fails(path, _content):
        path.unlink()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(local, "_write", fails)
    (answer,) = asyncio.run(together(Places(files=(str(path),)), file(path, "b 1")))
    assert isinstance(answer, OutcomeUnknown)


def test_whoever_gives_up_before_it_is_written_is_left_out(tmp_path, monkeypatch):
    path = tmp_path / "m.map"
    path.write_text("")
    places, written = Places(files=(str(path),)), writes_of(monkeypatch)

    async def story(*others):
        gives_up = asyncio.create_task(carry_out(places, file(path, "gone 1"), DEADLINE_S))
        stays = [asyncio.create_task(carry_out(places, one, DEADLINE_S)) for one in others]
        await asyncio.sleep(0)
        gives_up.cancel()
        await asyncio.gather(gives_up, *stays, return_exceptions=True)
        await asyncio.sleep(2 * local.TOGETHER_S)
        assert gives_up.cancelled()

    asyncio.run(story())
    assert written == []
    asyncio.run(story(file(path, "kept 1")))
    assert path.read_text() == "kept 1\n"


@pytest.mark.parametrize("fails", [False, True])
def test_whoever_gives_up_in_the_moment_in_which_it_is_written_is_told_what_is_so(tmp_path, monkeypatch, fails):
    path = tmp_path / "m.map"
    path.write_text("")
    places, writes = Places(files=(str(path),)), local._write
    tasks = []

    def write(path, content):
        asyncio.get_running_loop().call_soon(tasks[0].cancel)  # before whoever asked goes on
        if fails:
            raise OSError(28, "No space left on device")
        writes(path, content)

    monkeypatch.setattr(local, "_write", write)

    async def story():
        tasks.append(asyncio.create_task(carry_out(places, file(path, "a 1"), DEADLINE_S)))
        await asyncio.wait(tasks, timeout=30)
        return tasks[0].exception()

    found = asyncio.run(story())
    assert isinstance(found, NotSent if fails else OutcomeUnknown)
    assert path.read_text() == ("" if fails else "a 1\n")


_KILLED = """
import asyncio, os, sys
from adapters import local
from adapters.contract import Places, Request
path, at = sys.argv[1], int(sys.argv[2])
syncs, done = os.fsync, []
def sync(handle):
    done.append(handle)
    if len(done) == at:
        os._exit(9)
    syncs(handle)
os.fsync = sync
async def one(number):
    asked = Request(method="FILE", path=path, body=f"k{number} 1", content_type=None, effect="write")
    await asyncio.sleep(number // 10 * 0.05)
    await local.carry_out(Places(files=(path,)), asked, 5.0)
    print(f"k{number} 1", flush=True)
async def main():
    await asyncio.gather(*(one(number) for number in range(40)))
asyncio.run(main())
"""


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_what_was_answered_before_a_crash_is_in_the_file_after_it(tmp_path, at):
    path = tmp_path / "m.map"
    path.write_text("before 1\n")
    ran = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), str(at)], capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    assert ran.returncode == 9, ran.stderr
    told, found = set(ran.stdout.split("\n")[:-1]), set(path.read_text().split("\n")[:-1])
    assert told | {"before 1"} <= found
    assert bool(told) == (at > 2)  # the first write asks for two: of the file, and of its name


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
            reply = await carry_out(Places(socket=f"127.0.0.1:{port}"), request, DEADLINE_S if answer is None else 30.0)
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


@pytest.mark.parametrize(("effect", "kind"), [("write", OutcomeUnknown), ("read", NotSent)])
def test_a_connection_that_ends_without_a_byte_is_no_silence(effect, kind):
    """HAProxy ends even what it says in silence with a line's end."""
    with pytest.raises(kind, match="no whole answer"):
        asyncio.run(said_to(b"", line(effect=effect)))


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
