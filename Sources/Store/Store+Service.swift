package import Domain
internal import Logging
internal import Threads

/// The statements of the bell and the horizon.
enum ServiceStatement: String, Statement, CaseIterable {
    case listen = "LISTEN agirunner"
    case ring = "SELECT pg_notify('agirunner', '')"
    /// The position first, then who may be about to commit one up to it, which the lateral reference ensures.
    case look = """
        SELECT p.position, coalesce(l.drawing, '') AS drawing
        FROM (SELECT coalesce(CASE WHEN is_called THEN last_value END, 0) AS position FROM log_position) p,
            LATERAL (
                SELECT string_agg(virtualtransaction, ' ') AS drawing FROM pg_locks
                WHERE p.position >= 0 AND locktype = 'advisory' AND objsubid = 1
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND (classid::bigint << 32) | objid::bigint
                        = hashtextextended('agirunner.positions:' || current_schema(), 0)
            ) l
        """
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
        await news.wait(after: ticket, atMost: deadline)
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

    /// Looks at the database until every position that was drawn is final, and moves the horizon with it.
    ///
    /// Positions do not wait for each other: while one is held up by a transaction that runs, those drawn
    /// later are noted with what they wait for.
    private func advanceHorizon() async throws {
        var sight = HorizonSight(last: horizon())
        // Looks must not take the database's time from the transactions that are looked at.
        var pause = Duration.zero
        while true {
            let look = try await watch.run { try $0.look() }
            if let final = sight.take(look) {
                horizonState.update { horizon, waiters in
                    horizon = max(horizon, final)
                    waiters.resumeAll(())
                }
                news.ring()
                pause = .milliseconds(2)
            }
            guard sight.last > horizon() else { return }
            if pause > .zero { try await ContinuousClock().sleep(for: pause) }
            pause = min(max(pause * 2, .milliseconds(1)), .milliseconds(4))
        }
    }

    private func keepHorizon() async throws {
        while !Task.isCancelled {
            let ticket = commits.ticket
            try await advanceHorizon()
            // The second bounds what a lost bell costs.
            await commits.wait(after: ticket, atMost: .seconds(1))
        }
    }

    /// Rings for the other processes, once for whatever was committed meanwhile; at most 200 times a second.
    private func ringOthers() async throws {
        while !Task.isCancelled {
            let ticket = ownCommits.ticket
            try await service.run { _ = try $0.rows(ServiceStatement.ring) }
            try await ContinuousClock().sleep(for: .milliseconds(5))
            // A sleep that is cancelled keeps some memory until its time: this wait begins with each commit.
            await ownCommits.wait(after: ticket, atMost: .seconds(10))
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

/// One look at the log and at the transactions that draw positions.
struct HorizonLook: Sendable {
    /// The last position that was drawn.
    let last: Position
    /// The transactions that had announced that they draw, and were not over, after that position was read.
    let drawing: Set<String>
}

/// What follows from looks, in the order they were taken, about which positions are final.
///
/// A transaction announces that it draws before it draws, and until it is over. So whoever drew a position
/// that a look saw stands in it, or is over. Once all that stood there are over, the position is final.
/// Transactions that draw none, also those of other databases, hold up nothing however long they run.
struct HorizonSight: Sendable {
    private var waiting: [(position: Position, drawing: Set<String>)] = []
    /// The last position that a look saw.
    private(set) var last: Position

    /// Begins where everything is final.
    init(last: Position) { self.last = last }

    /// Takes a look; answers the last position that became final, nil when none did.
    mutating func take(_ look: HorizonLook) -> Position? {
        for index in waiting.indices { waiting[index].drawing.formIntersection(look.drawing) }
        if look.last > last {
            last = look.last
            waiting.append((look.last, look.drawing))
        }
        let final = waiting.prefix { $0.drawing.isEmpty }.last?.position
        waiting.removeAll { $0.drawing.isEmpty }
        return final
    }
}

extension Session {
    fileprivate func look() throws -> HorizonLook {
        guard let row = try rows(ServiceStatement.look).first else {
            throw Failure(.corrupted, "The log has no position")
        }
        return HorizonLook(
            last: try row.position("position"),
            drawing: Set(try row.text("drawing").split(separator: " ").map(String.init))
        )
    }
}
