"""``python -m services.notifications <role or job>``."""

from chassis.runtime import main
from services.notifications.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
