# ruff: noqa: UP031
"""Creates or refreshes `.venv` from the hash locks, or says in one sentence why it cannot.

This file must be readable by Python 2.7, so that an old interpreter prints the sentence below and not a SyntaxError.
The work is done by `installer.py`, which is loaded only once the version is known to be good.
"""

import os
import sys

if not (3, 11) <= sys.version_info[:2] < (3, 15):
    sys.stderr.write(
        "setup: Python %d.%d to %d.%d is needed, but %s is Python %d.%d.\n"
        "       Install one of those, or point make at one: make PYTHON=/path/to/python3.12 ...\n"
        % (3, 11, 3, 14, sys.executable, sys.version_info[0], sys.version_info[1])
    )
    sys.exit(2)

if __name__ == "__main__":
    # The repository takes the place of this folder, whose module names must not hide those of the standard library.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from infra.local.installer import main

    sys.exit(main(sys.argv[1:]))
