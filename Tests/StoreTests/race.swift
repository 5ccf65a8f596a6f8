import Domain
import Support

@testable import Store

/// A migrated store whose connections carry its name, so that what waits for a lock can be told from others'.
func withNamedStore<Answer: Sendable>(
    _ name: String,
    _ body: @Sendable @escaping (Store) async throws -> Answer
) async throws -> Answer {
    var settings = try await TemporaryCluster.shared().settings(schema: name, connections: 6)
    settings.applicationName = name
    return try await withStore(settings: settings, body)
}

extension Store {
    /// Runs two operations at once: the first is held at a moment such as `AFTER INSERT ON workflows`, with
    /// all the locks it has by then, until the second waits for one of them.
    ///
    /// With `refusing` the first one's write fails when it goes on.
    func race<First: Sendable, Second: Sendable>(
        at moment: String,
        refusing: Bool = false,
        _ first: @Sendable @escaping () async throws -> First,
        _ second: @Sendable @escaping () async throws -> Second
    ) async throws -> (Result<First, any Error>, Result<Second, any Error>) {
        try await hold(moment, refusing: refusing)
        let door = Door()
        async let holder: Void = transaction { session in
            let lock = "SELECT pg_advisory_xact_lock(hashtext(current_schema()))"
            _ = try session.rows(TableStatement(sql: lock))
            try door.pass(session)
        }
        await door.waitUntilReached()
        async let one = result(first)
        try await waitForLockWaits(1)
        async let two = result(second)
        try await waitForLockWaits(2)
        door.open()
        try await holder
        return await (one, two)
    }

    private func hold(_ moment: String, refusing: Bool) async throws {
        let end = refusing ? "RAISE EXCEPTION 'refused'" : "RETURN NULL"
        try await raw(
            """
            CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_advisory_xact_lock(hashtext(current_schema())); \(end); END $$
            """
        )
        try await raw("CREATE TRIGGER hold \(moment) FOR EACH STATEMENT EXECUTE FUNCTION hold()")
    }

    /// Waits until so many of this store's connections wait for a lock.
    ///
    /// - Throws: `SupportError` when they never do.
    private func waitForLockWaits(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let waiting = try await rawText(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    + "AND application_name = '\(settings.applicationName)'"
            )
            if waiting == "\(count)" { return }
            try await ContinuousClock().sleep(for: .milliseconds(5))
        }
        throw SupportError("there are not \(count) who wait for a lock")
    }
}

private func result<Answer: Sendable>(
    _ operation: @Sendable () async throws -> Answer
) async -> Result<Answer, any Error> {
    do { return .success(try await operation()) } catch { return .failure(error) }
}
