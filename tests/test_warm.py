"""What a delivery costs, counted: system calls by strace, memory by the kernel's own account. Runs
tests/c/warm.c with different numbers of sends; the difference is theirs."""
import collections
import re
import statistics
import subprocess

import pytest

from support.build import SHARED
from support.receivers import Handler, Receiver

FEW, MANY = 10, 110
SPAWNING = "clone", "clone3", "fork", "vfork", "execve", "execveat"
CALL = re.compile(r"^\d+ +(\w+)\(", re.MULTILINE)
# Head and body of 1024 bytes in one call: the two lengths, and what left.
VECTORED = re.compile(r"^\d+ +(?:sendmsg|writev)\(.*\[\{iov_base=\"POST .*iov_len=(\d+)\}, "
                      r"\{iov_base=\"x.*iov_len=1024\}\].* = (\d+)$", re.MULTILINE)
KIB, MIB = 2**10, 2**20

pytestmark = pytest.mark.parametrize("variant", [SHARED])


class Keeping(Handler):
    """Answers 204 and keeps the connection."""
    ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"

    def do_POST(self):
        self.body()
        self.wfile.write(self.ANSWER)


class Closing(Keeping):
    """Does not keep it."""
    ANSWER = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

    def do_POST(self):
        super().do_POST()
        self.close_connection = True


@pytest.fixture
def warm(program):
    """Runs the program, behind such a command as strace, and returns what it printed."""
    def warm(url, sends, size, before=(), by=()):
        done = subprocess.run([*before, *program("warm"), url, str(sends), str(size), *by],
                              timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, f"exit status {done.returncode}, printed:\n{done.stdout}"
        return int(done.stdout)
    return warm


@pytest.fixture
def calls(warm, tmp_path):
    """System calls for each delivery by their names, and strace's record of the longer run."""
    def trace(url, sends, by):
        record = tmp_path / f"record-{sends}"
        warm(url, sends, KIB, ("strace", "-f", "-s", "8", "-o", record), by)
        return record.read_text()

    def calls(url, *by):
        few, many = trace(url, FEW, by), trace(url, MANY, by)
        counted = collections.Counter(CALL.findall(many))
        counted.subtract(CALL.findall(few))
        return {name: count / (MANY - FEW) for name, count in counted.items() if count}, many
    return calls


def spawned(counted):
    return {name: count for name, count in counted.items() if name in SPAWNING}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_system_calls(start, calls, host):
    """At most sending, receiving and one look at the connection; in one piece, on no other thread.
    The median, since an engine may now and then correct a timer on the socket."""
    counted, record = calls(start(Receiver(handler=Keeping)).url(host))
    deliveries = [CALL.findall(part) for part in record.split('"POST ')[1:]]
    assert statistics.median(map(len, deliveries)) <= 3, f"on the average {counted}"
    assert spawned(counted) == {}
    vectored = sum(int(head) + KIB == int(sent) for head, sent in VECTORED.findall(record))
    assert vectored == MANY, "not each delivery left in one vectored write"


def test_system_calls_of_an_engine(start, calls):
    """The same, and waiting; a connection is watched once, not once a delivery."""
    counted, _ = calls(start(Receiver(handler=Keeping)).url("127.0.0.1"), "engine")
    assert spawned(counted) == {} and "epoll_ctl" not in counted, counted
    assert counted["sendmsg"] == 1 and counted["recvfrom"] <= 3, counted


def test_remembered_lookup(start, calls):
    """New connections to a name that was looked up: no thread, and the system's files unread."""
    counted, _ = calls(start(Receiver(handler=Closing)).url("localhost"))
    assert spawned(counted) == {}
    assert counted.get("openat", 0) == 0, counted


def test_memory(start, warm):
    """A large body is not copied."""
    raised = warm(start(Receiver(handler=Keeping)).url(), 1, 16 * MIB)
    assert raised <= 3 * KIB, f"a body of 16 MiB raises the peak of memory by {raised} KiB"
