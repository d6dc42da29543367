"""Small painted widgets that every panel is built from; each has a name and a role for screen readers."""

from console.ui.widgets.flow import FlowRow
from console.ui.widgets.frames import Banner, EmptyState, IconMark, Stripe
from console.ui.widgets.hold_button import HoldButton
from console.ui.widgets.marks import SeverityBadge, StateMark, badge_size, mark_width, paint_badge, paint_mark
from console.ui.widgets.shapes import paint_shape
from console.ui.widgets.sparkline import Sparkline, paint_sparkline
from console.ui.widgets.text import AgeLabel, Digest, Elide, Exact, KeyHint, Text, Words, age_words, plain_tooltip

__all__ = [
    "AgeLabel", "Banner", "Digest", "Elide", "EmptyState", "Exact", "FlowRow", "HoldButton", "IconMark",
    "KeyHint", "SeverityBadge", "Sparkline", "StateMark", "Stripe", "Text", "Words", "age_words", "badge_size",
    "mark_width", "paint_badge", "paint_mark", "paint_shape", "paint_sparkline", "plain_tooltip",
]  # fmt: skip
