"""What is done alike at the desk of every service that has cases: use cases on a unit of work, and the rpcs that ask
for them. Nothing in here knows a service; what differs comes as a value."""
