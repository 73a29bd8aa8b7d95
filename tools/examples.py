"""The example programs, and what the first line of each says that it does."""
import glob
import re
import sys


def load():
    """The sentence of each path."""
    found = {}
    for path in sorted(glob.glob("examples-c/*.c")):
        with open(path, encoding="utf-8") as source:
            about = re.match(r"/\* \w+: (.*?\.)\s", source.read(), re.DOTALL)
        if not about:
            sys.exit(f"{path}: must begin with /* NAME: and a sentence that says what it does")
        found[path] = " ".join(about[1].replace("\n *", " ").split())
    return found
