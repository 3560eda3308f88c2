"""The smallest whole service: the example accounts behind every role the chassis has."""
