# SPDX-License-Identifier: MIT
#
# tests/vm/tap.py - numbers, prints and counts results as TAP.
import re


class Tap:
    def __init__(self):
        self.total = self.failed = self.skipped = 0
        self.group = ""

    def note(self, text):
        for line in str(text).splitlines()[:30]:
            print("# " + line, flush=True)

    def check(self, good, name, detail=""):
        """One result; the detail is shown when it is bad."""
        self.total += 1
        self.failed += not good
        print("%s %d - %s: %s" % ("ok" if good else "not ok", self.total, self.group, name), flush=True)
        if not good:
            self.note(detail)
        return bool(good)

    def skip(self, name, reason):
        """Something that cannot be tried here."""
        self.total += 1
        self.skipped += 1
        print("ok %d - %s: %s # SKIP %s" % (self.total, self.group, name, reason), flush=True)

    def merge(self, text):
        """Results of a run inside the guest."""
        seen = 0
        for line in text.splitlines():
            match = re.match(r"(ok|not ok) \d+ - (.*)", line)
            if match:
                seen += 1
                self.total += 1
                self.failed += match[1] != "ok"
                self.skipped += "# SKIP" in line
                print("%s %d - %s: %s" % (match[1], self.total, self.group, match[2]), flush=True)
            elif line.startswith("#"):
                print(line, flush=True)
        return seen

    def end(self):
        print("1..%d" % self.total)
        print("# %d passed, %d failed, %d skipped"
              % (self.total - self.failed - self.skipped, self.failed, self.skipped), flush=True)
        return 0 if self.total and not self.failed else 1
