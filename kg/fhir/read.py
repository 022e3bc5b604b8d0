"""A FHIR record → its cases: every encounter or claim in scope, else the patient, out of scope."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import NamedNode

from kg.case import Case
from kg.codesystems import code_rows, denoted, dotted
from kg.errors import UnusableRecord
from kg.expressions import INTEGER, Node, text
from kg.facts import Row, text_of
from kg.fhir.decode import Json, resources
from kg.fhir.episodes import Episode, Submission, episodes, owners
from kg.fhir.mapping import Mapping, mapping
from kg.fhir.project import Projector
from kg.fhir.projection import Projection, node_of
from kg.fhir.references import Record
from kg.fhir.values import NO_SUCH_DAY, day_of
from kg.knowledge import Knowledge
from kg.lexicon import lexicon
from kg.namespaces import M816, RECORD, TYPE, XSD
from kg.wording import mentions

_DATE, _ENCOUNTER = XSD + "date", M816 + "encounter"
_OLDER = "an older version of it is left out"
_CODE, _DENOTES = M816 + "code", M816 + "denotes"


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
    if mixed := [key for key in record.unclear if key.startswith("Patient/")]:
        raise UnusableRecord(
            file,
            min(mixed),
            "two Patients that differ have this id",
            "Say in meta.lastUpdated which is newer, or judge the records apart",
        )
    listed = list(episodes(record, reader.mapping, reader.owners))
    found = [reader.case(episode, profile) for episode in listed if reader.in_scope(episode)]
    patients = {case.value("ofPatient") for case in found}
    for episode in listed:
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
        self.owners = owners(record)
        self._scoped: dict[str, bool] = {}
        self._deciding = frozenset(knowledge.by_type.get(M816 + "DecidingText", ()))
        for key, resource in record.by_key.items():
            made = projector.project(key, resource)
            if made is None:
                self.unmapped[key] = "resource type is not mapped"
            else:
                self.projections[key] = made
        self.by_encounter: dict[str, list[str]] = {}
        for key, made in self.projections.items():
            for prop, target in dict.fromkeys(made.targets):
                if prop == _ENCOUNTER:
                    self.by_encounter.setdefault(target, []).append(key)

    def check_cycles(self) -> None:
        """Refuse records of one type that refer to each other in a circle."""
        edges: dict[str, list[str]] = {}
        for key, made in self.projections.items():
            if made.targets:
                kind = key[: key.index("/") + 1]
                edges[key] = [target for _, target in made.targets if target.startswith(kind)]
        for start, found in edges.items():
            seen, queue = set(), list(found)
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
        return self.by_encounter.get(episode.encounter or "", [])

    def _code_in_scope(self, system: str, code: str) -> bool:
        known = self.mapping.systems.by_uri[system]
        meant = denoted(known, dotted(code))
        return any(map(self._is_in_scope, meant))

    def _words_in_scope(self, key: str) -> bool:
        if key not in self._scoped:
            self._scoped[key] = any(
                self._puts_in_scope(prop, value)
                for prop, value in self.projections[key].pairs
                if prop in self._deciding or prop in (_CODE, _DENOTES)
            )
        return self._scoped[key]

    def _puts_in_scope(self, prop: str, value: Node) -> bool:
        if not isinstance(value, str):
            return prop in self._deciding and self._says_scope(value[0])
        if prop == _DENOTES:
            return self._is_in_scope(value)
        return prop == _CODE and any(
            map(self._is_in_scope, self.knowledge.strings(value, _DENOTES))
        )

    def _is_in_scope(self, concept: str) -> bool:
        return self.knowledge.text(concept, "inScope") == "true"

    def _says_scope(self, text: str) -> bool:
        return any(
            mention.meaning in {"affirmed", "uncertain"} and self._is_in_scope(mention.concept)
            for mention in mentions(text, self.lexicon)
        )

    def case(self, episode: Episode, profile: str) -> Case:
        """The case graph of one episode: context, submitted codes, records up to its end."""
        node = NamedNode(f"{RECORD}case/{episode.key}")
        case = Case(node, episode.key)
        self._context(case, episode, profile)
        for number, submission in enumerate(episode.submitted, start=1):
            case.rows.update(self._submitted(node.value, number, submission, episode))
        end = case.value("caseEnd")
        for key, made in self.projections.items():
            self._add_record(case, episode, key, made, end)
        unread = [*self.unmapped.items(), *((key, _OLDER) for key in self.record.superseded)]
        case.not_mapped += sorted(
            (key, why) for key, why in unread if self._concerns(key, episode.patient)
        )
        return case

    def _concerns(self, key: str, patient: str) -> bool:
        return self.owners[key] in (None, patient)

    def _add_record(
        self, case: Case, episode: Episode, key: str, made: Projection, end: str
    ) -> None:
        if not self._concerns(key, episode.patient):
            return
        if made.left_out:
            case.not_mapped += [(key, why) for why in made.left_out]
        documented = key in episode.documented
        if made.excluded:
            case.not_mapped.append((key, "its status says it is no evidence"))
        elif end and made.date > end and not documented:
            case.not_mapped.append((key, "dated after the encounter"))
        elif made.known or documented or key == episode.encounter:
            case.rows.update(made.rows)
            name = "documents" if documented else "hasRecord"
            for each in (made, *made.children):
                case.say(name, each.node)
        elif key != episode.codes_from:
            case.not_mapped.append((key, "nothing in it is in the term tables"))

    def _context(self, case: Case, episode: Episode, profile: str) -> None:
        case.rows.add((case.node.value, TYPE.value, M816 + "Case"))
        case.say("caseId", text(episode.key))
        case.say("ofPatient", RECORD + episode.patient)
        case.say("profile", profile or self._profile(episode.patient))
        if episode.codes_from:
            case.say("codesFrom", text(episode.codes_from))
            case.say("submissionLevel", text(episode.level))
        start, end = self._period(episode)
        encounter = self.projections.get(episode.encounter or "")
        setting = _first(encounter, "setting") if encounter else ""
        if episode.encounter:
            case.say("encounter", RECORD + episode.encounter)
        if setting:
            case.say("setting", setting)
        of_service = end if self.knowledge.text(setting, "datedByEnd") == "true" else start
        for name, day in (("dateOfService", of_service or start or end), ("caseEnd", end or start)):
            if day:
                case.say(name, (day, _DATE, None))
        self._patient(case, episode.patient, end or start)

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
        days = [self.projections[key].date for key in self.by_encounter.get(encounter, ())]
        return max([start, *days])

    def _patient(self, case: Case, key: str, day: str) -> None:
        resource: Json = self.record.by_key.get(key, {})
        if day and isinstance(resource.get("birthDate"), str):
            born = day_of(resource["birthDate"])
            if not born:
                raise UnusableRecord(self.file, f"{key} Patient.birthDate", *NO_SUCH_DAY)
            if born > day:
                raise UnusableRecord(
                    self.file, key, "the birth date lies after the encounter", "Correct it"
                )
            age = int(day[:4]) - int(born[:4]) - (day[5:] < born[5:])
            case.say("ageAtService", (str(age), INTEGER, None))

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
        self, node: str, number: int, submission: Submission, episode: Episode
    ) -> Iterator[Row]:
        system = self.mapping.systems.by_uri[submission.system]
        code = dotted(submission.code) if system.judged else submission.code
        iri, me = system.base + code, f"{node}/code-{number}"
        yield node, M816 + "submits", me
        yield me, TYPE.value, M816 + "SubmittedCode"
        yield me, M816 + "code", iri
        yield me, M816 + "source", text(f"{submission.source} {submission.place}")
        yield me, M816 + "sequence", (str(submission.sequence), INTEGER, None)
        if code != submission.code:
            yield me, M816 + "printedAs", text(submission.code)
        yield from code_rows(system, code)
        for key in episode.documented:
            made = self.projections.get(key)
            coded = made is not None and any(
                prop == M816 + "code" and value == iri for _, prop, value in made.rows
            )
            if coded or key == submission.condition:
                yield me, M816 + "carriedBy", node_of(key)


def _first(made: Projection, name: str) -> str:
    wanted = M816 + name
    return next((text_of(value) for _, prop, value in made.rows if prop == wanted), "")
