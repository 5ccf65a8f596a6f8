package import Domain

/// The statements of the work queue.
enum KeyStatement: String, Statement, CaseIterable {
    case lock = "SELECT fence FROM keys WHERE kind = $1 AND namespace = $2 AND name = $3 FOR UPDATE"
    /// Makes or locks keys, in the order that everybody locks them in.
    ///
    /// A waiting key keeps the earlier time and the higher priority; a claimed one that nobody marked since
    /// gets the mark's own, because the old ones led to the claim. A step of priority is worth 30 seconds of
    /// waiting.
    case mark = """
        INSERT INTO keys AS k (kind, namespace, name, priority, due, rank, generation)
        SELECT kind, namespace, name, priority, at, at + priority * interval '30 seconds', 1
        FROM (
            SELECT kind COLLATE "C" AS kind, namespace COLLATE "C" AS namespace, name COLLATE "C" AS name,
                priority,
                clock_timestamp() + delay * interval '1 microsecond' AS at
            FROM jsonb_to_recordset($1::jsonb)
                AS m (kind text, namespace text, name text, priority bigint, delay bigint)
        ) m ORDER BY kind, namespace, name
        ON CONFLICT (kind, namespace, name) DO UPDATE SET
            generation = k.generation + 1,
            priority = CASE WHEN k.claimed_generation = k.generation THEN excluded.priority
                ELSE least(k.priority, excluded.priority) END,
            due = CASE WHEN k.claimed_generation = k.generation THEN excluded.due
                ELSE least(k.due, excluded.due) END,
            rank = CASE WHEN k.claimed_generation = k.generation THEN excluded.rank
                ELSE least(k.rank, excluded.rank) END
        """
    /// A key whose claimer's lease ran out is due at once, whatever was marked for later meanwhile, and is
    /// looked at as for people: what that look was for is not known any more.
    case claim = """
        UPDATE keys k SET claimed_generation = k.generation, claimed_by = $1, fence = nextval('key_fence'),
            lease_until = now() + $2::bigint * interval '1 microsecond'
        FROM (
            SELECT kind, namespace, name, lease_until IS NOT NULL AS was_lost FROM keys
            WHERE (lease_until < now() OR (lease_until IS NULL AND due <= now()))
                AND (kind = ANY($3::text[])) = $4::boolean
            ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED
        ) c
        WHERE (k.kind, k.namespace, k.name) = (c.kind, c.namespace, c.name)
        RETURNING k.kind, k.namespace, k.name, k.generation, k.fence, k.failures,
            CASE WHEN c.was_lost THEN 0 ELSE k.priority END AS priority
        """
    case renew = """
        UPDATE keys SET lease_until = clock_timestamp() + $5::bigint * interval '1 microsecond'
        WHERE kind = $1 AND namespace = $2 AND name = $3 AND fence = $4
        """
    /// Whether somebody marked a claimed key again who must not wait: people and new commits.
    case isOvertaken = """
        SELECT generation > claimed_generation AND priority <= 1 AS overtaken FROM keys
        WHERE kind = $1 AND namespace = $2 AND name = $3 AND fence = $4
        """
    case finish = """
        DELETE FROM keys
        WHERE kind = $1 AND namespace = $2 AND name = $3 AND fence = $4 AND generation = claimed_generation
        """
    case comeAgain = """
        UPDATE keys SET claimed_generation = NULL, claimed_by = NULL, fence = NULL, lease_until = NULL,
            failures = 0
        WHERE kind = $1 AND namespace = $2 AND name = $3 AND fence = $4
        """
    /// A mark that came meanwhile keeps its own due time. `$7` is what the look was wanted for, as far as it
    /// is still to be done.
    case release = """
        UPDATE keys SET claimed_generation = NULL, claimed_by = NULL, fence = NULL, lease_until = NULL,
            failures = CASE WHEN $6::boolean THEN failures + 1 ELSE 0 END,
            priority = CASE WHEN generation = claimed_generation THEN $7::bigint
                ELSE least(priority, $7::bigint) END,
            due = CASE WHEN generation = claimed_generation
                THEN clock_timestamp() + $5::bigint * interval '1 microsecond' ELSE due END,
            rank = CASE WHEN generation = claimed_generation
                THEN clock_timestamp() + $5::bigint * interval '1 microsecond'
                    + $7::bigint * interval '30 seconds'
                ELSE rank END
        WHERE kind = $1 AND namespace = $2 AND name = $3 AND fence = $4
        """
    case nextDue = """
        SELECT greatest(0, floor(extract(epoch FROM min(coalesce(lease_until, due)) - now()) *
            1000000))::bigint
            AS microseconds
        FROM keys WHERE (kind = ANY($1::text[])) = $2::boolean HAVING count(*) > 0
        """
}

/// The kinds whose keys somebody takes.
package enum KeyLane: Sendable, Hashable {
    case only([String])
    case allBut([String])

    fileprivate var kinds: [String] {
        switch self {
        case .only(let kinds), .allBut(let kinds): kinds
        }
    }

    fileprivate var isOnlyThem: Bool {
        if case .only = self { true } else { false }
    }
}

extension Store {
    /// Marks keys to be looked at; marking a key that somebody works on makes it come again.
    package func mark(_ marks: [Mark]) async throws {
        try await transaction { try $0.settleKeys(marks: marks, fence: nil) }
    }

