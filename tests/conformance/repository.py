# SPDX-License-Identifier: MIT
"""A repository that a test can bend at will, and the server that serves it.

Metadata lives in plain dictionaries; publish() signs a role as it is and puts
the bytes where clients find them.  Nothing here checks anything: being wrong on
purpose is what it is for.
"""
import copy
import hashlib
import http.server
import itertools
import json
import os
import subprocess
import tempfile
import threading
import time
import urllib.parse

TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
DAY = 86400
NOW = time.time()  # one time for all cases, so that they sign the same bytes


def canonical(value):
    if isinstance(value, dict):
        return "{" + ",".join(canonical(k) + ":" + canonical(value[k]) for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return json.dumps(value)


def date(days):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + days * DAY))


class Key:
    """A key pair made and used by openssl(1)."""

    KINDS = {
        "ed25519": ("ed25519", "ed25519", ["-algorithm", "ed25519"], ["-rawin"]),
        "p256": ("ecdsa", "ecdsa-sha2-nistp256",
                 ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                 ["-rawin", "-digest", "sha256"]),
        "p256-old": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256",
                     ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                     ["-rawin", "-digest", "sha256"]),
        "p384": ("ecdsa", "ecdsa-sha2-nistp384",
                 ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
                 ["-rawin", "-digest", "sha384"]),
        "pss": ("rsa", "rsassa-pss-sha256", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                ["-rawin", "-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pss"]),
        "pkcs1": ("rsa", "rsa-pkcs1v15-sha256", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
                  ["-rawin", "-digest", "sha256"]),
    }
    folder = None
    numbers = itertools.count()
    pool = {}
    signatures = {}  # openssl is not started twice for the same
    lock = threading.Lock()

    def __init__(self, kind):
        keytype, scheme, make, self.sign_options = self.KINDS[kind]
        Key.folder = Key.folder or tempfile.TemporaryDirectory()
        self.path = os.path.join(Key.folder.name, f"{next(Key.numbers)}.pem")
        subprocess.run(["openssl", "genpkey", *make, "-out", self.path], check=True, capture_output=True)
        form = ["-outform", "DER"] if kind == "ed25519" else []
        public = subprocess.run(["openssl", "pkey", "-in", self.path, "-pubout", *form],
                                check=True, capture_output=True).stdout
        public = public[-32:].hex() if kind == "ed25519" else public.decode()
        self.public = {"keytype": keytype, "scheme": scheme, "keyval": {"public": public}}

    @property
    def id(self):
        return hashlib.sha256(canonical(self.public).encode()).hexdigest()

    def sign(self, message):
        if (self.path, message) not in Key.signatures:
            Key.signatures[self.path, message] = self.sign_afresh(message)
        return Key.signatures[self.path, message]

    def sign_afresh(self, message):
        with tempfile.NamedTemporaryFile(dir=Key.folder.name) as file:
            file.write(message)
            file.flush()
            return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.path, "-in", file.name,
                                   *self.sign_options], check=True, capture_output=True).stdout.hex()

    @classmethod
    def lend(cls, kind, number):
        """Keys are made once for all cases; a case gets its own by number."""
        with cls.lock:
            keys = cls.pool.setdefault(kind, [])
            while len(keys) <= number:
                keys.append(cls(kind))
            return copy.deepcopy(keys[number])


