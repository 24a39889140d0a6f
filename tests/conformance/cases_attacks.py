# SPDX-License-Identifier: MIT
"""Attacks: rollback, freeze, mix and match, fast-forward, endless data."""
import json
import os

from harness import case, variants
from repository import date


@case
def timestamp_rollback(client):
    repo = client.repository
    repo.publish("timestamp")
    client.init()
    assert client.refresh() == 0
    repo.latest["timestamp"] = repo.published["timestamp"][1]
    assert client.refresh() == 1
    assert client.trusted()["timestamp"] == 2
    assert repo.asked[-1] == ("timestamp", None)


@variants(plain=False, with_hashes=True)
def snapshot_rollback(client, with_hashes):
    repo = client.repository
    repo.with_hashes = with_hashes
    repo.publish("targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    repo.signed["snapshot"]["version"] = 1
    repo.publish("snapshot", bump=False)
    repo.publish("timestamp")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == client.trusted()["timestamp"] == 2
    assert repo.asked[-1] == ("timestamp", None)


@variants(plain=False, with_hashes=True)
def targets_rollback(client, with_hashes):
    repo = client.repository
    repo.with_hashes = with_hashes
    repo.publish("targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    repo.signed["targets"]["version"] = 1
    repo.publish("targets", bump=False)
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2}


@variants(top_level="targets", delegated="role")
def a_role_that_vanishes_from_snapshot(client, role):
    repo = client.repository
    repo.delegate("targets", "role")
    repo.publish("role", "targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    del repo.signed["snapshot"]["meta"][role + ".json"]
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == 2


@case
def a_timestamp_that_lists_more_than_snapshot(client):
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    repo.signed["timestamp"]["meta"]["targets.json"] = {"version": 1}
    repo.publish("timestamp")
    assert client.refresh() == 1
    assert client.trusted()["timestamp"] == 1


@case
def a_snapshot_that_lists_no_targets(client):
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    del repo.signed["snapshot"]["meta"]["targets.json"]
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == 1


@case
def a_timestamp_changed_under_its_version_is_passed_over(client):
    repo = client.repository
    client.init()
    client.refresh()
    before = client.stored("timestamp")
    repo.signed["timestamp"]["meta"]["snapshot.json"]["version"] = 100
    repo.publish("timestamp", bump=False)
    assert client.refresh() == 0
    assert client.stored("timestamp") == before
    assert repo.asked[-1] == ("timestamp", None)


@case
def targets_changed_under_their_version_are_passed_over(client):
    repo = client.repository
    client.init()
    client.refresh()
    before = client.stored("targets")
    repo.add_target("targets", "new", b"new")
    repo.publish("targets", bump=False)
    repo.publish("timestamp")
    assert client.refresh() == 0
    assert client.stored("targets") == before


@variants(snapshot="snapshot", targets="targets")
def mix_and_match(client, role):
    """A file that was genuine once in place of the one that belongs there."""
    repo = client.repository
    repo.with_hashes = True
    repo.publish("targets", "snapshot", "timestamp")
    repo.publish("targets", "snapshot", "timestamp")
    repo.published[role][3] = repo.published[role][2]
    client.init()
    assert client.refresh() == 1
    assert role not in client.trusted()


@case
def a_snapshot_that_looks_like_a_timestamp(client):
    repo = client.repository
    repo.add_key("snapshot", repo.signers["timestamp"][0])
    repo.signed["snapshot"]["meta"] = {"snapshot.json": {"version": 1}, "targets.json": {"version": 1}}
    repo.publish("root", "snapshot")
    repo.latest["timestamp"] = repo.latest["snapshot"]
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 2}


@variants(timestamp="timestamp", snapshot="snapshot", targets="targets", snapshot_with_length="snapshot+",
          targets_with_length="targets+", root="root")
def endless_data(client, what):
    repo, role = client.repository, what.rstrip("+")
    repo.with_hashes = what.endswith("+")
    repo.publish("targets", "snapshot", "timestamp")

    def endless():
        while True:
            yield b" " * 65536
    repo.latest[role] = endless
    repo.published[role][2] = endless
    client.init()
    assert client.refresh() == 1
    assert "longer" in client.said
    assert role == "root" or role not in client.trusted()


@case
def timestamp_fast_forward_is_recovered_from(client):
    repo = client.repository
    repo.signed["timestamp"]["version"] = 99
    repo.publish("timestamp")
    client.init()
    assert client.refresh() == 0
    assert client.trusted()["timestamp"] == 100
    repo.rotate("timestamp")
    repo.publish("root")
    repo.signed["timestamp"]["version"] = 2
    repo.publish("timestamp", bump=False)
    assert client.refresh() == 0
    assert client.trusted()["timestamp"] == 2


@case
def snapshot_fast_forward_is_recovered_from(client):
    repo = client.repository
    repo.signed["snapshot"]["version"] = 99999
    repo.publish("snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    repo.rotate("snapshot")
    repo.rotate("timestamp")
    repo.signed["snapshot"]["version"] = 1
    repo.publish("root", "snapshot", "timestamp")
    assert client.refresh() == 0
    assert client.trusted()["snapshot"] == 2


@variants(top_level="targets", delegated="role")
def targets_fast_forward_is_recovered_from(client, role):
    repo = client.repository
    repo.delegate("targets", "role")
    repo.publish("role", "targets", bump=True)
    repo.signed[role]["version"] = 99
    repo.publish(role, "snapshot", "timestamp")
    client.init()
    assert client.download("missing") == 1
    assert client.trusted()[role] == 100
    repo.rotate("snapshot")
    repo.signed[role]["version"] = 2
    repo.publish(role, "root", "snapshot", "timestamp")
    assert client.download("missing") == 1
    assert client.trusted()[role] == 3


@case
def without_new_keys_fast_forward_stays_a_rollback(client):
    repo = client.repository
    repo.signed["snapshot"]["version"] = 99
    repo.publish("snapshot", "timestamp")
    client.init()
    client.refresh()
    repo.add_key("snapshot")
    repo.add_key("timestamp")
    repo.signed["snapshot"]["version"] = 1
    repo.publish("root", "snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == 100


@case
def frozen_repository(client):
    """The same files for ever: they run out, and that is said."""
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    repo.signed["timestamp"]["expires"] = date(-1)
    repo.publish("timestamp", bump=False)
    with open(os.path.join(client.metadata, "timestamp.json"), "wb") as file:
        file.write(repo.latest["timestamp"])
    assert client.refresh() == 1
    assert "expired" in client.said


def not_json(data):
    return b"{" + data


def truncated(data):
    return data[:len(data) // 2]


def nothing(_):
    return b""


def not_utf8(data):
    return data.replace(b"spec_version", b"spec_\xff\xfe")


def deep(_):
    return b'{"signatures":[],"signed":' + b"[" * 1500 + b"]" * 1500 + b"}"


def doubled(data):
    return data.replace(b'"version": 2', b'"version": 2, "version": 2')


def fraction(data):
    return data.replace(b'"version": 2', b'"version": 2.0')


def negative(data):
    return data.replace(b'"version": 2', b'"version": -2')


def enormous(data):
    return data.replace(b'"version": 2', b'"version": 99999999999999999999')


def html(_):
    return b"<html><body>Please log in to the hotel network</body></html>"


@variants(not_json=not_json, truncated=truncated, nothing=nothing, not_utf8=not_utf8, deep=deep, doubled=doubled,
          fraction=fraction, negative=negative, enormous=enormous, captive_portal=html)
def malformed_metadata(client, spoil):
    repo = client.repository
    client.init()
    client.refresh()
    for role in ("root", "timestamp"):
        repo.publish(role)
        good = repo.latest[role]
        repo.serve(role, spoil(good), 2)
        before = client.trusted()
        assert client.refresh() == 1
        assert client.trusted() == before
        repo.serve(role, good, 2)
        assert client.refresh() == 0
    assert client.trusted() == {"root": 2, "timestamp": 2, "snapshot": 1, "targets": 1}


@case
def changed_after_signing(client):
    repo = client.repository
    repo.add_target("targets", "good", b"good")
    repo.publish("targets", "snapshot", "timestamp")
    targets = json.loads(repo.latest["targets"])
    targets["signed"]["targets"]["evil"] = targets["signed"]["targets"]["good"]
    repo.serve("targets", targets, 2)
    client.init()
    assert client.refresh() == 1
    assert "targets" not in client.trusted()
