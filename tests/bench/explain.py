# SPDX-License-Identifier: MIT
"""What a missed limit is put down to: the profile that the run took, a sentence
on what it shows, and what was tried."""

GUEST = ("Not measured in this run: `scripts/bench --guest` measures it in a virtual machine and writes its table here; it "
         "takes long, since that machine is emulated.")

# By the key of the profile that shows it.
WHY = {
    "first_open": "beside reading, answering and closing, which the handler does as well, each system call in the profile is "
    "a look that the answer leans on: the file (fstat), who asks (/proc/TID/exe), a read lease so that the bytes stay what "
    "they are, the first bytes, and for a file that a user may write where the caller stands (/proc/TID/syscall, auxv). "
    "Tried: all of it in the reader instead of a worker (half the time), /proc of the last callers kept open (a quarter of "
    "the rest), hashing at the second sight only; a reader that looks for the next event for some microseconds before it "
    "sleeps, which is slower: the caller and it no longer share a processor.",
    "user_file": "the looks of a first open, without the bytes; the answer may not be kept, for the owner may change the "
    "file. With the kernel layer it may (docs/kernel-layer.md, Data): see the guest's figures.",
    "layer": "a user's file is asked about until it is identified and somebody had it open alone (docs/kernel-layer.md, Data); a "
    "round trip weighs more in the guest: the emulated machine takes long to wake a process.",
    "guest_spread": "the rounds differ by as much; all of these files have an ignore mark by then, as in the table above.",
    "find": "files are made known to the kernel at their second opening, by one worker behind the answers; until then each "
    "open is a round trip.",
    "warm": "the profile says how many events reach the gate in one run; each is a round trip, all others the kernel answers "
    "by itself from an ignore mark. Where it is next to none, the rest is what the same "
    "two roots differ with nobody watching.",
    "gate_time": "see the processor time of the gate: what is not the hash is the way to a worker and back.",
    "start": "the image is read, hashed and checked by the process that loads it and once more by the gate; then, before it "
    "says that it is ready, the gate looks at every process that runs and at what that has mapped (/proc/*/maps), which "
    "grows with the machine, not with the rules. Tried: the copy is sealed and shared, so that its bytes are copied once; "
    "each digest is checked in one walk.",
    "image_open": "the checksum over the whole image and one look at each record, so that a decision has nothing left to "
    "check.",
    "image_build": "one thread reads the list, sorts it and writes the image; the profile says where it is.",
    "decide": "a lookup reaches one bucket, one digest and one rule, each in a page of its own: the time is that of the cache "
    "misses, not of the instructions.",
    "memory": "see the processes above.",
    "storm": "the reader shares the cores with the storm: without guard the same opens wait for a time slice as well.",
}
# Which profile shows what is said.
SHOWN_BY = {"find": "warm", "layer": "user_file", "guest_spread": None, "decide": None, "memory": None}


def misses(found):
    lines = []
    for text, key in found:
        why = WHY.get(key, "")
        lines.append(f"- {text}." + (f" Why: {why}" if why else ""))
        shown = SHOWN_BY.get(key, key)
        if shown:
            lines[-1] += f" Profile: `{shown}`, below."
    return lines or ["None of those that were measured."]


def profiles(data):
    taken = data.get("profiles")
    if not taken:
        return ["", "## Profiles", "", "Not taken."]
    lines = ["", "## Profiles", "", "Taken by the run itself."]
    for key, profile in taken.items():
        lines += ["", f"`{key}`: {profile['title']}", "", "```", profile["text"], "```"]
    return lines


def missing(data):
    notes = [f"- {part}: {text}" for part, texts in data.get("notes", {}).items() for text in texts]
    seconds = ", ".join(f"{part} {taken:.0f}" for part, taken in data.get("seconds", {}).items())
    return ["", "## What this run lacks", ""] + (notes or ["Nothing."]) + ["", f"Seconds of each part: {seconds}."]
