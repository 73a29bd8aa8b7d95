"""The documentation site, as `make docs` builds it: it has no dead link, no dead anchor, loads nothing
from elsewhere, and works in a browser. The checks behind it find what is missing."""
import glob
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import header as model
from support.build import ROOT, copy_sources, once, run, status_of

SITE = ROOT / "build/site"


@pytest.fixture
def site():
    once("site", lambda: run(["make", "--no-print-directory", "docs"]))
    return SITE


class Page(HTMLParser):
    """The anchors of a page, what it links to and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.anchors, self.links, self.loads = set(), [], []
        with open(path, encoding="utf-8") as page:
            self.feed(page.read())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors |= {attrs[name] for name in ("id", "name") if attrs.get(name)}
        if "href" in attrs:
            is_link = tag == "a" or attrs.get("rel") in ("next", "prev")
            (self.links if is_link else self.loads).append(attrs["href"])
        self.loads += filter(None, [attrs.get("src"), attrs.get("srcset")])


def check_target(folder, path, target, pages):
    """What is wrong with a link within the site, or nothing."""
    parts = urlsplit(target)
    there = os.path.normpath(os.path.join(os.path.dirname(path), unquote(parts.path))) \
        if parts.path else path
    if not os.path.isfile(there) or not there.startswith(folder):
        return f"{path}: {target} leads nowhere"
    if parts.fragment and unquote(parts.fragment) not in pages[there].anchors:
        return f"{path}: {target} has no such anchor"
    return None


def check_site(folder):
    """Sentences about what is wrong, and how many links there are."""
    pages = {path: Page(path) for path in glob.glob(f"{folder}/**/*.html", recursive=True)}
    wrong, count = [], 0
    for path, page in pages.items():
        wrong += [f"{path}: loads {url} from elsewhere" for url in page.loads if ":" in url]
        for target in page.links + page.loads:
            if not re.match(r"(https?|mailto|data):", target):
                count += 1
                wrong += filter(None, [check_target(folder, path, target, pages)])
    for path in glob.glob(f"{folder}/**/*.css", recursive=True):
        with open(path, encoding="utf-8") as style:
            wrong += [f"{path}: loads {url} from elsewhere"
                      for url in re.findall(r"url\([\"']?((?:https?:)?//[^)]*)", style.read())]
    return wrong, count



@pytest.mark.xdist_group("site")
def test_site_has_no_dead_links(site):
    wrong, count = check_site(str(site))
    assert wrong == [] and count > 0


@pytest.mark.xdist_group("site")
def test_names_lead_to_anchors(site):
    """Each name has its anchor where the names lead."""
    families = model.load().family_of()
    assert [name for name, family in families.items()
            if name not in Page(site / f"reference/{family.slug}.html").anchors] == []


@pytest.mark.xdist_group("site")
def test_site_in_a_browser(site):
    run(["node", "tests/site.js", site])


# ---- proof that the checks find what they are for ----

PAGE = '<p id=there></p><a href="{}">link</a><script src="{}"></script>'


@pytest.mark.check
@pytest.mark.parametrize("link, script, expected", [
    ("#there", "page.html", 0), ("#gone", "page.html", 1), ("gone.html", "page.html", 1),
    ("page.html#gone", "page.html", 1), ("page.html#there", "https://example.com/x.js", 1)])
def test_dead_links_are_found(link, script, expected, tmp_path):
    (tmp_path / "page.html").write_text(PAGE.format(link, script), encoding="utf-8")
    wrong, _ = check_site(str(tmp_path))
    assert len(wrong) == expected, wrong


def test_site_with_dead_links_is_not_built(tmp_path):
    """A copy of the sources with two dead links in a guide is not built, for these two alone."""
    copy_sources(tmp_path)
    (tmp_path / "build").mkdir()
    for name in "venv", "node_modules":
        (tmp_path / "build" / name).symlink_to(ROOT / "build" / name)
    with open(tmp_path / "docs/verifying.md", "a", encoding="utf-8") as guide:
        guide.write("\n[no file](nowhere.md) [no anchor](linking.md#nowhere)\n")
    status, printed = status_of(["make", "docs"], cwd=tmp_path)
    assert status != 0 and printed.count("WARNING") == 2
    assert "nowhere.md leads nowhere" in printed and "'#nowhere'" in printed


@pytest.mark.check
def test_header_has_no_flaws():
    assert model.flaws(model.load()) == []


@pytest.mark.check
@pytest.mark.parametrize("pattern, replacement, expected", [
    (r" \* @param hook .*\n \* @param url ", " * @param url ", "parameter hook has no @param"),
    (r" \* @param url ", " * @param uri ", "@param uri is none of the parameters"),
    (r" \* @return .*\n( \* @since .*\n \*/\nconst char \*barker_version)", r"\1",
     "barker_version: @return must stand"),
    (r" \* @since .*\n( \*/\nconst char \*barker_version)", r"\1", "barker_version has no @since"),
    (r"    /\*\* A text is not UTF-8. \*/\n", "", "BARKER_ERR_UTF8 has no comment"),
    (r"/\*\*(?:(?!\*/)[\s\S])*\*/\n(?=const char \*barker_webhook_url)", "",
     "barker_webhook_url has no comment"),
    (r"see barker_generate_secret\(\)", "see barker_make_secret()",
     "there is no barker_make_secret")])
def test_flaws_of_the_header_are_found(pattern, replacement, expected):
    text = Path(model.PATH).read_text(encoding="utf-8")
    broken, count = re.subn(pattern, replacement, text, count=1)
    assert count == 1 and any(expected in flaw for flaw in model.flaws(model.parse(broken)))
