#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# tests/vm/agent.py - runs in the guest: reads one JSON object per line from the
# virtio port, runs its command with /bin/sh, answers with one line.  All that
# it needs is imported at the start, so that it goes on answering when guard
# denies everything.  Must not judge results: the host does.
import base64
import json
import os
import signal
import subprocess

PORT = "/dev/virtio-ports/guard.test"
OUTPUT_MAX = 4 << 20


def run(request):
    """Run one command line in its own session; kill all of it when late."""
    try:
        child = subprocess.Popen(
            ["/bin/sh", "-c", request["command"]], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            cwd="/", env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                          "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"})
    except OSError as error:
        return {"code": 126, "output": str(error)}
    try:
        output, _ = child.communicate(timeout=request["timeout"])
        code = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output, _ = child.communicate()
        code = 124
    return {"code": code, "output": output[-OUTPUT_MAX:].decode("utf-8", "backslashreplace")}


def main():
    with open(PORT, "r+b", buffering=0) as port:
        pending = b""
        while True:
            data = port.read(65536)
            if not data:  # the host is not connected
                signal.sigtimedwait([], 0.2)
                continue
            pending += data
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                request = json.loads(line)
                if request.get("write"):
                    with open(request["write"], "wb") as file:
                        file.write(base64.b64decode(request["content"]))
                    answer = {"code": 0, "output": ""}
                else:
                    answer = run(request)
                answer["id"] = request["id"]
                reply = json.dumps(answer).encode() + b"\n"
                while reply:
                    reply = reply[port.write(reply):]


main()
