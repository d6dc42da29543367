"""`python -m console`: the same as the command `standdown`."""

import sys

from console.app import main

if __name__ == "__main__":
    sys.exit(main())
