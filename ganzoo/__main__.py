"""`python -m ganzoo`: the command `ganzoo`, where it is not on the path."""

import sys

from ganzoo.cli import main

sys.exit(main())
