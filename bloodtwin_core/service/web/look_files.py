"""The style sheets that the page shares with the page of a single forecast."""

from fastapi import APIRouter, Response

from bloodtwin_core.display.look import SHEETS, look
from bloodtwin_core.service.web.failures import Refusal

router = APIRouter(prefix="/look", include_in_schema=False)


@router.get("/{name}.css")
async def sheet(name: str) -> Response:
    """One of them."""
    if name not in SHEETS:
        raise Refusal(404, "not_found", "There is no such style sheet")
    return Response(look(name), media_type="text/css")
