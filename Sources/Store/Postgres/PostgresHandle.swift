internal import CPQ
internal import Threads

/// One libpq connection; lives on one thread and is closed with its owner.
@safe struct PostgresHandle: ~Copyable {
    private let raw: OpaquePointer
    private let wake: WakeUp
    private let canceller: Canceller

    /// Connects until the deadline; only to find a host by its name may take libpq longer.
    init(_ connectionText: String, wake: WakeUp, until deadline: Deadline) throws {
        guard let raw = unsafe PQconnectStart(connectionText) else {
            throw PostgresError(sqlState: "53200", message: "no memory for a connection")
        }
        do {
            try unsafe Self.connect(raw, until: deadline)
            guard let canceller = unsafe Canceller(connection: raw) else {
                throw PostgresError.lost("no cancel key")
            }
            _ = unsafe PQsetnonblocking(raw, 1)
            unsafe PQsetNoticeProcessor(raw, { _, _ in }, nil)
            unsafe (self.raw, self.wake, self.canceller) = (raw, wake, canceller)
        } catch {
            unsafe PQfinish(raw)
            throw error
        }
    }

    deinit { unsafe PQfinish(raw) }

    private static func connect(_ raw: OpaquePointer, until deadline: Deadline) throws {
        var status = PGRES_POLLING_WRITING
        while status != PGRES_POLLING_OK {
            // Without a socket there is nothing to poll: it failed before it began.
            if unsafe status == PGRES_POLLING_FAILED || PQstatus(raw) == CONNECTION_BAD {
                throw PostgresError(sqlState: "08001", message: unsafe text(PQerrorMessage(raw)))
            }
            if deadline.isPast { throw PostgresError(sqlState: "08001", message: "connecting took too long") }
            let wanted = PollInterest(
                unsafe PQsocket(raw),
                readable: status == PGRES_POLLING_READING,
                writable: status == PGRES_POLLING_WRITING
            )
            _ = try poll([wanted], until: deadline)
            status = unsafe PQconnectPoll(raw)
        }
    }

    /// Runs a text of one or more statements without parameters.
    func run(script: String, until deadline: Deadline) throws -> Rows {
        try sent(unsafe PQsendQuery(raw, script))
        return try results(until: deadline, heedsCancellation: true)
    }

    /// Prepares a statement under a name.
    func prepare(_ name: String, _ sql: String, until deadline: Deadline, heedsCancellation: Bool) throws {
        try sent(unsafe PQsendPrepare(raw, name, sql, 0, nil))
        _ = try results(until: deadline, heedsCancellation: heedsCancellation)
    }

    /// Executes prepared statements in one round trip and answers the rows of the last one.
    ///
    /// After one that fails the others are not executed; its error is thrown.
    func execute(
        _ calls: [PreparedCall],
        until deadline: Deadline,
        heedsCancellation: Bool
    ) throws -> Rows {
        // One alone needs no pipeline, whose end is one more message.
        guard calls.count > 1 else {
            for call in calls { try send(call) }
            return try results(until: deadline, heedsCancellation: heedsCancellation)
        }
        guard unsafe PQenterPipelineMode(raw) == 1 else { throw lost }
        for call in calls { try send(call) }
        try sent(unsafe PQpipelineSync(raw))
        defer { _ = unsafe PQexitPipelineMode(raw) }
        return try results(until: deadline, heedsCancellation: heedsCancellation, isPipeline: true)
    }

    /// Parameters and results are text.
    private func send(_ call: PreparedCall) throws {
        let accepted = unsafe withCStrings(call.parameters) { values in
            unsafe PQsendQueryPrepared(
                raw,
                call.name,
                Int32(call.parameters.count),
                values,
                nil,
                nil,
                0
            )
        }
        try sent(accepted)
    }

    /// Waits for a notification; false when none came before the deadline.
    func waitForNotification(until deadline: Deadline) throws -> Bool {
        while true {
            guard unsafe PQconsumeInput(raw) != 0 else { throw lost }
            var found = false
            while let notification = unsafe PQnotifies(raw) {
                unsafe PQfreemem(notification)
                found = true
            }
            if found || deadline.isPast { return found }
            let ready = try poll(
                [
                    PollInterest(unsafe PQsocket(raw), readable: true),
                    PollInterest(wake.fileDescriptor, readable: true),
                ],
                until: deadline
            )
            if ready[1].isReady { wake.drain() }
            try Task.checkCancellation()
        }
    }

    private var lost: PostgresError { .lost(unsafe text(PQerrorMessage(raw))) }

    private func sent(_ accepted: Int32) throws { if accepted != 1 { throw lost } }

