"""The window: a thin skin over the view-models. The only place that imports Qt; it decides nothing.

What its first picture shows is imported before Qt is: PySide reads the source of each module that is imported after it.
"""

from console.viewmodels import cards, commands, desk, header, lines, outbox

BEFORE_QT = (cards, commands, desk, header, lines, outbox)
