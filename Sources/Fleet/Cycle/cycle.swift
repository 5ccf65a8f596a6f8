package import Domain
package import WorkerProtocol

/// What one turn of the cycle decided.
package struct CycleOutcome: Sendable, Equatable {
    /// In the order in which they are to be done.
    package var actions: [FleetAction]
    package var memory: FleetMemory
}

/// Compares the wanted runtimes with those that run; pure, and empty of actions when they agree.
///
/// Ended runtimes are removed; those that ended on their own account count as failures of their pool. A
/// runtime that is silent, never registered or overstays its drain is killed; one of another spec or of no
/// pool is drained. Then each pool is filled up to what it needs, never above its maximum, draining runtimes
/// included, and not while it pauses after failures; what is idle above the minimum for long is drained.
package func cycle(
    _ snapshot: FleetSnapshot,
    _ inventory: [InventoryItem],
    now: Timestamp,
    settings: FleetSettings,
    memory: FleetMemory
) -> CycleOutcome {
    var turn = Turn(snapshot, now: now, settings: settings, memory: memory)
    for item in inventory.sorted(by: { $0.name < $1.name }) { turn.judge(item) }
    let pools = snapshot.pools.sorted { ($1.spec.priority, $0.name) < ($0.spec.priority, $1.name) }
    for pool in pools { turn.fill(pool) }
    turn.forget(inventory)
    return CycleOutcome(actions: turn.actions, memory: turn.memory)
}

/// One turn while it is being decided.
private struct Turn {
    private let now: Timestamp
    private let settings: FleetSettings
    private let pools: [String: FleetSnapshot.Pool]
    private let known: [String: FleetSnapshot.Runtime]
    private(set) var memory: FleetMemory
    private(set) var actions: [FleetAction] = []
    /// Runtimes that take tasks, by pool.
    private var active: [String: [InventoryItem]] = [:]
    /// Everything that runs, by pool.
    private var running: [String: Int] = [:]

    init(_ snapshot: FleetSnapshot, now: Timestamp, settings: FleetSettings, memory: FleetMemory) {
        self.now = now
        self.settings = settings
        self.memory = memory
        // A name that came twice would be the control plane's mistake; the last one counts.
        pools = Dictionary(snapshot.pools.map { ($0.name, $0) }) { $1 }
        known = Dictionary(snapshot.runtimes.map { ($0.name, $0) }) { $1 }
    }

    /// Decides on one runtime alone, before its pool is filled.
    mutating func judge(_ item: InventoryItem) {
        guard item.isRunning else { return clearAway(item) }
        running[item.pool, default: 0] += 1
        if let since = item.endingSince {
            if isOverdue(item, since) { actions.append(.kill(runtime: item.name, .drainDeadline)) }
        } else if let reason = reasonToKill(item) {
            memory.noteFailure(pool: item.pool, now: now, settings: settings)
            actions.append(.kill(runtime: item.name, reason))
        } else if pools[item.pool] == nil {
            actions.append(.drain(runtime: item.name, .poolGone))
        } else if pools[item.pool]?.digest != item.digest {
            actions.append(.drain(runtime: item.name, .specChanged))
        } else if known[item.name]?.worker != .draining {
            active[item.pool, default: []].append(item)
        }
    }

    /// Starts what a pool lacks, or drains what it has too many of.
    mutating func fill(_ pool: FleetSnapshot.Pool) {
        let active = active[pool.name] ?? []
        let slots = max(1, pool.spec.tasksPerRuntime)
        let free = active.reduce(0) { $0 + max(0, slots - busyTasks($1)) }
        let lacking = max(0, pool.pendingTasks - free)
        let needed = active.count + (lacking + slots - 1) / slots
        let wanted = min(pool.spec.max, max(pool.spec.min, needed))
        if wanted > active.count { start(pool, wanted - active.count) }
        drainSurplus(pool, active)
    }

