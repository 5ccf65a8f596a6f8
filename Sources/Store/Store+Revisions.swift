package import Domain

/// What applying a commit did.
package struct AppliedRevision: Sendable, Hashable {
    /// The name of the Revision object.
    package var revision: String
    package var created: Int
    package var changed: Int
    package var unchanged: Int
    package var removed: Int
    /// Objects whose rows were written, those included that only moved to another place of a file.
    package var written: Int
    /// Readers that have passed it see the whole revision.
    package var position: Position

    /// What applying did, of its parts.
    package init(
        revision: String,
        created: Int,
        changed: Int,
        unchanged: Int,
        removed: Int,
        written: Int,
        position: Position
    ) {
        self.revision = revision
        self.created = created
        self.changed = changed
        self.unchanged = unchanged
        self.removed = removed
        self.written = written
        self.position = position
    }
}

/// The statements of revisions.
enum RevisionStatement: String, Statement, CaseIterable {
    case lockNewest = """
        SELECT to_jsonb(t) AS row FROM revisions t WHERE t.source = $1
        ORDER BY t.resource_version DESC LIMIT 1 FOR UPDATE
        """
    case attempts = "SELECT count(*) AS count FROM revisions WHERE source = $1 AND commit = $2"
    case newest = """
        SELECT commit, phase FROM revisions WHERE source = $1 ORDER BY resource_version DESC LIMIT 1
        """
}

extension Store {
    /// The commit of a source's newest revision, nil when that was not wholly applied or there is none.
    package func newestApplied(source: String) async throws -> CommitID? {
        try await read { session in
            guard let row = try session.rows(RevisionStatement.newest, source).first,
                try row.text("phase") == RevisionRecord.Phase.applied.rawValue
            else { return nil }
            return CommitID(try row.text("commit"))
        }
    }

    /// Applies one commit of a source: steps in transactions of at most a thousand, then the revision is
    /// applied.
    ///
    /// Doing it again, also after it was interrupted, leads to the same rows: what is there already is
    /// unchanged. The generation grows only when the digest differs, the resource version only when something
    /// shown differs. What others hold of an object stays, unless `isSound` denies that it goes with what the
    /// commit declares.
    /// - Throws: `Failure.conflict` with reason `fenced`, which leaves the revision to whoever took over.
    ///   After any other failure the revision is `failed`, and what was applied of it stays.
    package func apply(
        _ write: RevisionWrite,
        fence: ClaimedKey?,
        isSound: @escaping @Sendable (Object) -> Bool = { _ in true },
        newUID: @escaping @Sendable () -> UID
    ) async throws -> AppliedRevision {
        let context = DeclaredContext(
            actor: "git:\(write.source)",
            priority: .webhook,
            newUID: newUID,
            merge: .init(source: write.source, drift: write.drift, isSound: isSound)
        )
        let begun = try await transaction { session in
            let (record, _) = try session.putRevision(write, newUID: newUID) { $0.phase = .applying }
            try session.settleKeys(marks: [], fence: fence)
            return record
        }
        var total = DeclaredOutcome()
        do {
            for start in stride(from: 0, to: write.steps.count, by: 1000) {
                let steps = Array(write.steps[start..<min(start + 1000, write.steps.count)])
                let outcome = try await transaction { session in
                    let outcome = try DeclaredWriter(session: session, context: context).apply(steps)
                    try session.settleKeys(marks: outcome.marks, fence: fence)
                    return outcome
                }
                total.add(outcome)
            }
            return try await finish(write, name: begun.name, total, fence: fence, newUID: newUID)
        } catch {
            try await fail(write, because: error, fence: fence, newUID: newUID)
            throw error
        }
    }

