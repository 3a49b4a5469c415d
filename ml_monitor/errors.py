"""The root of the errors that this library raises on purpose."""


class MlMonitorError(Exception):
    """Something the user can act on. The message says what, where and what is allowed."""
