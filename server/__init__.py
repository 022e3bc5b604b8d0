"""SPARQL, linked data and records over HTTP, on top of ``kg``."""
