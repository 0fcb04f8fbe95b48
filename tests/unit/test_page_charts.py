"""Charts are markup made from numbers: nothing that is inserted can become markup."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

from service.pages.frame.charts import Bar, LaneStay, bar, lane

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
EVIL = '<script>alert("1")</script>'


def test_a_bar_is_as_long_as_its_share_and_links_to_its_list() -> None:
    drawn = ET.fromstring(bar(Bar(50, 25, "MAL: 50", "/leads?row=MAL&lang=ja", 2), scale=200))
    assert drawn.get("href") == "/leads?row=MAL&lang=ja"
    rect, line = drawn.find(".//rect"), drawn.find(".//line")
    assert rect is not None
    assert (rect.get("width"), rect.get("class")) == ("25.0%", "p2")
    assert line is not None
    assert line.get("x1") == "12.5%"
    assert drawn.findtext(".//title") == "MAL: 50"


def test_a_bar_of_nothing_has_no_length_and_no_link() -> None:
    drawn = ET.fromstring(bar(Bar(0, 0, "ML: 0", None, 1), scale=0))
    rect = drawn.find("rect")
    assert drawn.tag == "svg"
    assert rect is not None
    assert rect.get("width") == "0%"


def test_words_in_a_chart_are_escaped() -> None:
    stay = LaneStay(0, MARCH, MARCH, EVIL, EVIL, 1, begins_pass=EVIL)
    drawings = (bar(Bar(1, 1, EVIL, EVIL, 1), scale=1), lane([EVIL], [stay], label=EVIL))
    for drawing in drawings:
        assert "<script" not in drawing
        assert EVIL in "".join(ET.fromstring(drawing).itertext())


def test_a_lane_draws_every_stay_in_its_row_and_time_from_left_to_right() -> None:
    days = [MARCH + timedelta(days=number * 10) for number in range(4)]
    stays = [
        LaneStay(0, days[0], days[1], "AL", "/records/1", 1),
        LaneStay(2, days[1], days[1], "MQL", "/records/2", 2),
        LaneStay(1, days[1], days[3], "MAL", "/records/3", 2, begins_pass="pass 2"),
    ]
    drawn = ET.fromstring(lane(["AL", "MAL", "MQL"], stays, label="lane"))
    lines = list(drawn.findall(".//a/line"))
    spans = [(float(one.get("x1", 0)), float(one.get("x2", 0))) for one in lines]
    heights = [float(one.get("y1", 0)) for one in lines]
    assert [one.get("href") for one in drawn.findall("a")] == [stay.link for stay in stays]
    assert spans[0][1] == spans[1][0] == spans[2][0] < spans[2][1]
    assert spans[1][1] > spans[1][0], "a moment can still be pointed at"
    assert heights[1] < heights[2] < heights[0]
    assert "pass 2" in "".join(drawn.itertext())
