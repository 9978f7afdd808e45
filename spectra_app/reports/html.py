"""The report as one HTML file: everything within, no script, nothing fetched from anywhere."""

from __future__ import annotations

from html import escape

from spectra_app.reports.codes import code_block
from spectra_app.reports.document import Part, Report, Section
from spectra_app.reports.page import WIDTH, Block, read_from_right
from spectra_app.reports.parts import Code, Facts, Plot, Table, Words
from spectra_app.reports.plot import comparison_plot
from spectra_app.reports.shapes import alarm_shape
from spectra_app.reports.vectors import RoughMetrics, svg

CODE_SIZE, SHAPE_SIZE, PLOT_HEIGHT = 30.0, 17.0, 92.0
# Nothing may be loaded or run, whatever the texts hold.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
body { font: 15px/1.45 'Noto Sans', 'Noto Sans Arabic', sans-serif; color: #1a1a1a;
  max-width: 190mm; margin: 8mm auto; padding: 0 5mm; }
h1, h2, h3 { color: #1f3a5f; line-height: 1.2; } h2 { font-size: 1.15em; margin-top: 1.6em; }
.first { background: #1a1a1a; color: #fff; font-weight: bold; padding: .5em .8em; }
.marks { border: 2px solid #7a3e00; background: #fff4dc; color: #7a3e00; font-weight: bold;
  padding: .3em .8em; }
.verdict { display: flex; gap: 1.2em; align-items: center; background: #f3f5f7; border: 3px solid;
  border-radius: 6px; padding: .8em 1.2em; margin: 1em 0; }
.verdict.lead { border-style: dashed; } .verdict svg { flex: none; }
.verdict strong { display: block; font-size: 1.7em; color: #1a1a1a; overflow-wrap: anywhere; }
.verdict small { color: #55595e; } .word { font-weight: bold; }
.pair { display: flex; flex-wrap: wrap; gap: 0 2em; } .pair > div { flex: 1 1 16em; }
dl { display: grid; grid-template-columns: 12em 1fr; gap: .2em 1em; margin: .6em 0; }
dt { color: #55595e; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .6em 0; }
th, td { text-align: start; padding: .2em .6em .2em 0; border-bottom: 1px solid #c4c9ce;
  vertical-align: top; overflow-wrap: anywhere; }
.end { text-align: end; } .note { color: #55595e; font-size: .85em; } .strong { color: #7a3e00;
  font-weight: bold; } svg { max-width: 100%; height: auto; }
footer { border-top: 2px solid #1f3a5f; margin-top: 2em; padding-top: .6em; font-weight: bold; }
"""


def to_html(report: Report) -> bytes:
    """Return the report as a page for a browser, UTF-8."""
    about = f'lang="{report.texts.language}" dir="{report.direction}"'
    title = escape(f"{report.title} {report.report_id}")
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{title}</title><style>{STYLE}</style>"
    )
    numbered = enumerate(report.sections, start=1)
    body = [
        f'<p class="first">{escape(report.presumptive)}</p><h1>{escape(report.title)}</h1>',
        f"<p>{'<br>'.join(escape(text) for text in report.identity)}</p>",
        _marks(report),
        _verdict(report),
        '<div class="pair">',
        _listed(report.reasons_title, report.reasons),
        _listed(report.advice_title, report.advice),
        "</div>",
        *(_section(number, section, report) for number, section in numbered),
        f"<footer>{escape(report.end)}<br>{escape(report.signature)}</footer>",
    ]
    said = "\n".join(body)
    page = f"<!DOCTYPE html>\n<html {about}><head>{head}</head>\n<body>{said}</body></html>\n"
    return page.encode("utf-8", "backslashreplace")


def _marks(report: Report) -> str:
    if not report.marks:
        return ""
    return f'<div class="marks">{"".join(f"<p>{escape(mark)}</p>" for mark in report.marks)}</div>'


def _verdict(report: Report) -> str:
    answer = report.verdict
    shape = Block(SHAPE_SIZE, alarm_shape(answer.shape, SHAPE_SIZE, answer.colour, answer.lead))
    outcome = (
        "" if answer.outcome == answer.headline else f"<small>{escape(answer.outcome)}</small>"
    )
    kind = "verdict lead" if answer.lead else "verdict"
    return (
        f'<div class="{kind}" style="border-color:{answer.colour}">'
        f"{svg(shape, SHAPE_SIZE, answer.word)}<div>"
        f'<span class="word" style="color:{answer.colour}">{escape(answer.word)}</span>'
        f"<strong>{escape(answer.headline)}</strong>{outcome}</div></div>"
    )


def _listed(title: str, texts: tuple[str, ...]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<div><h2>{escape(title)}</h2><ul>{items}</ul></div>"


def _section(number: int, section: Section, report: Report) -> str:
    parts = "".join(_part(part, report) for part in section.parts)
    return f"<section><h2>{number} {escape(section.heading)}</h2>{parts}</section>"


def _part(part: Part, report: Report) -> str:
    if isinstance(part, Words):
        kind = ' class="strong"' if part.strong else ""
        return "".join(f"<p{kind}>{escape(text)}</p>" for text in part.texts)
    if isinstance(part, Facts):
        rows = (f"<dt>{escape(f.label)}</dt><dd>{escape(f.text)}</dd>" for f in part.facts)
        return f"<dl>{''.join(rows)}</dl>"
    if isinstance(part, Plot):
        return _plot(part, report)
    if isinstance(part, Code):
        drawn = svg(code_block(part.content, CODE_SIZE), CODE_SIZE, part.content)
        return f"{drawn}<p>{escape(part.note)}</p>"
    return _table(part)


def _plot(part: Plot, report: Report) -> str:
    note = f'<p class="note">{escape(part.note)}</p>'
    if report.comparison is None or report.plot is None:
        return note
    drawn = comparison_plot(report.comparison, report.plot, RoughMetrics(), PLOT_HEIGHT)
    if report.direction == "rtl":
        drawn = read_from_right(drawn)
    return svg(drawn, WIDTH, f"{report.plot.scan}. {report.plot.reference}") + note


def _table(part: Table) -> str:
    ends = [' class="end"' if column.align == "right" else "" for column in part.columns]
    head = "".join(
        f"<th{end}>{escape(column.title)}</th>"
        for end, column in zip(ends, part.columns, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{end}>{escape(cell)}</td>" for end, cell in zip(ends, row, strict=True))
        + "</tr>"
        for row in part.rows
    )
    note = f'<p class="note">{escape(part.note)}</p>' if part.note else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"
