"""A FHIR record → its cases: every encounter or claim in scope, else the patient, out of scope."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import Literal, NamedNode, Triple

from kg.case import Case
from kg.codesystems import code_triples, denoted, dotted
from kg.errors import UnusableRecord
from kg.fhir.decode import Json, resources
from kg.fhir.episodes import Episode, Submission, episodes, patient_of
from kg.fhir.mapping import Mapping, mapping
from kg.fhir.project import Projector
from kg.fhir.projection import Projection, node_of
from kg.fhir.references import Record
from kg.fhir.values import day_of
from kg.knowledge import Knowledge
from kg.lexicon import lexicon
from kg.namespaces import M816, RECORD, TYPE, XSD, m816, value
from kg.wording import mentions

_XDATE = NamedNode(XSD + "date")


def cases(raw: bytes, file: str, knowledge: Knowledge, profile: str = "") -> list[Case]:
    """The cases of one FHIR input; see ``kg.errors`` for what may be raised."""
    return cases_of(resources(raw, file), file, knowledge, profile)


def cases_of(
    found: list[tuple[str, Json]], file: str, knowledge: Knowledge, profile: str = ""
) -> list[Case]:
    """The cases of decoded resources, each with its place; they are used up by this."""
    return _cases(Record(found), file, knowledge, profile)


def _cases(record: Record, file: str, knowledge: Knowledge, profile: str) -> list[Case]:
    reader = Reader(knowledge, record, file)
    reader.check_cycles()
    found = [
        reader.case(episode, profile)
        for episode in episodes(record, reader.mapping)
        if reader.in_scope(episode)
    ]
    patients = {case.value("ofPatient") for case in found}
    for episode in episodes(record, reader.mapping):
        if RECORD + episode.patient not in patients:
            patients.add(RECORD + episode.patient)
            found.append(reader.case(Episode(episode.patient, episode.patient), profile))
    return sorted(found, key=lambda case: case.value("caseEnd"), reverse=True)


class Reader:
    """The projections of one record and the episodes made of them."""

    def __init__(self, knowledge: Knowledge, record: Record, file: str) -> None:
        self.knowledge = knowledge
        self.record = record
        self.file = file
        self.mapping: Mapping = mapping(knowledge)
        self.lexicon = lexicon(knowledge)
        projector = Projector(self.mapping, self.lexicon, record, file, knowledge)
        self.projections: dict[str, Projection] = {}
        self.unmapped: dict[str, str] = {}
        for key, resource in record.by_key.items():
            made = projector.project(key, resource)
            if made is None:
                self.unmapped[key] = "resource type is not mapped"
            else:
                self.projections[key] = made

    def check_cycles(self) -> None:
        """Refuse records of one type that refer to each other in a circle."""
        edges = {
            key: [t for _, t in made.targets if t.split("/")[0] == key.split("/")[0]]
            for key, made in self.projections.items()
        }
        for start in edges:
            seen, queue = set(), list(edges[start])
            while queue:
                key = queue.pop()
                if key == start:
                    raise UnusableRecord(
                        self.file, start, "its references run in a circle", "Break the circle"
                    )
                if key not in seen:
                    seen.add(key)
                    queue += edges.get(key, ())

    def in_scope(self, episode: Episode) -> bool:
        """True when the episode reports an in-scope code or states an in-scope wording."""
        if any(self._code_in_scope(s.system, s.code) for s in episode.submitted):
            return True
        keys = episode.documented + self._reports(episode)
        return any(self._words_in_scope(key) for key in keys if key in self.projections)

    def _reports(self, episode: Episode) -> list[str]:
        return [
            key
            for key, made in self.projections.items()
            if (M816 + "encounter", episode.encounter) in made.targets
        ]

    def _code_in_scope(self, system: str, code: str) -> bool:
        known = self.mapping.systems.by_uri[system]
        meant = denoted(known, dotted(code))
        return any(self.knowledge.text(concept, "inScope") == "true" for concept in meant)

    def _words_in_scope(self, key: str) -> bool:
        for triple in self.projections[key].triples:
            if isinstance(triple.object, Literal):
                kinds = self.knowledge.by_type.get(M816 + "DecidingText", ())
                if triple.predicate.value in kinds and self._says_scope(triple.object.value):
                    return True
            elif triple.predicate == m816("denotes") and (
                self.knowledge.text(value(triple.object), "inScope") == "true"
            ):
                return True
        return any(
            self.knowledge.text(meant, "inScope") == "true"
            for triple in self.projections[key].triples
            if triple.predicate == m816("code")
            for meant in self.knowledge.texts(value(triple.object), "denotes")
        )

    def _says_scope(self, text: str) -> bool:
        return any(
            mention.meaning in {"affirmed", "uncertain"}
            and self.knowledge.text(mention.concept, "inScope") == "true"
            for mention in mentions(text, self.lexicon)
        )

    def case(self, episode: Episode, profile: str) -> Case:
        """The case graph of one episode: context, submitted codes, records up to its end."""
        node = NamedNode(f"{RECORD}case/{episode.key}")
        case = Case(node, episode.key)
        self._context(case, episode, profile)
        for number, submission in enumerate(episode.submitted, start=1):
            case.triples.update(self._submitted(node, number, submission, episode))
        end = case.value("caseEnd")
        for key, made in self.projections.items():
            self._add_record(case, episode, key, made, end)
        case.not_mapped += sorted(
            (key, why) for key, why in self.unmapped.items() if self._concerns(key, episode.patient)
        )
        return case

    def _concerns(self, key: str, patient: str) -> bool:
        return patient_of(self.record, key, self.record.by_key[key]) in {None, patient}

    def _add_record(
        self, case: Case, episode: Episode, key: str, made: Projection, end: str
    ) -> None:
        if not self._concerns(key, episode.patient):
            return
        case.not_mapped += [(key, why) for why in made.left_out]
        documented = key in episode.documented
        if made.excluded:
            case.not_mapped.append((key, "its status says it is no evidence"))
        elif end and made.date > end and not documented:
            case.not_mapped.append((key, "dated after the encounter"))
        elif made.known or documented or key == episode.encounter:
            case.triples.update(made.triples)
            name = "documents" if documented else "hasRecord"
            for each in (made, *made.children):
                case.triples.add(Triple(case.node, m816(name), each.node))
        elif key != episode.codes_from:
            case.not_mapped.append((key, "nothing in it is in the term tables"))

    def _context(self, case: Case, episode: Episode, profile: str) -> None:
        say = _Saying(case)
        say.term("", TYPE.value, M816 + "Case")
        say.text("caseId", episode.key)
        say.term("ofPatient", "", RECORD + episode.patient)
        say.term("profile", "", profile or self._profile(episode.patient))
        if episode.codes_from:
            say.text("codesFrom", episode.codes_from)
            say.text("submissionLevel", episode.level)
        start, end = self._period(episode)
        encounter = self.projections.get(episode.encounter or "")
        setting = _first(encounter, "setting") if encounter else ""
        if episode.encounter:
            say.term("encounter", "", RECORD + episode.encounter)
        if setting:
            say.term("setting", "", setting)
        of_service = end if self.knowledge.text(setting, "datedByEnd") == "true" else start
        for name, day in (("dateOfService", of_service or start or end), ("caseEnd", end or start)):
            if day:
                say.date(name, day)
        self._patient(say, episode.patient, end or start)

    def _period(self, episode: Episode) -> tuple[str, str]:
        keys = [episode.encounter or "", episode.key if not episode.encounter else ""]
        keys += [s.source for s in episode.submitted]
        for key in keys:
            made = self.projections.get(key)
            if made is not None:
                start = _first(made, "periodStart")
                if start:
                    return start, _first(made, "periodEnd") or self._latest(key, start)
        days = [self.projections[k].date for k in episode.documented if k in self.projections]
        day = max(days, default="")
        return day, day

    def _latest(self, encounter: str, start: str) -> str:
        """The day of the latest record of an encounter that has no end; its start if none."""
        wanted = (M816 + "encounter", encounter)
        days = [m.date for m in self.projections.values() if wanted in m.targets and m.date]
        return max([start, *days])

    def _patient(self, say: _Saying, key: str, day: str) -> None:
        resource: Json = self.record.by_key.get(key, {})
        if day and isinstance(resource.get("birthDate"), str):
            born = day_of(resource["birthDate"], self.file, f"{key} Patient.birthDate")
            if born > day:
                raise UnusableRecord(
                    self.file, key, "the birth date lies after the encounter", "Correct it"
                )
            age = int(day[:4]) - int(born[:4]) - (day[5:] < born[5:])
            say.number("ageAtService", age)

    def _profile(self, patient: str) -> str:
        """The capability profile whose marker the patient record carries, else the default."""
        resource = str(self.record.by_key.get(patient, ""))
        for iri in self.knowledge.subjects("FeedProfile"):
            if any(mark in resource for mark in self.knowledge.texts(iri, "recognisedBy")):
                return iri
        return next(
            iri
            for iri in self.knowledge.subjects("FeedProfile")
            if self.knowledge.text(iri, "isDefaultProfile") == "true"
        )

    def _submitted(
        self, node: NamedNode, number: int, submission: Submission, episode: Episode
    ) -> Iterator[Triple]:
        system = self.mapping.systems.by_uri[submission.system]
        code = dotted(submission.code) if system.judged else submission.code
        iri = NamedNode(system.base + code)
        me = NamedNode(f"{node.value}/code-{number}")
        yield Triple(node, m816("submits"), me)
        yield Triple(me, TYPE, m816("SubmittedCode"))
        yield Triple(me, m816("code"), iri)
        yield Triple(me, m816("source"), Literal(f"{submission.source} {submission.place}"))
        yield Triple(me, m816("sequence"), Literal(submission.sequence))
        if code != submission.code:
            yield Triple(me, m816("printedAs"), Literal(submission.code))
        yield from code_triples(system, code)
        for key in episode.documented:
            made = self.projections.get(key)
            coded = made is not None and any(
                t.predicate == m816("code") and t.object == iri for t in made.triples
            )
            if coded or key == submission.condition:
                yield Triple(me, m816("carriedBy"), node_of(key))


class _Saying:
    """Short hand for facts about the case node."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def _say(self, name: str, term: NamedNode | Literal) -> None:
        self.case.triples.add(Triple(self.case.node, m816(name), term))

    def term(self, name: str, predicate: str, iri: str) -> None:
        """State a term by the m816 property, or by the full predicate given."""
        prop = NamedNode(predicate) if predicate else m816(name)
        self.case.triples.add(Triple(self.case.node, prop, NamedNode(iri)))

    def text(self, name: str, words: str) -> None:
        """State a text."""
        self._say(name, Literal(words))

    def number(self, name: str, count: int) -> None:
        """State a whole number."""
        self._say(name, Literal(count))

    def date(self, name: str, day: str) -> None:
        """State a day."""
        self._say(name, Literal(day, datatype=_XDATE))


def _first(made: Projection, name: str) -> str:
    wanted = m816(name)
    return next((value(t.object) for t in made.triples if t.predicate == wanted), "")
