internal import Domain
internal import Secrets

/// What a new or changed object starts with, given by whoever applies it.
struct DeclaredContext: Sendable {
    /// What a commit does with the fields of others.
    struct Merge: Sendable {
        var source: String
        var drift: GitSourceSpec.Drift
        /// Whether an object may be so with what others hold of it.
        var isSound: @Sendable (Object) -> Bool

        /// Whether an object is the source's to write: since the plan was made it may have been handed over.
        func mayWrite(_ stored: Stored) -> Bool {
            stored.origin.gitSource == source
                || Transfer.target(of: stored.object.metadata.annotations) == source
        }
    }

    /// `git:<source>` or a subject such as `unix:1000`.
    var actor: String
    var priority: KeyPriority
    var newUID: @Sendable () -> UID
    /// For a commit; what a person writes is the whole object already.
    var merge: Merge?
}

/// What writing declared objects did.
struct DeclaredOutcome: Sendable {
    var created = 0
    var changed = 0
    var unchanged = 0
    var removed = 0
    /// Those among the unchanged whose rows say that they stand elsewhere.
    var moved = 0
    var marks: [Mark] = []
    var positions: [Position] = []
}

/// Writes declared objects within one transaction: rows, events, changes, and the marks that follow from
/// them.
struct DeclaredWriter {
    enum Write {
        case create(Stored)
        case change(Stored, before: Stored)
        /// Nothing differs but where it was declared, which is shown and no news.
        case move(Stored)
        case remove(Stored)
        /// A live object that goes with the Workflow it belongs to.
        case cascade(Object)
    }

    /// A run that goes with its Workflow.
    private struct GoingRun {
        let uid: String
        let pin: String
    }

    let session: Session
    let context: DeclaredContext

