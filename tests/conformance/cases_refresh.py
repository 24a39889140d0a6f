# SPDX-License-Identifier: MIT
"""The client workflow as it should go, and what is asked for on the way."""
import json
import os

from harness import case, variants
from repository import date

ALL = {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}
FIRST = [("root", 2), ("timestamp", None), ("snapshot", 1), ("targets", 1)]


@case
def first_refresh_asks_for_each_file_once(client):
    assert client.init() == 0
    assert client.trusted() == {"root": 1}
    assert client.repository.asked == []
    assert client.refresh() == 0
    assert client.repository.asked == FIRST
    assert client.trusted() == ALL


@case
def nothing_new_asks_for_root_and_timestamp_only(client):
    client.init()
    client.refresh()
    del client.repository.asked[:]
    assert client.refresh() == 0
    assert client.repository.asked == [("root", 2), ("timestamp", None)]


@case
def download_refreshes_first(client):
    client.init()
    assert client.download("no such thing") == 1
    assert client.repository.asked == FIRST
    assert client.trusted() == ALL


@case
def metadata_is_stored_byte_for_byte(client):
    repo = client.repository
    repo.serve("timestamp", repo.latest["timestamp"] + b" \n", 1)
    client.init()
    assert client.refresh() == 0
    for role in ALL:
        assert client.stored(role) == repo.latest[role]


@case
def without_consistent_snapshots_names_carry_no_version(client):
    repo = client.repository
    repo.signed["root"]["consistent_snapshot"] = False
    repo.add_target("targets", "dir/file", b"content")
    repo.publish("root", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("dir/file") == 0
    assert repo.asked == [("root", 2), ("root", 3), ("timestamp", None), ("snapshot", None), ("targets", None),
                          ("target", "dir/file")]


def no_version(root):
    del root["signed"]["version"]


def wrong_signature(root):
    root["signatures"][0]["sig"] = "00" * 64


def no_signature(root):
    root["signatures"] = []


def wrong_type(root):
    root["signed"]["_type"] = "targets"


@variants(no_version=no_version, wrong_signature=wrong_signature, no_signature=no_signature,
          wrong_type=wrong_type)
def a_bad_first_root_is_refused_and_nothing_is_asked(client, spoil):
    root = json.loads(client.repository.published["root"][1])
    spoil(root)
    client.init(json.dumps(root).encode())
    assert client.refresh() == 1
    assert client.repository.asked == []


@case
def a_second_first_root_changes_nothing(client):
    client.init()
    client.refresh()
    assert client.init() == 0
    client.repository.publish("root")
    assert client.init(client.repository.published["root"][2]) == 1
    assert client.trusted() == ALL


BEFORE = {"root": {"root": 1}, "timestamp": {"root": 2}, "snapshot": {"root": 2, "timestamp": 2},
          "targets": {"root": 2, "timestamp": 2, "snapshot": 2}}


@variants(root="root", timestamp="timestamp", snapshot="snapshot", targets="targets")
def an_unsigned_role_stops_the_refresh_there(client, role):
    repo = client.repository
    repo.signers[role].clear()
    repo.publish("root", "targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == BEFORE[role]


@variants(root="root", snapshot="snapshot", targets="targets")
def a_version_other_than_the_one_asked_for_is_refused(client, role):
    repo = client.repository
    repo.publish("root", "targets", "snapshot", "timestamp")
    repo.signed[role]["version"] = 3
    repo.serve(role, repo.envelope(role), 2)
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == BEFORE[role]


@case
def a_root_of_the_trusted_version_is_passed_over(client):
    repo = client.repository
    repo.serve("root", repo.published["root"][1], 2)
    client.init()
    assert client.refresh() == 0
    assert client.trusted() == ALL


@variants(timestamp="timestamp", snapshot="snapshot", targets="targets")
def a_role_that_is_missing_keeps_what_was_trusted(client, role):
    repo = client.repository
    client.init()
    client.refresh()
    repo.publish("targets", "snapshot", "timestamp")
    repo.published[role].pop(2)
    repo.latest.pop(role)
    assert client.refresh() == 1
    assert client.trusted() == {**ALL, **{"timestamp": {"timestamp": 1, "snapshot": 1},
                                          "snapshot": {"timestamp": 2},
                                          "targets": {"timestamp": 2, "snapshot": 2}}[role]}
    repo.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 0, client.said


@case
def an_interrupted_refresh_is_caught_up_with(client):
    repo = client.repository
    repo.publish("targets", "snapshot", "timestamp")
    held = repo.published["snapshot"].pop(2)
    client.init()
    assert client.refresh() == 1
    repo.published["snapshot"][2] = held
    assert client.refresh() == 0
    assert client.trusted() == {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 2}


@variants(root="root", timestamp="timestamp", snapshot="snapshot", targets="targets")
def an_expired_role_is_not_taken(client, role):
    repo = client.repository
    client.init()
    client.refresh()
    repo.signed[role]["expires"] = date(-1)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() == 1
    expected = {"root": {**ALL, "root": 2}, "timestamp": {**ALL, "root": 2},
                "snapshot": {**ALL, "root": 2, "timestamp": 2},
                "targets": {**ALL, "root": 2, "timestamp": 2, "snapshot": 2}}
    assert client.trusted() == expected[role]
    repo.signed[role]["expires"] = date(1)
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() == 0


@case
def an_expired_root_on_the_way_does_not_matter(client):
    repo = client.repository
    repo.signed["root"]["expires"] = date(-1)
    repo.publish("root")
    repo.signed["root"]["expires"] = date(1)
    repo.publish("root")
    client.init()
    assert client.refresh() == 0
    assert client.trusted()["root"] == 3


@case
def unknown_fields_are_kept_and_signed(client):
    repo = client.repository
    for role in ALL:
        repo.signed[role]["x-unknown"] = {"b": [1, True, None, "\u00e9\u4e2d\"\\"], "a": -5}
    repo.signed["root"]["roles"]["root"]["x-period"] = 7
    key = repo.new_key()
    key.public["x-owner"] = "@somebody"
    repo.add_key("root", key)
    repo.publish("root", "targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    assert client.trusted()["targets"] == 2


@case
def hashes_and_lengths_of_metadata_are_compared(client):
    repo = client.repository
    repo.with_hashes = True
    repo.publish("targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    repo.publish("targets")
    repo.signed["snapshot"]["meta"]["targets.json"]["hashes"]["sha256"] = "46" * 32
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, "timestamp": 3, "snapshot": 3, "targets": 2}


@case
def only_the_files_of_the_state_are_left(client):
    client.init()
    client.refresh()
    assert sorted(os.listdir(client.metadata)) == ["root.json", "snapshot.json", "targets.json", "timestamp.json"]


@variants(two=2, forty=40)
def many_roots_are_followed(client, count):
    for _ in range(count):
        client.repository.publish("root")
    client.init()
    assert client.refresh() == 0
    assert client.trusted()["root"] == count + 1


@variants(next_major="2.0.0", text="one", empty="", none=None)
def another_specification_is_refused(client, version):
    client.repository.signed["timestamp"]["spec_version"] = version
    client.repository.publish("timestamp")
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1}


@variants(two_numbers="1.0", newer="1.99.1")
def a_specification_of_the_same_major_is_understood(client, version):
    client.repository.signed["timestamp"]["spec_version"] = version
    client.repository.publish("timestamp")
    client.init()
    assert client.refresh() == 0
