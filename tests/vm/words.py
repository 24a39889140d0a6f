# SPDX-License-Identifier: MIT
#
# tests/vm/words.py - code that is no file (evasion 17), interpreter by interpreter, held by the
# kernel layer: on the command line, by module, standard input, pipe and here-document, where the
# policy allows, records and refuses it.  Copies of the machine's interpreters, told by their
# content, with the options that the presets give them.
import json
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
PRESETS = HERE + "/../../policy/presets/common.conf"
SCRIPTS = "/mnt/guard-tests/integration/listed/mark."
MODES = ("deny", "log", "allow")
SHELL, PYTHON, PERL = ('echo x > "$GUARD_MARK"', 'import os; open(os.environ["GUARD_MARK"], "w").write("x")',
                       'open(F, ">", $ENV{GUARD_MARK}); print F "x"; close F')
AWK = 'BEGIN { printf "x" > ENVIRON["GUARD_MARK"]; exit }'
# What it is copied from, a script for it; code, words before the code; what makes it read the
# code from standard input; a module by name that runs the code.
INTERPRETERS = {
    "bash": ("bash", "bash", SHELL, ["-c"], [], None),
    "dash": ("dash", "sh", SHELL, ["-c"], [], None),
    "busybox": ("busybox", "sh", SHELL, ["sh", "-c"], ["sh"], None),
    "python": ("python3", "py", PYTHON, ["-c"], [], ["-m", "timeit", "-n", "1", "-r", "1"]),
    "perl": ("perl", "pl", PERL, ["-e"], [], None),
    "awk": ("gawk", "awk", AWK, [], ["-f", "-"], None),
}
FIRST = {"busybox": ["sh"], "awk": ["-f"]}  # words before a script
WAYS = ("script", "command line", "module", "file", "pipe", "here-document")
SETUP = ("mkdir -p /opt/w && chmod 755 /opt/w && cd /opt/w && for m in %s; do for p in %s; do cp -L $(command -v ${p#*:}) ${p%%:*}-$m && "
         "date +%%N >> ${p%%:*}-$m && chmod 755 ${p%%:*}-$m || exit 1; done; done; sha256sum *")
# argv: JSON of what is run (a name, words, input or null, whether by a here-document); says
# which of them left their marks.
RUN = '''
import concurrent.futures, json, os, subprocess, sys
os.makedirs("/run/w", exist_ok=True)
def run(number, words, code, way):
    mark = "/run/w/%d" % number
    if way == "here-document":
        words = ["/bin/sh", "-c", "exec \\"$@\\" << 'END'\\n%s\\nEND\\n" % code, "sh"] + words
    options = {"env": dict(os.environ, GUARD_MARK=mark), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "timeout": 60}
    if way == "file":
        with open(mark + ".code", "w") as file: file.write(code)
        options["stdin"] = open(mark + ".code")
    elif way == "pipe":
        options["input"] = code.encode()
    else:
        options["stdin"] = subprocess.DEVNULL
    try:
        subprocess.run(words, **options)
    except OSError:
        pass
    return os.path.exists(mark)
with concurrent.futures.ThreadPoolExecutor(4) as threads:
    jobs = [threads.submit(run, number, *one) for number, one in enumerate(json.loads(sys.argv[1]))]
    print(json.dumps([job.result() for job in jobs]))
'''


def source(guest):
    """The copies, and what the policy says of them, for a source of its own."""
    entries, digests = [], []
    with open(PRESETS) as file:
        presets = dict(re.findall(r'name = "(\w+)";.*?\n    options = ("[^\n]*");', file.read(), re.S))
    code, output = guest.run(SETUP % (" ".join(MODES), " ".join("%s:%s" % (name, about[0]) for name, about in INTERPRETERS.items())))
    if code != 0:
        raise OSError("no copies of the interpreters: " + output)
    there = {name: digest for digest, name in (line.split() for line in output.splitlines())}
    for name in INTERPRETERS:
        for mode in MODES:
            digests.append(there["%s-%s" % (name, mode)])
            entries.append('{ name = "%s %s"; programs = [ "/opt/w/%s-%s" ]; sha256 = [ "%s" ]; scripts = [ "argument" ]; options = %s; '
                           'inline = "%s"; standard_input = "%s"; }' % (name, mode, name, mode, digests[-1], presets[name], mode, mode))
    return ('groups = ( { name = "words"; rules = ( { sha256 = [ %s ]; } ); } );\ninterpreters = ( %s );\n'
            % (", ".join('"%s"' % digest for digest in digests), ",\n".join(entries)))


def asked(name, mode):
    """What is run of one copy: way, words, code."""
    _, script, code, inline, read, module = INTERPRETERS[name]
    program = ["/opt/w/%s-%s" % (name, mode)]
    yield "script", program + FIRST.get(name, []) + [SCRIPTS + script], code
    yield "command line", program + inline + [code], code
    if module:
        yield "module", program + module + [code], code
    for way in WAYS[3:]:
        yield way, program + read, code


def words(guest, tap):
    wanted = [(name, mode, way, line, code) for name in INTERPRETERS for mode in MODES for way, line, code in asked(name, mode)]
    code, output = guest.run("python3 -c '%s' '%s'" % (RUN.replace("'", "'\\''"), json.dumps(
        [[line, code, way] for _, _, way, line, code in wanted]).replace("'", "'\\''")), 240)
    ran = json.loads(output.splitlines()[-1]) if code == 0 else [None] * len(wanted)
    for (name, mode, way, _, _), left in zip(wanted, ran):
        good = left == (way == "script" or mode != "deny") and left is not None
        tap.check(good, "%s: %s, %s%s" % ("denied" if mode == "deny" and way != "script" else "allowed", name, way,
                                          ", recorded" if mode == "log" and way != "script" else ""), output)
    for reason, ways in (("inline-code", "code on its command line"), ("standard-input", "code by standard input")):
        output = guest.run("guardctl --json events --limit 2000 --reason " + reason)[1]
        found = {(event["path"], event["action"]) for event in map(json.loads, output.splitlines())}
        for mode, action in (("deny", "deny"), ("log", "allow")):
            missing = [name for name in INTERPRETERS if ("/opt/w/%s-%s" % (name, mode), action) not in found]
            tap.check(not missing, "the ledger has %s of each, where the policy says \"%s\"" % (ways, mode), missing)
        tap.check(not [path for path, _ in found if path.endswith("-allow")], "and of none where it is allowed", sorted(found))
    guest.run("rm -rf /opt/w /run/w")
