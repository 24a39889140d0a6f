# SPDX-License-Identifier: MIT
"""What repositories of other tools have in them, and what an old client finds."""
import copy

from harness import case, variants
from repository import date


@case
def fields_that_a_tool_adds_do_no_harm(client):
    """Owners, periods and hash names beside keys and roles, as tools write them."""
    repo = client.repository
    keys = repo.signed["root"]["keys"]
    for number, keyid in enumerate(keys):
        keys[keyid] = {**keys[keyid], "x-tool-owner": f"@{number}"}
    for role in repo.signed["root"]["roles"].values():
        role["x-tool-expiry-period"] = 7300
    repo.signed["root"]["x-tool-signing-period"] = 60
    repo.publish("root")
    repo.publish_all()
    client.init()
    assert client.refresh() == 0
    assert client.trusted()["root"] == 2


@variants(md5=["md5"], both=["sha256", "sha512"], none=[])
def keyid_hash_algorithms_say_nothing(client, algorithms):
    """An old field that is no part of the specification; the key id is SHA-256 of the key."""
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    keyid = repo.signed["root"]["roles"]["snapshot"]["keyids"][0]
    repo.signed["root"]["keys"][keyid] = {**repo.signed["root"]["keys"][keyid], "keyid_hash_algorithms": algorithms}
    repo.publish("root", "snapshot", "timestamp")
    assert client.refresh() == 0
    assert client.trusted()["snapshot"] == 2


@case
def what_is_trusted_may_have_expired_when_there_is_newer(client):
    """A machine that was off for long: old files serve to refuse older ones."""
    repo = client.repository
    for role in ("timestamp", "snapshot", "targets"):
        repo.signed[role]["expires"] = date(7)
    repo.publish_all()
    client.init()
    assert client.refresh() == 0
    old = client.trusted()
    for role in ("timestamp", "snapshot", "targets"):
        repo.signed[role]["expires"] = date(30)
    repo.publish_all()
    assert client.run("--metadata-url", client.server.url + "/metadata", "refresh", later=18) == 0
    assert all(client.trusted()[role] == old[role] + 1 for role in ("timestamp", "snapshot", "targets"))


@case
def expired_for_a_client_in_the_future(client):
    repo = client.repository
    repo.add_target("targets", "file", b"content")
    repo.publish_all()
    client.init()
    assert client.run("--metadata-url", client.server.url + "/metadata", "refresh", later=40) == 1
    assert client.trusted() == {"root": 1}


@case
def a_wrong_hash_of_targets_in_snapshot(client):
    repo = client.repository
    repo.with_hashes = True
    repo.publish_all()
    client.init()
    assert client.refresh() == 0
    good = copy.deepcopy(client.trusted())
    repo.publish("targets")
    repo.signed["snapshot"]["meta"]["targets.json"]["hashes"]["sha256"] = "46" * 32
    repo.publish("snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == good["snapshot"] + 1
    assert client.trusted()["targets"] == good["targets"]


@case
def targets_that_no_snapshot_names_are_not_asked_for(client):
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    repo.publish("targets")
    assert client.refresh() == 0
    assert repo.asked[-1] == ("timestamp", None)
    assert client.trusted()["targets"] == 1


@case
def a_snapshot_that_no_timestamp_names_is_not_taken(client):
    repo = client.repository
    repo.signed["snapshot"]["version"] = 2
    data = repo.serve("snapshot", repo.envelope("snapshot"), 1)
    assert data
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 1, "timestamp": 1}
    assert repo.asked[-1] == ("snapshot", 1)


@variants(plain="release/v1/tool", spaces="release/a b/tool", prefixed="1.tool", dots="release/..tool")
def a_target_below_a_delegation_is_asked_for_by_its_hash(client, path):
    repo = client.repository
    repo.delegate("targets", "delegated", [path.rpartition("/")[0] + "/*" if "/" in path else "*"])
    repo.add_target("delegated", path, b"artifact")
    del repo.artifacts[path]
    repo.publish("delegated", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download(path) == 0
    assert client.artifacts() == [b"artifact"]
