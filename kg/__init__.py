"""From a patient record to an explained verdict on ICD-10-CM M81.6.

A FHIR R4 or RDF record is *read* into one case graph per encounter or claim (``fhir``, ``case``);
the derivations of ``ontology/rules/`` add what follows from it and the slice of the ontology that
it touches (``derive``); the shapes *judge* the derived graph, each rule to pass, fail,
indeterminate or not-applicable (``judge``); the outcomes and the expected codes *decide* the
verdict (``decide``); what is missing becomes compliant questions (``ask``), any rule or statement
is *explained* with its citations (``explain``), and all of it is *rendered* for a coder, a program
or a SHACL tool (``render``). The flow has one direction. Every fact lives in ``ontology/`` and
every rule in ``shapes/``: this package knows the form of a rule, never a rule.
"""

from kg.locations import version

__version__ = version()
