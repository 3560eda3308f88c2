"""Something that is asked of EasyPost about one of its objects, and read off that object again.

Guarantee: what was taken and does not show is unknown, never done and never not done; a look-up changes nothing.
"""

from abc import ABC, abstractmethod
from datetime import timedelta

from chassis.service import Attempt, Failed, NotDone, ProviderAnswer, Submitted, Succeeded, Unknown
from services.returns.providers.easypost.accounts import Account
from services.returns.providers.easypost.client import EasyPost, Thing

NO_ACCOUNT = NotDone("NO_ACCOUNT", ours=True)
ABSENT = NotDone("ABSENT")
EXISTS = "SHIPMENT.POSTAGE.EXISTS"
"""Not to be bought a second time: it is done, whether or not it shows."""


class Asked(ABC):
    """A provider of one kind of effect."""

    idempotency: timedelta | None = timedelta(days=30)  # where it is none, doing it twice would cost twice

    def __init__(self, api: EasyPost) -> None:
        self._api = api

    async def perform(self, attempt: Attempt) -> ProviderAnswer:
        """Ask for it."""
        account = self._api.accounts.get(attempt.body["shop_id"])
        if account is None:
            return NO_ACCOUNT
        made = await self._ask(account, attempt)
        if isinstance(made, dict):
            read = self._read(made, account, attempt)
            return Unknown("NOT_SHOWN") if read == ABSENT else read
        if not isinstance(made, Failed):
            return made
        found = await self.look_up(attempt)  # it may be refused because an earlier attempt did it after all
        if isinstance(found, Succeeded | Submitted):
            return found
        return Unknown(made.reason) if made.reason == EXISTS else made

    async def look_up(self, attempt: Attempt) -> ProviderAnswer | None:
        """Look at the object."""
        account = self._api.accounts.get(attempt.body["shop_id"])
        if account is None:
            return NO_ACCOUNT
        found = await self._api.get(account, self._path(attempt))
        return ABSENT if found is None else self._read(found, account, attempt)

    def _path(self, attempt: Attempt) -> str:
        return f"shipments/{attempt.body['reference']}"

    @abstractmethod
    async def _ask(self, account: Account, attempt: Attempt) -> Thing | ProviderAnswer: ...

    @abstractmethod
    def _read(self, thing: Thing, account: Account, attempt: Attempt) -> ProviderAnswer: ...
