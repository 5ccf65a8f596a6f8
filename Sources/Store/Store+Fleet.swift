package import Domain

/// What the fleet is asked to do right now.
package struct FleetCounts: Sendable, Hashable {
    /// Tasks that wait for a worker, by namespace.
    package var readyTasks: [String: Int]
    /// Attempts that are live, by worker.
    package var liveAttempts: [String: Int]

    /// Counts of their parts.
    package init(readyTasks: [String: Int], liveAttempts: [String: Int]) {
        self.readyTasks = readyTasks
        self.liveAttempts = liveAttempts
    }
}

/// The statements of workers and runtimes.
enum FleetStatement: String, Statement, CaseIterable {
    case workers = "SELECT to_jsonb(t) AS row FROM workers t ORDER BY t.name"
    case workerByToken = "SELECT to_jsonb(t) AS row FROM workers t WHERE t.token_digest = $1"
    case lockWorker = """
        SELECT to_jsonb(t) AS row, EXISTS (SELECT FROM attempts a WHERE a.worker = t.name AND a.state =
            'live')
            AS busy
        FROM workers t WHERE t.name = $1 FOR UPDATE
        """
    case touch = "UPDATE workers SET last_seen_at = clock_timestamp() WHERE name = $1"
    case deleteWorker = "DELETE FROM workers WHERE name = $1"
    /// Workers that have been silent; the longest silent first.
    case silent = """
        SELECT name, extract(epoch FROM clock_timestamp() - last_seen_at)::float8::text AS seconds FROM
            workers
        WHERE state <> 'offline' AND last_seen_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
        ORDER BY last_seen_at
        """
    /// Workers that have been offline for a while, and runtimes that have been gone; the longest first.
    case forgottenWorkers = """
        SELECT to_jsonb(t) AS row FROM workers t
        WHERE t.state = 'offline'
            AND t.last_seen_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
        ORDER BY t.last_seen_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED
        """
    case forgottenRuntimes = """
        SELECT to_jsonb(t) AS row FROM runtimes t
        WHERE t.state = 'gone' AND t.changed_at < clock_timestamp() - $1::bigint * interval '1 microsecond'
        ORDER BY t.changed_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED
        """
    case deleteRuntime = "DELETE FROM runtimes WHERE name = $1"
    case runtimes = "SELECT to_jsonb(t) AS row FROM runtimes t ORDER BY t.name"
    case lockRuntime = "SELECT to_jsonb(t) AS row FROM runtimes t WHERE t.name = $1 FOR UPDATE"
    case noteChange = "UPDATE runtimes SET changed_at = clock_timestamp() WHERE name = $1"
    case readyTasks = """
        SELECT t.namespace, count(*) AS count FROM tasks t JOIN workflows w ON w.uid = t.workflow_uid
        WHERE t.state = 'ready' AND w.phase = 'active' AND (t.not_before IS NULL OR t.not_before <= now())
        GROUP BY t.namespace
        """
    case liveAttempts = "SELECT worker, count(*) AS count FROM attempts WHERE state = 'live' GROUP BY worker"
}

extension Store {
    /// Writes a runtime that is about to be made.
    ///
    /// - Throws: `Failure.alreadyExists` for its name or token.
    package func provisionRuntime(_ record: RuntimeRecord, actor: String) async throws {
        try await transaction { session in
            let now = try session.now()
            try session.insertShown(record, .runtimes, volatile: ["changed_at": .string(now.description)])
            try session.put(record, .runtimes, isNew: true, event: "runtime.provisioned", actor: actor)
        }
    }

    /// Every runtime, sorted by name.
    package func runtimes() async throws -> [RuntimeRecord] {
        try await read { session in
            try session.rows(FleetStatement.runtimes).map { try Table.runtimes.decode($0.value("row")) }
        }
    }

    /// Writes where a runtime stands; does nothing when it stands there already.
    ///
    /// - Throws: `Failure.notFound`.
    package func setRuntimeState(
        _ name: String,
        _ state: RuntimeRecord.State,
        message: String? = nil,
        actor: String
    ) async throws {
        try await transaction { session in
            guard let row = try session.rows(FleetStatement.lockRuntime, name).first else {
                throw Failure(.notFound, "Runtime/\(name) does not exist")
            }
            var record: RuntimeRecord = try Table.runtimes.decode(row.value("row"))
            let before = record
            (record.state, record.message) = (state, message)
            guard record != before else { return }
            let data: Value = ["from": .string(before.state.rawValue), "to": .string(state.rawValue)]
            try session.enqueue(FleetStatement.noteChange, name)
            try session.put(record, .runtimes, event: "runtime.state_changed", actor: actor, data: data)
        }
    }

    /// Writes a worker that connects; one of the same name is replaced, since its runtime has started anew.
    ///
    /// - Throws: `Failure.alreadyExists` for its token.
    package func registerWorker(_ record: WorkerRecord, tokenDigest: Digest, actor: String) async throws {
        try await transaction { session in
            if let row = try session.rows(FleetStatement.lockWorker, record.name).first {
                let old: WorkerRecord = try Table.workers.decode(row.value("row"))
                try session.remove([old], FleetStatement.deleteWorker)
            }
            try session.insertShown(record, .workers, volatile: ["token_digest": .string(tokenDigest.text)])
            try session.put(record, .workers, isNew: true, event: "worker.registered", actor: actor)
        }
    }

    /// The worker that bears a token; nil when there is none.
    package func worker(tokenDigest: Digest) async throws -> WorkerRecord? {
        try await read { session in
            try session.rows(FleetStatement.workerByToken, tokenDigest).first
                .map { try Table.workers.decode($0.value("row")) }
        }
    }

