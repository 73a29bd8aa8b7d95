"""Compiles tests/cpp in every way that barker.hpp is for, and runs it against receivers on the
loopback.

    cpp.py DIRECTORY COMPILER              each standard, with and without exceptions, linked both ways
    cpp.py DIRECTORY COMPILER --sanitized  the oldest and the newest standard, static, with sanitizers
    cpp.py DIRECTORY COMPILER COMMAND...   the same, shared, run by this command

DIRECTORY has libbarker.so and libbarker.a. Objects are kept in build/tests/cpp until a source changes.
"""
import concurrent.futures
import glob
import hashlib
import os
import ssl
import subprocess
import sys
import tempfile

from receivers import Handler, Receiver
from tls import make_authority, make_certificate, revoke

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = os.path.join(TOP, "tests/cpp")
INCLUDE = os.path.join(TOP, "include")
OBJECTS = os.path.join(TOP, "build/tests/cpp")
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


def digest_of(command):
    """Of all that an object is made from."""
    digest = hashlib.sha256(repr(command).encode())
    for path in sorted(glob.glob(os.path.join(SOURCES, "*")) + glob.glob(INCLUDE + "/*")):
        with open(path, "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        return file.read()


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}exit status {done.returncode}")
    return done.stdout.strip()


def refuse_mistakes(compiler):
    """Gives whether each mistake in wrong.cpp is one to the compiler."""
    source = os.path.join(SOURCES, "wrong.cpp")
    compile = [compiler, f"-std=c++{STANDARDS[-1]}", "-fno-exceptions", "-I", INCLUDE,
               "-fsyntax-only", source]
    mistakes = read(source).count("MISTAKE == ")
    compiled = [number for number in range(mistakes + 1) if subprocess.run(
        [*compile, f"-DMISTAKE={number}"], capture_output=True).returncode == 0]
    print("ok  " if compiled == [0] else "FAIL", mistakes, "mistakes; compiled:", compiled)
    return compiled == [0]


class Tester:
    def __init__(self, library, compiler, arguments):
        static = [os.path.join(library, "libbarker.a"), *STATIC]
        shared = ["-L", library, "-lbarker", "-lpthread", "-Wl,-rpath," + library]
        self.sanitized = arguments == ["--sanitized"]
        self.runner = [] if self.sanitized else arguments
        self.some = bool(arguments)
        self.compiler = [compiler, "-I", INCLUDE, *WARNINGS]
        if self.some:
            self.compiler.append("-g")
        if self.sanitized:
            self.compiler += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        self.links = {"static": static} if self.sanitized else \
            {"shared": shared} if self.runner else {"static": static, "shared": shared}
        self.kept = os.path.join(OBJECTS, f"{os.path.basename(compiler)}{'-g' * self.some}"
                                          f"{'-sanitized' * self.sanitized}")
        self.urls = start_receivers()
        os.makedirs(self.kept, exist_ok=True)

    def compile(self, source, name, *options):
        target = os.path.join(self.kept, f"{source}-{name}.o")
        command = [*self.compiler, *options, "-c", os.path.join(SOURCES, source + ".cpp"),
                   "-o", target]
        digest = digest_of(command)
        if read(target + ".digest") != digest:
            run(*command)
            with open(target + ".digest", "w") as mark:
                mark.write(digest)
        return target

    def test(self, options):
        """Gives a line of what was checked, or raises."""
        name = "".join(options)
        first = self.compile("webhook", name, *options)
        second = self.compile("second", name, options[0], "-fno-exceptions", "-fPIC",
                              "-fvisibility=hidden", "-fvisibility-inlines-hidden")
        said = []
        for kind, link in self.links.items():
            program = f"./webhook{name}-{kind}"
            if kind == "shared":
                library = os.path.abspath(f"second{name}.so")
                run(*self.compiler, second, *link, "-shared", "-o", library)
                run(*self.compiler, first, library, *link, "-o", program)
            else:
                run(*self.compiler, first, second, *link, "-o", program)
            said.append(f"{kind}: {run(*self.runner, program, *self.urls)}")
        return "; ".join(said)

    def test_all(self):
        failed = 0
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            futures = [(options, pool.submit(self.test, options)) for options in variants(self.some)]
            for options, future in futures:
                try:
                    print("ok  ", *options, future.result())
                except (RuntimeError, subprocess.TimeoutExpired) as error:
                    failed += 1
                    print("FAIL", *options, error)
        return failed


def main():
    library, compiler, *arguments = sys.argv[1:]
    library = os.path.abspath(library)
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        failed = Tester(library, compiler, arguments).test_all()
        failed += not (arguments or refuse_mistakes(compiler))
        os.chdir("/")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
