# SPDX-License-Identifier: MIT
"""Targets: downloads, delegations, names."""
import hashlib
import os
import urllib.parse

from harness import case, variants
from repository import date


@variants(plain="file.txt", folders="path/to/a/file.txt", odd="a b/\u00e9 %#?.txt")
def a_target_is_downloaded(client, path):
    client.repository.add_target("targets", path, b"content")
    client.repository.publish_all()
    client.init()
    assert client.refresh() == 0
    assert client.artifacts() == []
    assert client.download(path) == 0
    assert client.artifacts() == [b"content"]
    assert len(os.listdir(client.targets)) == 1


@variants(sha256=("sha256",), sha512=("sha512",), both=("sha256", "sha512"), unknown_too=("sha256", "blake2b"))
def hashes_of_a_target(client, functions):
    repo = client.repository
    repo.add_target("targets", "file", b"content", functions)
    repo.publish_all()
    client.init()
    assert client.download("file") == 0
    repo.add_target("targets", "file", b"changed", functions)
    repo.signed["targets"]["targets"]["file"]["hashes"][functions[-1] if len(functions) < 2 else functions[0]] = \
        hashlib.new(functions[0], b"other").hexdigest()
    for name in [name for name in repo.artifacts if name.endswith("file")]:
        repo.artifacts[hashlib.new(functions[0], b"other").hexdigest() + ".file"] = repo.artifacts[name]
    repo.publish_all()
    assert client.download("file") == 1
    assert client.artifacts() == [b"content"]


@case
def an_empty_target_is_a_target(client):
    client.repository.add_target("targets", "empty", b"")
    client.repository.artifacts = {k: (lambda: iter(())) for k in client.repository.artifacts}
    client.repository.publish_all()
    client.init()
    assert client.download("empty") == 0
    assert client.artifacts() == [b""]


@case
def what_is_there_is_not_fetched_again(client):
    repo = client.repository
    repo.add_target("targets", "file", b"content")
    repo.publish_all()
    client.init()
    assert client.download("file") == 0
    del repo.asked[:]
    assert client.download("file") == 0
    assert repo.asked == [("root", 2), ("timestamp", None)]
    with open(os.path.join(client.targets, "file"), "wb") as file:
        file.write(b"damaged")
    assert client.download("file") == 0
    assert client.artifacts() == [b"content"]


@case
def several_targets_in_one_go(client):
    for name in ("a", "b", "c"):
        client.repository.add_target("targets", name, name.encode())
    client.repository.publish_all()
    client.init()
    assert client.download("a", "b", "c") == 0
    assert client.artifacts() == [b"a", b"b", b"c"]
    assert client.download("a", "nothing") == 1


@case
def several_names_behind_one_option(client):
    for name in ("a", "b"):
        client.repository.add_target("targets", name, name.encode())
    client.repository.publish_all()
    client.init()
    assert client.run("--metadata-url", client.server.url + "/metadata", "--target-name", "a", "b",
                      "--target-base-url", client.server.url + "/targets", "--target-dir", client.targets,
                      "download") == 0
    assert client.artifacts() == [b"a", b"b"]


@variants(other_content=b"evil...", shorter=b"evil", longer=b"evil and more", nothing=b"")
def arbitrary_software(client, evil):
    repo = client.repository
    repo.add_target("targets", "file", b"content")
    repo.add_target("targets", "other", b"another")
    repo.publish_all()
    client.init()
    assert client.download("file") == 0
    for name in repo.artifacts:
        repo.artifacts[name] = evil or (lambda: iter(()))
    client.download("file")
    assert client.download("other") == 1
    assert client.artifacts() == [b"content"]
    assert os.listdir(client.targets) == ["file"]


@case
def an_endless_target(client):
    repo = client.repository
    repo.add_target("targets", "file", b"content")

    def endless():
        while True:
            yield b"x" * 65536
    repo.artifacts = {name: endless for name in repo.artifacts}
    repo.publish_all()
    client.init()
    assert client.download("file") == 1
    assert client.artifacts() == []


@case
def a_target_follows_its_changes(client):
    repo = client.repository
    client.init()
    for number in range(6):
        repo.add_target("targets", "file", b"content %d" % number)
        repo.publish_all()
        if number % 2 == 0:
            assert client.download("file") == 0
            assert client.artifacts() == [b"content %d" % number]


