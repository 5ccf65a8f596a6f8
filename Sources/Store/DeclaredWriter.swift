internal import Domain

/// The statements of declared objects.
enum DeclaredStatement: String, Statement, CaseIterable {
    /// Locks those of some objects that exist, in the order that everybody locks them in.
    case lock = """
        SELECT to_jsonb(t) AS row FROM objects t
        JOIN unnest($1::text[], $2::text[], $3::text[]) w (kind, namespace, name)
            ON (t.kind, t.namespace, t.name) = (w.kind, w.namespace, w.name)
        ORDER BY t.kind, t.namespace, t.name FOR UPDATE OF t
        """
    case among = """
        SELECT to_jsonb(t) AS row FROM objects t
        JOIN unnest($1::text[], $2::text[], $3::text[]) w (kind, namespace, name)
            ON (t.kind, t.namespace, t.name) = (w.kind, w.namespace, w.name)
        ORDER BY t.kind, t.namespace, t.name
        """
    case lockByUID = "SELECT to_jsonb(t) AS row FROM objects t WHERE t.uid = $1 FOR UPDATE"
    case delete = "DELETE FROM objects WHERE uid = ANY($1::text[])"
    /// Locks the runs of Workflow objects that are about to go.
    case lockRuns = """
        SELECT uid FROM workflows WHERE namespace || '/' || name = ANY($1::text[])
        ORDER BY namespace, name FOR UPDATE
        """
    case deleteRuns = "DELETE FROM workflows WHERE uid = ANY($1::text[])"
    case all = "SELECT to_jsonb(t) AS row FROM objects t ORDER BY t.kind, t.namespace, t.name"
    case outlines = """
        SELECT t.kind, t.namespace, t.name, t.digest,
            NULLIF(t.labels, '{}') AS labels, NULLIF(t.annotations, '{}') AS annotations,
            t.origin ->> 'path' AS path, t.origin ->> 'line' AS line, t.origin ->> 'column' AS "column",
            t.origin -> 'doorAnnotations' AS door_annotations,
            CASE WHEN NOT t.status @> '{"conditions": [{"type": "Ready", "status": "True"}]}'
                OR t.status @> '{"conditions": [{"type": "PruneHeld"}]}' THEN t.status END AS status
        FROM objects t WHERE t.source = $1
        """
    case othersVersion = """
        SELECT count(*) || ':' || COALESCE(
            sum(hashtextextended(t.kind || '/' || t.namespace || '/' || t.name || '=' || t.digest, 0)), 0
        ) AS version FROM objects t WHERE t.source IS DISTINCT FROM $1
        """
    case others = """
        SELECT t.kind, t.namespace, t.name, CASE WHEN t.kind = ANY($2::text[]) THEN t.spec END AS spec
        FROM objects t WHERE t.source IS DISTINCT FROM $1
        """
    case namespaces = "SELECT DISTINCT t.namespace FROM objects t WHERE t.namespace <> ''"
    /// Gives new rows the positions that were drawn once they were there.
    case placed = """
        UPDATE objects t SET resource_version = w.position
        FROM unnest($1::text[], $2::bigint[]) w (uid, position) WHERE t.uid = w.uid
        """
    case ofKind = """
        SELECT to_jsonb(t) AS row FROM objects t
        WHERE t.kind = $1 AND ($2::text IS NULL OR t.namespace = $2) ORDER BY t.namespace, t.name
        """
}

/// What a new or changed object starts with, given by whoever applies it.
struct DeclaredContext: Sendable {
    /// `git:<source>` or a subject such as `unix:1000`.
    var actor: String
    var priority: KeyPriority
    var newUID: @Sendable () -> UID
    /// Whether the annotations that people have set beside a file stay; not for people, who may take them
    /// away.
    var keepsDoorAnnotations = true
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
    fileprivate enum Write {
        case create(Stored)
        case change(Stored, before: Stored)
        /// Nothing differs but where it was declared, which is shown and no news.
        case move(Stored)
        case remove(Stored)
        /// A live object that goes with the Workflow it belongs to.
        case cascade(Object)
    }

    let session: Session
    let context: DeclaredContext

