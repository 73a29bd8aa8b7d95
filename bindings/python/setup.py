"""Names the platform of a wheel that carries the C library, as src/barker/libbarker.so.0; without
it there, the wheel is for any. The rest of the metadata is in pyproject.toml."""
import os
import re
import sysconfig

import setuptools
from setuptools.command.bdist_wheel import bdist_wheel

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "src/barker/libbarker.so.0")


def platform_of(library):
    """manylinux names the oldest glibc that will do (PEP 600); other C libraries have no such name
    for what was built here."""
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    with open(library, "rb") as file:
        versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", file.read())
    if not versions:
        return platform
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return platform.replace("linux", f"manylinux_{major}_{minor}", 1)


class PlatformWheel(bdist_wheel):
    def get_tag(self):
        return "py3", "none", platform_of(LIBRARY)


class PlatformDistribution(setuptools.Distribution):
    def has_ext_modules(self):
        return True


carries_library = os.path.exists(LIBRARY)
setuptools.setup(
    distclass=PlatformDistribution if carries_library else setuptools.Distribution,
    cmdclass={"bdist_wheel": PlatformWheel} if carries_library else {},
)
