internal import Synchronization
internal import Threads

/// One connection on a thread of its own.
actor PostgresConnection {
    private let executor: ThreadExecutor
    private let wake: WakeUp
    private var session: Session?
    private nonisolated let broken = Atomic(false)

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// Whether it can be used no more.
    nonisolated var isBroken: Bool { broken.load(ordering: .acquiring) }

    private init() throws {
        executor = try ThreadExecutor(name: "postgres")
        wake = try WakeUp()
    }

    /// Connects.
    static func open(_ settings: StoreSettings) async throws -> PostgresConnection {
        let connection = try PostgresConnection()
        try await connection.connect(settings)
        return connection
    }

    private func connect(_ settings: StoreSettings) throws { session = try Session(settings, wake: wake) }

    /// Runs a body on the connection's thread.
    ///
    /// *Cancellation*: the running statement is ended by the server and the connection used no more.
    nonisolated func run<Answer: Sendable>(
        _ body: @Sendable (Session) throws -> Answer
    ) async throws -> Answer {
        try await withTaskCancellationHandler {
            try await perform(body)
        } onCancel: {
            wake.signal()
        }
    }

    private func perform<Answer: Sendable>(_ body: @Sendable (Session) throws -> Answer) throws -> Answer {
        guard let session else { throw PostgresError.lost("never connected") }
        defer { if session.isBroken { broken.store(true, ordering: .releasing) } }
        return try body(session)
    }
}