# name: delegations (delegator, role, paths, terminating), roles asked for in order
GRAPHS = {
    "one": ([("targets", "A")], "A"),
    "two": ([("targets", "A"), ("targets", "B")], "AB"),
    "second has a child": ([("targets", "A"), ("targets", "B"), ("B", "C")], "ABC"),
    "depth before breadth": ([("targets", "A"), ("targets", "B"), ("A", "C"), ("A", "D")], "ACDB"),
    "three levels": ([("targets", "A"), ("targets", "B"), ("A", "C"), ("C", "D")], "ACDB"),
    "terminating ends all": ([("targets", "A"), ("targets", "B"), ("A", "C", "*", True), ("A", "D")], "AC"),
    "terminating keeps its children":
        ([("targets", "A"), ("targets", "B"), ("A", "C", "*", True), ("C", "D")], "ACD"),
    "other paths are left out": ([("targets", "A", "*.py"), ("targets", "B"), ("A", "C")], "B"),
    "other paths below are left out":
        ([("targets", "A"), ("targets", "B"), ("A", "C", "*.py"), ("C", "D")], "AB"),
    "terminating for other paths does not end":
        ([("targets", "A", "*.py", True), ("targets", "B")], "B"),
    "cycle": ([("targets", "A"), ("targets", "B"), ("B", "C"), ("C", "D"), ("D", "B")], "ABCD"),
    "two ways to one": ([("targets", "A"), ("targets", "B"), ("B", "C"), ("A", "C")], "ACB"),
    "two ways, one for other paths":
        ([("targets", "A"), ("targets", "B"), ("B", "C"), ("A", "C", "*.py")], "ABC"),
}


def build(repo, delegations):
    roles = []
    for delegator, role, *rest in delegations:
        paths, terminating = (list(rest) + ["*", False][len(rest):])[:2]
        repo.delegate(delegator, role, [paths], terminating)
        roles += [role] * (role not in roles)
    repo.publish(*roles, "targets", "snapshot", "timestamp")


@variants(**{name.replace(" ", "_"): value for name, value in GRAPHS.items()})
def delegations_are_searched_in_order(client, graph):
    delegations, order = graph
    build(client.repository, delegations)
    client.init()
    assert client.download("missing") == 1
    assert client.repository.asked[4:] == [(role, 1) for role in order]
    assert set(client.trusted()) == {"root", "timestamp", "snapshot", "targets", *order}


TREE = [("targets", "A", "*.md"), ("targets", "B", "releases/*/*"), ("B", "C", "releases/x/*"),
        ("B", "D", "releases/y/*.zip")]


@variants(top_level=("file", True, ""), by_wildcard=("README.md", True, "A"),
          not_across_folders=("docs/README.md", False, ""), deep=("releases/x/x_v1", True, "BC"),
          deep_by_suffix=("releases/y/y_v1.zip", True, "BD"),
          outside_of_the_chain=("releases/z/z_v1.zip", False, "B"))
