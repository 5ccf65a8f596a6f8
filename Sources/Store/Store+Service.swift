package import Domain
internal import Logging

/// The statements of the bell and the horizon.
enum ServiceStatement: String, Statement, CaseIterable {
    case listen = "LISTEN agirunner"
    case ring = "SELECT pg_notify('agirunner', '')"
    case lastPosition = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS position FROM log_position"
    case drawTransactionID = "SELECT pg_current_xact_id()::text AS id"
    case oldestTransactionID = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS id"
}

extension Store {
    /// Keeps the bell and the horizon until it is cancelled; without it neither hears of other processes.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.persistently("listen") { try await self.listen() } }
            group.addTask { await self.persistently("ring") { try await self.ringOthers() } }
            group.addTask { await self.persistently("horizon") { try await self.keepHorizon() } }
            group.addTask { await self.persistently("trim") { try await self.trimRegularly() } }
        }
    }

    /// A number to take before reading; see `waitBell`.
    package func bellTicket() -> UInt64 { news.ticket }

    /// Waits until something was committed, or the horizon moved, after the ticket was taken.
    ///
    /// Also ends at the deadline and on cancellation; whoever wakes looks for itself.
    package func waitBell(after ticket: UInt64, deadline: Duration) async {
        await news.wait(after: ticket, for: deadline)
    }

    /// Waits until something is committed from now on, or the deadline.
    package func nextBell(deadline: Duration) async {
        await waitBell(after: bellTicket(), deadline: deadline)
    }

    /// Everything at or before this position is final; what lies after it nobody is shown yet.
    package func horizon() -> Position { horizonState.state }

    /// Waits until everything at or before a position is final.
    ///
    /// - Throws: `Failure.timeout`, reason `horizon_lags`, at the deadline.
    package func waitForHorizon(_ position: Position, deadline: Duration) async throws {
        do {
            let start = ContinuousClock.now
            while horizon() < position {
                let rest = deadline - start.duration(to: .now)
                try await horizonState.wait(for: max(.zero, rest)) { $0 >= position ? () : nil }
            }
        } catch is WaitTimeout {
            throw Failure(
                .timeout,
                "The log is not final up to \(position) after \(deadline)",
                reason: "horizon_lags"
            )
        }
    }

    /// Moves the horizon to the last position that was drawn, once every transaction that may have drawn one
    /// is over.
    ///
    /// A transaction that drew a position drew its id before, so its id is smaller than one drawn after
    /// reading the sequence. When the oldest running transaction is not older than that one, those before it
    /// have all ended.
    func advanceHorizon() async throws {
        let last = try await service.run { session in
            guard let row = try session.rows(ServiceStatement.lastPosition).first else {
                return Position.start
            }
            return try row.position("position")
        }
        guard last > horizon() else { return }
        let fence = try await service.run { try $0.transactionID(ServiceStatement.drawTransactionID) }
        var pause = Duration.milliseconds(1)
        while try await service.run({ try $0.transactionID(ServiceStatement.oldestTransactionID) }) < fence {
            try await ContinuousClock().sleep(for: pause)
            pause = min(pause * 2, .milliseconds(20))
        }
        horizonState.update { horizon, waiters in
            horizon = max(horizon, last)
            waiters.resumeAll(())
        }
        news.ring()
    }

    private func keepHorizon() async throws {
        while !Task.isCancelled {
            let ticket = commits.ticket
            try await advanceHorizon()
            // The second bounds what a lost bell costs.
            await commits.wait(after: ticket, for: .seconds(1))
        }
    }

    /// Rings for the other processes, once for whatever was committed meanwhile.
    private func ringOthers() async throws {
        while !Task.isCancelled {
            let ticket = ownCommits.ticket
            try await service.run { _ = try $0.rows(ServiceStatement.ring) }
            await ownCommits.wait(after: ticket, for: .seconds(3600))
        }
    }

    private func listen() async throws {
        let connection = try await PostgresConnection.open(settings)
        try await connection.run { _ = try $0.execute(ServiceStatement.listen) }
        while !Task.isCancelled {
            // Also rung at the beginning: nobody knows what was missed while nobody listened.
            commits.ring()
            news.ring()
            while try await !connection.run({ try $0.waitForNotification(for: .seconds(30)) }) {}
        }
    }

    private func trimRegularly() async throws {
        while !Task.isCancelled {
            try await trim()
            try await ContinuousClock().sleep(for: .seconds(300))
        }
    }

    /// Runs a loop again when it fails, with a growing pause, until the task is cancelled.
    private func persistently(_ name: String, _ loop: () async throws -> Void) async {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled {
            let start = ContinuousClock.now
            do { try await loop() } catch {
                if Task.isCancelled { return }
                logger.warning(
                    "A loop of the store failed",
                    metadata: ["loop": "\(name)", "error": "\(error)"]
                )
                if start.duration(to: .now) > .seconds(10) { pause = .milliseconds(100) }
                // Ends early on cancellation, which the loop condition sees.
                try? await ContinuousClock().sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }
}

extension Session {
    fileprivate func transactionID(_ statement: ServiceStatement) throws -> UInt64 {
        guard let id = try rows(statement).first.flatMap({ UInt64(try $0.text("id")) }) else {
            throw Failure(.corrupted, "A transaction has no id")
        }
        return id
    }
}
