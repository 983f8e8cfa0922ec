"""What a game worker shows its supervisor in shared memory. Imports nothing heavy."""

import struct

#: Turns of the worker's loop, its load (0 to 1), and how many games it runs.
PROGRESS = struct.Struct("<Qdd")
