"""A server that speaks EasyPost's wire format over real HTTP, and misbehaves when it is told to."""

from infra.easypost_wire.books import Books, Parcel
from infra.easypost_wire.server import EasyPostServer, Mishap

__all__ = ["Books", "EasyPostServer", "Mishap", "Parcel"]
