package import Domain

/// An attempt or a gate of a run that somebody must look at.
package struct DueRecord: Sendable, Hashable {
    package let workflowUID: UID
    package let uid: UID

    /// A due record of its parts.
    package init(workflowUID: UID, uid: UID) {
        self.workflowUID = workflowUID
        self.uid = uid
    }
}

/// The statements of claims and leases.
enum ClaimStatement: String, Statement, CaseIterable {
    /// The run of the best claimable task that nobody else is writing to; locks it. `$3` are to be passed
    /// over.
    case candidate = """
        SELECT t.workflow_uid FROM tasks t JOIN workflows w ON w.uid = t.workflow_uid
        WHERE t.state = 'ready' AND w.phase = 'active' AND t.namespace = ANY($1::text[])
            AND ($2::text[] = '{}' OR t.routing_tag = ANY($2::text[]))
            AND NOT t.workflow_uid = ANY($3::text[])
            AND (t.not_before IS NULL OR t.not_before <= now())
        ORDER BY t.priority DESC, t.ready_at, t.uid LIMIT 1 FOR UPDATE OF w SKIP LOCKED
        """
    /// A lease that ran out is not renewed: whoever holds it has fenced itself, and its task may be given
    /// away.
    case renew = """
        UPDATE attempts t SET lease_until = clock_timestamp() + $3::bigint * interval '1 microsecond'
        FROM (
            SELECT uid FROM attempts
            WHERE worker = $1 AND uid = ANY($2::text[]) AND state = 'live' AND lease_until > clock_timestamp()
            ORDER BY uid FOR UPDATE
        ) held
        WHERE t.uid = held.uid
        """
    case states = """
        SELECT uid, CASE WHEN state = 'live' AND lease_until <= clock_timestamp() THEN 'lost' ELSE state
            END AS state
        FROM attempts WHERE worker = $1 AND uid = ANY($2::text[])
        """
    case expired = """
        SELECT a.uid, a.workflow_uid FROM attempts a
        WHERE a.state = 'live' AND a.lease_until < clock_timestamp() ORDER BY a.lease_until LIMIT $1::bigint
        """
    case dueGates = """
        SELECT g.uid, g.workflow_uid FROM gates g
        WHERE g.state = 'awaiting' AND g.due_at <= clock_timestamp() ORDER BY g.due_at LIMIT $1::bigint
        """
}

extension Store {
    /// Gives the best ready task to a worker: highest priority first, then the one that is ready longest.
    ///
    /// `tags` empty means every role of the namespaces. The body is pure; it decides the claim, or answers
    /// nil to pass over this task. A run none of whose tasks can be claimed, since it is over its budget,
    /// say, is passed over as a whole, at most 200 of them: they hold up nobody else. A run that somebody
    /// holds right now is left out too: if that changes it, the commit rings the bell.
    /// - Returns: the body's answer; nil when there is nothing to claim.
    /// - Throws: whatever the body throws, unchanged.
    package func claimTask<Answer: Sendable>(
        namespaces: [String],
        tags: [String],
        actor: String,
        body: @Sendable (Run, Pins, TaskRecord, Timestamp) throws -> (RunChange, Answer)?
    ) async throws -> Answer? {
        var passedOver: [String] = []
        while passedOver.count < 200 {
            let without = passedOver
            switch try await claimOne(namespaces, tags, without: without, actor: actor, body: body) {
            case .claimed(let answer): return answer
            case .nothing: return nil
            case .passedOver(let run): passedOver.append(run)
            }
        }
        return nil
    }

    /// Renews the live attempts of a worker and answers how each one that it asked about stands.
    ///
    /// *Shape*: attempts that are not that worker's are missing. One whose lease has run out is `lost`.
    package func renewLeases(
        worker: String,
        _ attempts: [UID],
        lease: Duration
    ) async throws -> [UID: AttemptState] {
        let uids = attempts.map(\.text)
        return try await transaction { session in
            try session.enqueue(ClaimStatement.renew, worker, uids, lease)
            let states = try session.rows(ClaimStatement.states, worker, uids).map { row in
                (UID(try row.text("uid")), AttemptState(rawValue: try row.text("state")) ?? .lost)
            }
            return Dictionary(states, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Live attempts whose lease has run out, longest first.
    package func expiredLeases(limit: Int) async throws -> [DueRecord] {
        try await read { try $0.dueRecords(ClaimStatement.expired, limit) }
    }

    /// Gates whose time is over, longest first.
    package func dueGates(limit: Int) async throws -> [DueRecord] {
        try await read { try $0.dueRecords(ClaimStatement.dueGates, limit) }
    }

    private func claimOne<Answer: Sendable>(
        _ namespaces: [String],
        _ tags: [String],
        without: [String],
        actor: String,
        body: @Sendable (Run, Pins, TaskRecord, Timestamp) throws -> (RunChange, Answer)?
    ) async throws -> Claim<Answer> {
        let pins = pins
        return try await transaction { session in
            guard let row = try session.rows(ClaimStatement.candidate, namespaces, tags, without).first else {
                return .nothing
            }
            let run = try row.text("workflow_uid")
            // Read after the lock: the candidate was found in a snapshot that may be older than the run's
            // last change.
            guard let loaded = try session.loadRun(UID(run)), loaded.run.workflow.phase == .active else {
                return .passedOver(run)
            }
            let now = try session.now()
            let specs = try session.loadPins(loaded.pin, cache: pins)
            for task in loaded.run.claimableTasks(tags, now) {
                guard let (change, answer) = try body(loaded.run, specs, task, now) else { continue }
                var writer = RunWriter(session: session, actor: actor, now: now)
                try writer.write(change, before: loaded.run)
                try session.settleKeys(marks: change.marks, fence: nil)
                return .claimed(answer)
            }
            return .passedOver(run)
        }
    }
}

extension Run {
    /// The tasks that wait for a worker with these tags: the most urgent first, then the one that is ready
    /// longest, and of those that became so at once the one that was made first.
    fileprivate func claimableTasks(_ tags: [String], _ now: Timestamp) -> [TaskRecord] {
        let waiting = tasks.filter { task in
            task.state == .ready && task.notBefore.map({ $0 <= now }) ?? true
                && (tags.isEmpty || tags.contains(task.routingTag))
        }
        return waiting.sorted {
            (-$0.priority, $0.readyAt ?? now, $0.ordinal) < (-$1.priority, $1.readyAt ?? now, $1.ordinal)
        }
    }
}

/// What trying to claim one task led to.
private enum Claim<Answer: Sendable>: Sendable {
    case claimed(Answer)
    case passedOver(String)
    case nothing
}

extension Session {
    fileprivate func dueRecords(_ statement: ClaimStatement, _ limit: Int) throws -> [DueRecord] {
        try rows(statement, limit).map { row in
            DueRecord(workflowUID: UID(try row.text("workflow_uid")), uid: UID(try row.text("uid")))
        }
    }
}
