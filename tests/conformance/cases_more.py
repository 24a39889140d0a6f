# SPDX-License-Identifier: MIT
"""Delegated roles over time, and what malformed roles do to those beside them."""
import os

from harness import case, variants
from repository import date


def keep(client, role):
    """What a client trusted before it expired."""
    with open(os.path.join(client.metadata, role + ".json"), "wb") as file:
        file.write(client.repository.latest[role])


@variants(nothing_newer=False, a_newer_one=True)
def a_trusted_delegated_role_that_has_expired_is_not_used(client, newer):
    repo = client.repository
    repo.delegate("targets", "A", ["a/*"])
    repo.add_target("A", "a/first", b"first")
    repo.add_target("A", "a/second", b"second")
    repo.publish("A", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("a/first") == 0
    repo.signed["A"]["expires"] = date(-1)
    repo.publish("A", bump=False)
    keep(client, "A")
    if newer:
        repo.signed["A"]["expires"] = date(1)
        repo.publish("A", "snapshot", "timestamp")
    assert client.download("a/second") == (0 if newer else 1)
    assert client.artifacts() == ([b"first", b"second"] if newer else [b"first"])


@case
def a_delegated_role_is_not_rolled_back(client):
    repo = client.repository
    repo.delegate("targets", "A")
    repo.add_target("A", "file", b"old")
    repo.publish("A", "targets", "snapshot", "timestamp")
    old = repo.latest["A"]
    repo.add_target("A", "file", b"new")
    repo.publish("A", "snapshot", "timestamp")
    client.init()
    assert client.download("file") == 0
    repo.signed["snapshot"]["meta"]["A.json"]["version"] = 1
    repo.serve("A", old, 1)
    repo.publish("snapshot", "timestamp")
    assert client.download("file") == 1
    assert client.trusted()["A"] == 2
    assert client.artifacts() == [b"new"]


@case
def a_delegation_that_is_taken_back_is_gone(client):
    repo = client.repository
    repo.delegate("targets", "A")
    repo.add_target("A", "file", b"file")
    repo.publish("A", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("file") == 0
    os.unlink(os.path.join(client.targets, "file"))
    del repo.signed["targets"]["delegations"]
    repo.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 0
    assert client.download("file") == 1
    assert client.artifacts() == []


@case
def keys_of_a_delegated_role_are_replaced(client):
    repo = client.repository
    repo.delegate("targets", "A")
    repo.add_target("A", "file", b"file")
    repo.publish("A", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("file") == 0
    repo.signed["targets"]["delegations"]["roles"][0]["keyids"].clear()
    stolen = repo.signers["A"][:]
    repo.signers["A"].clear()
    repo.add_key("A", delegator="targets")
    good = repo.signers["A"][:]
    repo.add_target("A", "file", b"evil")
    repo.signers["A"] = stolen
    repo.publish("A", "targets", "snapshot", "timestamp")
    assert client.download("file") == 1
    assert client.artifacts() == [b"file"]
    repo.add_target("A", "file", b"good")
    repo.signers["A"] = good
    repo.publish("A", "targets", "snapshot", "timestamp")
    assert client.download("file") == 0
    assert client.artifacts() == [b"good"]


@case
def without_consistent_snapshots_delegated_names_carry_no_version(client):
    repo = client.repository
    repo.signed["root"]["consistent_snapshot"] = False
    repo.delegate("targets", "A")
    repo.add_target("A", "file", b"content")
    repo.publish("root", "A", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("file") == 0
    assert repo.asked[-2:] == [("A", None), ("target", "file")]


def no_threshold(entry):
    del entry["threshold"]


def threshold_of_nothing(entry):
    entry["threshold"] = 0


def negative_threshold(entry):
    entry["threshold"] = -1


def both_kinds_of_paths(entry):
    entry["path_hash_prefixes"] = ["ab"]


def odd_terminating(entry):
    entry["terminating"] = "yes"


def paths_that_are_none(entry):
    entry["paths"] = "*"


def keys_that_are_none(entry):
    entry["keyids"] = {"a": 1}


@variants(no_threshold=no_threshold, threshold_0=threshold_of_nothing, threshold_below_0=negative_threshold,
          both_kinds_of_paths=both_kinds_of_paths, terminating_text=odd_terminating, paths_text=paths_that_are_none,
          key_ids_object=keys_that_are_none)
def a_malformed_delegation_spoils_the_file(client, spoil):
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    repo.delegate("targets", "A")
    repo.add_target("A", "file", b"file")
    spoil(repo.signed["targets"]["delegations"]["roles"][0])
    repo.publish("A", "targets", "snapshot", "timestamp")
    assert client.download("file") == 1
    assert client.trusted()["targets"] == 1
    assert client.artifacts() == []


@variants(threshold_0=threshold_of_nothing, threshold_below_0=negative_threshold, no_threshold=no_threshold,
          key_ids_object=keys_that_are_none)
def a_malformed_role_of_root_is_refused(client, spoil):
    repo = client.repository
    client.init()
    spoil(repo.signed["root"]["roles"]["timestamp"])
    repo.publish("root")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1}


@variants(**{name: name for name in ("root", "timestamp", "snapshot", "targets")})
def a_root_without_a_role_is_refused(client, role):
    repo = client.repository
    client.init()
    del repo.signed["root"]["roles"][role]
    repo.publish("root")
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1}


@variants(timestamp="timestamp", snapshot="snapshot", targets="targets")
def a_file_of_another_kind_is_refused(client, role):
    """Signed by the right key, but it says that it is something else."""
    repo = client.repository
    repo.publish("targets", "snapshot", "timestamp")
    repo.signed[role]["_type"] = "root" if role != "targets" else "snapshot"
    repo.publish(role, bump=False)
    client.init()
    assert client.refresh() == 1
    assert role not in client.trusted()


@variants(date="2030-01-01", offset="2030-01-01T00:00:00+09:00", month="2030-13-01T00:00:00Z", text="never", number=4102444800,
          negative="-030-01-01T00:00:00Z")
def a_date_that_is_none_is_refused(client, expires):
    repo = client.repository
    repo.signed["timestamp"]["expires"] = expires
    repo.publish("timestamp")
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1}


@case
def a_gap_between_roots_is_not_jumped(client):
    """Root 3 exists, root 2 does not: there is no line of trust to it."""
    repo = client.repository
    repo.publish("root")
    repo.rotate("timestamp")
    repo.publish("root", "timestamp")
    del repo.published["root"][2]
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1}
    assert ("root", 3) not in repo.asked


@case
def what_stands_in_the_folder_of_metadata_is_verified_again(client):
    """Somebody who wrote there without keys is believed no more than a server."""
    repo = client.repository
    repo.add_target("targets", "file", b"good")
    repo.publish_all()
    client.init()
    assert client.download("file") == 0
    os.unlink(os.path.join(client.targets, "file"))
    targets = client.stored("targets").replace(b'"length": 4', b'"length": 5')
    with open(os.path.join(client.metadata, "targets.json"), "wb") as file:
        file.write(targets)
    assert client.download("file") == 0
    assert client.stored("targets") == repo.latest["targets"]
    assert client.artifacts() == [b"good"]


@variants(up="../../escape", absolute="/etc/escape", dots="..", hidden=".incoming", slash_end="folder/", empty="")
def a_target_path_leads_nowhere_else(client, path):
    repo = client.repository
    repo.add_target("targets", path, b"content")
    repo.publish_all()
    client.init()
    client.download(path)
    assert sorted(os.listdir(client.folder.name)) == ["first-root.json", "metadata", "targets"]
    assert not os.path.exists("/etc/escape")
    assert client.refresh() == 0
