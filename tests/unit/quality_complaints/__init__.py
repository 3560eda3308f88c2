"""Quality complaints without any outside: past, then a use case, then what was decided."""
