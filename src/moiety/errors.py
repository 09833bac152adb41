"""The one error a user is meant to read.

Not for faults of the program: those keep their own exceptions and their tracebacks.
"""


class UserError(Exception):
    """Say in one line what is wrong with the input: the file, the field, the value and what was expected.

    The command line prints the message and exits with status 2.
    """


class StageError(Exception):
    """A step of long work failed in a process of its own, for another reason than the user's input.

    The command line prints the message, which ends with what the process said last, and exits with status 1.
    """
