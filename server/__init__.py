"""The package of the SPARQL and linked-data service; nothing is served yet."""
