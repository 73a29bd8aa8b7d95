"""The pages of the site, for mkdocs: README.md, docs/*.md, the bindings' README.md, the example
programs, CHANGELOG.md, and a page for each family of functions of include/barker.h.

Links between these files become links between their pages. A link to another file of the repository
becomes plain text; a link to a missing file is an error. If a page names a function, type, macro or
status, the name links to its description.
"""
import glob
import html
import logging
import os
import posixpath
import re
import sys

from mkdocs.structure.files import File
from mkdocs.utils import get_relative_url

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import examples  # noqa: E402
import header as model  # noqa: E402

log = logging.getLogger("mkdocs.hooks.barker")
LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)(?P<attributes>\{[^}]*\})?")
MENTION = re.compile(rf"(?P<name>{model.NAME.pattern})(?:\(\))?")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SHARING = {
    "": "May be called from any thread.",
    "read": "Only reads the handle: any number of threads may call it at once.",
    "any": "May be called from any thread, even while another one uses the handle.",
    "change": "May change the handle: only one thread at a time may use it.",
}


def read(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


# ---- which pages there are ----

def in_order_of_readme(paths):
    """The guides in the order of README.md; after them the others, by name."""
    named = re.findall(r"\]\((docs/[^)#]+)", read("README.md"))
    return [path for path in dict.fromkeys(named) if path in paths] + \
        [path for path in sorted(paths) if path not in named]


def pages_of_repository():
    """The page of each file."""
    guides = in_order_of_readme(glob.glob("docs/*.md"))
    bindings = sorted(glob.glob("bindings/*/README.md"))
    return {
        "docs/site/index.md": "index.md",
        "README.md": "start.md",
        **{path: f"guides/{os.path.basename(path)}" for path in guides},
        "include/barker.h": "reference/index.md",
        **{path: f"bindings/{path.split('/')[1]}.md" for path in bindings},
        "examples-c": "examples/index.md",
        **{path: f"examples/{os.path.basename(path)[:-2]}.md" for path in examples.load()},
        "CHANGELOG.md": "changelog.md",
    }


def family_page(family):
    return f"reference/{family.slug}.md"


# ---- pages from Markdown ----

def rewrite_links(source, text, pages, family_of):
    """Makes links between files of the repository links between pages."""
    folder = posixpath.dirname(pages[source]) or "."

    def rewrite(link):
        target, _, anchor = link["target"].partition("#")
        if not target or re.match(r"[a-z]+:", target):
            return link[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        page = pages.get(path) or pages.get(f"{path}/README.md")
        if path == "include/barker.h" and anchor in family_of:
            page = family_page(family_of[anchor])
        if page is None:
            if not os.path.exists(path):
                log.warning("%s: the link to %s leads nowhere", source, target)
            return link["text"]
        there = posixpath.relpath(page, folder) + (f"#{anchor}" if anchor else "")
        return f"[{link['text']}]({there}){link['attributes'] or ''}"

    end, parts = 0, []
    for fence in FENCE.finditer(text):
        parts += [LINK.sub(rewrite, text[end:fence.start()]), fence[0]]
        end = fence.end()
    return "".join(parts) + LINK.sub(rewrite, text[end:])


def link_table(text, family_of):
    """README.md's table has names without `barker_`."""
    def link(name):
        full = f"barker_{name[1]}"
        if full not in family_of:
            return name[0]
        return f"[{name[0]}]({family_page(family_of[full])}#{full})"

    return "\n".join(re.sub(r"`(\w+)`", link, line) if line.startswith("| ") else line
                     for line in text.split("\n"))


def markdown_page(path, pages, family_of):
    text = rewrite_links(path, read(path), pages, family_of)
    if path == "README.md":
        text = link_table(text, family_of)
    has_neighbours = "/" in pages[path] or path.startswith("docs/")
    return text if has_neighbours else f"---\nhide: [navigation]\n---\n{text}"


# ---- pages of examples ----

def example_page(path, about):
    name = os.path.basename(path)
    return f"---\nhide: [toc]\n---\n# {name}\n\n{about[0].upper()}{about[1:]}\n\n" \
        f"```c\n{read(path)}```\n"


def examples_page(pages, programs):
    lines = ["# Examples", "", "Complete programs to copy from.", ""]
    for path, about in programs.items():
        lines.append(f"- [{os.path.basename(path)}]({os.path.basename(pages[path])}): {about}")
    return "\n".join(lines) + "\n"


# ---- pages of the reference ----

def escaped(text):
    """Text of a comment as Markdown; code in backticks and links stay as they are."""
    parts = re.split(r"(`[^`]*`|<https:[^>]*>)", text)
    return "".join(part if index % 2 else re.sub(r"([\\*\[\]<>#|_])", r"\\\1", part)
                   for index, part in enumerate(parts))


def blocks(comment):
    for kind, content in comment.blocks:
        if kind == "text":
            yield escaped(content)
        elif kind == "code":
            yield f"```c\n{content}\n```"
        else:
            mark = "1." if kind == "steps" else "-"
            yield "\n".join(f"{mark} {escaped(item)}" for item in content)


def member_list(entry):
    """Parameters, fields, or values; each value has an anchor."""
    if not entry.members:
        return
    yield '<dl class="members" markdown>'
    for member in entry.members:
        is_value = entry.kind == "enum"
        anchor = f' id="{member.name}"' if is_value else ""
        number = f" = {member.number}" if is_value else ""
        texts = [entry.comment.params[member.name]] if member.comment is None else \
            [content for kind, content in member.comment.blocks if kind == "text"]
        yield f'<dt{anchor} markdown>`{member.name}{number}`</dt>'
        yield f'<dd markdown="span">{" ".join(escaped(text) for text in texts)}</dd>'
    yield "</dl>"


def short_names(name):
    """Short forms that readers search for: "webhook_set_url" and "set_url"."""
    words = name.split("_")
    return ["_".join(words[start:]) for start in range(1, len(words) - 1)]


def entry_section(entry):
    parentheses = "()" if entry.kind == "function" else ""
    yield f"## {entry.name}{parentheses} {{ #{entry.name} .entry }}"
    if entry.kind != "enum":
        yield f"```c\n{entry.declaration}\n```"
    yield from blocks(entry.comment)
    yield "\n".join(member_list(entry))
    if entry.comment.returns:
        yield f"**Returns** {escaped(entry.comment.returns)}."
    if entry.kind == "function":
        yield f"{SHARING[entry.use_of_handle]}\n{{ .sharing }}"
    yield f"<p hidden>{' '.join(short_names(entry.name))}</p>"


def family_text(family):
    about = family.about[0].upper() + family.about[1:]
    yield f"# {family.name}"
    yield f"{about}."
    yield "\n".join(f"- [`{entry.name}()`](#{entry.name}): {escaped(entry.comment.summary)}."
                    for entry in family.functions)
    for entry in family.functions + family.types:
        yield from entry_section(entry)


def reference_text(header):
    yield "# Reference"
    yield from blocks(header.comment)
    yield "## Functions, types and statuses"
    rows = ["| family | |", "|---|---|"]
    for family in header.families:
        names = ", ".join(f"`{entry.name}{'()' if entry.kind == 'function' else ''}`"
                          for entry in family.functions + family.types)
        rows.append(f"| [{family.name}]({family.slug}.md) | {family.about}: {names} |")
    yield "\n".join(rows)


def joined(texts):
    return "\n\n".join(text for text in texts if text) + "\n"


# ---- hooks ----

class Site:
    header = pages = family_of = entries = None


def on_config(config):
    os.chdir(ROOT)
    Site.header = model.load()
    Site.family_of = Site.header.family_of()
    Site.pages = pages_of_repository()
    Site.entries = targets(Site.header)

    def section(prefix):
        return [page for page in Site.pages.values() if page.startswith(prefix)]
    reference = ["reference/index.md", *({family.name: family_page(family)}
                                         for family in Site.header.families)]
    config.nav = [{"Home": "index.md"}, {"Start": "start.md"}, {"Guides": section("guides/")},
                  {"Reference": reference}, {"Examples": section("examples/")},
                  {"Bindings": section("bindings/")}, {"Changes": "changelog.md"}]
    config.nav = [item for item in config.nav if all(item.values())]
    config.theme.static_templates.clear()  # a 404.html and a sitemap.xml, which only web servers use
    return config


def targets(header):
    """The page of each name, and a sentence that describes it."""
    found = {}
    for family in header.families:
        for entry in family.entries:
            found[entry.name] = family_page(family), entry.comment.summary
            if entry.kind == "enum":
                found.update((value.name, (family_page(family), value.comment.summary))
                             for value in entry.members)
    return found


def on_files(files, config):
    programs = examples.load()
    contents = {"reference/index.md": joined(reference_text(Site.header)),
                "examples/index.md": examples_page(Site.pages, programs),
                **{Site.pages[path]: example_page(path, about) for path, about in programs.items()}}
    for family in Site.header.families:
        contents[family_page(family)] = joined(family_text(family))
    for path, page in Site.pages.items():
        if path.endswith(".md"):
            contents[page] = markdown_page(path, Site.pages, Site.family_of)
    for page, content in contents.items():
        files.append(File.generated(config, page, content=content))
    files.append(File.generated(config, "iframe-worker.js", abs_src_path=os.path.join(
        ROOT, "build/node_modules/iframe-worker/shim/index.js")))
    return files


def on_page_content(content, page, config, files):
    """Turns names into links, except in links, in headings and in their own description."""
    within = {"a": 0, "h": 0, "code": 0}
    own, parts = "", []

    def link(name):
        if name["name"] not in Site.entries or name["name"] == own:
            return name[0]
        path, summary = Site.entries[name["name"]]
        url = get_relative_url(files.get_file_from_path(path).url, page.url)
        title = html.escape(summary, quote=True)
        shown = name[0] if within["code"] else f"<code>{name[0]}</code>"
        return f'<a class="mention" href="{url}#{name["name"]}" title="{title}">{shown}</a>'

    for part in re.split(r"(<[^>]+>)", content):
        if tag := re.match(r"<(/?)(?:(h)[1-6]|(a|code))\b", part):
            within[tag[2] or tag[3]] += -1 if tag[1] else 1
        if anchor := re.match(r'<(?:h2|dt)\b[^>]* id="(\w+)"', part):
            own = anchor[1]
        is_text = not part.startswith("<") and not within["a"] and not within["h"]
        parts.append(MENTION.sub(link, part) if is_text else part)
    return "".join(parts)