    private func finish(
        _ write: RevisionWrite,
        name: String,
        _ total: DeclaredOutcome,
        fence: ClaimedKey?,
        newUID: @escaping @Sendable () -> UID
    ) async throws -> AppliedRevision {
        let position = try await transaction { session in
            let (_, position) = try session.putRevision(write, newUID: newUID) { record in
                record.phase = .applied
                // Applied again, as against drift, a commit has done both. What was done before an
                // interruption is not counted.
                record.created += total.created
                record.changed += total.changed
                record.removed += total.removed
                record.unchanged = total.unchanged
            }
            try session.settleKeys(marks: [], fence: fence)
            return position
        }
        return AppliedRevision(
            revision: name,
            created: total.created,
            changed: total.changed,
            unchanged: total.unchanged,
            removed: total.removed,
            written: total.created + total.changed + total.moved + total.removed,
            position: position
        )
    }

    private func fail(
        _ write: RevisionWrite,
        because error: any Error,
        fence: ClaimedKey?,
        newUID: @escaping @Sendable () -> UID
    ) async throws {
        let failure = error as? Failure
        if failure?.reason == "fenced" || failure?.isTransient == true || error is CancellationError {
            return
        }
        _ = try await transaction { session in
            _ = try session.putRevision(write, newUID: newUID) { record in
                record.phase = .failed
                record.failure = failure?.message ?? "\(error)"
            }
            try session.settleKeys(marks: [], fence: fence)
        }
    }
}

extension DeclaredOutcome {
    fileprivate mutating func add(_ other: DeclaredOutcome) {
        created += other.created
        changed += other.changed
        unchanged += other.unchanged
        removed += other.removed
        moved += other.moved
    }
}

extension Session {
    /// Writes the row of a commit's revision, with its event and change.
    ///
    /// The commit that was applied last is the same revision again; another one is a new revision, and ends
    /// the last one if that has not come to an end.
    fileprivate func putRevision(
        _ write: RevisionWrite,
        newUID: () -> UID,
        _ change: (inout RevisionRecord) -> Void
    ) throws -> (RevisionRecord, Position) {
        let newest: RevisionRecord? = try rows(RevisionStatement.lockNewest, write.source).first.map {
            try Table.revisions.decode($0.value("row"))
        }
        let now = try now()
        let old = newest?.commit == write.commit ? newest : nil
        if old == nil, let newest, newest.phase == .applying { try supersede(newest, by: write, now: now) }
        var record = try old ?? insert(write, uid: newUID(), now: now)
        record.failure = nil
        (record.declared, record.heldBack) = (write.declaredCount, write.heldBackCount)
        record.diagnostics = write.diagnostics
        change(&record)
        record.finishedAt = record.phase == .applying ? nil : now
        return (record, try update(record, isNew: old == nil))
    }

    private func insert(_ write: RevisionWrite, uid: UID, now: Timestamp) throws -> RevisionRecord {
        let earlier = try rows(RevisionStatement.attempts, write.source, write.commit).first?.integer("count")
        let record = RevisionRecord(
            uid: uid,
            write: write,
            attempt: Int(earlier ?? 0) + 1,
            createdAt: now
        )
        try insertShown(record, .revisions)
        return record
    }

    private func supersede(_ record: RevisionRecord, by write: RevisionWrite, now: Timestamp) throws {
        var record = record
        record.phase = .superseded
        record.finishedAt = now
        _ = try update(record, isNew: false, by: write.commit)
    }

    private func update(
        _ record: RevisionRecord,
        isNew: Bool,
        by successor: CommitID? = nil
    ) throws -> Position {
        let event = PlainEvent(
            type: "source.\(record.phase.rawValue)",
            subject: ObjectKey("GitSource", namespace: nil, name: record.source),
            actor: "git:\(record.source)",
            data: record.eventData(successor: successor)
        )
        return try putShown(record, .revisions, isNew: isNew, event: event, subjectUID: nil)
    }
}

extension RevisionRecord {
    fileprivate func eventData(successor: CommitID?) -> Value {
        .members([
            "revision": .string(name), "commit": .string(commit.text), "declared": .integer(Int64(declared)),
            "heldBack": .integer(Int64(heldBack)), "created": .integer(Int64(created)),
            "changed": .integer(Int64(changed)), "unchanged": .integer(Int64(unchanged)),
            "removed": .integer(Int64(removed)), "failure": failure.map(Value.string),
            "supersededBy": successor.map { .string($0.text) },
        ])
    }
}
