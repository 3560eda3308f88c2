"""``python -m services.returns <role or job>``."""

from chassis.runtime import main
from services.returns.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
