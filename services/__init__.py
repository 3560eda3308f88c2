"""The four services. They share rooms and the chassis, and never import each other."""
