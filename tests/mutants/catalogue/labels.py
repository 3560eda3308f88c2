"""Mutants of labels, pickups, and goods that are stopped on their way."""

from tests.mutants.mutant import Edit, Promise

LABELS = "tests/unit/returns/test_labels.py"
WIRE = "tests/contract/returns/test_easypost.py"
WITHDRAWN_LABELS = "tests/unit/returns/test_withdrawal_labels.py"
LACK_LABELS = "tests/unit/returns/test_conformity_labels.py"
LABELLING = "services/returns/domain/labels/labelling.py"
USE_CASES = "services/returns/application/labelling.py"
ASKING = "services/returns/providers/easypost/asking.py"
ADAPTER = "services/returns/providers/easypost/labels.py"

ONE_LABEL = Promise("one label is bought for one parcel, also where the seller has no idempotency keys")
TAKEN_BACK = Promise("a label nobody needs any more is taken back once, however and whenever its return ends")

FREE = Promise("a customer is given a label by themselves only where the shop bears its cost")

INSTRUCTED = '                instructions=facts.get("instructions", ""),\n            )\n'

PICKUPS = "tests/unit/returns/test_pickups.py"
COLLECTING = "services/returns/domain/case/collecting.py"
PICKED_UP = Promise("one carrier comes for one parcel, and none when nothing is to be sent")

STOPS = "tests/unit/returns/test_stop.py"
STOPPED = Promise(
    "what was withdrawn from is asked to be stopped once, and nothing of the withdrawal rests on the answer"
)

QUOTED = Promise("what a remedy is quoted at is what it brings, whoever asks, and a quote leaves nothing behind")

