"""Importers: files and tables that people filled in become feedback events, each row once."""
