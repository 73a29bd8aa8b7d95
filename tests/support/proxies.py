"""Proxies on the loopback: tinyproxy (HTTP CONNECT), microsocks (SOCKS5), and one that says what a
test wants."""
import contextlib
import os
import socket
import subprocess
import threading

from support.receivers import Listener, end, find_program

TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 64
LogFile "{log}"
LogLevel Connect
{setting}
"""


def reserve_port():
    """A bound socket, which keeps its port for a server that sets SO_REUSEADDR, as servers do."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def dead_port():
    """A bound socket: nobody listens at its port, nor does anybody else get it."""
    dead = socket.socket()
    dead.bind(("127.0.0.1", 0))
    return dead


class Proxy:
    """A program that is told its port, from when it can be reached until the end of the block."""

    def __init__(self, make_command):
        with reserve_port() as reserved:
            self.port = reserved.getsockname()[1]
            program, *arguments = make_command(self.port)
            self.process = subprocess.Popen(
                [find_program(program), *arguments], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.wait(program)

    def wait(self, program):
        for _ in range(600):
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", self.port), 60).close()
                return
            assert self.process.poll() is None, f"{program} ended"
            threading.Event().wait(0.1)
        end(self.process)
        raise AssertionError(f"{program} does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)


class TinyProxy(Proxy):
    """It writes its log into the directory."""

    def __init__(self, directory, setting=""):
        self.log = os.path.join(directory, "log")
        path = os.path.join(directory, "tinyproxy.conf")

        def command(port):
            with open(path, "w") as configuration:
                configuration.write(TINYPROXY.format(port=port, log=self.log, setting=setting))
            return "tinyproxy", "-d", "-c", path
        super().__init__(command)


class MicroSocks(Proxy):
    def __init__(self, *options):
        super().__init__(
            lambda port: ("microsocks", "-i", "127.0.0.1", "-p", str(port), *options))


class Peer(Listener):
    """Whatever it is asked for, a proxy that says this and closes; with nothing to say, it resets
    the connection."""

    def __init__(self, *answers):
        self.answers = answers
        super().__init__()

    def speak(self, client):
        with contextlib.suppress(OSError):
            client.settimeout(60)
            for answer in self.answers:
                client.recv(4096)
                client.sendall(answer)
            if not self.answers:
                client.recv(4096)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
