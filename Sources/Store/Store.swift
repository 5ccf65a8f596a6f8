package import Domain
package import Logging
internal import Threads

/// The tables, the log and the work queue of one installation, shared by all its processes through Postgres.
///
/// Every function may throw `Failure`: `.unavailable` when the database cannot be reached (a later call
/// connects again), `.timeout`, `.exhausted`, or what the function names itself. `CancellationError` ends any
/// of them.
package final class Store: Sendable {
    let settings: StoreSettings
    let logger: Logger
    let pool: Pool
    /// For the bell, which must not wait behind transactions.
    let service: Pool
    /// For the horizon, which must not wait behind the bell.
    let watch: Pool
    let horizonState = Guarded<Position, Void>(.start)
    /// Rings when this process committed something.
    let ownCommits = Bell()
    /// Rings when anybody committed something.
    let commits = Bell()
    /// Rings when anybody committed something and when the horizon moved.
    let news = Bell()
    let pins = PinCache()

    /// A store that connects when it is first used.
    package init(settings: StoreSettings, logger: Logger = Logger(label: "agirunner.store")) {
        self.settings = settings
        self.logger = logger
        pool = Pool(settings, limit: settings.connections)
        service = Pool(settings, limit: 1)
        watch = Pool(settings, limit: 1)
    }

    /// Closes the connections; calls after that fail with `.unavailable`.
    package func close() {
        pool.close()
        service.close()
        watch.close()
    }

    /// The id of this installation, made with its first migration.
    package func installation() async throws -> UID {
        try await read { session in
            guard let text = try session.setting("installation").string else {
                throw Failure(.corrupted, "The installation has no id")
            }
            return UID(text)
        }
    }

    /// Runs a transaction, again when only a race or a lost connection stopped it, and rings after its
    /// commit.
    func transaction<Answer: Sendable>(
        _ body: @Sendable (Session) throws -> Answer
    ) async throws -> Answer {
        let (answer, hasNews) = try await retrying {
            try await pool.run { session in
                let answer = try session.transaction(body)
                return (answer, session.hasNews)
            }
        }
        if hasNews {
            ownCommits.ring()
            commits.ring()
            news.ring()
        }
        return answer
    }

    /// Runs statements that only read, each in a transaction of its own.
    func read<Answer: Sendable>(_ body: @Sendable (Session) throws -> Answer) async throws -> Answer {
        try await retrying { try await pool.run(body) }
    }

    /// Tries again what a race or a lost connection stopped: five times within about a second.
    private func retrying<Answer: Sendable>(_ operation: () async throws -> Answer) async throws -> Answer {
        var pause = Duration.milliseconds(25)
        while true {
            do { return try await operation() } catch let error as PostgresError {
                if Task.isCancelled { throw CancellationError() }
                guard error.isRetryable, pause <= .milliseconds(400) else { throw error.failure }
                try await ContinuousClock().sleep(for: pause)
                pause *= 2
            }
        }
    }
}

/// The settings of the installation.
enum SettingStatement: String, Statement, CaseIterable {
    case get = "SELECT value FROM settings WHERE name = $1"
    case set = "UPDATE settings SET value = $2::jsonb WHERE name = $1"
}

extension Session {
    /// A setting's value, null when it is missing.
    func setting(_ name: String) throws -> Value {
        try rows(SettingStatement.get, name).first?.value("value") ?? .null
    }
}
