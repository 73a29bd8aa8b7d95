"""The program tests/c/sender.c, which sends as its command line says."""
import os
import re
import subprocess

from support.build import LAYOUT


def statuses():
    """The number of each status, by its name without BARKER_."""
    header = (LAYOUT / "include/barker.h").read_text(encoding="utf-8")
    return dict(re.findall(r"BARKER_(\w+) = (\d+)", header))


class Sender:
    """Runs the program where the certificates are, so that options name them without a path."""

    def __init__(self, command, certificates):
        self.command, self.certificates = command, certificates
        self.statuses = statuses()

    def send(self, url, status, *options, **environment):
        """Fails unless each send ends with this status, such as ERR_TLS. Of the variables that
        matter to a send, the program sees only these."""
        names = [name for name in os.environ if name.lower().endswith("_proxy")]
        kept = {name: value for name, value in os.environ.items()
                if name not in ["SSL_CERT_FILE", "SSL_CERT_DIR", *names]}
        done = subprocess.run([*self.command, url, self.statuses[status], *options],
                              cwd=self.certificates.directory, env=kept | environment, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace")
        assert done.returncode == 0, (
            f"sender {url} {status} {' '.join(options)}\n{environment}\n"
            f"exit status {done.returncode}, printed:\n{done.stdout}")
