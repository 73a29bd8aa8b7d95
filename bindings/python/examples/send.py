"""Signs data and posts it to a URL.

    send.py URL [--key KEY] [--type CONTENT_TYPE] [DATA | @FILE | -]

Exit status: 0 the receiver answered 2xx, 1 it did not or could not be reached, 2 wrong usage.
"""
import os
import sys

import barker


def parse(arguments):
    """URL, key, content type and data's source; None is wrong usage."""
    options = {"--key": None, "--type": None}
    plain = []
    rest = iter(arguments)
    for argument in rest:
        if argument in options:
            options[argument] = next(rest, None)
            if options[argument] is None:
                return None
        elif argument.startswith("--"):
            return None
        else:
            plain.append(argument)
    if len(plain) not in (1, 2):
        return None
    return plain[0], options["--key"], options["--type"], plain[1] if len(plain) == 2 else ""


def load(source):
    """The bytes of standard input for "-", of a file for "@FILE", else of the text itself."""
    if source == "-":
        return sys.stdin.buffer.read()
    if source.startswith("@"):
        with open(source[1:], "rb") as file:
            return file.read()
    return os.fsencode(source)


def deliver(url, key, content_type, source):
    hook = barker.Webhook(url, key=None if key is None else os.fsencode(key))
    if content_type is not None:
        hook.headers["Content-Type"] = content_type
    response = hook.send(load(source))
    print(f"HTTP {response.status_code}")
    print(f"BARKER_TIMESTAMP: {response.timestamp}")
    print(f"BARKER_SIGNATURE: {response.signature}", flush=True)
    if response.content:
        sys.stdout.buffer.write(response.content + b"\n")
    return 0 if 200 <= response.status_code <= 299 else 1


def main():
    options = parse(sys.argv[1:])
    if options is None:
        print("usage: send.py URL [--key KEY] [--type CONTENT_TYPE] [DATA | @FILE | -]",
              file=sys.stderr)
        return 2
    try:
        return deliver(*options)
    except (barker.Error, OSError) as error:
        print(f"send: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
