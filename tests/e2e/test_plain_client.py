"""A shop plugged in with nothing but a Kafka client, as the README shows it: its example is what is run here."""

from datetime import timedelta
from typing import Any

from docs.examples import plug_in_a_shop as example
from infra.demo.stage import Stage, body
from tests.e2e.command import aftercare
from tests.e2e.shop import Shop


async def test_json_records_of_a_silent_parcel_become_a_case_and_one_mail(stage: Stage, shop: Shop) -> None:
    """Plain JSON with CloudEvents headers is enough: no simulator, no protobuf."""
    await _publish(stage, shop.tag)
    cases = await _cases(stage, shop.tag)
    assert [(c.order_id, c.customer_id) for c in cases] == [(f"O-{shop.tag}", f"C-{shop.tag}")]
    ((mail, message),) = stage.mails(f"lena.{shop.tag}@example.test")
    assert mail.language == "de"
    assert f"O-{shop.tag}" in body(message)


async def test_the_same_records_again_change_nothing(stage: Stage, shop: Shop) -> None:
    """Whether under the same ids or under new ones: no event in any service, and no mail."""
    now = await stage.now()
    await _publish(stage, shop.tag, now=now)
    events, mails = await stage.events(), len(stage.mails())
    await _publish(stage, shop.tag, now=now)
    await _publish(stage, shop.tag, now=now, ids="-again")
    assert await stage.events() == events
    assert len(stage.mails()) == mails
    known = await stage.value("shipping_issues", "SELECT count(*) FROM parked")
    assert known == 0


async def test_history_is_known_and_not_acted_on_until_it_is_done(stage: Stage, shop: Shop) -> None:
    """Flagged records build state; a case and a mail come only after `history done`."""
    address = f"lena.{shop.tag}@example.test"
    await _publish(stage, shop.tag, history=True)
    agent = stage.as_("reader", "agent")
    listed = await stage.call(agent, "shipping_issues", "ListShipments", filter=f'order_id = "O-{shop.tag}"')
    assert [s.shipment_id for s in listed.shipments] == [f"S-{shop.tag}"]
    assert (await _cases(stage, shop.tag), stage.mails(address)) == ([], [])
    await stage.set_clock(await stage.now() + timedelta(days=3))
    await stage.settled()
    assert (await _cases(stage, shop.tag), stage.mails(address)) == ([], [])
    done = await aftercare(stage, "operator", "history", "done", example.SHOP)
    assert done.code == 0, done.errors

    async def told() -> bool:
        return bool(stage.mails(address))

    await shop.pass_time(told)
    assert len(await _cases(stage, shop.tag)) == 1
    assert len(stage.mails(address)) == 1


async def _publish(stage: Stage, tag: str, **more: object) -> None:
    """Run the example, and wait until all of it has come to rest."""
    now = more.pop("now", None) or await stage.now()
    await example.publish(stage.environment.kafka, tag, prefix=stage.stack.topic_prefix, now=now, **more)  # type: ignore[arg-type]
    await stage.settled()


async def _cases(stage: Stage, tag: str) -> list[Any]:
    agent = stage.as_("reader", "agent")
    return list((await stage.call(agent, "shipping_issues", "ListCases", filter=f'order_id = "O-{tag}"')).cases)
