"""What notifications reads from the shop and from the other services, and what it tells them."""
