"""The report on one test as a single HTML file."""

from bloodtwin_core.evaluation.report.compose import report_page, telling_pictures
from bloodtwin_core.evaluation.report.material import Material
from bloodtwin_core.evaluation.report.page import Page, html, write_page

__all__ = ["Material", "Page", "html", "report_page", "telling_pictures", "write_page"]