    /// Locks objects and answers those that exist.
    func lock(_ keys: [ObjectKey]) throws -> [ObjectKey: Stored] {
        let rows = try session.rows(DeclaredStatement.lock, of: keys)
        let found = try rows.map { try Stored(row: $0.value("row")) }
        return Dictionary(found.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Locks objects that are about to go, as `lock` does; the runs of Workflows are locked before them, as
    /// by everybody who locks both.
    func lockForRemoval(_ keys: [ObjectKey]) throws -> [ObjectKey: Stored] {
        _ = try lockRuns(of: keys)
        return try lock(keys)
    }

    /// Applies steps: at most one for each key.
    ///
    /// Rows come first and positions after them, so that no position is drawn before its row is locked.
    func apply(_ steps: [ApplyStep]) throws -> DeclaredOutcome {
        let removals = steps.compactMap { step -> ObjectKey? in
            if case .remove(let key) = step { key } else { nil }
        }
        _ = try lockRuns(of: removals)
        let existing = try lock(steps.map(\.key))
        let new = steps.compactMap { step -> ObjectKey? in
            if case .put = step, existing[step.key] == nil { step.key } else { nil }
        }
        try session.refuseLive(new)
        let now = try session.now()
        var outcome = DeclaredOutcome()
        var writes: [Write] = []
        for step in steps {
            guard let write = write(for: step, existing: existing[step.key], now: now) else {
                if case .put = step { outcome.unchanged += 1 }
                continue
            }
            writes.append(write)
        }
        // Once more, since a run may have begun while the lock of its object was waited for.
        let runs = try lockRuns(of: writes.compactMap(\.removedKey))
        for run in runs { writes += try cascade(of: run.uid).map(Write.cascade) }
        try insert(writes)
        try delete(runs)
        outcome.positions = try log(&writes, now: now)
        try store(writes)
        for write in writes { count(write, in: &outcome) }
        outcome.marks += try marks(after: writes)
        return outcome
    }

    /// What an object would be; nothing is written, and what is new has no version yet.
    func preview(_ declared: Declared, existing: Stored?) throws -> Stored {
        let now = try session.now()
        if let existing { return merged(declared, into: existing, now: now) }
        var stored = created(declared, now: now)
        stored.object.metadata.resourceVersion = nil
        return stored
    }

    private func write(for step: ApplyStep, existing: Stored?, now: Timestamp) -> Write? {
        if let existing, context.merge?.mayWrite(existing) == false { return nil }
        switch step {
        case .remove: return existing.map(Write.remove)
        case .put(let declared):
            guard let before = existing else { return .create(created(declared, now: now)) }
            let after = merged(beside(before, declared), into: before, now: now)
            let isHandedOver = after.origin.gitSource != before.origin.gitSource
            if after.object == before.object, !isHandedOver {
                return after.origin == before.origin ? nil : .move(after)
            }
            return .change(after, before: before)
        }
    }

    private func created(_ declared: Declared, now: Timestamp) -> Stored {
        var object = declared.object
        object.metadata.uid = context.newUID()
        object.metadata.generation = 1
        object.metadata.resourceVersion = .start
        object.metadata.creationTimestamp = now
        let readiness = readinessWhenStored(object.kind)
        object.status = status(
            nil,
            readiness ?? .reconciling(reason: "Pending", message: "Not looked at yet"),
            generation: 1,
            now: now
        )
        return Stored(object: object, digest: declared.digest, origin: declared.origin)
    }

    /// What a commit declares with what others hold of the stored object.
    private func beside(_ before: Stored, _ declared: Declared) -> Declared {
        guard let merge = context.merge, before.origin.owners != nil else { return declared }
        var kept = declared.keepingFields(of: before, drift: merge.drift)
        guard kept.object.spec != declared.object.spec else { return kept }
        if !merge.isSound(kept.object) { kept = kept.lettingGo(ofSpecBeside: declared) }
        let effective = Digest(digestText((kept.object.spec ?? [:]).canonicalBytes))
        if effective != declared.digest { kept.origin.declared = declared.digest }
        kept.digest = effective
        return kept
    }

    private func merged(_ declared: Declared, into before: Stored, now: Timestamp) -> Stored {
        var object = before.object
        object.metadata.labels = declared.object.metadata.labels.flatMap { $0.isEmpty ? nil : $0 }
        object.metadata.annotations = declared.object.metadata.annotations.flatMap { $0.isEmpty ? nil : $0 }
        if PruneHold.condition(of: object.status) != nil {
            // Whoever writes it declares it.
            object.status = PruneHold.status(
                object.status,
                nil,
                generation: object.metadata.generation,
                now: now
            )
        }
        if declared.digest != before.digest {
            object.spec = declared.object.spec
            let generation = (object.metadata.generation ?? 0) + 1
            object.metadata.generation = generation
            if let readiness = readinessWhenStored(object.kind) {
                object.status = status(object.status, readiness, generation: generation, now: now)
            }
        }
        let after = Stored(object: object, digest: declared.digest, origin: declared.origin)
        return after.tellingDrift(since: before, now: now)
    }

    /// How a new object, or one whose spec changed, is doing; nil until a controller has looked at it.
    private func readinessWhenStored(_ kind: String) -> Readiness? {
        Readiness.whenStored(kind)
    }

    private func status(_ old: Value?, _ readiness: Readiness, generation: Int64, now: Timestamp) -> Value? {
        var status = readiness.status(after: old, generation: generation, now: now)
        if case .ready = readiness { status["observedGeneration"] = .integer(generation) }
        return status
    }

    private func lockRuns(of keys: [ObjectKey]) throws -> [GoingRun] {
        let workflows = keys.filter { $0.kind == WorkflowRecord.kind }
        guard !workflows.isEmpty else { return [] }
        return try session.rows(
            DeclaredStatement.lockRuns,
            workflows.map { $0.namespace ?? "" },
            workflows.map(\.name)
        ).map { GoingRun(uid: try $0.text("uid"), pin: try $0.text("pin")) }
    }

    /// Deletes runs, and the specs that none but they followed.
    private func delete(_ runs: [GoingRun]) throws {
        guard !runs.isEmpty else { return }
        let pins = Set(runs.map(\.pin)).sorted()
        try session.enqueue(DeclaredStatement.deleteRuns, runs.map(\.uid))
        try session.enqueue(DeclaredStatement.lockPins, pins)
        try session.enqueue(DeclaredStatement.deletePins, pins)
    }

    private func count(_ write: Write, in outcome: inout DeclaredOutcome) {
        switch write {
        case .create: outcome.created += 1
        case .change: outcome.changed += 1
        case .remove: outcome.removed += 1
        case .move:
            outcome.unchanged += 1
            outcome.moved += 1
        case .cascade: break
        }
    }

    private func cascade(of uid: String) throws -> [Object] {
        guard let loaded = try session.loadRun(UID(uid)) else { return [] }
        let run = loaded.run
        var objects: [Object] = []
        func add<Record: ShownRecord>(_ records: [Record]) throws {
            objects += try records.map { try $0.object(resourceVersion: .start) }
        }
        try add(run.items)
        try add(run.tasks)
        try add(run.attempts)
        try add(run.handoffs)
        try add(run.gates)
        try add(run.escalations)
        return objects
    }

    private func insert(_ writes: [Write]) throws {
        let created = writes.compactMap { write -> Stored? in
            if case .create(let stored) = write { stored } else { nil }
        }
        // In the order of keys, so that two writers of the same new objects wait for each other instead of
        // both.
        let rows = try created.sorted { $0.object.key < $1.object.key }.map { try $0.row() }
        if !rows.isEmpty { try session.enqueue(Table.objects.insert, Value.array(rows)) }
    }

    /// Writes events and changes, and gives what was written the position of its change.
    private func log(_ writes: inout [Write], now: Timestamp) throws -> [Position] {
        let drawn = try session.drawPositions(writes.reduce(0) { $0 + $1.positionCount })
        var positions = drawn.makeIterator()
        var events: [Event] = []
        var changes: [ChangeRow] = []
        for index in writes.indices {
            switch writes[index] {
            case .move(var stored):
                stored.object.metadata.resourceVersion = try positions.take()
                changes.append(try ChangeRow(put: stored, before: stored, time: now))
                writes[index] = .move(stored)
            case .cascade(let object):
                changes.append(try ChangeRow(removed: object, at: positions.take(), time: now))
            case .create(var stored):
                events.append(try event("object.created", stored, at: positions.take(), now))
                stored.object.metadata.resourceVersion = try positions.take()
                changes.append(try ChangeRow(put: stored, before: nil, time: now))
                writes[index] = .create(stored)
            case .change(var stored, let before):
                events.append(try event(of: stored, since: before, at: positions.take(), now))
                stored.object.metadata.resourceVersion = try positions.take()
                changes.append(try ChangeRow(put: stored, before: before, time: now))
                writes[index] = .change(stored, before: before)
            case .remove(let stored):
                events.append(try event("object.removed", stored, at: positions.take(), now))
                changes.append(try ChangeRow(removed: stored.shown, at: positions.take(), time: now))
            }
        }
        try session.append(events: events, changes: changes)
        return drawn
    }

    private func event(
        of stored: Stored,
        since before: Stored,
        at position: Position,
        _ now: Timestamp
    ) -> Event {
        let news = stored.origin.news(since: before.origin)
        return event(news.type, stored, at: position, now, news.members)
    }

    private func event(
        _ type: String,
        _ stored: Stored,
        at position: Position,
        _ now: Timestamp,
        _ more: [String: Value?] = [:]
    ) -> Event {
        let data: [String: Value?] = [
            "generation": stored.object.metadata.generation.map(Value.integer),
            "digest": .string(stored.digest.text),
            "path": stored.origin.path.map(Value.string),
            "line": stored.origin.line.map { .integer(Int64($0)) },
            "commit": stored.origin.commit.map { .string($0.text) },
        ]
        let event = PlainEvent(
            type: type,
            subject: stored.object.key,
            actor: context.actor,
            data: .members(data.merging(more) { $1 })
        )
        return Event(event, subjectUID: stored.object.metadata.uid, at: position, time: now)
    }

    private func store(_ writes: [Write]) throws {
        var rows: [Value] = []
        var removed: [String] = []
        var placed: [(uid: String, position: String)] = []
        for write in writes {
            switch write {
            case .create(let stored):
                guard let uid = stored.object.metadata.uid?.text else { continue }
                placed.append((uid, (stored.object.metadata.resourceVersion ?? .start).description))
            case .change(let stored, _), .move(let stored): rows.append(try stored.row())
            case .remove(let stored): removed += (stored.object.metadata.uid?.text).map { [$0] } ?? []
            case .cascade: continue
            }
        }
        if !rows.isEmpty { try session.enqueue(Table.objects.update, Value.array(rows)) }
        if !placed.isEmpty {
            try session.enqueue(DeclaredStatement.placed, placed.map(\.uid), placed.map(\.position))
        }
        if !removed.isEmpty { try session.enqueue(DeclaredStatement.delete, removed) }
    }
}

extension DeclaredWriter.Write {
    fileprivate var removedKey: ObjectKey? {
        if case .remove(let stored) = self { stored.object.key } else { nil }
    }

    fileprivate var positionCount: Int {
        switch self {
        case .create, .change, .remove: 2
        case .cascade, .move: 1
        }
    }
}
