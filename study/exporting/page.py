"""What our printable pages share: one HTML file for A4 that loads nothing, and formulas as MathML."""

from __future__ import annotations

import re
from html import escape, unescape
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element

from study.exporting.files import ExportError
from study.exporting.markup import code_style

_STYLE = """
@page { size: A4; margin: 13mm 12mm; }
* { box-sizing: border-box; }
:root { color-scheme: light; }
body { font: 10pt/1.38 Georgia, "Times New Roman", serif; color: #111; background: #fff; max-width: 190mm;
  margin: 8mm auto; padding: 0 4mm; }
h1 { font-size: 17pt; margin: 0 0 2mm; } header p { margin: 0 0 4mm; color: #444; }
p, ul, ol { margin: .6mm 0; } ul, ol { padding-left: 4.5mm; } li { break-inside: avoid; }
pre, code { font: 8pt/1.35 ui-monospace, Menlo, Consolas, monospace; }
.code pre { white-space: pre-wrap; border: .2mm solid #bbb; padding: 1.2mm 1.6mm; margin: 1mm 0; break-inside: avoid; }
.code .linenos { display: inline-block; padding-right: 2ch; color: #666; }
table { border-collapse: collapse; } th, td { border: .2mm solid #888; padding: .3mm 1.2mm; }
math[display="block"] { margin: 1mm 0; }
@media print { body { margin: 0; padding: 0; max-width: none; } h1, h2 { color: #000; } }
"""


def document(title: str, style: str, body: str) -> str:
    """A whole HTML document. `title`: plain text; `style`: CSS besides what all pages share; `body`: HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}{code_style('bw', '')}\n</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def mathml(tex: str, display: bool) -> str:
    """A formula as a `<math>` element for HTML. ExportError if the library does not know a command in it."""
    try:
        element = convert_to_element(tex, display="block" if display else "inline")
    except Exception as error:
        raise ExportError(
            f"The formula '{tex}' cannot be turned into MathML: {type(error).__name__} {error}"
        ) from error
    for node in element.iter():
        # The library leaves character references in its texts, for whoever writes them out unescaped, as it does
        # itself. So does a `<` inside \text{}, which must not become a tag.
        node.text = None if node.text is None else unescape(node.text)
        if node.text is not None and re.match(r"\s*\\[A-Za-z]", node.text):
            raise ExportError(
                f"The formula '{tex}' cannot be turned into MathML: it does not know {node.text.strip()}."
            )
    element.attrib.pop("xmlns", None)  # HTML knows the element by its name; the namespace is for XML
    return tostring(element, encoding="unicode")
