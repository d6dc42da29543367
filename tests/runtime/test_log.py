from __future__ import annotations

import io
import json
import logging

import pytest

from console.runtime.log import MASK, Redaction, logging_to

SECRET = 'sk-a"quoted\\secret'


@pytest.mark.expects_log
def test_secrets_are_masked_wherever_they_stand() -> None:
    stream = io.StringIO()
    log = logging.getLogger("console.providers")
    with logging_to(stream) as redaction:
        redaction.hide(SECRET)
        log.warning("as argument %s, inside %r, as JSON %s", SECRET, {"key": SECRET}, json.dumps(SECRET))
        try:
            raise ValueError(f"in an exception: {SECRET}")
        except ValueError:
            log.exception("failed")
    written = stream.getvalue()
    assert SECRET not in written
    assert "quoted" not in written
    assert written.count(MASK) >= 4
    assert "Traceback" in written


def test_a_secret_inside_another_leaves_no_rest() -> None:
    redaction = Redaction()
    redaction.hide("abcd")
    redaction.hide("abcdefgh")
    assert redaction.mask("x abcdefgh y abcd z") == f"x {MASK} y {MASK} z"


@pytest.mark.parametrize("secret", ["", "abc"])
def test_what_cannot_be_masked_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="cannot be masked"):
        Redaction().hide(secret)


@pytest.mark.expects_log
def test_a_message_cannot_fake_a_second_record() -> None:
    stream = io.StringIO()
    with logging_to(stream):
        logging.getLogger("console").warning("one\n2026-01-01 00:00:00,000 ERROR console: forged")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("    ")


@pytest.mark.expects_log
def test_levels_are_ours_and_end_with_the_context() -> None:
    stream = io.StringIO()
    before = logging.getLogger("console").level
    with logging_to(stream, level=logging.INFO):
        logging.getLogger("console.sync").info("ours")
        logging.getLogger("httpx").info("theirs")
        logging.getLogger("httpx").warning("their warning")
    logging.getLogger("console").error("afterwards")
    assert [line.split(": ")[-1] for line in stream.getvalue().splitlines()] == ["ours", "their warning"]
    assert logging.getLogger("console").level == before


def test_debug_opens_the_libraries_too() -> None:
    stream = io.StringIO()
    with logging_to(stream, level=logging.DEBUG):
        logging.getLogger("httpx").debug("theirs")
    assert "theirs" in stream.getvalue()
