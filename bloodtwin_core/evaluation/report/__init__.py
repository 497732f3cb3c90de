"""The report on one test as a single HTML file."""

from bloodtwin_core.evaluation.report.attention import Attended, attended
from bloodtwin_core.evaluation.report.compose import report_page, telling_pictures
from bloodtwin_core.evaluation.report.material import Material
from bloodtwin_core.evaluation.report.page import Page, html, write_page

__all__ = ["Attended", "Material", "Page", "attended", "html", "report_page", "telling_pictures", "write_page"]
