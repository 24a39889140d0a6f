# SPDX-License-Identifier: MIT
"""Keys: kinds, ids, thresholds, rotation."""
import json

from harness import case, variants
from repository import Key


@variants(ed25519="ed25519", ecdsa_p256="p256", ecdsa_p256_old_name="p256-old", ecdsa_p384="p384",
          rsa_pss="pss", rsa_pkcs1="pkcs1")
def each_kind_of_key_signs(client, kind):
    repo = client.repository
    key = repo.add_key("root", repo.new_key(kind))
    repo.signed["root"]["roles"]["root"]["threshold"] = 2
    repo.publish("root")
    client.init()
    assert client.refresh() == 0
    assert client.trusted()["root"] == 2
    # The same again with that key's signature of something else.
    repo.publish("root")
    root = json.loads(repo.published["root"][3])
    for signature in root["signatures"]:
        if signature["keyid"] == key.id:
            signature["sig"] = key.sign(b"something else")
    repo.serve("root", root, 3)
    assert client.refresh() == 1
    assert client.trusted()["root"] == 2


@case
def a_key_of_unknown_kind_is_tolerated_and_does_not_count(client):
    repo = client.repository
    key = repo.new_key()
    key.public.update(keytype="post-quantum", scheme="tomorrow")
    repo.add_key("timestamp", key)
    repo.publish("root", "timestamp")
    client.init()
    assert client.refresh() == 0
    repo.signed["root"]["roles"]["timestamp"]["threshold"] = 2
    repo.publish("root", "timestamp")
    assert client.refresh() == 1


@case
def a_key_under_a_wrong_id_does_not_count(client):
    repo = client.repository
    repo.signed["root"]["keys"]["ab" * 32] = repo.signers["snapshot"][0].public
    repo.signed["root"]["roles"]["snapshot"]["keyids"] = ["ab" * 32]
    repo.publish("root", "snapshot", "timestamp")
    snapshot = json.loads(repo.published["snapshot"][2])
    snapshot["signatures"][0]["keyid"] = "ab" * 32
    repo.serve("snapshot", snapshot, 2)
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 2, "timestamp": 2}


@case
def one_key_under_two_ids_counts_once(client):
    repo = client.repository
    twin = repo.new_key()
    repo.add_key("snapshot", twin)
    other = Key.lend("ed25519", repo.lent["ed25519"] - 1)
    other.public["x-twin"] = 1
    repo.add_key("snapshot", other)
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 3
    repo.publish("root", "snapshot", "timestamp")
    assert len(repo.signed["root"]["roles"]["snapshot"]["keyids"]) == 3
    client.init()
    assert client.refresh() == 1
    assert "snapshot" not in client.trusted()
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 2
    repo.publish("root")
    assert client.refresh() == 0


@case
def a_repeated_key_id_in_a_role_does_not_reach_the_threshold(client):
    repo = client.repository
    key = repo.add_key("snapshot")
    repo.signed["root"]["roles"]["snapshot"]["keyids"] += [key.id] * 8
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 6
    repo.publish("root", "snapshot", "timestamp")
    snapshot = json.loads(repo.published["snapshot"][2])
    snapshot["signatures"] += [snapshot["signatures"][-1]] * 8
    repo.serve("snapshot", snapshot, 2)
    client.init()
    assert client.refresh() == 1
    assert "snapshot" not in client.trusted()


@case
def a_repeated_signature_is_refused(client):
    repo = client.repository
    snapshot = json.loads(repo.published["snapshot"][1])
    snapshot["signatures"].append(snapshot["signatures"][0])
    repo.serve("snapshot", snapshot, 1)
    client.init()
    assert client.refresh() == 1
    assert "snapshot" not in client.trusted()


@variants(empty="", odd="abc", not_hex="zz" * 64, zeros="00" * 64, long="00" * 5000)
def a_bad_signature_beside_good_ones_does_no_harm(client, text):
    repo = client.repository
    key = repo.add_key("timestamp")
    repo.publish("root", "timestamp")
    timestamp = json.loads(repo.latest["timestamp"])
    for signature in timestamp["signatures"]:
        if signature["keyid"] == key.id:
            signature["sig"] = text
    repo.serve("timestamp", timestamp, 2)
    client.init()
    assert client.refresh() == 0