class Repository:
    def __init__(self, kind="ed25519"):
        self.kind = kind
        self.lent = {}
        self.signed = {}     # role -> its "signed" part
        self.signers = {}    # role -> keys that sign it
        self.published = {}  # role -> {version: bytes}, as served
        self.latest = {}     # role -> bytes, as served without a version
        self.artifacts = {}  # URL path -> bytes
        self.asked = []      # what clients asked for, in order
        self.with_hashes = False
        common = {"spec_version": "1.0.34", "version": 1, "expires": date(30)}
        self.signed["root"] = {"_type": "root", "consistent_snapshot": True, "keys": {},
                               "roles": {}, **common}
        self.signed["timestamp"] = {"_type": "timestamp", "meta": {"snapshot.json": {"version": 1}}, **common}
        self.signed["snapshot"] = {"_type": "snapshot", "meta": {"targets.json": {"version": 1}}, **common}
        self.signed["targets"] = {"_type": "targets", "targets": {}, **common}
        for role in TOP_LEVEL:
            self.signed["root"]["roles"][role] = {"keyids": [], "threshold": 1}
            self.add_key(role)
        self.publish("targets", "snapshot", "timestamp", "root", bump=False)

    # ---- keys ---------------------------------------------------------------

    def new_key(self, kind=None):
        kind = kind or self.kind
        number = self.lent.get(kind, 0)
        self.lent[kind] = number + 1
        return Key.lend(kind, number)

    def role_entry(self, role, delegator="root"):
        if delegator == "root":
            return self.signed["root"]["keys"], self.signed["root"]["roles"][role]
        delegations = self.signed[delegator]["delegations"]
        return delegations["keys"], next(r for r in delegations["roles"] if r["name"] == role)

    def add_key(self, role, key=None, delegator="root"):
        key = key or self.new_key()
        keys, entry = self.role_entry(role, delegator)
        keys[key.id] = key.public
        entry["keyids"].append(key.id)
        self.signers.setdefault(role, []).append(key)
        return key

    def rotate(self, role):
        self.signed["root"]["roles"][role]["keyids"].clear()
        self.signers[role].clear()
        return self.add_key(role)

    # ---- metadata -------------------------------------------------------------

    def delegate(self, delegator, role, paths=("*",), terminating=False, **more):
        delegations = self.signed[delegator].setdefault("delegations", {"keys": {}, "roles": []})
        entry = {"name": role, "keyids": [], "threshold": 1, "terminating": terminating, **more}
        if paths is not None:
            entry["paths"] = list(paths)
        delegations["roles"].append(entry)
        if role not in self.signed:
            self.signed[role] = {"_type": "targets", "spec_version": "1.0.34", "version": 1,
                                 "expires": date(30), "targets": {}}
            self.add_key(role, delegator=delegator)
        else:
            for key in self.signers[role]:
                delegations["keys"][key.id] = key.public
                entry["keyids"].append(key.id)

    def add_target(self, role, path, data, functions=("sha256",)):
        hashes = {name: hashlib.new(name, data).hexdigest() for name in functions}
        self.signed[role]["targets"][path] = {"length": len(data), "hashes": hashes}
        folder, slash, name = path.rpartition("/")
        self.artifacts[path] = data
        for value in hashes.values():
            self.artifacts[f"{folder}{slash}{value}.{name}"] = data

    def envelope(self, role):
        signed = copy.deepcopy(self.signed[role])
        message = canonical(signed).encode()
        return {"signatures": [{"keyid": key.id, "sig": key.sign(message)} for key in self.signers[role]],
                "signed": signed}

    def serve(self, role, envelope, version=None):
        data = envelope if isinstance(envelope, bytes) else json.dumps(envelope, indent=1).encode()
        version = version or (len(self.published.get(role, {})) + 1)
        self.published.setdefault(role, {})[version] = data
        self.latest[role] = data
        return data

    def publish(self, *roles, bump=True):
        """Sign and serve; targets roles are entered in snapshot, snapshot in
        timestamp: name them in that order."""
        for role in roles:
            if bump and role in self.published:
                self.signed[role]["version"] += 1
            data = self.serve(role, self.envelope(role), self.signed[role]["version"])
            self.enter(role, data)

    def enter(self, role, data):
        entry = {"version": self.signed[role]["version"]}
        if self.with_hashes:
            entry.update(length=len(data), hashes={"sha256": hashlib.sha256(data).hexdigest()})
        if role == "snapshot":
            self.signed["timestamp"]["meta"]["snapshot.json"] = entry
        elif role not in TOP_LEVEL or role == "targets":
            self.signed["snapshot"]["meta"][f"{role}.json"] = entry

    def publish_all(self):
        self.publish("targets", "snapshot", "timestamp")

    # ---- serving -----------------------------------------------------------------

    def answer(self, path):
        kind, _, name = path.partition("/")
        if kind == "targets":
            self.asked.append(("target", name))
            return self.artifacts.get(name) or self.artifacts.get(urllib.parse.unquote(name))
        name = name.removesuffix(".json")
        number, _, role = name.partition(".")
        if number.isdigit() and (self.signed["root"]["consistent_snapshot"] or role == "root"):
            self.asked.append((role, int(number)))
            return self.published.get(urllib.parse.unquote(role), {}).get(int(number))
        self.asked.append((name, None))
        return self.latest.get(urllib.parse.unquote(name))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        data = self.server.repository.answer(self.path.lstrip("/"))
        if data is None:
            self.send_error(404)
            return
        endless = callable(data)
        self.send_response(200)
        if not endless:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            for chunk in data() if endless else (data,):
                self.wfile.write(chunk)
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up = True

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, repository):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repository = repository
        self.hung_up = False
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"
