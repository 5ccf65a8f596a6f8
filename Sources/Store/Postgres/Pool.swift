internal import Domain

/// A bounded number of connections, made when they are needed and dropped when they break.
final class Pool: Sendable {
    private struct State: Sendable {
        var idle: [PostgresConnection] = []
        var open = 0
        var isClosed = false
    }

    /// What somebody who asked for a connection gets: one, or the right to open one.
    private enum Grant: Sendable {
        case connection(PostgresConnection)
        case slot
        case closed
    }

    private let settings: StoreSettings
    private let limit: Int
    private let state = Guarded<State, Grant>(State())

    init(_ settings: StoreSettings, limit: Int) {
        self.settings = settings
        self.limit = limit
    }

    /// Runs a body on a connection that is nobody else's meanwhile.
    ///
    /// - Throws: the body's error, `PostgresError`, or `Failure.exhausted` when no connection became free in
    ///   time.
    func run<Answer: Sendable>(_ body: @Sendable (Session) throws -> Answer) async throws -> Answer {
        let connection = try await take()
        do {
            let answer = try await connection.run(body)
            giveBack(connection)
            return answer
        } catch {
            giveBack(connection)
            throw error
        }
    }

    /// Closes what is idle now and the rest when it comes back; nobody gets a connection any more.
    func close() {
        let idle = state.update { state, waiters in
            state.isClosed = true
            waiters.resumeAll(.closed)
            defer { state.idle = [] }
            return state.idle
        }
        _ = consume idle  // Outside the lock, since the last reference closes a connection.
    }

    private func take() async throws -> PostgresConnection {
        let limit = limit
        let grant: Grant
        do {
            grant = try await state.wait(for: settings.poolTimeout) { state in
                if state.isClosed { return .closed }
                if let connection = state.idle.popLast() { return .connection(connection) }
                guard state.open < limit else { return nil }
                state.open += 1
                return .slot
            }
        } catch is WaitTimeout {
            throw Failure(.exhausted, "No database connection became free within \(settings.poolTimeout)")
        }
        switch grant {
        case .connection(let connection): return connection
        case .closed: throw Failure(.unavailable, "The store is closed")
        case .slot:
            do { return try await PostgresConnection.open(settings) } catch {
                freeSlot()
                throw error
            }
        }
    }

    private func giveBack(_ connection: PostgresConnection) {
        if connection.isBroken {
            // When one connection broke, those that idle are likely to be broken too.
            let idle = state.update { state, _ in
                state.open -= state.idle.count
                defer { state.idle = [] }
                return state.idle
            }
            _ = consume idle
            return freeSlot()
        }
        state.update { state, waiters in
            if !state.isClosed, !waiters.resumeFirst(.connection(connection)) {
                state.idle.append(connection)
            }
        }
    }

    private func freeSlot() {
        state.update { state, waiters in
            if !waiters.resumeFirst(.slot) { state.open -= 1 }
        }
    }
}
