# SPDX-License-Identifier: MIT
#
# tests/vm/guest.py - one QEMU machine: start it from an image over a throw-away
# overlay, run commands in it over a virtio port, stop it.  Software emulation
# only.  Must not know what is tested.
import base64
import json
import os
import select
import socket
import subprocess
import time


class GuestError(Exception):
    """The guest did not do what every guest must (boot, answer, stop)."""


class Guest:
    """A running machine.  `disk` is a qcow2 file that it writes to; with `cache`
    "writeback" a flush is one, else nothing survives the end of this program."""

    def __init__(self, image, disk, tests, folder, append="", cache="unsafe"):
        self.folder = folder
        self.console = os.path.join(folder, "console.log")
        self.path = os.path.join(folder, "agent.sock")
        self.sequence = 0
        self.pending = b""
        self.socket = None
        self.started = time.monotonic()
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi",
             # Emulated vector units are slow: SHA-256 takes 3.5 times as long on "max".
             "-cpu", "qemu64", "-smp", "2", "-m", "2048",
             "-display", "none", "-no-reboot", "-nodefaults", "-monitor", "none",
             "-kernel", os.path.join(image, "vmlinuz"), "-initrd", os.path.join(image, "initrd"),
             "-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1 " + append,
             "-serial", "file:" + self.console,
             "-drive", "file=%s,if=virtio,format=qcow2,cache=%s" % (disk, cache),
             "-drive", "file=%s,if=virtio,format=raw,readonly=on" % tests,
             "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
             "-chardev", "socket,id=agent,path=%s,server=on,wait=off" % self.path,
             "-device", "virtserialport,chardev=agent,name=guard.test"],
            stdin=subprocess.DEVNULL)

    def wait_boot(self, timeout=600):
        """Until the agent answers.  Returns the seconds since power-on."""
        deadline = self.started + timeout
        while time.monotonic() < deadline:
            self._check_alive()
            try:
                self._connect()
                if self.run("true", timeout=5, patience=5)[0] == 0:
                    return time.monotonic() - self.started
            except (OSError, TimeoutError):
                self._disconnect()
            time.sleep(0.2)
        raise GuestError("the guest did not answer within %d s:\n%s" % (timeout, self.tail()))

    def run(self, command, timeout=120, patience=30):
        """Run a shell command; returns (exit code, output).  124: too late."""
        return self._ask({"command": command, "timeout": timeout}, timeout + patience)

    def write(self, path, content):
        self._ask({"write": path, "content": base64.b64encode(content).decode()}, 30)

    def power_off(self, timeout=180):
        """Orderly; returns the seconds that it took."""
        begin = time.monotonic()
        try:
            self.run("systemctl poweroff --no-block", timeout=60)
        except (OSError, TimeoutError):
            pass
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise GuestError("the guest did not power off within %d s:\n%s" % (timeout, self.tail()))
        self._disconnect()
        return time.monotonic() - begin

    def kill(self):
        """Pull the plug."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._disconnect()

    def tail(self, lines=40):
        try:
            with open(self.console, errors="backslashreplace") as file:
                return "".join(file.readlines()[-lines:])
        except OSError:
            return "(no console output)"

    def _connect(self):
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.connect(self.path)
            self.pending = b""

    def _disconnect(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _check_alive(self):
        if self.process.poll() is not None:
            raise GuestError("the guest ended by itself:\n" + self.tail())

    def _ask(self, request, patience):
        self._connect()
        self.sequence += 1
        request["id"] = self.sequence
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        deadline = time.monotonic() + patience
        while True:
            answer = self._line(deadline)
            if answer["id"] == self.sequence:  # older ones: to questions given up
                return answer["code"], answer["output"]

    def _line(self, deadline):
        while b"\n" not in self.pending:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the agent does not answer")
            self._check_alive()
            if select.select([self.socket], [], [], min(left, 1.0))[0]:
                data = self.socket.recv(65536)
                if not data:
                    raise OSError("the port was closed")
                self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)


def overlay(path, base, base_format):
    """A qcow2 disk that holds only what differs from `base`."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", base_format, path], check=True)
    return path
