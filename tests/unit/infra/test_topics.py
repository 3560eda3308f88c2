"""The list of topics is either understood completely or refused with the entry that is wrong."""

import pytest

from infra.local.topics import Topic, TopicsInvalid, parse_topics, read_topics


def test_a_topic_is_read_with_kafkas_spelling_of_its_settings() -> None:
    text = """
topics:
  - name: a.v1
    description: What it is.
    partitions: 12
    ordered: true
    config: {retention.ms: 1000, cleanup.policy: "compact,delete", preallocate: true}
  - {name: b.v1, partitions: 1}
"""
    assert parse_topics(text) == [
        Topic(
            "a.v1",
            12,
            {"retention.ms": "1000", "cleanup.policy": "compact,delete", "preallocate": "true"},
            ordered=True,
        ),
        Topic("b.v1", 1, {}, ordered=False),
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[]", "must have a list under `topics`"),
        ("topics: {a: 1}", "must have a list under `topics`"),
        ("topics: [{partitions: 1}]", "one entry is {'partitions': 1}"),
        ("topics: [{name: a, partitions: 1, partition: 2}]", "one entry is {'name': 'a'"),
        ("topics: [{name: a, partitions: 0}]", "topic a needs a positive number of partitions, not 0"),
        ("topics: [{name: a}]", "topic a needs a positive number of partitions, not None"),
        ("topics: [{name: a, partitions: yes}]", "not True"),
        ("topics: [{name: a, partitions: 1, config: [x]}]", "the config of topic a must be a mapping"),
        ("topics: [{name: a, partitions: 1}, {name: a, partitions: 1}]", "topics are listed twice: a"),
    ],
)
def test_what_is_wrong_is_named(text: str, part: str) -> None:
    with pytest.raises(TopicsInvalid) as refused:
        parse_topics(text)
    assert part in str(refused.value)


def test_every_topic_of_the_project_has_at_least_12_partitions() -> None:
    assert {topic.name: topic.partitions for topic in read_topics() if topic.partitions < 12} == {}
