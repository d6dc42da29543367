"""What a window's first picture shows, imported before Qt is: PySide reads the source of each module imported after it.

Whoever starts a window imports this first; a widget alone needs nothing of it.
"""

from console.viewmodels import cards, commands, desk, header, lines, outbox

BEFORE_QT = (cards, commands, desk, header, lines, outbox)
