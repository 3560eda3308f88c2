"""``python -m services.shipping_issues <role or job>``."""

from chassis.runtime import main
from services.shipping_issues.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
