"""Fitting segments, compared with other methods of clustering the same customers."""
