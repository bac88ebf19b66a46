"""Signals: which KPIs, some days after registration, precede which label."""

from include.segmentation.measure.signals.signal_measurement import measure_signals

__all__ = ["measure_signals"]
