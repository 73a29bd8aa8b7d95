"""What README.md says works: it is installed as it tells, in a fresh environment without anything
else, and each of its examples is run there. So are the programs in examples."""
import glob
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest

from support import PATIENCE, TOP, Receiver

PYTHON = os.path.join(TOP, "bindings/python")
URL = "https://receiver.example/hook"
WHERE = ("import barker, sys\n"
         "print(barker.__file__)\n"
         "print([line.split()[-1] for line in open('/proc/self/maps') if 'libbarker' in line][0])")


def blocks(language):
    with open(os.path.join(PYTHON, "README.md"), encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


class DocumentsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        environment = os.path.join(cls.directory.name, "venv")
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        cls.python = os.path.join(environment, "bin/python")
        cls.env = {name: value for name, value in os.environ.items()
                   if name not in ("BARKER_LIBRARY", "PYTHONPATH", "LD_LIBRARY_PATH")}
        # Nothing is fetched: setuptools, which makes the wheel, lies there since the setup.
        cls.env.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=os.path.join(TOP, "build/wheelhouse"))
        cls.env["PATH"] = os.path.join(environment, "bin") + os.pathsep + cls.env["PATH"]
        for wheel in glob.glob(os.path.join(TOP, "build/python/*.whl")):
            os.remove(wheel)
        (install,) = blocks("sh")
        cls.run_command("sh", "-ec", install, cwd=TOP)
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)

    @classmethod
    def run_command(cls, *command, status=0, **options):
        done = subprocess.run(command, env=cls.env, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=5 * PATIENCE, **options)
        assert done.returncode == status, done.stdout
        return done.stdout

    def test_examples_of_the_readme(self):
        examples = blocks("python")
        self.assertGreater(len(examples), 7)
        for example in examples:
            if URL in example:
                before = len(self.receiver.requests)
                self.run_command(self.python, "-W", "error", "-c",
                                 example.replace(URL, self.receiver.url("/hook")))
                self.assertGreater(len(self.receiver.requests), before, example)
            else:
                self.run_command(self.python, "-W", "error", "-c", example)

    def test_links_of_the_readme(self):
        with open(os.path.join(PYTHON, "README.md"), encoding="utf-8") as file:
            links = re.findall(r"\]\(([^)]+)\)", file.read())
        self.assertGreater(len(links), 3)
        for link in links:
            self.assertTrue(os.path.exists(os.path.join(PYTHON, link)), link)

    def test_wheel(self):
        (wheel,) = glob.glob(os.path.join(TOP, "build/python/*.whl"))
        tag = re.search(r"-py3-none-(manylinux_\d+_\d+_\w+)\.whl$", wheel)[1]
        self.assertTrue(tag.endswith(sysconfig.get_platform().replace("linux-", "_")), tag)
        shown = self.run_command(sys.executable, "-m", "auditwheel", "show", wheel)
        self.assertIn(f'the following platform tag: "{tag}"', " ".join(shown.split()))

    def test_library_of_the_wheel_is_used(self):
        package, library = self.run_command(self.python, "-c", WHERE).split()
        self.assertTrue(package.startswith(self.directory.name), package)
        self.assertEqual(os.path.dirname(library), os.path.dirname(package))
        self.run_command(self.python, "-m", "pip", "check")

    def test_beside_the_original(self):
        """`import barker` finds this one, whichever was installed first."""
        find = "import importlib.util as u; print(u.find_spec('barker').origin)"
        original = subprocess.run(
            [sys.executable, "-c", find], stdout=subprocess.PIPE, text=True, check=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
        ours = self.run_command(self.python, "-c", find).strip()
        beside = os.path.join(os.path.dirname(os.path.dirname(ours)), "barker.py")
        shutil.copy(original.stdout.strip(), beside)
        self.addCleanup(os.remove, beside)
        self.assertEqual(self.run_command(self.python, "-c", find).strip(), ours)

    def test_without_a_library(self):
        """A wheel of the sources alone is for any platform, and takes the system's library."""
        source = os.path.join(self.directory.name, "source")
        shutil.copytree(PYTHON, source)
        self.run_command(self.python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir",
                         self.directory.name, source)
        (wheel,) = glob.glob(os.path.join(self.directory.name, "*.whl"))
        self.assertTrue(wheel.endswith("-py3-none-any.whl"), wheel)

    def test_example_programs(self):
        examples = os.path.join(PYTHON, "examples")
        receive = subprocess.Popen(
            [self.python, f"{examples}/receive.py", "--key", "-k", "--count", "3"], env=self.env,
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(receive.kill)
        url = re.match(r"listening on (http://127.0.0.1:\d+/)\n", receive.stdout.readline())[1]
        send = [self.python, f"{examples}/send.py", url]
        printed = self.run_command(*send, "--key", "-k", "--type", "text/plain", "Grüße")
        self.assertRegex(printed, r"^HTTP 204\nBARKER_TIMESTAMP: [\d.]+\n"
                                  r"BARKER_SIGNATURE: [0-9a-f]{32}\n$")
        self.run_command(*send, "--key", "-k", "@" + __file__)
        self.assertRegex(self.run_command(*send, "--key", "other", status=1), "^HTTP 401\n")
        received, _ = receive.communicate(timeout=PATIENCE)
        self.assertEqual(receive.returncode, 0)
        self.assertEqual(re.findall(r"(\d+ bytes: .*)", received), [
            "7 bytes: valid", f"{os.path.getsize(__file__)} bytes: valid",
            "0 bytes: the signature does not match"])
        self.assertIn("send: no connection", self.run_command(*send, status=1))
        for arguments in ([], ["--key"], ["--colour", "x"], ["a", "b", "c"]):
            self.assertIn("usage", self.run_command(*send[:2], *arguments, status=2))
        for arguments in (["--count", "x"], ["--key"], ["1", "2"], ["65536"]):
            self.assertIn("usage", self.run_command(
                self.python, f"{examples}/receive.py", *arguments, status=2))


if __name__ == "__main__":
    unittest.main()
