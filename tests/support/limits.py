"""The time limit of a test. It does not count what is built for all tests, however busy the machine."""
import contextlib
import faulthandler
import signal

SECONDS = 600


def start(name):
    """Ends the test after its time: with an exception, or else with the process."""
    def give_up(*_):
        raise TimeoutError(f"{name} takes more than {SECONDS} s")
    signal.signal(signal.SIGALRM, give_up)
    set_alarm(SECONDS)


def set_alarm(seconds):
    signal.alarm(seconds)
    faulthandler.dump_traceback_later(seconds + 30, exit=True)


def stop():
    """Returns how many seconds were left."""
    faulthandler.cancel_dump_traceback_later()
    return signal.alarm(0)


@contextlib.contextmanager
def suspended():
    left = stop()
    try:
        yield
    finally:
        if left > 0:
            set_alarm(left)
