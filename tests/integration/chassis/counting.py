"""One process that counts on one account: ``python -m tests.integration.chassis.counting URL ACCOUNT CALLERS EACH``.

It waits for a line on its input before it begins, so that several begin together, prints what became of each order, and
after another line what the account stands at for it.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from uuid import UUID, uuid4

from chassis.domain import Refused
from chassis.errors import Contended
from chassis.service import Receipt
from chassis.work import Actor, Work
from tests.integration.chassis.conftest import Core
from tests.integration.chassis.example import Account


async def main(url: str, account: UUID, callers: int, each: int) -> None:
    core = await Core.start(url)
    accepted: list[int] = []
    refused = 0

    async def count(work: Work) -> Receipt:
        found = await work.get(Account, account)
        found.count(1, at=datetime.now(UTC))
        return Receipt(str(account), found.version)

    async def caller() -> None:
        nonlocal refused
        for _ in range(each):
            request = (uuid4(), uuid4())
            while True:
                try:
                    receipt = await core.units.run(
                        count, actor=Actor("test"), cause="test", request=request, on=account
                    )
                except Contended:
                    continue  # as callers are told to
                except Refused:
                    refused += 1
                else:
                    accepted.append(receipt.version)
                break

    async def look(work: Work) -> int:
        return (await work.get(Account, account)).total

    await core.units.run(look, actor=Actor("test"), cause="test")  # now it is in the cache
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(caller() for _ in range(callers)))
    print(json.dumps({"accepted": accepted, "refused": refused}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    total = await core.units.run(look, actor=Actor("test"), cause="test")
    print(json.dumps({"total": total}), flush=True)
    await core.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
