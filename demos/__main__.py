"""`python -m demos`: see `demos.cli`."""

import sys

from demos.cli import main

if __name__ == "__main__":
    sys.exit(main())
