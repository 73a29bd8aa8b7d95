"""Parameters that several test modules share."""
import pytest

from support.build import MEMCHECK_TLS, SANITIZED, SHARED, STATIC

SLOWLY_BUILT = [STATIC, SANITIZED, MEMCHECK_TLS]
every_variant = pytest.mark.parametrize("variant", [SHARED, *SLOWLY_BUILT])
shared_alone = pytest.mark.parametrize("variant", [SHARED])


def cases(*rows):
    """Parameters by rows, each of which begins with its name."""
    return [pytest.param(*parameters, id=name) for name, *parameters in rows]
