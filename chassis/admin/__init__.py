"""What operators may ask of a service: built once on the kernel's own tables and parts, served by every service."""

from chassis.admin.api import AdminApi
from chassis.admin.parts import AdminParts
from chassis.admin.status import Status

__all__ = ["AdminApi", "AdminParts", "Status"]
