import Domain
import Testing
import WorkerProtocol

@testable import Fleet

/// A pool as a snapshot names it, with the defaults of a small one.
func pool(
    _ name: String = "local",
    mode: String = "warm",
    min: Int = 1,
    max: Int = 1,
    tasks: Int = 1,
    pending: Int = 0,
    priority: Int = 0,
    grace: String = "120s",
    digest: Int = 1
) throws -> FleetSnapshot.Pool {
    let spec: Value = [
        "namespaces": ["default"], "shared": false, "mode": .string(mode), "min": .integer(Int64(min)),
        "max": .integer(Int64(max)), "priority": .integer(Int64(priority)), "drainGrace": .string(grace),
        "tasksPerRuntime": .integer(Int64(tasks)),
    ]
    return FleetSnapshot.Pool(
        name: name,
        spec: try spec.decode(),
        digest: digestOf(digest),
        pendingTasks: pending
    )
}

func digestOf(_ number: Int) -> Digest {
    Digest(String(repeating: "0", count: 56) + String(number + 0x1000_0000, radix: 16))
}

func seconds(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: seconds * 1_000_000) }

func item(
    _ name: String,
    pool: String = "local",
    digest: Int = 1,
    started: Int64 = 0,
    running: Bool = true,
    ending: Int64? = nil,
    clean: Bool = false
) -> InventoryItem {
    InventoryItem(
        name: name,
        pool: pool,
        digest: digestOf(digest),
        startedAt: seconds(started),
        isRunning: running,
        endingSince: ending.map(seconds),
        endedCleanly: clean
    )
}

func known(
    _ name: String,
    pool: String = "local",
    _ worker: WorkerState? = .online,
    busy: Int = 0,
    silent: Int64? = 1000
) -> FleetSnapshot.Runtime {
    .init(name: name, pool: pool, worker: worker, busyTasks: busy, silentMilliseconds: silent)
}

@Suite struct CycleTests {
    /// The outcome of one turn, with a control plane that has been there since the beginning.
    private func outcome(
        _ pools: [FleetSnapshot.Pool],
        _ runtimes: [FleetSnapshot.Runtime] = [],
        _ items: [InventoryItem] = [],
        at now: Int64 = 10,
        reachable: Int64 = 0,
        memory: FleetMemory = FleetMemory()
    ) -> CycleOutcome {
        var memory = memory
        memory.reachableSince = seconds(reachable)
        return cycle(
            FleetSnapshot(pools: pools, runtimes: runtimes),
            items,
            now: seconds(now),
            settings: FleetSettings(),
            memory: memory
        )
    }