MUTANTS = (
    QUOTED.mutant(
        "a quote forgets what is kept",
        Edit(
            "services/returns/application/quoting.py",
            '        besides = await self.keep_charges(work, case, back, (), "") if back else ()\n',
            "        besides: tuple[str, ...] = ()\n",
        ),
        tests=("tests/unit/returns/test_quotes.py::test_a_fee_of_the_policy_is_named_and_is_what_is_kept",),
    ),
    STOPPED.mutant(
        "a parcel is asked to be stopped whenever it is told of",
        Edit(
            "services/returns/domain/withdrawal/stopping.py",
            "        if stop.interception_id in self.stops:\n",
            "        if False:\n",
        ),
        tests=(f"{STOPS}::test_a_parcel_is_asked_to_be_brought_back_once",),
    ),
    STOPPED.mutant(
        "a parcel with goods that somebody wants is stopped",
        Edit(
            "services/returns/application/stopping.py",
            "                if units and set(units) <= wanted and order.delivered_at(shipment_id) is None:\n",
            "                if units and set(units) & wanted and order.delivered_at(shipment_id) is None:\n",
        ),
        tests=(f"{STOPS}::test_a_parcel_with_goods_that_somebody_wants_goes_on",),
        shows=("UnitNotInReturn",),
    ),
    STOPPED.mutant(
        "the end of the time is an answer after the answer",
        Edit(
            "services/returns/domain/withdrawal/stopping.py",
            "        if known is None or known.state == DONE or (known.state == FAILED and not done):\n",
            "        if known is None:\n",
        ),
        tests=(f"{STOPS}::test_what_the_carrier_answered_is_not_answered_again_by_silence",),
    ),
    PICKED_UP.mutant(
        "a carrier comes for a return that has ended",
        Edit(
            "services/returns/application/collecting.py",
            "        for known in case.vain_pickups():\n",
            "        for known in ():\n",
        ),
        tests=(f"{PICKUPS}::test_nobody_comes_for_a_parcel_of_a_return_that_ended",),
        shows=("ValueError",),
    ),
    PICKED_UP.mutant(
        "two carriers come for one parcel",
        Edit(
            COLLECTING,
            "            if known.label_id == label.label_id and known.is_coming:\n",
            "            if False:\n",
        ),
        tests=(f"{PICKUPS}::test_a_pickup_is_asked_of_the_shop_once_and_the_customer_is_told_when_it_comes",),
    ),
    PICKED_UP.mutant(
        "a second offer of a pickup is booked too",
        Edit(
            COLLECTING,
            "        if known.stage is not PickupStage.REQUESTED or known.reference:\n",
            "        if known.stage is not PickupStage.REQUESTED:\n",
        ),
        tests=(f"{PICKUPS}::test_a_pickup_is_booked_of_one_that_was_written_down_before",),
    ),
    ONE_LABEL.mutant(
        "a second offer is bought too",
        Edit(
            LABELLING,
            "        if label.stage is not LabelStage.REQUESTED or label.reference:\n",
            "        if label.stage is not LabelStage.REQUESTED:\n",
        ),
        tests=(f"{LABELS}::test_a_second_offer_of_the_same_parcel_buys_nothing_more",),
    ),
    ONE_LABEL.mutant(
        "a purchase in doubt is made again by itself",
        Edit(
            ADAPTER,
            "    idempotency: timedelta | None = None\n",
            "    idempotency: timedelta | None = timedelta(days=1)\n",
        ),
        tests=(f"{WIRE}::test_a_purchase_in_doubt_is_looked_for_and_else_held",),
    ),
    ONE_LABEL.mutant(
        "what was bought before is taken for a refusal",
        Edit(ASKING, "        if isinstance(found, Succeeded | Submitted):\n", "        if False:\n"),
        tests=(f"{WIRE}::test_what_an_answer_to_a_purchase_means",),
    ),
    ONE_LABEL.mutant(
        "a label is bought for a return that has ended",
        Edit(
            LABELLING,
            "        if not self._is_needed(label):\n            self.label_not",
            "        if False:\n            self.label_not",
        ),
        tests=(f"{LABELS}::test_nothing_is_bought_for_a_return_that_has_ended",),
    ),
    ONE_LABEL.mutant(
        "the same units are given two labels",
        Edit(LABELLING, "            if label.is_for(chosen):\n", "            if False:\n"),
        tests=(
            "tests/unit/returns/test_decide_by_person.py::test_a_label_is_asked_of_the_shop_once_and_comes_as_its_answer",
        ),
    ),
    TAKEN_BACK.mutant(
        "a return that expires keeps its label",
        Edit(
            "services/returns/application/returning.py", "        await self.void_useless(work, case, case.state)\n", ""
        ),
        tests=(f"{LABELS}::test_a_label_is_voided_once_when_its_return_ends",),
        shows=("ValueError",),
    ),
    FREE.mutant(
        "customers take a free label for what they send at their own cost",
        Edit(USE_CASES, "work.actor.customer_id is not None and not self.law.is_return_free", "False"),
        tests=(
            f"{WITHDRAWN_LABELS}::test_customers_who_bear_the_cost_get_no_free_label_by_themselves_and_the_desk_may_give_one",
        ),
    ),
    FREE.mutant(
        "who was not informed bears the cost",
        Edit(
            "services/returns/domain/withdrawal/law.py",
            "        return self.return_cost == TRADER or not self.informed\n",
            "        return self.return_cost == TRADER\n",
        ),
        tests=(f"{WITHDRAWN_LABELS}::test_a_shop_that_did_not_inform_bears_the_cost_whatever_its_data_says",),
        shows=("ReturnAtOwnCost",),
    ),
    TAKEN_BACK.mutant(
        "the label of a withdrawal whose goods came is taken back",
        Edit(
            "services/returns/domain/withdrawal/labelling.py",
            "        return any(self.units[unit_id].where in _WENT for unit_id in label.units)\n",
            "        return False\n",
        ),
        tests=(
            f"{WITHDRAWN_LABELS}::test_a_label_of_goods_that_came_is_not_taken_back_and_stands_again_when_they_never_did",
        ),
    ),
    TAKEN_BACK.mutant(
        "goods that were put right without their label leave it with the customer",
        Edit(
            "services/returns/application/conforming.py",
            "by=by, at=work.now)\n        await self.void_useless(work, known, known.state)\n",
            "by=by, at=work.now)\n",
        ),
        tests=(f"{LACK_LABELS}::test_the_label_is_voided_once_when_the_goods_were_put_right_without_it",),
        shows=("ValueError",),
    ),
    TAKEN_BACK.mutant(
        "a label by which goods came is taken back once they are with the customer again",
        Edit(
            "services/returns/domain/conformity/labelling.py",
            "        return bool(label.spent)\n",
            "        return False\n",
        ),
        tests=(f"{LACK_LABELS}::test_a_label_that_was_used_is_not_voided_and_goods_that_are_needed_again_get_another",),
    ),
    TAKEN_BACK.mutant(
        "a label that comes after the end is left",
        Edit(USE_CASES, INSTRUCTED + '            await self.void_useless(work, case, "came_too_late")\n', INSTRUCTED),
        tests=(f"{LABELS}::test_a_label_that_comes_after_the_end_is_voided_and_told_to_nobody",),
    ),
    TAKEN_BACK.mutant(
        "a label whose goods are on their way is taken back",
        Edit(
            LABELLING,
            "        return not self.was_sent(label) and not self._is_needed(label)\n",
            "        return not self._is_needed(label)\n",
        ),
        tests=(f"{LABELS}::test_a_label_whose_goods_are_on_their_way_is_not_voided",),
        shows=("WrongStage",),
    ),
    TAKEN_BACK.mutant(
        "a void that is asked for again keeps its old key",
        Edit(USE_CASES, '        key = f"{label_id}:{label.voids}"\n', '        key = f"{label_id}:1"\n'),
        tests=(f"{LABELS}::test_a_void_that_is_refused_is_shown_and_may_be_tried_again",),
        shows=("ValueError",),
    ),
)