    /// Locks objects and answers those that exist.
    func lock(_ keys: [ObjectKey]) throws -> [ObjectKey: Stored] {
        let rows = try session.rows(
            DeclaredStatement.lock,
            keys.map(\.kind),
            keys.map { $0.namespace ?? "" },
            keys.map(\.name)
        )
        let found = try rows.map { try Stored(row: $0.value("row")) }
        return Dictionary(found.map { ($0.object.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Applies steps: at most one for each key.
    ///
    /// Rows come first and positions after them, so that no position is drawn before its row is locked.
    func apply(_ steps: [ApplyStep]) throws -> DeclaredOutcome {
        let removals = steps.compactMap { step -> ObjectKey? in
            if case .remove(let key) = step { key } else { nil }
        }
        let runs = try lockRuns(of: removals)
        let existing = try lock(steps.map(\.key))
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
        for uid in runs { writes += try cascade(of: uid).map(Write.cascade) }
        try insert(writes)
        try session.enqueue(DeclaredStatement.deleteRuns, runs)
        outcome.positions = try log(&writes, now: now)
        try store(writes)
        for write in writes { count(write, in: &outcome) }
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
        switch step {
        case .remove: return existing.map(Write.remove)
        case .put(let declared):
            guard let before = existing else { return .create(created(declared, now: now)) }
            let kept = context.keepsDoorAnnotations ? declared.keepingDoorAnnotations(of: before) : declared
            let after = merged(kept, into: before, now: now)
            if after.object == before.object {
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
        return Stored(object: object, digest: declared.digest, origin: declared.origin)
    }

    /// How a new object, or one whose spec changed, is doing; nil until a controller has looked at it.
    private func readinessWhenStored(_ kind: String) -> Readiness? {
        Readiness.whenStored(kind)
    }

    private func status(_ old: Value?, _ readiness: Readiness, generation: Int64, now: Timestamp) -> Value? {
        // Conditions that cannot be read are replaced; no file and no peer writes a status.
        let before: [Condition] = (try? old?["conditions"]?.decode()) ?? []
        let conditions = readiness.conditions(after: before, now: now, generation: generation)
        var status = old ?? .object([:])
        // A condition always encodes: it holds texts and an integer.
        status["conditions"] = (try? Value(encoding: conditions)) ?? .array([])
        if case .ready = readiness { status["observedGeneration"] = .integer(generation) }
        return status
    }

    private func lockRuns(of keys: [ObjectKey]) throws -> [String] {
        let names = keys.filter { $0.kind == WorkflowRecord.kind }.map { "\($0.namespace ?? "")/\($0.name)" }
        guard !names.isEmpty else { return [] }
        return try session.rows(DeclaredStatement.lockRuns, names).map { try $0.text("uid") }
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
        var positions = try session.drawPositions(writes.reduce(0) { $0 + $1.positionCount })
        let drawn = positions
        var events: [Event] = []
        var changes: [ChangeRow] = []
        for index in writes.indices {
            switch writes[index] {
            case .move(var stored):
                stored.object.metadata.resourceVersion = positions.removeFirst()
                changes.append(try change(stored, labelsBefore: stored.object.metadata.labels ?? [:], now))
                writes[index] = .move(stored)
            case .cascade(let object):
                changes.append(try ChangeRow(removed: object, at: positions.removeFirst(), time: now))
            case .create(var stored):
                events.append(event("object.created", stored, at: positions.removeFirst(), now))
                stored.object.metadata.resourceVersion = positions.removeFirst()
                changes.append(try change(stored, labelsBefore: nil, now))
                writes[index] = .create(stored)
            case .change(var stored, let before):
                events.append(event("object.changed", stored, at: positions.removeFirst(), now))
                stored.object.metadata.resourceVersion = positions.removeFirst()
                changes.append(try change(stored, labelsBefore: before.object.metadata.labels ?? [:], now))
                writes[index] = .change(stored, before: before)
            case .remove(let stored):
                events.append(event("object.removed", stored, at: positions.removeFirst(), now))
                changes.append(try ChangeRow(removed: stored.shown, at: positions.removeFirst(), time: now))
            }
        }
        try session.append(events: events, changes: changes)
        return drawn
    }

    private func change(
        _ stored: Stored,
        labelsBefore: [String: String]?,
        _ now: Timestamp
    ) throws -> ChangeRow {
        try ChangeRow(
            put: stored.shown,
            labelsBefore: labelsBefore,
            at: stored.object.metadata.resourceVersion ?? .start,
            time: now
        )
    }

    private func event(_ type: String, _ stored: Stored, at position: Position, _ now: Timestamp) -> Event {
        let data = Value.members([
            "generation": stored.object.metadata.generation.map(Value.integer),
            "digest": .string(stored.digest.text),
            "path": stored.origin.path.map(Value.string),
            "line": stored.origin.line.map { .integer(Int64($0)) },
            "commit": stored.origin.commit.map { .string($0.text) },
        ])
        let event = PlainEvent(type: type, subject: stored.object.key, actor: context.actor, data: data)
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

    private func count(_ write: Write, in outcome: inout DeclaredOutcome) {
        let key: ObjectKey
        switch write {
        case .create(let stored): (key, outcome.created) = (stored.object.key, outcome.created + 1)
        case .change(let stored, _): (key, outcome.changed) = (stored.object.key, outcome.changed + 1)
        case .remove(let stored): (key, outcome.removed) = (stored.object.key, outcome.removed + 1)
        case .move:
            outcome.unchanged += 1
            outcome.moved += 1
            return
        case .cascade: return
        }
        if Kind.isControlled(key.kind) { outcome.marks.append(Mark(key, priority: context.priority)) }
    }
}

extension DeclaredWriter.Write {
    fileprivate var positionCount: Int {
        switch self {
        case .create, .change, .remove: 2
        case .cascade, .move: 1
        }
    }
}