    @Test func `a warm pool is filled to its minimum, by priority`() throws {
        let pools = try [
            pool("b", min: 2, max: 3), pool("a", min: 1, max: 1), pool("urgent", min: 1, max: 1, priority: 5),
            pool("empty", min: 0, max: 4),
        ]
        #expect(
            outcome(pools).actions == [
                .start(pool: "urgent"), .start(pool: "a"), .start(pool: "b"), .start(pool: "b"),
            ]
        )
    }

    @Test func `pending tasks beyond the free slots start more, up to the maximum`() throws {
        let runtimes = [known("a", busy: 2), known("b", busy: 1)]
        let items = [item("a"), item("b")]
        func starts(pending: Int, max: Int) throws -> Int {
            try outcome([pool(min: 1, max: max, tasks: 2, pending: pending)], runtimes, items).actions.count
        }
        #expect(try starts(pending: 1, max: 9) == 0)
        #expect(try starts(pending: 2, max: 9) == 1)
        #expect(try starts(pending: 4, max: 9) == 2)
        #expect(try starts(pending: 100, max: 5) == 3)
        #expect(try starts(pending: 100, max: 2) == 0)
    }

    @Test func `a runtime that boots counts with all its slots`() throws {
        let two = try pool(mode: "cold", min: 0, max: 9, tasks: 2, pending: 2)
        #expect(outcome([two], [], [item("boots")]).actions == [])
        #expect(outcome([two], [known("boots", nil, silent: nil)], [item("boots")]).actions == [])
    }

    @Test func `an ended runtime is removed and replaced after a pause that grows`() throws {
        let local = try pool()
        var memory = FleetMemory()
        var now: Int64 = 100
        var pauses: [Int64] = []
        for _ in 0..<9 {
            let crash = outcome(
                [local],
                [],
                [item("x", started: now - 1, running: false)],
                at: now,
                memory: memory
            )
            #expect(crash.actions == [.remove(runtime: "x")])
            memory = crash.memory
            let notBefore = try #require(memory.notBefore(pool: "local"))
            pauses.append((notBefore - seconds(now)).milliseconds / 1000)
            let early = outcome([local], at: now, memory: memory)
            #expect(early.actions == [])
            now += pauses.last ?? 0
            #expect(outcome([local], at: now, memory: memory).actions == [.start(pool: "local")])
            now += 1
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 120, 120])
        let later = outcome(
            [local],
            [],
            [item("x", started: now, running: false)],
            at: now + 600,
            memory: memory
        )
        #expect(later.memory.failureCount(pool: "local") == 1)
    }

    @Test func `a pool that failed is tried with one runtime`() throws {
        let three = try pool(min: 3, max: 3)
        let crash = outcome([three], [], [item("x", running: false)], at: 100)
        #expect(outcome([three], at: 110, memory: crash.memory).actions == [.start(pool: "local")])
    }

    @Test func `the pause of one pool does not hold another`() throws {
        let pools = try [pool("bad"), pool("good")]
        let crash = outcome(pools, [], [item("x", pool: "bad", running: false)])
        #expect(crash.actions == [.remove(runtime: "x"), .start(pool: "good")])
    }

    @Test func `an end that was wanted is no failure, and neither is a cold runtime that was idle`() throws {
        let wanted = outcome([try pool()], [], [item("x", running: false, ending: 5)])
        #expect(wanted.actions == [.remove(runtime: "x"), .start(pool: "local")])
        let idle = outcome(
            [try pool(mode: "cold", min: 0)],
            [],
            [item("x", running: false, clean: true)],
            at: 100
        )
        #expect(idle.memory.failureCount(pool: "local") == 0)
        let tooEarly = outcome(
            [try pool(mode: "cold", min: 0)],
            [],
            [item("x", running: false, clean: true)],
            at: 2
        )
        #expect(tooEarly.memory.failureCount(pool: "local") == 1)
    }

    @Test func `a runtime of another spec is drained, and replaced when there is room`() throws {
        let changed = try pool(min: 1, max: 1, digest: 2)
        #expect(outcome([changed], [known("x")], [item("x")]).actions == [.drain(runtime: "x", .specChanged)])
        let draining = outcome([changed], [known("x", busy: 1)], [item("x", ending: 5)])
        #expect(draining.actions == [])
        let roomy = try pool(min: 1, max: 2, digest: 2)
        #expect(
            outcome([roomy], [known("x")], [item("x")]).actions
                == [.drain(runtime: "x", .specChanged), .start(pool: "local")]
        )
    }

    @Test func `runtimes of a pool that is gone are drained`() {
        #expect(outcome([], [known("x")], [item("x")]).actions == [.drain(runtime: "x", .poolGone)])
    }

    @Test func `a drain ends by force, soon without work and after the grace with work`() throws {
        let local = try pool(grace: "100s")
        let items = [item("x", ending: 0)]
        let kill = [FleetAction.kill(runtime: "x", .drainDeadline)]
        let idle = outcome([local], [known("x", busy: 0)], items, at: 0)
        func later(_ now: Int64) -> [FleetAction] {
            outcome([local], [known("x", busy: 0)], items, at: now, memory: idle.memory).actions
        }
        #expect(idle.actions == [] && later(29) == [] && later(30) == kill)
        #expect(outcome([local], [known("x", busy: 1)], items, at: 99).actions == [])
        #expect(outcome([local], [known("x", busy: 1)], items, at: 100).actions == kill)
        #expect(outcome([], [known("x", busy: 1)], items, at: 119).actions == [])
        #expect(outcome([], [known("x", busy: 1)], items, at: 120).actions == kill)
    }

    @Test func `a runtime that finishes its work late in a drain has its time to clean up`() throws {
        let local = try pool(grace: "100s")
        let items = [item("x", ending: 0)]
        var memory = FleetMemory()
        func actions(busy: Int, at now: Int64) -> [FleetAction] {
            let turn = outcome([local], [known("x", busy: busy)], items, at: now, memory: memory)
            memory = turn.memory
            return turn.actions
        }
        #expect(actions(busy: 0, at: 1) == [] && actions(busy: 1, at: 2) == [])
        #expect(actions(busy: 1, at: 90) == [])
        #expect(actions(busy: 0, at: 92) == [] && actions(busy: 0, at: 121) == [])
        #expect(actions(busy: 0, at: 122) == [.kill(runtime: "x", .drainDeadline)])
    }

    @Test func `a runtime that never registers is killed at its boot deadline and counts as a failure`()
        throws
    {
        let local = try pool()
        #expect(outcome([local], [], [item("x")], at: 60).actions == [])
        let late = outcome([local], [], [item("x")], at: 61)
        #expect(late.actions == [.kill(runtime: "x", .neverRegistered)])
        #expect(late.memory.failureCount(pool: "local") == 1)
        #expect(outcome([local], [], [item("x")], at: 61, reachable: 30).actions == [])
    }

    @Test func `a silent runtime is hung, but not while the control plane was away`() throws {
        let local = try pool()
        func actions(silent: Int64, reachable: Int64) -> [FleetAction] {
            outcome([local], [known("x", silent: silent)], [item("x")], at: 1000, reachable: reachable)
                .actions
        }
        #expect(actions(silent: 180_000, reachable: 0) == [])
        #expect(actions(silent: 180_001, reachable: 0) == [.kill(runtime: "x", .silent)])
        #expect(actions(silent: 500_000, reachable: 990) == [])
        #expect(actions(silent: 500_000, reachable: 970) == [.kill(runtime: "x", .silent)])
    }

    @Test func `what is above the maximum is drained, those without work and the youngest first`() throws {
        let items = [item("busy", started: 1), item("old", started: 2), item("young", started: 3)]
        let runtimes = [known("busy", busy: 1), known("old"), known("young")]
        #expect(
            outcome([try pool(min: 0, max: 2)], runtimes, items).actions
                == [.drain(runtime: "young", .surplus)]
        )
        #expect(
            outcome([try pool(min: 0, max: 1)], runtimes, items).actions
                == [.drain(runtime: "young", .surplus), .drain(runtime: "old", .surplus)]
        )
    }

    @Test(arguments: [("warm", 300), ("cold", 60)] as [(String, Int64)])
    func `what is idle above the minimum is drained after its time`(mode: String, patience: Int64) throws {
        let local = try pool(mode: mode, min: 1, max: 3)
        let items = [item("a", started: 1), item("b", started: 2)]
        let runtimes = [known("a"), known("b")]
        let first = outcome([local], runtimes, items, at: 100)
        #expect(first.actions == [])
        let before = outcome([local], runtimes, items, at: 99 + patience, memory: first.memory)
        #expect(before.actions == [])
        let after = outcome([local], runtimes, items, at: 100 + patience, memory: before.memory)
        #expect(after.actions == [.drain(runtime: "b", .surplus)])
        let worked = outcome(
            [local],
            [known("a"), known("b", busy: 1)],
            items,
            at: 150,
            memory: first.memory
        )
        #expect(
            outcome([local], runtimes, items, at: 100 + patience, memory: worked.memory).actions == [
                .drain(runtime: "a", .surplus)
            ]
        )
    }

    @Test func `a runtime that was told elsewhere to drain is neither counted nor touched`() throws {
        let actions = outcome([try pool(min: 1, max: 2)], [known("x", .draining)], [item("x")]).actions
        #expect(actions == [.start(pool: "local")])
    }
}
