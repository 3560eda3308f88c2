"""``python -m tests.integration.chassis.runtime.service <role or job>``."""

from chassis.runtime import main
from tests.integration.chassis.runtime.service.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
