package import Domain
package import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import Threads
internal import WorkerProtocol

/// What becomes of the runtimes when the fleet manager ends.
package enum OnExit: String, Sendable, CaseIterable {
    /// They go on; the next fleet manager adopts them.
    case detach
    /// They are asked to end, and killed some seconds later.
    case cascade
}

/// Keeps what runs equal to what the control plane wants.
///
/// While the control plane does not answer, runtimes go on and nothing is started or ended.
package struct FleetService: Service {
    /// Times of the loop.
    package struct Rhythm: Sendable {
        /// Between two turns; each is up to a quarter shorter, so that many fleets do not ask at once.
        package var interval: Duration = .seconds(2)
        /// The longest wait while the control plane does not answer.
        package var longestWait: Duration = .seconds(15)
        /// How long runtimes may take to end in a cascade.
        package var cascadeGrace: Duration = .seconds(10)

        /// The times of the design; a test shortens them.
        package init() {}
    }

    let door: FleetDoor
    let runtimes: LocalRuntimes
    let settings: FleetSettings
    let rhythm: Rhythm
    let onExit: OnExit
    private let bell = Bell()
    /// Wall clock; runtimes outlive the process, so their times must too.
    let now: @Sendable () -> Timestamp
    /// From 0 up to 1.
    let random: @Sendable () -> Double
    let logger: Logger

    /// A service of its parts; it runs alone on its state folder.
    package init(
        door: FleetDoor,
        runtimes: LocalRuntimes,
        settings: FleetSettings = FleetSettings(),
        rhythm: Rhythm = Rhythm(),
        onExit: OnExit,
        now: @escaping @Sendable () -> Timestamp,
        random: @escaping @Sendable () -> Double,
        logger: Logger = Logger(label: "agirunner.fleet")
    ) {
        self.door = door
        self.runtimes = runtimes
        self.settings = settings
        self.rhythm = rhythm
        self.onExit = onExit
        self.now = now
        self.random = random
        self.logger = logger
    }

    /// Runs until a graceful shutdown, which awaits the runtimes of a cascade, or a cancellation, which does
    /// not.
    ///
    /// - Throws: `SystemError.busy` when another fleet manager uses the state folder.
    package func run() async throws {
        let lock = try FileLock(path: runtimes.settings.state + "/runtimes/.lock")
        do {
            try await cancelWhenGracefulShutdown { try await keep() }
        } catch is CancellationError {
            logger.info("stopping", metadata: ["on_exit": "\(onExit.rawValue)"])
        }
        await end()
        release(lock)
    }

    /// Has the loop look at once instead of at its next turn.
    package func lookNow() { bell.ring() }

    private func keep() async throws {
        var memory = FleetMemory()
        var wait = rhythm.interval
        while !Task.isCancelled {
            let wasHeard = await turn(&memory)
            wait = wasHeard ? rhythm.interval : min(rhythm.longestWait, wait * 2)
            await bell.wait(atMost: wait * (1 - random() / 4))
        }
        throw CancellationError()
    }

    /// One look at what is wanted and what runs, and everything that follows from it.
    ///
    /// - Returns: whether the control plane answered.
    func turn(_ memory: inout FleetMemory) async -> Bool {
        let snapshot: FleetSnapshot
        do { snapshot = try await door.snapshot() } catch {
            if memory.reachableSince != nil || !Task.isCancelled {
                logger.warning(
                    "no answer from the control plane; runtimes go on",
                    metadata: ["error": "\(error)"]
                )
            }
            memory.reachableSince = nil
            return false
        }
        memory.reachableSince = memory.reachableSince ?? now()
        do {
            let items = try await runtimes.inventory()
            for runtime in snapshot.runtimes where runtime.worker != nil {
                try runtimes.forgetToken(runtime.name)
            }
            let outcome = cycle(snapshot, items, now: now(), settings: settings, memory: memory)
            memory = outcome.memory
            for action in outcome.actions { await perform(action, snapshot, &memory) }
            try await door.report(report(try await runtimes.inventory()))
        } catch {
            logger.warning("the turn was not finished", metadata: ["error": "\(error)"])
        }
        return true
    }

    private func perform(_ action: FleetAction, _ snapshot: FleetSnapshot, _ memory: inout FleetMemory) async
    {
        do {
            switch action {
            case .start(let name):
                guard let pool = snapshot.pools.first(where: { $0.name == name }) else { return }
                do { try await start(pool) } catch {
                    memory.noteFailure(pool: name, now: now(), settings: settings)
                    throw error
                }
            case .drain(let runtime, let reason):
                logger.info("draining", metadata: ["runtime": "\(runtime)", "reason": "\(reason.rawValue)"])
                try runtimes.drain(runtime, now: now())
            case .kill(let runtime, let reason):
                logger.warning(
                    "killing",
                    metadata: ["runtime": "\(runtime)", "reason": "\(reason.rawValue)"]
                )
                try runtimes.kill(runtime, now: now())
            case .remove(let runtime):
                logger.info("removing", metadata: ["runtime": "\(runtime)"])
                try runtimes.remove(runtime)
            }
        } catch {
            logger.error("action failed", metadata: ["action": "\(action)", "error": "\(error)"])
        }
    }

    private func start(_ pool: FleetSnapshot.Pool) async throws {
        // A name of its own for each: a late word of an old runtime is never taken for one of the new.
        let suffix = String(UInt32(random() * Double(UInt32.max)), radix: 36)
        let name = liveName(pool.name, suffix)
        let reply = try await door.provision(ProvisionRequest(pool: pool.name, runtime: name))
        try runtimes.start(
            reply.runtime,
            of: FleetPool(name: pool.name, digest: pool.digest),
            token: reply.token,
            now: now()
        )
        logger.info("started", metadata: ["runtime": "\(reply.runtime)", "pool": "\(pool.name)"])
    }

    private func report(_ items: [InventoryItem]) -> InventoryReport {
        InventoryReport(
            entries: items.map { item in
                let message: String? = item.endingSince == nil ? nil : item.isRunning ? "ending" : "ended"
                return .init(runtime: item.name, pool: item.pool, isRunning: item.isRunning, message: message)
            }
        )
    }

    /// Ends the runtimes if that is wanted; a cancellation, before or meanwhile, shortens it to a kill.
    private func end() async {
        if onExit == .detach { return }
        let hurry = Hurry()
        await withTaskCancellationHandler {
            // In a task of its own, since its waits must not end early when this one is cancelled.
            await Task { await cascade { hurry.isOn.withLock { $0 } } }.value
        } onCancel: {
            hurry.isOn.withLock { $0 = true }
        }
    }

    /// Asks every runtime to end, kills those that do not in time, and reports an empty machine.
    func cascade(isHurried: @escaping @Sendable () -> Bool) async {
        do {
            let names = try await runtimes.inventory().filter(\.isRunning).map(\.name)
            for name in names { ending(name) { try runtimes.drain(name, now: now()) } }
            let deadline = Deadline.after(rhythm.cascadeGrace)
            while !deadline.isPast && !isHurried(), names.contains(where: runtimes.isRunning) {
                // A wait that fails shortens the grace; the kill comes in any case.
                do { try await runtimes.waitForEnd(of: names, within: .milliseconds(100)) } catch { break }
            }
            for name in names { ending(name) { try runtimes.kill(name, now: now()) } }
            try await runtimes.waitForEnd(of: names, within: .seconds(5))
            for item in try await runtimes.inventory() where !item.isRunning {
                try runtimes.remove(item.name)
            }
            // Whoever stops us may have stopped the control plane too.
            try? await withDeadline(.seconds(2)) { try await door.report(InventoryReport(entries: [])) }
        } catch {
            logger.error("the runtimes were not all ended", metadata: ["error": "\(error)"])
        }
    }

    /// Does its part to the end of one runtime; what fails with one keeps nobody from the others.
    private func ending(_ name: String, _ step: () throws -> Void) {
        do { try step() } catch {
            logger.error(
                "a step to the end of a runtime failed",
                metadata: ["runtime": "\(name)", "error": "\(error)"]
            )
        }
    }
}

/// Whether a stop that is under way shall wait no longer.
private final class Hurry: Sendable {
    let isOn = Mutex(false)
}

/// Gives a lock up; calling it keeps the lock alive until then.
private func release(_ lock: consuming FileLock) {}
