"""docs/law.md says what the data says, and its example is what the law gives."""

import re
from datetime import UTC, datetime
from pathlib import Path

import yaml

from services.returns.domain.conformity import Sale
from services.returns.domain.conformity.law import Repair
from services.returns.law_terms import conformity_law, place_of, withdrawal_law
from services.returns.policies import data

TEXT = (Path(__file__).parents[3] / "docs" / "law.md").read_text()
LAW = yaml.safe_load(data("law.yaml"))


def test_every_source_of_the_data_is_in_the_document() -> None:
    """A rule without its source here would be one that nobody can check."""
    plain = " ".join(TEXT.split())
    missing = [
        source
        for part in ("withdrawal", "conformity")
        for source in LAW[part]["sources"].values()
        if source not in plain
    ]
    missing += [rule["source"] for rule in LAW["conformity"]["member_states"].values() if rule["source"] not in plain]
    assert missing == []
    assert f"`{LAW['version']}`" in plain


def test_every_date_of_the_example_is_what_the_law_gives() -> None:
    """The example's lines `date | what` are computed here from the same data."""
    told = dict(re.findall(r"^\| (\d{4}-\d\d-\d\d) \| (.+?) \|$", TEXT, re.MULTILINE))
    delivered = datetime(2027, 3, 12, 15, tzinfo=UTC)
    reported = datetime(2027, 3, 15, 10, tzinfo=UTC)
    place = place_of("DE", "Europe/Berlin", delivered)
    law, sale = conformity_law(), Sale(datetime(2027, 3, 9, tzinfo=UTC), delivered)
    repaired = Sale(sale.placed_at, delivered, repairs=(Repair(reported, datetime(2027, 4, 10, tzinfo=UTC)),))
    assert told == {
        withdrawal_law().period(delivered, place).last_day.isoformat(): "the last day to withdraw",
        law.due(reported, law.answer_days, place).last_day.isoformat(): "the last day to answer the report",
        law.due(reported, law.put_right_days, place).last_day.isoformat(): "the last day to put it right",
        law.presumed_until(sale, place).last_day.isoformat(): "the last day of the presumption",
        law.liable_until(sale, place).last_day.isoformat(): "the last day of the liability",
        law.liable_until(repaired, place).last_day.isoformat(): "the last day of the liability after the repair",
    }