    /// Takes the most urgent key that is due and in nobody's hands; nil when there is none.
    ///
    /// Urgency is the priority, improved by a step for every 30 seconds of waiting, so that no key starves.
    package func claimKey(
        by claimer: String,
        lease: Duration,
        of lane: KeyLane = .allBut([])
    ) async throws -> ClaimedKey? {
        try await transaction { session in
            let rows = try session.rows(KeyStatement.claim, claimer, lease, lane.kinds, lane.isOnlyThem)
            guard let row = rows.first else { return nil }
            return ClaimedKey(
                key: try row.key(),
                generation: try row.integer("generation"),
                fence: try row.integer("fence"),
                failures: Int(try row.integer("failures")),
                priority: KeyPriority(rawValue: Int(try row.integer("priority"))) ?? .resync
            )
        }
    }

    /// Keeps a claimed key for longer.
    ///
    /// - Throws: `Failure.conflict`, reason `fenced`, when the lease ran out and somebody else took the key.
    package func renew(_ claimed: ClaimedKey, lease: Duration) async throws {
        try await transaction { session in
            let key = claimed.key
            let count = try session.execute(
                KeyStatement.renew,
                key.kind,
                key.namespace ?? "",
                key.name,
                claimed.fence,
                lease
            )
            if count == 0 { throw fenced(key) }
        }
    }

    /// Whether a claimed key was marked again by people or for a new commit, so that what is being done with
    /// it may be out of date.
    package func isOvertaken(_ claimed: ClaimedKey) async throws -> Bool {
        try await read { session in
            let key = claimed.key
            let row = try session.rows(
                KeyStatement.isOvertaken,
                key.kind,
                key.namespace ?? "",
                key.name,
                claimed.fence
            ).first
            return try row?.flag("overtaken") ?? false
        }
    }

    /// Ends the work on a key; it comes again only when it was marked meanwhile.
    ///
    /// Does nothing when the lease ran out and somebody else took the key.
    package func finish(_ claimed: ClaimedKey) async throws {
        try await transaction { session in
            let key = claimed.key
            let deleted = try session.execute(
                KeyStatement.finish,
                key.kind,
                key.namespace ?? "",
                key.name,
                claimed.fence
            )
            guard deleted == 0 else { return }
            try session.enqueue(
                KeyStatement.comeAgain,
                key.kind,
                key.namespace ?? "",
                key.name,
                claimed.fence
            )
            session.hasNews = true
        }
    }

    /// Gives a key back to be looked at again, at the latest after a while.
    ///
    /// Does nothing when the lease ran out and somebody else took the key.
    package func release(_ claimed: ClaimedKey, retryAfter: Duration, _ end: LookEnd) async throws {
        try await transaction { session in
            let key = claimed.key
            try session.enqueue(
                KeyStatement.release,
                key.kind,
                key.namespace ?? "",
                key.name,
                claimed.fence,
                retryAfter,
                end == .failed,
                (end == .complete ? KeyPriority.resync : claimed.priority).rawValue
            )
            session.hasNews = true
        }
    }

    /// How long until the next key can be claimed, zero for at once; nil when there is no key at all.
    package func nextDue(of lane: KeyLane = .allBut([])) async throws -> Duration? {
        try await read { session in
            try session.rows(KeyStatement.nextDue, lane.kinds, lane.isOnlyThem).first
                .map { .microseconds(try $0.integer("microseconds")) }
        }
    }
}

extension Session {
    /// The last step of a transaction: checks that a fence still holds, and marks keys, all in the order of
    /// keys.
    ///
    /// - Throws: `Failure.conflict`, reason `fenced`, when the fence is stale.
    func settleKeys(marks: [Mark], fence: ClaimedKey?) throws {
        var urgent: [ObjectKey: Mark] = [:]
        for mark in marks {
            guard let other = urgent[mark.key] else {
                urgent[mark.key] = mark
                continue
            }
            urgent[mark.key] = Mark(
                mark.key,
                priority: other.priority.rawValue < mark.priority.rawValue ? other.priority : mark.priority,
                delay: min(mark.delay, other.delay)
            )
        }
        // The fence's key is locked in its place among the marked ones, so that no two wait for each other.
        guard let fence else { return try enqueue(Array(urgent.values)) }
        try enqueue(urgent.values.filter { $0.key < fence.key })
        let key = fence.key
        let row = try rows(KeyStatement.lock, key.kind, key.namespace ?? "", key.name).first
        guard try row?.optional("fence") == String(fence.fence) else { throw fenced(key) }
        try enqueue(urgent.values.filter { !($0.key < fence.key) })
    }

    private func enqueue(_ marks: [Mark]) throws {
        guard !marks.isEmpty else { return }
        let documents = marks.map { mark -> Value in
            [
                "kind": .string(mark.key.kind), "namespace": .string(mark.key.namespace ?? ""),
                "name": .string(mark.key.name), "priority": .integer(Int64(mark.priority.rawValue)),
                "delay": .integer(mark.delay.microseconds),
            ]
        }
        try enqueue(KeyStatement.mark, Value.array(documents))
        hasNews = true
    }
}

private func fenced(_ key: ObjectKey) -> Failure {
    Failure(.conflict, "Somebody else has taken over the work on \(key)", reason: "fenced")
}
