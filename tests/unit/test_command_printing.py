"""Tables of the command line: readable at any width."""

from io import StringIO

from rich.console import Console

from service.command.printing import PIPED_WIDTH, print_table

ORIGINS = ("マーケティング(デジタル)", "マーケティング(オフライン)", "営業直接", "(not reported)")
FIGURES = ("standing", "entered", "reached")
ROWS = [
    ["MQL", "マーケティング認定リード", "1,200", "3,400", "5,600", "10", "20", "30", "40"],
    ["unplaced", "", "7", "", "", "1", "2", "3", "4"],
]


def printed(width: int) -> str:
    console = Console(width=width, file=StringIO(), markup=False, highlight=False, emoji=False)
    numbers = (*FIGURES, *ORIGINS)
    print_table(("stage", "label", *numbers), ROWS, numbers=numbers, console=console)
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_a_table_that_fits_is_one() -> None:
    assert printed(PIPED_WIDTH).count("stage") == 1
    assert printed(200).count("stage") == 1


def test_a_wide_table_is_continued_below_and_no_word_or_number_is_broken() -> None:
    for width in (60, 80, 100, 120):
        text = printed(width)
        assert text.count("stage") == text.count("MQL") > 1
        for word in (*FIGURES, *ORIGINS, "1,200", "3,400", "5,600"):
            assert text.count(word) == 1, (word, text)
        # As many cells as an East Asian terminal needs for them.
        console = Console(width=width)
        assert all(console.measure(line).maximum <= width for line in text.splitlines())


def test_texts_are_wrapped_between_words() -> None:
    console = Console(width=50, file=StringIO(), markup=False, highlight=False)
    detail = "expected a number, such as 1200, 1,200.50 or ▲1,200"
    print_table(
        ("count", "detail", "lines"),
        [("1", detail, "2, 3, 4")],
        numbers=("count",),
        console=console,
    )
    file = console.file
    assert isinstance(file, StringIO)
    assert set(detail.split()) <= set(file.getvalue().split())