    /// Every worker, sorted by name.
    package func workers() async throws -> [WorkerRecord] {
        try await read { session in
            try session.rows(FleetStatement.workers).map { try Table.workers.decode($0.value("row")) }
        }
    }

    /// Notes that a worker was heard of: it is online, or busy while it has live attempts; a draining one
    /// stays so.
    ///
    /// - Returns: where it stands now.
    /// - Throws: `Failure.notFound`, also for a worker that is offline for good and must register again.
    @discardableResult
    package func touchWorker(_ name: String) async throws -> WorkerState {
        try await transaction { session in
            guard let row = try session.rows(FleetStatement.lockWorker, name).first else {
                throw Failure(.notFound, "Worker/\(name) does not exist")
            }
            let record: WorkerRecord = try Table.workers.decode(row.value("row"))
            if record.state == .offline {
                throw Failure(
                    .notFound,
                    "Worker/\(name) is offline and must register again",
                    reason: "offline"
                )
            }
            try session.enqueue(FleetStatement.touch, name)
            // A worker that came back is online first and busy with its next beat: the machine has no other
            // arrow.
            let busy = try row.flag("busy") && record.state != .disconnected
            let state: WorkerState = record.state == .draining ? .draining : busy ? .busy : .online
            try session.move(record, to: state, actor: "worker:\(name)")
            return state
        }
    }

    /// Writes where a worker stands, such as draining; does nothing when it stands there already.
    ///
    /// - Throws: `Failure.notFound`.
    package func setWorkerState(_ name: String, _ state: WorkerState, actor: String) async throws {
        try await transaction { session in
            guard let row = try session.rows(FleetStatement.lockWorker, name).first else {
                throw Failure(.notFound, "Worker/\(name) does not exist")
            }
            try session.move(try Table.workers.decode(row.value("row")), to: state, actor: actor)
        }
    }

    /// Moves workers that have been silent one step towards offline, and forgets what has been offline or
    /// gone for longer than `forgottenAfter`: at most 100 workers and as many runtimes, the rest the next
    /// time.
    ///
    /// A draining worker is never disconnected, so that it is still draining when it is heard of again.
    /// - Returns: how many moved.
    @discardableResult
    package func sweepWorkers(
        degradedAfter: Duration,
        disconnectedAfter: Duration,
        offlineAfter: Duration,
        forgottenAfter: Duration = .seconds(86_400)
    ) async throws -> Int {
        let silent = try await read { session in
            try session.rows(FleetStatement.silent, degradedAfter).map { row in
                (try row.text("name"), Duration.seconds(Double(try row.text("seconds")) ?? 0))
            }
        }
        var moved = 0
        for (name, silence) in silent {
            moved += try await transaction { session in
                guard let row = try session.rows(FleetStatement.lockWorker, name).first else { return 0 }
                let record: WorkerRecord = try Table.workers.decode(row.value("row"))
                let target: WorkerState? =
                    switch record.state {
                    case .online, .busy: .degraded
                    case .degraded: silence >= disconnectedAfter ? .disconnected : nil
                    case .draining, .disconnected: silence >= offlineAfter ? .offline : nil
                    case .offline: nil
                    }
                guard let target else { return 0 }
                try session.move(record, to: target, actor: "controller")
                return 1
            }
        }
        try await forget(after: forgottenAfter)
        return moved
    }

    private func forget(after duration: Duration) async throws {
        try await transaction { session in
            let workers: [WorkerRecord] = try session.rows(FleetStatement.forgottenWorkers, duration, 100)
                .map { try Table.workers.decode($0.value("row")) }
            try session.remove(workers, FleetStatement.deleteWorker)
            let runtimes: [RuntimeRecord] = try session.rows(FleetStatement.forgottenRuntimes, duration, 100)
                .map { try Table.runtimes.decode($0.value("row")) }
            try session.remove(runtimes, FleetStatement.deleteRuntime)
        }
    }

    /// What waits and what runs.
    package func fleetCounts() async throws -> FleetCounts {
        try await read { session in
            func counts(_ statement: FleetStatement, by column: String) throws -> [String: Int] {
                let pairs = try session.rows(statement).map {
                    (try $0.text(column), Int(try $0.integer("count")))
                }
                return Dictionary(pairs, uniquingKeysWith: +)
            }
            return FleetCounts(
                readyTasks: try counts(.readyTasks, by: "namespace"),
                liveAttempts: try counts(.liveAttempts, by: "worker")
            )
        }
    }
}

extension Session {
    fileprivate func put<Record: ShownRecord>(
        _ record: Record,
        _ table: Table,
        isNew: Bool = false,
        event type: String,
        actor: String,
        data: Value = [:]
    ) throws {
        let subject = ObjectKey(Record.kind, namespace: nil, name: record.shownName)
        let event = PlainEvent(type: type, subject: subject, actor: actor, data: data)
        try putShown(record, table, isNew: isNew, event: event, subjectUID: record.uid)
    }

    /// Removes locked rows with their changes; the statement deletes the one of a name.
    fileprivate func remove<Record: ShownRecord>(_ records: [Record], _ delete: FleetStatement) throws {
        guard !records.isEmpty else { return }
        let now = try now()
        let changes = try zip(records, try drawPositions(records.count)).map { record, position in
            try enqueue(delete, record.shownName)
            let object = try record.object(resourceVersion: position)
            return try ChangeRow(removed: object, at: position, time: now)
        }
        try append(events: [], changes: changes)
    }

    fileprivate func move(_ worker: WorkerRecord, to state: WorkerState, actor: String) throws {
        guard worker.state != state else { return }
        var record = worker
        record.state = state
        let data: Value = ["from": .string(worker.state.rawValue), "to": .string(state.rawValue)]
        try put(record, .workers, event: "worker.state_changed", actor: actor, data: data)
    }
}
