internal import Domain

/// Writes what one command does to a run: rows, both streams, leases and the Workflow's status.
///
/// The caller holds the lock of the run's row, or of the Workflow object while the run begins.
struct RunWriter {
    /// A row to write; `shown` is its record, nil for what is not shown by itself.
    private struct PendingRow {
        let table: Table
        let isNew: Bool
        var document: Value
        let uid: UID
        let shown: (any ShownRecord)?
    }

    let session: Session
    let actor: String
    let now: Timestamp
    private var rows: [PendingRow] = []

    init(session: Session, actor: String, now: Timestamp) {
        self.session = session
        self.actor = actor
        self.now = now
    }

    /// Writes a change; `before` is nil for a run that begins.
    mutating func write(_ change: RunChange, before: Run?) throws {
        try collect(change, before: before)
        let workflow = try declaredWorkflow(change, isRequired: before == nil)
        let shown = rows.indices.filter { rows[$0].shown != nil }
        let statusCount = workflow == nil ? 0 : 1
        var positions = try session.drawPositions(change.events.count + shown.count + statusCount)
            .makeIterator()
        var events: [Event] = []
        for event in change.events {
            // Whatever else a command does follows from the first thing that it does.
            let cause = events.first?.position
            events.append(
                self.event(of: event, in: change.run.workflow, at: try positions.take(), cause: cause)
            )
        }
        var changes: [ChangeRow] = []
        for index in shown {
            let position = try positions.take()
            rows[index].document["resource_version"] = .integer(position.number)
            guard let record = rows[index].shown else { continue }
            changes.append(try ChangeRow(put: record, isNew: rows[index].isNew, at: position, time: now))
        }
        if var workflow {
            let position = try positions.take()
            workflow.object.metadata.resourceVersion = position
            try session.enqueue(Table.objects.update, Value.array([try workflow.row()]))
            changes.append(try ChangeRow(put: workflow, before: workflow, time: now))
        }
        try setLeases(change.leases)
        try store()
        try session.append(events: events, changes: changes)
    }

    private mutating func collect(_ change: RunChange, before: Run?) throws {
        let run = change.run
        if let before, before.workflow.uid != run.workflow.uid {
            throw Failure(.internal, "A command must not turn a run into another one")
        }
        try add([run.workflow], before: before.map { [$0.workflow] }, .workflows)
        try add(run.stages, before: before?.stages, .stages)
        try add(run.items, before: before?.items, .workItems)
        try add(run.tasks, before: before?.tasks, .tasks)
        try add(run.attempts, before: before?.attempts, .attempts)
        for index in rows.indices where rows[index].table.name == Table.attempts.name && rows[index].isNew {
            guard let duration = change.leases[rows[index].uid] else { continue }
            rows[index].document["lease_until"] = .string((now + duration).description)
        }
        try add(run.handoffs, before: before?.handoffs, .handoffs)
        try add(run.gates, before: before?.gates, .gates)
        try add(run.escalations, before: before?.escalations, .escalations)
    }

    private mutating func add<Record: RunRecord>(
        _ after: [Record],
        before: [Record]?,
        _ table: Table
    ) throws {
        let old = Dictionary((before ?? []).map { ($0.uid, $0) }, uniquingKeysWith: { first, _ in first })
        var kept = 0
        for record in after {
            let previous = old[record.uid]
            if previous != nil { kept += 1 }
            if previous == record { continue }
            rows.append(
                PendingRow(
                    table: table,
                    isNew: previous == nil,
                    document: try table.row(record),
                    uid: record.uid,
                    shown: record as? any ShownRecord
                )
            )
        }
        if kept != old.count { throw Failure(.internal, "A command must not drop rows of \(table.name)") }
    }

    /// The declared Workflow with its new status, locked; nil when its status is that already, or it is gone.
    private func declaredWorkflow(_ change: RunChange, isRequired: Bool) throws -> Stored? {
        let uid = change.run.workflow.uid
        guard let row = try session.rows(DeclaredStatement.lockByUID, uid).first else {
            if isRequired { throw Failure(.notFound, "Workflow \(change.run.workflow.name) does not exist") }
            return nil
        }
        var stored = try Stored(row: row.value("row"))
        // That its file is gone is nothing the run knows about.
        let status = SideCondition.kept(from: stored.object.status, in: change.status)
        if stored.object.status == status { return nil }
        stored.object.status = status
        return stored
    }

    private func event(
        of event: RunEvent,
        in workflow: WorkflowRecord,
        at position: Position,
        cause: Position?
    ) -> Event {
        Event(
            position: position,
            time: now,
            type: event.type,
            namespace: workflow.namespace,
            subjectKind: event.subject.kind,
            subjectName: event.name,
            subjectUID: event.subject.uid,
            workflowUID: workflow.uid,
            workflow: workflow.name,
            actor: actor,
            cause: cause,
            data: event.facts
        )
    }

    /// Leases of attempts that exist; a new one's is part of its row.
    private func setLeases(_ leases: [UID: Duration]) throws {
        let new = Set(rows.filter(\.isNew).map(\.uid))
        let documents = leases.filter { !new.contains($0.key) }.sorted { $0.key < $1.key }.map {
            uid,
            lease -> Value in
            ["uid": .string(uid.text), "lease": .integer(lease.microseconds)]
        }
        if !documents.isEmpty { try session.enqueue(RunStatement.setLeases, Value.array(documents)) }
    }

    /// Changed rows first, so that what ends makes room for what begins (one live attempt, one open gate).
    private func store() throws {
        for isNew in [false, true] {
            let some = rows.filter { $0.isNew == isNew }
            var start = some.startIndex
            while start < some.endIndex {
                // Rows of one table stand together, in the order that foreign keys need.
                let table = some[start].table
                let end = some[start...].firstIndex { $0.table.name != table.name } ?? some.endIndex
                let documents = Value.array(some[start..<end].map(\.document))
                try session.enqueue(isNew ? table.insert : table.update, documents)
                start = end
            }
        }
    }
}
