"""The report on one test as a single HTML file."""

from bloodtwin_core.reporting.html.compose import report_page, telling_pictures
from bloodtwin_core.reporting.html.material import Material
from bloodtwin_core.reporting.html.page import ReportPage, html, write_page

__all__ = ["Material", "ReportPage", "html", "report_page", "telling_pictures", "write_page"]