@case
def too_few_signatures_are_refused(client):
    repo = client.repository
    repo.add_key("snapshot")
    repo.add_key("snapshot")
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 3
    repo.publish("root", "targets", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    repo.signers["snapshot"].pop()
    repo.publish("targets", "snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted()["snapshot"] == 2


@case
def a_threshold_above_the_number_of_keys_can_never_be_met(client):
    repo = client.repository
    for _ in range(4):
        repo.add_key("snapshot")
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 6
    repo.publish("root", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 1
    assert client.trusted() == {"root": 2, "timestamp": 2}


@case
def a_threshold_that_was_too_high_is_met_later(client):
    repo = client.repository
    client.init()
    assert client.refresh() == 0
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 3
    repo.add_key("snapshot")
    repo.publish("root", "snapshot", "timestamp")
    assert client.refresh() == 1
    assert client.trusted()["root"] == 2 and client.trusted().get("snapshot", 1) == 1
    repo.add_key("snapshot")
    repo.add_key("snapshot")
    repo.publish("root", "snapshot", "timestamp")
    assert client.refresh() == 0
    assert client.trusted()["root"] == 3 and client.stored("snapshot") == repo.latest["snapshot"]


@case
def a_key_listed_but_not_given_does_not_count(client):
    repo = client.repository
    key = repo.add_key("snapshot")
    del repo.signed["root"]["keys"][key.id]
    repo.signed["root"]["roles"]["snapshot"]["threshold"] = 2
    repo.publish("root", "snapshot", "timestamp")
    client.init()
    assert client.refresh() == 1
    assert client.trusted()["root"] == 2


# (keys, threshold, keys that sign) of each version of root; the last one is
# accepted or not.
ROOTS = {
    "replaced": ([([1], 1, [1]), ([2], 1, [2, 1]), ([2], 1, [2])], True),
    "replaced among strangers' signatures":
        ([([1], 1, [3, 1, 4]), ([2], 1, [3, 2, 1, 4]), ([2], 1, [3, 2, 4])], True),
    "other signers of five": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 2, 3, 4], 3, [0, 4, 1])], True),
    "one of five replaced": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 1])], True),
    "four signers of five": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 2, 3, 4], 3, [0, 4, 1]),
                              ([0, 1, 2, 3, 4], 3, [0, 1, 3]), ([0, 1, 2, 3, 4], 3, [0, 1, 3])], True),
    "one of five replaced in two steps": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4, 5]),
                                           ([0, 1, 3, 4, 5], 3, [0, 4, 5])], True),
    "a second key and both needed": ([([1], 1, [1]), ([1, 2], 2, [1, 2])], True),
    "all of five replaced": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]),
                              ([5, 6, 7, 8, 9], 3, [5, 6, 7])], True),
    "threshold raised": ([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [1, 2])], True),
    "threshold lowered": ([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1, 2]), ([1, 2, 3], 1, [1])], True),
    "old key did not sign": ([([1], 1, [1]), ([2], 1, [2, 3, 4])], False),
    "new key did not sign": ([([1], 1, [1]), ([2], 1, [1, 3, 4])], False),
    "too few new keys signed": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 2, 4])], False),
    "too few old keys signed": ([([0, 1, 2, 3, 4], 3, [0, 2, 4]), ([0, 1, 3, 4, 5], 3, [0, 4, 5])], False),
    "raised threshold not met": ([([1, 2, 3], 1, [1]), ([1, 2, 3], 2, [2])], False),
    "old threshold not met": ([([1, 2, 3], 2, [1, 2]), ([1, 2, 3], 1, [1])], False),
}


@variants(**{name.replace(" ", "_"): value for name, value in ROOTS.items()})
def root_keys(client, steps_and_result):
    steps, accepted = steps_and_result
    repo = client.repository
    keys = [repo.new_key() for _ in range(10)]
    repo.published["root"].clear()
    for number, (listed, threshold, signers) in enumerate(steps, 1):
        repo.signed["root"]["roles"]["root"] = {"keyids": [], "threshold": threshold}
        repo.signers["root"] = []
        for index in listed:
            repo.add_key("root", keys[index])
        repo.signers["root"] = [keys[index] for index in signers]
        repo.signed["root"]["version"] = number
        repo.publish("root", bump=False)
    assert client.init() == 0
    assert client.refresh() == (0 if accepted else 1)
    assert client.trusted()["root"] == len(steps) - (0 if accepted else 1)


ROLES = {
    "replaced": (([2], 1, [2]), True),
    "three of five": (([0, 1, 2, 3, 4], 3, [1, 2, 4]), True),
    "other three of five": (([0, 1, 2, 3, 4], 3, [0, 2, 4]), True),
    "first and last of five": (([0, 1, 2, 3, 4], 3, [0, 4, 1]), True),
    "last three of five": (([0, 1, 2, 3, 4], 3, [2, 3, 4]), True),
    "strangers' signatures beside": (([1], 1, [3, 1, 4]), True),
    "new key did not sign": (([2], 1, [1, 3, 4]), False),
    "two of three": (([0, 1, 3, 4, 5], 3, [0, 4]), False),
    "a stranger for the third": (([0, 1, 3, 4, 5], 3, [0, 2, 4]), False),
}


@variants(**{f"{role}_{name.replace(' ', '_')}": (role, value)
             for role in ("timestamp", "snapshot", "targets") for name, value in ROLES.items()})
def keys_of(client, what):
    role, ((listed, threshold, signers), accepted) = what
    repo = client.repository
    client.init()
    client.refresh()
    keys = [repo.new_key() for _ in range(6)]
    repo.signed["root"]["roles"][role] = {"keyids": [], "threshold": threshold}
    for index in listed:
        repo.add_key(role, keys[index])
    repo.signers[role] = [keys[index] for index in signers]
    repo.publish("root", "targets", "snapshot", "timestamp")
    assert client.refresh() == (0 if accepted else 1)
    if accepted:
        assert client.stored(role) == repo.latest[role]
