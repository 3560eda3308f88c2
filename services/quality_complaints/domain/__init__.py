"""What a complaint is, what it is investigated with, and what may be done about it. Pure."""
