"""The report: one HTML file that opens offline, from the `rpt_*` views."""

from ml_monitor.report.page import write_report

__all__ = ["write_report"]
