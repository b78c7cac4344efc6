"""The one error type that a user's mistake or a bad file raises."""


class FakelocError(ValueError):
    """A fault that the user can mend: a bad file, value, folder or option.

    The message names the file or value and the way out. Entry points print it without
    a traceback and exit with status 2.
    """
