"""Other tools on the same log, each a script for an environment of its own."""
