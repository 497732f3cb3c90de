"""The description of the interface as a page to read: made from OpenAPI on this machine, without a script."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)
_Json = Mapping[str, Any]


@router.get("/docs")
async def api_page(request: Request) -> HTMLResponse:
    """The page."""
    return HTMLResponse(page_of(request.app.openapi()))


def page_of(described: _Json) -> str:
    """The page of an OpenAPI description."""
    schemas = described.get("components", {}).get("schemas", {})
    routes = "".join(
        _route(method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    )
    bodies = "".join(_schema(name, schema) for name, schema in sorted(schemas.items()))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>bloodTwin: the interface</title>
<link rel="stylesheet" href="look/light.css">
<link rel="stylesheet" href="look/dark.css" media="screen and (prefers-color-scheme: dark)">
<link rel="stylesheet" href="look/page.css">
</head>
<body>
<main>
<h1>The interface</h1>
<p>For programs the same stands in <a href="openapi.json">openapi.json</a>. Times are ISO 8601 with an offset,
glucose is mg/dL. A token goes into the header <code>Authorization: Bearer</code>.</p>
<h2>Routes</h2>
{routes}
<h2>Bodies</h2>
{bodies}
</main>
</body>
</html>
"""


def _route(method: str, path: str, operation: _Json) -> str:
    asked = "".join(f"<li>{_parameter(parameter)}</li>" for parameter in operation.get("parameters", []))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    given = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    lines = [
        f"<h3><code>{method.upper()} {escape(path)}</code></h3>",
        f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>",
        f"<ul>{asked}</ul>" if asked else "",
        f"<p>Takes {_kind(body)}</p>" if body else "",
        f"<p>Gives {_kind(given)}</p>" if given else "",
    ]
    return "".join(lines)


def _parameter(parameter: _Json) -> str:
    default = parameter.get("schema", {}).get("default")
    told = f", {escape(str(default))} by default" if default is not None else ""
    about = escape(parameter.get("description", ""))
    return f"<code>{escape(parameter['name'])}</code> ({_kind(parameter.get('schema', {}))}{told}) {about}"


def _schema(name: str, schema: _Json) -> str:
    fields = "".join(_fields(schema))
    table = f"<table><tbody>{fields}</tbody></table>" if fields else ""
    about = escape(schema.get("description", ""))
    return f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{about}</p>{table}'


def _fields(schema: _Json) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        yield f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{_kind(field)}</td></tr>'
    if "enum" in schema:
        words = ", ".join(escape(str(word)) for word in schema["enum"])
        yield f'<tr><th scope="row">one of</th><td>{words}</td></tr>'


def _kind(schema: _Json) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_kind(kind) for kind in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return escape(str(schema.get("format") or schema.get("type", "anything")))