    /// Drops what is remembered of runtimes that are gone and pools that nobody wants.
    mutating func forget(_ inventory: [InventoryItem]) {
        let running = Set(inventory.lazy.filter(\.isRunning).map(\.name))
        memory.idleSince = memory.idleSince.filter { running.contains($0.key) }
        memory.failures = memory.failures.filter {
            pools[$0.key] != nil && now - $0.value.last < settings.stableAfter
        }
    }

    private mutating func clearAway(_ item: InventoryItem) {
        actions.append(.remove(runtime: item.name))
        if item.endingSince != nil { return }
        // One that ended in order, such as when the control plane told it to drain, has done nothing wrong;
        // but one that ends as soon as it is made would be made for ever.
        if item.endedCleanly && now - item.startedAt >= settings.coldIdle { return }
        memory.noteFailure(pool: item.pool, now: now, settings: settings)
    }

    private mutating func start(_ pool: FleetSnapshot.Pool, _ missing: Int) {
        if let notBefore = memory.notBefore(pool: pool.name), now < notBefore { return }
        let room = pool.spec.max - (running[pool.name] ?? 0)
        // A pool that fails shows with one runtime whether it still does.
        let limit = memory.failureCount(pool: pool.name) > 0 ? 1 : Int.max
        let count = max(0, min(missing, room, limit))
        actions += Array(repeating: .start(pool: pool.name), count: count)
    }

    private mutating func drainSurplus(_ pool: FleetSnapshot.Pool, _ active: [InventoryItem]) {
        for item in active {
            let isIdle = isRegistered(item) && busyTasks(item) == 0 && pool.pendingTasks == 0
            memory.idleSince[item.name] = isIdle ? memory.idleSince[item.name] ?? now : nil
        }
        let patience = pool.spec.mode == .warm ? settings.warmIdle : settings.coldIdle
        let idle = active.filter { item in memory.idleSince[item.name].map { now - $0 >= patience } ?? false }
        // Those without work go first, then the youngest, which have done least.
        let order = active.sorted { left, right in
            (busyTasks(left), right.startedAt, left.name) < (busyTasks(right), left.startedAt, right.name)
        }
        let excess = order.prefix(max(0, active.count - pool.spec.max)).map(\.name)
        let spare = order.filter { idle.contains($0) }.prefix(max(0, active.count - pool.spec.min)).map(
            \.name
        )
        for name in order.map(\.name) where excess.contains(name) || spare.contains(name) {
            actions.append(.drain(runtime: name, .surplus))
        }
    }

    private func reasonToKill(_ item: InventoryItem) -> FleetAction.Kill? {
        // While the control plane was away nobody could register or be heard, so the time begins when it is
        // back.
        let reachable = memory.reachableSince ?? now
        if let runtime = known[item.name], let silent = runtime.silentMilliseconds {
            let isHung = .milliseconds(silent) > settings.hungAfter && now - reachable >= settings.reunion
            return isHung ? .silent : nil
        }
        return now - max(item.startedAt, reachable) > settings.bootDeadline ? .neverRegistered : nil
    }

    /// Whether a runtime that is asked to end has had its time: the pool's grace for its work, and then a
    /// short one, from when it was first seen without work, to clean up.
    private mutating func isOverdue(_ item: InventoryItem, _ since: Timestamp) -> Bool {
        guard busyTasks(item) == 0 else {
            memory.idleSince[item.name] = nil
            let grace = pools[item.pool].flatMap { Duration(text: $0.spec.drainGrace) }
            return now - since >= grace ?? settings.defaultGrace
        }
        let idle = memory.idleSince[item.name] ?? now
        memory.idleSince[item.name] = idle
        return now - max(since, idle) >= settings.idleDrain
    }

    private func isRegistered(_ item: InventoryItem) -> Bool { known[item.name]?.worker != nil }

    private func busyTasks(_ item: InventoryItem) -> Int { known[item.name]?.busyTasks ?? 0 }
}
