"""``python -m services.quality_complaints <role or job>``."""

from chassis.runtime import main
from services.quality_complaints.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
