"""Parcels, their troubles and what is done about them: pure decisions and folds."""
