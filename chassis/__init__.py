"""Technical kernel of every Aftercare service. It knows no business word."""
