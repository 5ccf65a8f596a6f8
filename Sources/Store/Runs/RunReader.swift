internal import Domain
internal import OrderedCollections
internal import Synchronization

/// The statements that read runs.
enum RunStatement: String, Statement, CaseIterable {
    case lock = "SELECT uid FROM workflows WHERE uid = $1 FOR UPDATE"
    /// One snapshot of all rows of a run; empty when there is none.
    case load = """
        SELECT to_jsonb(w) AS workflow,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM stages t WHERE workflow_uid = w.uid) AS
                stages,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM work_items t WHERE workflow_uid = w.uid)
                AS items,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM tasks t WHERE workflow_uid = w.uid) AS tasks,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM attempts t WHERE workflow_uid = w.uid) AS
                attempts,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM handoffs t WHERE workflow_uid = w.uid) AS
                handoffs,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM gates t WHERE workflow_uid = w.uid) AS gates,
            (SELECT jsonb_agg(to_jsonb(t) ORDER BY ordinal) FROM escalations t WHERE workflow_uid = w.uid)
                AS escalations
        FROM workflows w WHERE w.uid = $1
        """
    case pin = "SELECT body FROM pins WHERE digest = $1"
    case insertPin = "INSERT INTO pins (digest, body) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING"
    case ofAttempt = "SELECT workflow_uid FROM attempts WHERE uid = $1"
    case setLeases = """
        UPDATE attempts t SET lease_until = clock_timestamp() + l.lease * interval '1 microsecond'
        FROM jsonb_to_recordset($1::jsonb) AS l (uid text, lease bigint) WHERE t.uid = l.uid
        """
    case request = "SELECT content, answer FROM requests WHERE scope = $1 AND request_id = $2"
    case recordRequest = """
        INSERT INTO requests (scope, request_id, content, answer, time) VALUES ($1, $2, $3, $4::jsonb,
            clock_timestamp())
        """
    case recordDecision = """
        INSERT INTO decisions_done (source, name, digest, time) VALUES ($1, $2, $3, clock_timestamp())
        ON CONFLICT DO NOTHING
        """
}

/// A run as it was read, with the digest of its pinned specs.
struct LoadedRun: Sendable {
    var run: Run
    var pin: Digest { run.workflow.pin }
}

extension Session {
    /// All rows of a run; nil when there is none.
    func loadRun(_ uid: UID) throws -> LoadedRun? {
        guard let row = try rows(RunStatement.load, uid).first else { return nil }
        func list<Record: RunRecord>(_ column: String, _ table: Table) throws -> [Record] {
            try (row.optionalValue(column)?.array ?? []).map { try table.decode($0) }
        }
        return LoadedRun(
            run: Run(
                workflow: try Table.workflows.decode(row.value("workflow")),
                stages: try list("stages", .stages),
                items: try list("items", .workItems),
                tasks: try list("tasks", .tasks),
                attempts: try list("attempts", .attempts),
                handoffs: try list("handoffs", .handoffs),
                gates: try list("gates", .gates),
                escalations: try list("escalations", .escalations)
            )
        )
    }

    /// The pinned specs of a digest.
    func loadPins(_ digest: Digest, cache: PinCache) throws -> Pins {
        if let pins = cache[digest] { return pins }
        guard let row = try rows(RunStatement.pin, digest).first else {
            throw Failure(.corrupted, "The pinned specs are missing: \(digest)")
        }
        let pins: Pins = try row.value("body").decode()
        cache[digest] = pins
        return pins
    }
}

/// The pinned specs that this process read last, at most 64 of them; a digest's specs never change.
final class PinCache: Sendable {
    private let entries = Mutex<OrderedDictionary<Digest, Pins>>([:])

    subscript(digest: Digest) -> Pins? {
        get { entries.withLock { $0[digest] } }
        set {
            entries.withLock { entries in
                entries[digest] = newValue
                if entries.count > 64 { entries.removeFirst() }
            }
        }
    }
}
