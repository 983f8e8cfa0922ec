"""Every number and name an operator may change, as one checked value.

declared     what can be set: every field, its default, bounds and meaning
rules        what may not be set together, or in production
reading      where values come from, how they are converted, and what is refused
describing   what people see of them: without secrets, and docs/settings.md
"""

from igym.settings.declared import PREFIX, Field, Settings, fields, replace, values
from igym.settings.describing import redacted, reference
from igym.settings.reading import BadSettings, load

__all__ = [
    "PREFIX",
    "BadSettings",
    "Field",
    "Settings",
    "fields",
    "load",
    "redacted",
    "reference",
    "replace",
    "values",
]
