"""Tables that are cut to a span of time, and where their lines stood before."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gridpact.case.times import microseconds
from gridpact.errors import Problem
from gridpact.gate.settlement.settlement_document import SettledSpan, document_problems, span_of
from gridpact.gate.settlement.table_cuts import cut, with_lines_before

ZONE = "Europe/Lisbon"


def span(start: str, until: str) -> SettledSpan:
    first, end = (datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)) for text in (start, until))
    return SettledSpan(start=microseconds(first), until=microseconds(end), periods=1, local_start=first)


OCTOBER = span("2030-10-27T00:00", "2030-10-28T00:00")  # 25 hours


def test_rows_of_other_times_go_and_all_else_stays_as_it_stood() -> None:
    content = (
        b'\xef\xbb\xbfparticipant,time,"import_kwh"\r\n'
        b"a,2030-10-26T23:45,1\r\n"
        b'"b,\n""b""",2030-10-27T00:00,2\r\n'
        b"c,2030-10-27T23:45+00:00, 3\r\n"
        b"d,2030-10-28T00:00,4\r\n"
        b"e,2030-10-26T22:30Z,5\r\n"
        b"f,,6\r\n"
        b"g,never,7\r\n"
        b"h,2030-10-27T01:30,8"
    )
    found = cut(content, OCTOBER, ZONE)
    assert found.content.decode() == (
        'participant,time,"import_kwh"\r\n'
        '"b,\n""b""",2030-10-27T00:00,2\r\n'
        "c,2030-10-27T23:45+00:00, 3\r\n"
        "f,,6\r\n"
        "g,never,7\r\n"
        "h,2030-10-27T01:30,8"
    )
    assert found.lines == (1, 3, 4, 5, 8, 9, 10)


@pytest.mark.parametrize("content", [b"", b"participant,coefficient\na,1\nb,2\n"])
def test_what_has_no_times_stays_whole(content: bytes) -> None:
    assert cut(content, OCTOBER, ZONE).content == content


def test_problems_name_the_lines_that_were_put() -> None:
    lines = {"meters.csv": (1, 7, 8)}
    one = Problem(file="meters.csv", line=3, field="time", what="is given again", remedy="see line 2")
    told = with_lines_before(one, lines)
    assert (told.line, told.remedy) == (8, "see line 7")
    many = Problem(file="meters.csv", line=2, what="x", also=(one,))
    assert with_lines_before(many, lines).also[0].line == 8
    other = Problem(file="prices.csv", line=3, what="x", remedy="see line 2")
    assert with_lines_before(other, lines) == other
    assert with_lines_before(Problem(file="meters.csv", what="is not there"), lines).line == 0


def test_spans_lie_on_the_periods_of_the_market() -> None:
    market = {"timezone": "Asia/Kolkata", "resolution": "1h"}
    document = {"settlement": "s", "from": "2030-06-01T00:00:00+05:30", "until": "2030-07-01T00:00:00+05:30"}
    assert document_problems(document, market) == []
    assert span_of(document, market).periods == 30 * 24
    assert [
        each.pointer for each in document_problems({**document, "from": "2030-06-01T00:00:00Z"}, market)
    ] == ["/from"]
    lisbon = {"timezone": ZONE, "resolution": "15min"}
    october = {**document, "from": "2030-10-01T00:00:00+01:00", "until": "2030-11-01T00:00:00+00:00"}
    assert document_problems(october, lisbon) == []
    assert span_of(october, lisbon).periods == (31 * 24 + 1) * 4
    for until in ("2030-10-01T00:00:00+01:00", "2032-11-01T00:00:00Z"):
        assert [each.pointer for each in document_problems({**october, "until": until}, lisbon)] == ["/until"]
