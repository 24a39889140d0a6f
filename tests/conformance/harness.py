# SPDX-License-Identifier: MIT
"""A client under test in its own folders, and the list of cases."""
import json
import os
import subprocess
import tempfile

from repository import Repository, Server

CASES = []


def case(function):
    CASES.append((function.__name__.replace("_", " "), function))
    return function


def variants(**named):
    """The case once for each named argument."""
    def add(function):
        for name, argument in named.items():
            CASES.append((f"{function.__name__.replace('_', ' ')} [{name.replace('_', ' ')}]",
                          lambda client, argument=argument: function(client, argument)))
        return function
    return add


class Client:
    def __init__(self, program):
        self.program = program
        self.repository = Repository()
        self.server = Server(self.repository)
        self.folder = tempfile.TemporaryDirectory()
        self.metadata = os.path.join(self.folder.name, "metadata")
        self.targets = os.path.join(self.folder.name, "targets")
        os.mkdir(self.metadata)
        os.mkdir(self.targets)
        self.said = ""

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def run(self, *arguments, later=0):
        """`later`: by a clock that is so many days ahead (faketime, as the public suite does it)."""
        command = ["faketime", "-f", f"+{later}d"] if later else []
        # faketime's library is loaded before a sanitizer's, which would mind.
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        done = subprocess.run([*command, self.program, "--metadata-dir", self.metadata, *arguments],
                              capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "ASAN_OPTIONS": options.lstrip(":")})
        self.said = done.stderr
        assert done.returncode in (0, 1), f"exit {done.returncode}: {done.stderr}"
        assert (done.returncode == 0) == (done.stderr == ""), "failure is explained, success is silent"
        return done.returncode

    def init(self, root=None):
        path = os.path.join(self.folder.name, "first-root.json")
        with open(path, "wb") as file:
            file.write(self.repository.published["root"][1] if root is None else root)
        return self.run("init", path)

    def refresh(self):
        return self.run("--metadata-url", self.server.url + "/metadata", "refresh")

    def download(self, *names):
        options = [word for name in names for word in ("--target-name", name)]
        return self.run("--metadata-url", self.server.url + "/metadata/", *options, "--target-base-url",
                        self.server.url + "/targets", "--target-dir", self.targets, "download")

    def trusted(self):
        """{file name without .json: version} of all that is trusted."""
        found = {}
        for name in sorted(os.listdir(self.metadata)):
            if name.endswith(".json"):
                with open(os.path.join(self.metadata, name), "rb") as file:
                    found[name.removesuffix(".json")] = json.load(file)["signed"]["version"]
        return found

    def stored(self, role):
        with open(os.path.join(self.metadata, role + ".json"), "rb") as file:
            return file.read()

    def artifacts(self):
        found = []
        for name in os.listdir(self.targets):
            with open(os.path.join(self.targets, name), "rb") as file:
                found.append(file.read())
        return sorted(found)
