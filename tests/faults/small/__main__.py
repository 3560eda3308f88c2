"""``python -m tests.faults.small <role or job>``."""

from chassis.runtime import main
from tests.faults.small.newer import SERVICE

main(SERVICE)
