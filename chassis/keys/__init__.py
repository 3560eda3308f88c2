"""Personal text is readable while its person's key lives. One key per person and service; erasure destroys it."""

from chassis.keys.erasure import Erasures
from chassis.keys.ring import KeyRing
from chassis.keys.store import KeyStore, WrongKek

__all__ = ["Erasures", "KeyRing", "KeyStore", "WrongKek"]
