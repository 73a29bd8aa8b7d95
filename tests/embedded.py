"""Runs the C programs that behave as old servers do, each against receivers on the loopback, over plain
connections and over TLS, by address and by name:

    embedded.py DIRECTORY    with fork, forks (tests/c/fork.c, tests/c/forks.c) and stack (tests/c/stack.c)
"""
import itertools
import os
import subprocess
import sys
import tempfile

from receivers import Handler, Receiver
from tls import make_authority, make_certificate

FORKS = 60
# While other threads hold locks: plain, and over TLS.
MANY_FORKS = {False: 2000, True: 600}
BY_CHILD = 4


class Recorder(Handler):
    """Answers 204, and remembers the bodies of each connection."""

    def setup(self):
        super().setup()
        self.bodies = []
        self.server.bodies.append(self.bodies)

    def do_POST(self):
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def run(program, secure, host, *arguments):
    """What the program printed, if it succeeded, and the receiver that it sent to."""
    receiver = Receiver("good" if secure else None, handler=Recorder)
    url = receiver.url(host)
    environment = dict(os.environ, SSL_CERT_FILE=os.path.abspath("ours.pem"))
    environment.pop("SSL_CERT_DIR", None)
    done = subprocess.run([os.path.join(PROGRAMS, program), url, *arguments], env=environment,
                          stdout=subprocess.PIPE, text=True, timeout=400)
    return done.returncode == 0 and done.stdout, receiver


def fork(secure, host, how):
    """Each message arrives once, and no connection carries those of two processes."""
    output, receiver = run("fork", secure, host, str(FORKS), how)
    bodies = list(itertools.chain(*receiver.bodies))
    owners = [{body.split()[0] for body in connection} for connection in receiver.bodies]
    shared = sum(len(owner) > 1 for owner in owners)
    of_parent = sum(owner == owners[0] for owner in owners)
    print(f"fork, {how}: {len(set(bodies))} messages arrived, {len(bodies)} times, over "
          f"{len(owners)} connections, {shared} of them shared, {of_parent} of the parent")
    return (output and len(bodies) == len(set(bodies)) == int(output) + FORKS * BY_CHILD and
            shared == 0 and (of_parent == 1 or how == "busy"))


def locked(secure, host):
    """No child waits for what a thread that it lacks has locked."""
    output, _ = run("forks", secure, host, os.path.abspath("ours.pem"), str(MANY_FORKS[secure]))
    print(output, end="")
    return output


def stack(secure, host):
    output, _ = run("stack", secure, host)
    print(output, end="")
    return output


def main():
    make_authority("ours")
    make_certificate("good", "ours", "IP:127.0.0.1,DNS:localhost")
    failed = 0
    for secure, host in itertools.product((False, True), ("127.0.0.1", "localhost")):
        outcomes = {
            "fork": fork(secure, host, "quiet"),
            "fork amid sends": fork(secure, host, "busy"),
            "64 KiB of stack": stack(secure, host),
        }
        if host == "localhost":
            outcomes["fork amid everything"] = locked(secure, host)
        for name, ok in outcomes.items():
            failed += not ok
            print("ok  " if ok else "FAIL", name, "over TLS to" if secure else "to", host)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    PROGRAMS = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        main()
