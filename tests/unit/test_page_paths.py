"""Where a form may lead to: a path of this site and nothing else."""

import pytest

from service.pages.frame.forms import path_here


@pytest.mark.parametrize("path", ["/", "/funnel", "/leads?row=MAL&lang=ja", "/a//b", "/a?next=//b"])
def test_a_path_of_this_site_is_kept(path: str) -> None:
    assert path_here(path) == path


@pytest.mark.parametrize(
    "elsewhere",
    [
        *(None, "", "funnel", "//evil.example", "///evil.example", "/\\evil.example"),
        *("https://evil.example", "javascript:alert(1)", "data:text/html,x", "\\\\evil.example"),
        *("/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example"),
        *("/a\r\nset-cookie: x=y", "/a\\b", "/\x7f/evil.example", "/／evil.example", "/a b"),
    ],
)
def test_anything_that_a_browser_could_take_for_another_site_is_not(elsewhere: str | None) -> None:
    assert path_here(elsewhere) == "/"
