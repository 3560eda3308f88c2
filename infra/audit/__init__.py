"""What is in the delivery, from the locks, and which known weaknesses it has."""
