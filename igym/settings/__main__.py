"""`python -m igym.settings > docs/settings.md`."""

import sys

from igym.settings import reference

sys.stdout.write(reference())
