"""The window: a thin skin over the view-models. The only place that imports Qt; it decides nothing."""
