"""Holds the documentation to what it promises: the checks of the header's comments find what is
missing, and the site as `make docs` built it has no dead link, no dead anchor, and loads nothing
from elsewhere.

    site.py
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

sys.path.insert(0, "tools")
import header as model  # noqa: E402

SITE = "build/site"


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


def check_functions(header):
    """Each name has its anchor where the names lead."""
    for name, family in header.family_of().items():
        path = f"{SITE}/reference/{family.slug}.html"
        if name not in Page(path).anchors:
            yield f"{path}: {name} is not described"


# ---- proof that the checks find what they are for ----

def prove_link_check():
    page = '<p id=there></p><a href="{}">link</a><script src="{}"></script>'
    for link, script, expected in [("#there", "page.html", 0), ("#gone", "page.html", 1),
                                   ("gone.html", "page.html", 1), ("page.html#gone", "page.html", 1),
                                   ("page.html#there", "https://example.com/x.js", 1)]:
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/page.html", "w", encoding="utf-8") as file:
                file.write(page.format(link, script))
            wrong, _ = check_site(folder)
            assert len(wrong) == expected, (link, script, wrong)


def prove_build():
    """A copy of the sources with two dead links in a guide is not built, for these two alone."""
    os.makedirs("build/tests", exist_ok=True)
    with tempfile.TemporaryDirectory(dir="build/tests") as folder:
        shutil.copytree(".", folder, symlinks=True, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("build", "target", ".git"))
        os.makedirs(f"{folder}/build")
        for name in ["venv", "node_modules"]:
            os.symlink(os.path.abspath(f"build/{name}"), f"{folder}/build/{name}")
        with open(f"{folder}/docs/verifying.md", "a", encoding="utf-8") as guide:
            guide.write("\n[no file](nowhere.md) [no anchor](linking.md#nowhere)\n")
        done = subprocess.run(["make", "docs"], cwd=folder, text=True, timeout=120,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode != 0 and done.stdout.count("WARNING") == 2, done.stdout
    assert "nowhere.md leads nowhere" in done.stdout and "'#nowhere'" in done.stdout, done.stdout


def prove_header_check():
    with open(model.PATH, encoding="utf-8") as source:
        text = source.read()
    assert model.flaws(model.parse(text)) == []
    for pattern, replacement, expected in [
            (r" \* @param hook .*\n \* @param url ", " * @param url ", "parameter hook has no @param"),
            (r" \* @param url ", " * @param uri ", "@param uri is none of the parameters"),
            (r" \* @return .*\n( \* @since .*\n \*/\nconst char \*barker_version)", r"\1",
             "barker_version: @return must stand"),
            (r" \* @since .*\n( \*/\nconst char \*barker_version)", r"\1", "barker_version has no @since"),
            (r"    /\*\* A text is not UTF-8. \*/\n", "", "BARKER_ERR_UTF8 has no comment"),
            (r"/\*\*(?:(?!\*/)[\s\S])*\*/\n(?=const char \*barker_webhook_url)", "",
             "barker_webhook_url has no comment"),
            (r"see barker_generate_secret\(\)", "see barker_make_secret()",
             "there is no barker_make_secret")]:
        broken, count = re.subn(pattern, replacement, text, count=1)
        flaws = model.flaws(model.parse(broken))
        assert count == 1 and any(expected in flaw for flaw in flaws), (expected, flaws)


def main():
    prove_build()
    prove_link_check()
    prove_header_check()
    wrong, count = check_site(SITE)
    wrong += check_functions(model.load())
    print("\n".join(wrong))
    print(f"{count} links")
    sys.exit(1 if wrong or count == 0 else 0)


if __name__ == "__main__":
    main()
