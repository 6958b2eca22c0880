"""The API's description as one page to read: no scripts, nothing from elsewhere, one style sheet named by its hash."""

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final, cast

Node = Mapping[str, Any]
"""A part of an OpenAPI document."""

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1.5rem}
h2{margin-top:2.5rem;border-top:1px solid #8886;padding-top:1.5rem}
code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:#8881;padding:.8rem;border-radius:.4rem;overflow:auto}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}
nav a{display:block}
""".strip()


def page_policy() -> str:
    """The Content-Security-Policy that lets nothing but the page's own style through."""
    digest = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


def render_page(document: Node) -> str:
    """HTML of a document made by `gateway.http_api.openapi.describe`."""
    places = [
        *document["paths"].items(),
        *((f"your endpoint: {name}", item) for name, item in document.get("webhooks", {}).items()),
    ]
    operations = [(path, method, each) for path, item in places for method, each in item.items()]
    schemas = cast(Node, document["components"]["schemas"])
    info = document["info"]
    return "\n".join(
        (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])}</title>',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<style>{_STYLE}</style></head><body><main>",
            f"<h1>{escape(info['title'])}</h1>",
            *(f"<p>{_prose(part)}</p>" for part in info["description"].split("\n\n")),
            '<p><a href="/openapi.json">openapi.json</a></p><nav>',
            *(f'<a href="#{each["operationId"]}">{_name(path, method)}</a>' for path, method, each in operations),
            "</nav>",
            *(_operation(*each) for each in operations),
            "<h2>Types</h2>",
            *(_schema(name, schema) for name, schema in schemas.items()),
            "</main></body></html>\n",
        )
    )


def _name(path: str, method: str) -> str:
    return f"<code>{method.upper()} {escape(path)}</code>"


def _prose(text: str) -> str:
    """Escaped text with `code` between backticks."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _operation(path: str, method: str, operation: Node) -> str:
    lines = [f'<section><h2 id="{operation["operationId"]}">{_name(path, method)}</h2>']
    lines.append(f"<p>{_prose(operation['summary'])} {_prose(operation.get('description', ''))}</p>")
    if operation["parameters"]:
        parameters = (
            (f"<code>{escape(each['name'])}</code>", each["in"], _prose(each["description"]), _type(each["schema"]))
            for each in operation["parameters"]
        )
        lines.append(_table(("Parameter", "In", "Meaning", "Form"), parameters))
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        lines.append(f"<p>Body: {_type(media['schema'])}</p><pre>{_json(media['example'])}</pre>")
    told = ((f"<code>{status}</code>", _listed(each["description"])) for status, each in operation["responses"].items())
    lines.append(_table(("Answer", "Meaning"), told))
    return "\n".join((*lines, "</section>"))


def _listed(description: str) -> str:
    return "<br>".join(_prose(line.removeprefix("- ")) for line in description.split("\n") if line)


def _schema(name: str, schema: Node) -> str:
    required = schema.get("required", ())
    rows = (
        (
            f"<code>{escape(field)}</code>",
            _type(each),
            "required" if field in required else "",
            _prose(each.get("description", "")),
        )
        for field, each in schema.get("properties", {}).items()
    )
    about = _prose(schema.get("description", ""))
    return f'<h3 id="{name}">{name}</h3><p>{about}</p>{_table(("Field", "Form", "", "Meaning"), rows)}'


def _type(schema: Node) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_type(schema['items'])}"
    words = [str(schema.get("type", "any")), *(f"{key} {value}" for key, value in schema.items() if key in _BOUNDS)]
    return escape(", ".join(words))


_BOUNDS: Final = frozenset({"format", "pattern", "minLength", "maxLength", "minimum", "maximum"})


def _table(head: tuple[str, ...], rows: Any) -> str:
    titles = "".join(f"<th>{each}</th>" for each in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{titles}</tr>{body}</table>"


def _json(value: object) -> str:
    return escape(json.dumps(value, indent=2, ensure_ascii=False))
