"""Words that are never right in barker's texts, because readers stumble over them."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS = {  # the word: what to write in its place
    "but for": "except",
    "save for": "except",
    "save that": "except that",
    "amid": "during, in the middle of",
    "whither": "where",
    "thither": "there",
    "thereof": "of it",
    "so many": "that many, as many",
    "is told": "say who reports what to whom",
    "are told": "say who reports what to whom",
    "is heeded": "say who keeps to what",
    "are heeded": "say who keeps to what",
    "lest": "so that ... not",
    "for want of": "because there is no",
    "to be had": "available",
    "let alone": "and certainly not",
    "gives back": "returns",
    "give back": "return",
    "in vain": "without success, forever",
    "anew": "again",
}
TEXTS = ["*.md", "docs/**/*.md", "include/*", "man/*.3", "examples-c/*", "packaging/**/*",
         "bindings/**/*.md", "bindings/**/*.py", "bindings/**/*.rb", "bindings/**/*.go",
         "bindings/**/*.rbs", "src/**/*.rs", "src/**/*.h"]


def stumbling_blocks(text):
    """The line number of each such word, which may be split between two lines, and what to write."""
    for word, better in WORDS.items():
        pattern = r"\b" + word.replace(" ", r"[\s*/#]+") + r"\b"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield text.count("\n", 0, match.start()) + 1, f'"{word}": write {better}'


def test_plain_words():
    paths = [path for pattern in TEXTS for path in sorted(ROOT.glob(pattern)) if path.is_file()]
    assert len(paths) > 50
    found = [f"{path.relative_to(ROOT)}:{line}: {what}" for path in paths
             for line, what in stumbling_blocks(path.read_text(encoding="utf-8"))]
    assert not found, "\n".join(found)


def test_words_are_found():
    assert [line for line, _ in stumbling_blocks("/* All\n * but\n * for one. */\nAmid it.")] == [2, 4]
