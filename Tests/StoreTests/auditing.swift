import Domain

@testable import Store

extension Store {
    /// Where the events of a run do not fold into the facts of its rows; empty when they do.
    func audit(_ uid: UID) async throws -> [String] {
        try await transaction { session in
            guard try session.rows(RunStatement.lock, uid).first != nil, let loaded = try session.loadRun(uid)
            else { throw Failure(.notFound, "The run does not exist") }
            let statement = TableStatement(
                sql: "SELECT to_jsonb(e) AS row FROM events e WHERE e.workflow_uid = $1 ORDER BY e.position"
            )
            let events = try session.rows(statement, uid).map { row -> RunEvent in
                let event: Event = try Table.events.decode(row.value("row"))
                let key = FactKey(kind: event.subjectKind, uid: event.subjectUID ?? UID(""))
                return RunEvent(type: event.type, subject: key, name: event.subjectName, facts: event.data)
            }
            let folded = fold([:], events)
            let facts = try loaded.run.facts()
            return Set(folded.keys).union(facts.keys).sorted().compactMap { key in
                if folded[key] == facts[key] { return nil }
                let events = folded[key]?.canonicalJSON ?? "nothing"
                return
                    "\(key.kind) \(key.uid): events say \(events), rows say "
                    + "\(facts[key]?.canonicalJSON ?? "nothing")"
            }
        }
    }
}
