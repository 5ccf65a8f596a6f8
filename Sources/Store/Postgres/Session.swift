internal import Domain
internal import Threads

/// A statement in SQL whose parameters are `$1`, `$2` and so on.
///
/// Each topic keeps its statements as one enumeration of texts, so that a test can explain every one of them.
protocol Statement: Sendable {
    var sql: String { get }
}

extension Statement where Self: RawRepresentable<String> {
    var sql: String { rawValue }
}

/// The statements that frame others.
enum ControlStatement: String, Statement, CaseIterable {
    case begin = "BEGIN"
    case commit = "COMMIT"
    case rollback = "ROLLBACK"
    /// Tells everybody, until the transaction is over, that it draws positions; see `HorizonSight`.
    case announceDrawing = """
        SELECT pg_advisory_xact_lock_shared(hashtextextended('agirunner.positions:' || current_schema(), 0))
        """
    case positions = "SELECT nextval('log_position') AS position FROM generate_series(1, $1::bigint)"
    case now = "SELECT clock_timestamp() AS now"
}

/// What a transaction does with its connection, in straight lines on the connection's own thread.
///
/// Nothing in here suspends, so nobody else can use the connection between two statements of a transaction.
final class Session {
    private let handle: PostgresHandle
    private let timeout: Duration
    private var prepared: [String: String] = [:]
    /// Statements that go with the next one whose answer is waited for: one round trip for all of them.
    private var queue: [PreparedCall] = []
    private var hasAnnouncedDrawing = false
    /// Whether the connection can be used no more.
    private(set) var isBroken = false
    /// Whether the transaction wrote something that others wait for.
    var hasNews = false

    init(_ settings: StoreSettings, wake: WakeUp) throws {
        handle = try PostgresHandle(
            settings.connectionText,
            wake: wake,
            until: .after(settings.connectTimeout)
        )
        // The server ends a statement first; this only bounds the wait for a server that is gone.
        timeout = settings.statementTimeout + .seconds(5)
    }

    /// Executes a statement and answers its rows.
    func rows(_ statement: some Statement, _ parameters: (any Bindable)?...) throws -> Rows {
        try send(statement, parameters.map { $0?.boundText.replacingNUL }, heedsCancellation: true)
    }

    /// Executes a statement and answers how many rows it touched.
    @discardableResult
    func execute(_ statement: some Statement, _ parameters: (any Bindable)?...) throws -> Int {
        try send(statement, parameters.map { $0?.boundText.replacingNUL }, heedsCancellation: true).affected
    }

    /// Executes a statement together with the next one that is waited for, the commit at the latest.
    ///
    /// It takes its place in the order of the statements; what it fails with is thrown by the one that waits.
    func enqueue(_ statement: some Statement, _ parameters: (any Bindable)?...) throws {
        try watching {
            queue.append(try call(statement, parameters.map { $0?.boundText.replacingNUL }))
        }
    }

    /// Runs one or more statements within a time of their own; only what makes the schema does.
    func run(script: String, timeout: Duration) throws {
        try watching {
            if !queue.isEmpty { _ = try flush(heedsCancellation: true) }
            _ = try handle.run(script: script, until: .after(timeout))
        }
    }

    /// Waits for a notification; false when none came in time.
    func waitForNotification(for duration: Duration) throws -> Bool {
        try watching { try handle.waitForNotification(until: .after(duration)) }
    }

    /// Runs a transaction: commits what the body did, or nothing when it throws.
    func transaction<Answer>(_ body: (Session) throws -> Answer) throws -> Answer {
        hasAnnouncedDrawing = false
        hasNews = false
        do {
            try enqueue(ControlStatement.begin)
            let answer = try body(self)
            try Task.checkCancellation()
            try commit()
            return answer
        } catch {
            hasNews = false
            queue = []
            // A connection that cannot even roll back is closed, which rolls back.
            if !isBroken { _ = try? send(ControlStatement.rollback, [], heedsCancellation: false) }
            throw error
        }
    }

    /// Draws the next positions of the log, in growing order.
    ///
    /// The transaction announces it first, without exception: readers take a position for final when nobody
    /// who had announced before they saw it is still at work. The caller holds the row locks of the objects
    /// that the positions are for.
    func drawPositions(_ count: Int) throws -> [Position] {
        guard count > 0 else { return [] }
        if !hasAnnouncedDrawing {
            try enqueue(ControlStatement.announceDrawing)
            hasAnnouncedDrawing = true
        }
        hasNews = true
        return try rows(ControlStatement.positions, count).map { try $0.position("position") }
    }

    /// The database's clock now, not that of the transaction's begin, which may lie before a lock was waited
    /// for.
    func now() throws -> Timestamp {
        guard let row = try rows(ControlStatement.now).first else { throw Failure(.corrupted, "No time") }
        return try row.moment("now")
    }

    private func commit() throws {
        do { _ = try send(ControlStatement.commit, [], heedsCancellation: false) } catch let error
            as PostgresError
        {
            var error = error
            error.isUncertain = error.isConnectionLoss
            throw error
        }
    }

    private func send(
        _ statement: some Statement,
        _ parameters: [String?],
        heedsCancellation: Bool
    ) throws -> Rows {
        if heedsCancellation { try Task.checkCancellation() }
        return try watching {
            queue.append(try call(statement, parameters, heedsCancellation: heedsCancellation))
            return try flush(heedsCancellation: heedsCancellation)
        }
    }

    /// A statement with its parameters, prepared when this connection has not seen it yet.
    private func call(
        _ statement: some Statement,
        _ parameters: [String?],
        heedsCancellation: Bool = true
    ) throws -> PreparedCall {
        let sql = statement.sql
        if let name = prepared[sql] { return PreparedCall(name: name, parameters: parameters) }
        let name = "s\(prepared.count)"
        try handle.prepare(name, sql, until: .after(timeout), heedsCancellation: heedsCancellation)
        prepared[sql] = name
        return PreparedCall(name: name, parameters: parameters)
    }

    /// Sends what is queued and answers the rows of the last statement.
    private func flush(heedsCancellation: Bool) throws -> Rows {
        defer { queue = [] }
        let deadline = Deadline.after(timeout * queue.count)
        return try handle.execute(queue, until: deadline, heedsCancellation: heedsCancellation)
    }

    /// Notes when the connection is lost or in an unknown state.
    private func watching<Answer>(_ body: () throws -> Answer) throws -> Answer {
        do { return try body() } catch let error as PostgresError {
            if error.isConnectionLoss { isBroken = true }
            throw error
        } catch {
            isBroken = true
            throw error
        }
    }
}

extension IndexingIterator<[Position]> {
    /// The next of the positions that were drawn.
    ///
    /// - Throws: `Failure.internal` when more are taken than were drawn.
    mutating func take() throws -> Position {
        guard let position = next() else { throw Failure(.internal, "Too few positions were drawn") }
        return position
    }
}
