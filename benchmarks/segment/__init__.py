"""Fitting segments beside other ways of clustering the same customers."""
