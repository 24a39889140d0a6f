import os
with open(os.environ["GUARD_MARK"], "a") as file:
    file.write("ran\n")
