"""Draws the small parts that the style sheet names, once a theme: python tests/ui/make_parts.py"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "themes" / "parts"
SHAPES = {
    "chevron-down": ("text-muted", '<path d="m3 4.5 3 3 3-3"/>'),
    "chevron-up": ("text-muted", '<path d="m3 7.5 3-3 3 3"/>'),
    "check": ("on-accent", '<path d="m2.5 6.5 2.3 2.3L9.5 3.7"/>'),
    "dash": ("on-accent", '<path d="M3 6h6"/>'),
    "dot": ("on-accent", '<circle cx="6" cy="6" r="1.5"/>'),
}


def parts() -> dict[str, str]:
    from console.ui import tokens

    return {
        f"{shape}-{name}.svg": (
            '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12" viewBox="0 0 12 12" fill="none" '
            f'stroke="{tokens.colours(name)[token]}" stroke-width="1.6" stroke-linecap="round" '
            f'stroke-linejoin="round">{drawing}</svg>\n'
        )
        for name in tokens.THEMES
        for shape, (token, drawing) in SHAPES.items()
    }


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FOLDER.mkdir(exist_ok=True)
    for name, text in parts().items():
        (FOLDER / name).write_text(text, encoding="ascii")
