# SPDX-License-Identifier: MIT
# A listed script that reads what its command line names.
import sys

for name in sys.argv[1:]:
    with open(name) as file:
        file.read()
