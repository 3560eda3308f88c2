"""Complaints about goods: hear the customer, find the cause together with others, and put it right."""
