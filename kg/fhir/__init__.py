"""FHIR R4 in, case graphs out: decode → references → submitted codes → projection.

No FHIR library is used: the facts needed are some forty paths, held as data in
``ontology/terms/fhir-paths.ttl``; a full model costs 40 to 70 times a plain decode.
"""