    /// The rows of the last statement; every result is read, so that the connection is ready for the next.
    private func results(
        until deadline: Deadline,
        heedsCancellation: Bool,
        isPipeline: Bool = false
    ) throws -> Rows {
        var deadline = deadline
        var cancelled = false
        var wasNothing = false
        var rows = Rows()
        var failure: PostgresError?
        while true {
            while try waitsForMore(until: deadline) {
                // The signal may be an old one: whether this task is cancelled is what counts.
                guard heedsCancellation, !cancelled, Task.isCancelled else { continue }
                cancelled = true
                deadline = min(deadline, .after(.seconds(5)))
                canceller.cancel()
            }
            guard let result = unsafe PQgetResult(raw) else {
                // In a pipeline nothing follows each statement, and twice nothing means a lost connection.
                guard isPipeline else { break }
                if wasNothing { throw lost }
                wasNothing = true
                continue
            }
            wasNothing = false
            defer { unsafe PQclear(result) }
            let status = unsafe PQresultStatus(result)
            if status == PGRES_PIPELINE_SYNC { break }
            switch status {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK: rows = unsafe Rows(result: result)
            case PGRES_EMPTY_QUERY, PGRES_PIPELINE_ABORTED: continue
            default: if failure == nil { failure = unsafe error(of: result) }
            }
        }
        // A cancel request may still be on its way to whatever runs next, so this connection is used no more.
        if cancelled { throw CancellationError() }
        if let failure { throw failure }
        return rows
    }

    /// Sends and receives until a result is there (false) or something else woke the thread (true).
    private func waitsForMore(until deadline: Deadline) throws -> Bool {
        let unsent = unsafe PQflush(raw)
        if unsent < 0 { throw lost }
        if unsent == 0, unsafe PQisBusy(raw) == 0 { return false }
        let ready = try poll(
            [
                PollInterest(unsafe PQsocket(raw), readable: true, writable: unsent == 1),
                PollInterest(wake.fileDescriptor, readable: true),
            ],
            until: deadline
        )
        if ready[1].isReady { wake.drain() }
        if ready[0].isReady, unsafe PQconsumeInput(raw) == 0 { throw lost }
        if deadline.isPast { throw PostgresError.lost("the server did not answer in time") }
        return true
    }

    private func error(of result: OpaquePointer) -> PostgresError {
        func field(_ code: Int32) -> String? { unsafe optionalText(PQresultErrorField(result, code)) }
        // The codes are those of libpq-fe.h's PG_DIAG_*: sqlstate, primary message, constraint name.
        guard let state = field(Int32(UInt8(ascii: "C"))) else { return lost }
        return PostgresError(
            sqlState: state,
            message: field(Int32(UInt8(ascii: "M"))) ?? "no message",
            constraint: field(Int32(UInt8(ascii: "n")))
        )
    }
}

/// A prepared statement's name and what it is executed with, as text.
struct PreparedCall {
    let name: String
    let parameters: [String?]
}

/// Asks the server to end what a connection runs.
///
/// Unchecked: the object is made once, never changed and freed once with its last reference, and libpq
/// documents `PQcancel` as callable from any thread while the connection lives on another.
@safe private final class Canceller: @unchecked Sendable {
    private let raw: OpaquePointer

    init?(connection: OpaquePointer) {
        guard let raw = unsafe PQgetCancel(connection) else { return nil }
        unsafe self.raw = raw
    }

    deinit { unsafe PQfreeCancel(raw) }

    /// Connects and asks on a thread of its own, because `PQcancel` blocks.
    func cancel() {
        // Without a thread the statement ends at its time-out.
        try? startThread("pg-cancel") { [self] in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
                _ = unsafe PQcancel(raw, message.baseAddress, 256)
            }
        }
    }
}

/// Lends optional texts as C strings, nil as a null pointer; a NUL ends a text, so none may be inside.
private func withCStrings<Answer>(
    _ texts: [String?],
    _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Answer
) -> Answer {
    let strings = texts.map { $0?.utf8CString }
    return unsafe withUnsafeTemporaryAllocation(
        of: UnsafePointer<CChar>?.self,
        capacity: strings.count
    ) { pointers in
        // The storage of an array stays where it is for as long as the array is not changed.
        for (index, string) in strings.enumerated() {
            unsafe pointers.initializeElement(
                at: index,
                to: string?.withUnsafeBufferPointer { $0.baseAddress }
            )
        }
        return withExtendedLifetime(strings) { unsafe body(UnsafePointer(pointers.baseAddress)) }
    }
}

/// A C string's text, nil for a null pointer.
func optionalText(_ pointer: UnsafePointer<CChar>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
}

/// A message of libpq on one line.
private func text(_ pointer: UnsafePointer<CChar>?) -> String {
    unsafe (optionalText(pointer) ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
}