def a_target_is_found_by_those_who_may_speak_of_it(client, what):
    path, found, order = what
    repo = client.repository
    for delegator, role, pattern in TREE:
        repo.delegate(delegator, role, [pattern])
    repo.add_target("targets", "file", b"targets")
    repo.add_target("A", "README.md", b"A")
    repo.add_target("A", "docs/README.md", b"A")
    for role, name in (("C", "releases/x/x_v1"), ("D", "releases/y/y_v1.zip"), ("D", "releases/z/z_v1.zip")):
        repo.add_target(role, name, role.encode())
    repo.publish("A", "B", "C", "D", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download(path) == (0 if found else 1)
    assert [role for role, _ in repo.asked[4:] if role != "target"] == list(order)
    assert client.artifacts() == ([(order or "targets")[-1:].encode() if order else b"targets"] if found else [])


@case
def the_first_delegation_wins(client):
    repo = client.repository
    repo.delegate("targets", "A")
    repo.delegate("targets", "B")
    repo.add_target("B", "file", b"B")
    repo.add_target("A", "file", b"A")
    repo.publish("A", "B", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("file") == 0
    assert client.artifacts() == [b"A"]


@case
def hash_prefixes_choose_the_bin(client):
    repo = client.repository
    digest = hashlib.sha256(b"some/file").hexdigest()
    other = "0" if digest[0] != "0" else "1"
    repo.delegate("targets", "other", None, path_hash_prefixes=[other])
    repo.delegate("targets", "bin", None, path_hash_prefixes=["ff0", digest[:3]])
    repo.add_target("bin", "some/file", b"binned")
    repo.publish("other", "bin", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("some/file") == 0
    assert client.artifacts() == [b"binned"]
    assert repo.asked[4][0] == "bin"


@case
def succinct_hash_bins(client):
    repo = client.repository
    digest = hashlib.sha256(b"some/file").hexdigest()
    role = f"bin-{int(digest[:2], 16) >> 3:02x}"
    key = repo.new_key()
    repo.signed["targets"]["delegations"] = {"keys": {key.id: key.public}, "succinct_roles": {
        "keyids": [key.id], "threshold": 1, "bit_length": 5, "name_prefix": "bin"}}
    repo.signed[role] = {**repo.signed["targets"], "targets": {}, "version": 1}
    del repo.signed[role]["delegations"]
    repo.signers[role] = [key]
    repo.add_target(role, "some/file", b"binned")
    repo.publish(role, "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("some/file") == 0
    assert repo.asked[4] == (role, 1)


@variants(question="?", hash="#", slash="/role", up="../role", up_only="..", space="a b", percent="%2e", unicode="\u5927\u962a",
          office="office/osaka", versioned="1.root")
def unusual_role_names_are_quoted(client, role):
    repo = client.repository
    repo.delegate("targets", role)
    repo.add_target(role, "file", b"content")
    repo.publish(role, "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("file") == 0
    assert (urllib.parse.quote(role, ""), 1) in repo.asked
    assert len(client.trusted()) == 5
    assert len(os.listdir(client.metadata)) == 5
    assert sorted(os.listdir(client.folder.name)) == ["first-root.json", "metadata", "targets"]


@variants(root="root", timestamp="timestamp", snapshot="snapshot", targets="targets", empty="")
def a_delegated_role_cannot_take_a_top_level_name(client, role):
    repo = client.repository
    repo.delegate("targets", role)
    repo.publish_all()
    client.init()
    before = client.stored("root")
    assert client.download("file") == 1
    assert client.stored("root") == before
    assert "targets" not in client.trusted()


@variants(unsigned="unsigned", expired="expired", missing="missing", unlisted="unlisted", version="version")
def a_delegated_role_that_fails_ends_the_search(client, how):
    repo = client.repository
    repo.delegate("targets", "A")
    repo.delegate("targets", "B")
    repo.add_target("B", "file", b"from B")
    if how == "unsigned":
        repo.signers["A"].clear()
    if how == "expired":
        repo.signed["A"]["expires"] = date(-1)
    repo.publish("A", "B", "targets")
    if how == "missing":
        repo.published["A"].clear()
    if how == "unlisted":
        del repo.signed["snapshot"]["meta"]["A.json"]
    if how == "version":
        repo.signed["snapshot"]["meta"]["A.json"]["version"] = 2
        repo.published["A"][2] = repo.published["A"][1]
    repo.publish("snapshot", "timestamp")
    client.init()
    assert client.refresh() == 0
    assert client.download("file") == 1
    assert client.artifacts() == []
    assert "A" not in client.trusted()


@case
def a_delegated_role_is_updated_when_snapshot_says_so(client):
    repo = client.repository
    repo.delegate("targets", "A")
    repo.add_target("A", "first", b"first")
    repo.publish("A", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("first") == 0
    repo.add_target("A", "second", b"second")
    repo.publish("A", "snapshot", "timestamp")
    assert client.download("second") == 0
    assert client.trusted()["A"] == 2


@case
def a_key_of_another_role_does_not_sign_for_this_one(client):
    repo = client.repository
    repo.delegate("targets", "osaka", ["office/osaka/*"])
    repo.delegate("targets", "tokyo", ["office/tokyo/*"])
    repo.add_target("osaka", "office/tokyo/list", b"by osaka")
    repo.publish("osaka", "tokyo", "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("office/tokyo/list") == 1
    repo.signers["tokyo"] = repo.signers["osaka"]
    repo.add_target("tokyo", "office/tokyo/list", b"by osaka")
    repo.publish("tokyo", "snapshot", "timestamp")
    assert client.download("office/tokyo/list") == 1
    assert client.artifacts() == []


@case
def extraneous_delegations_end(client):
    """A chain without end costs a bounded number of requests."""
    repo = client.repository
    names = [f"role{number}" for number in range(80)]
    for delegator, role in zip(["targets", *names], names):
        repo.delegate(delegator, role)
    repo.publish(*names, "targets", "snapshot", "timestamp")
    client.init()
    assert client.download("missing") == 1
    assert len(repo.asked) <= 4 + 64
