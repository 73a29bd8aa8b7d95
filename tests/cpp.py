"""Compiles tests/cpp in every way that barker.hpp is for, and runs it against receivers on the
loopback.

    cpp.py DIRECTORY COMPILER             each standard, with and without exceptions, linked both ways
    cpp.py DIRECTORY COMPILER --sanitized the oldest and the newest standard, with sanitizers
    cpp.py DIRECTORY COMPILER COMMAND...  the same, without sanitizers, run by this command

DIRECTORY has include and lib, as `make build` lays it out.
"""
import concurrent.futures
import os
import ssl
import subprocess
import sys
import tempfile

from receivers import Handler, Receiver
from tls import make_authority, make_certificate, revoke

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cpp")
WARNINGS = ("-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast "
            "-Wnon-virtual-dtor -Werror").split()
STANDARDS = "11", "14", "17", "20", "2b"
STATIC = "-lpthread -ldl -lm -lgcc_s".split()


class Echo(Handler):
    """Gives back what came; at /500 refuses it, at /silent says nothing until the client leaves."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/silent":
            self.connection.recv(1)
            self.close_connection = True
            return
        self.send_response(500 if self.path == "/500" else 200)
        for name, value in self.headers.items():
            self.send_header("Echo-" + name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def start_receivers():
    """Their URLs: of one, and of one over TLS that asks for a certificate."""
    make_authority("ours")
    for name in "good", "client", "revoked":
        make_certificate(name, "ours")
    revoke("revoked", "ours")
    secure = Receiver("good", handler=Echo)
    secure.context.load_verify_locations("ours.pem")
    secure.context.verify_mode = ssl.CERT_REQUIRED
    return Receiver(handler=Echo).url(), secure.url()


def variants(some):
    """The compiler's options of each."""
    for standard in (STANDARDS[0], STANDARDS[-1]) if some else STANDARDS:
        for more in [], ["-fno-exceptions", "-fno-rtti"]:
            yield [f"-std=c++{standard}", *more]


class Tester:
    def __init__(self, layout, compiler, arguments):
        layout = os.path.abspath(layout)
        self.sanitized = arguments == ["--sanitized"]
        self.runner = [] if self.sanitized else arguments
        library = os.path.join(layout, "lib")
        self.compiler = [compiler, "-g", *WARNINGS, "-I", os.path.join(layout, "include")]
        if self.sanitized:
            self.compiler += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        self.links = {"static": [os.path.join(library, "libbarker.a"), *STATIC]}
        if not self.sanitized:
            self.links["shared"] = ["-L", library, "-lbarker", "-lpthread", "-Wl,-rpath," + library]
        if self.runner:
            del self.links["static"]
        self.urls = start_receivers()

    def run(self, *command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}exit status {done.returncode}")
        return done.stdout.strip()

    def compile(self, source, number, *options):
        target = f"{source}-{number}.o"
        self.run(*self.compiler, *options, "-c", os.path.join(SOURCES, source + ".cpp"), "-o", target)
        return target

    def test(self, number, options):
        """Gives a line of what was checked, or raises."""
        objects = [self.compile("webhook", number, *options),
                   self.compile("second", number, options[0], "-fno-exceptions")]
        said = []
        for kind, link in self.links.items():
            program = f"./webhook-{number}-{kind}"
            self.run(*self.compiler, *objects, *link, "-o", program)
            said.append(f"{kind}: {self.run(*self.runner, program, *self.urls)}")
        return "; ".join(said)

    def test_all(self):
        failed = 0
        some = self.sanitized or bool(self.runner)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            futures = [(options, pool.submit(self.test, number, options))
                       for number, options in enumerate(variants(some))]
            for options, future in futures:
                try:
                    print("ok  ", *options, future.result())
                except (RuntimeError, subprocess.TimeoutExpired) as error:
                    failed += 1
                    print("FAIL", *options, error)
        return failed


def main():
    layout, compiler, *arguments = sys.argv[1:]
    layout = os.path.abspath(layout)
    arguments = [os.path.abspath(part) if os.path.isfile(part) else part for part in arguments]
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        failed = Tester(layout, compiler, arguments).test_all()
        os.chdir("/")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
