"""``python -m experiments.derive.curves``: how many students are found by how much text, as curves.svg beside results/.

One panel per part, one curve per mix, with Clopper-Pearson intervals at 95 %; the levels are those of ``summary``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from experiments.derive.summary import ALPHAS, interval, rows_of

PANELS = (("mixes", "students by counting"), ("neural", "by gradient"), ("reference", "by gradient, with a reference"))
SIZES = (30_000, 100_000, 300_000)
WIDTH, HEIGHT, LEFT, TOP = 250, 180, 46, 34
SHIFT = 6
_NOTE = (
    "Share found by tokens of suspect text; alpha 1e-6 at 5 %, else 1e-4. Bars are 95 % intervals; (n) are students."
)
_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}line{stroke:#999}polyline{fill:none;stroke-width:2}"
    ".m0{stroke:#888;fill:#888}.m1{stroke:#b3541e;fill:#b3541e}.m5{stroke:#1f6f8b;fill:#1f6f8b}"
    ".m20{stroke:#5b7f2b;fill:#5b7f2b}.m100{stroke:#7a4f9a;fill:#7a4f9a}text[class]{stroke:none}polyline[class]{fill:none}"
    "@media(prefers-color-scheme:dark){svg{background:#16191c}text{fill:#ddd}}"
)


def main() -> None:
    parts = [part for place, panel in enumerate(PANELS) for part in _panel(place, *panel)]
    width, height = LEFT + len(PANELS) * (WIDTH + LEFT), TOP + HEIGHT + 66
    label = "Share of students found, by tokens of suspect text and share of marked training text"
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">',
        f"<style>{_STYLE}</style>",
        *parts,
        f'<text x="{LEFT}" y="{height - 8}">{_NOTE}</text>',
        "</svg>",
    ]
    (Path(__file__).parent / "curves.svg").write_text("\n".join(svg) + "\n", "utf-8")


def _panel(place: int, part: str, title: str) -> Iterator[str]:
    left = LEFT + place * (WIDTH + LEFT)
    yield f'<text x="{left}" y="18" font-weight="600">{title}</text>'
    for share in (0.0, 0.5, 1.0):
        y = _y(share)
        yield f'<line x1="{left}" x2="{left + WIDTH}" y1="{y}" y2="{y}" stroke-opacity=".4"/>'
        yield f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{share:g}</text>'
    for tokens in SIZES:
        yield f'<text x="{_x(left, tokens)}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{tokens:,}</text>'
    rows = [row for row in rows_of(part) if row.get("off", 0) == 0]
    for turn, mix in enumerate(sorted({row["mix"] for row in rows})):
        level = ALPHAS[part].get(mix, 1e-4)
        found = [[row["p"] <= level for row in rows if (row["mix"], row["tokens"]) == (mix, size)] for size in SIZES]
        yield from _curve(left, turn, mix, found)


def _curve(left: int, turn: int, mix: float, found: Sequence[Sequence[bool]]) -> Iterator[str]:
    name, points = f"m{round(mix * 100)}", []
    for size, trials in zip(SIZES, found, strict=True):
        x, (low, high) = _x(left, size) + SHIFT * (turn - 2), interval(sum(trials), len(trials))
        points.append(f"{x},{_y(sum(trials) / len(trials))}")
        yield f'<line class="{name}" x1="{x}" x2="{x}" y1="{_y(low)}" y2="{_y(high)}" stroke-opacity=".5"/>'
    yield f'<polyline class="{name}" points="{" ".join(points)}"/>'
    label = f"{mix:.0%} ({len(found[0])})"
    yield f'<text class="{name}" x="{left + turn * 54}" y="{TOP + HEIGHT + 36}">{label}</text>'


def _x(left: int, tokens: int) -> int:
    return left + round(WIDTH * (0.14 + 0.36 * SIZES.index(tokens)))


def _y(share: float) -> float:
    return round(TOP + HEIGHT * (1 - share), 1)


if __name__ == "__main__":
    main()
