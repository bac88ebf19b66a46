"""Signals: which KPIs, as they are some days after registration, go before which label."""

from include.segmentation.measure.signals.signal_measurement import measure_signals

__all__ = ["measure_signals"]
