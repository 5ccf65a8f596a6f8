import Domain
import Support
import Testing
import WorkerProtocol

@testable import Fleet

/// A fleet without processes: does what the cycle says, and breaks things at random.
private struct World {
    struct Machine {
        var item: InventoryItem
        var isRegistered = false
        var busy = 0
        var isStubborn = false
    }

    var machines: [String: Machine] = [:]
    var pools: [FleetSnapshot.Pool] = []
    var memory = FleetMemory()
    var now: Int64 = 1000
    private var count = 0

    var snapshot: FleetSnapshot {
        FleetSnapshot(
            pools: pools,
            runtimes: machines.values.map { machine in
                .init(
                    name: machine.item.name,
                    pool: machine.item.pool,
                    worker: machine.isRegistered ? .online : nil,
                    busyTasks: machine.busy,
                    silentMilliseconds: machine.isRegistered ? 2000 : nil
                )
            }
        )
    }

    mutating func turn(_ settings: FleetSettings) -> [FleetAction] {
        memory.reachableSince = memory.reachableSince ?? seconds(now)
        let outcome = cycle(
            snapshot,
            machines.values.map(\.item),
            now: seconds(now),
            settings: settings,
            memory: memory
        )
        memory = outcome.memory
        for action in outcome.actions { perform(action) }
        now += 2
        for name in machines.keys where machines[name]?.item.isRunning == true { live(name) }
        return outcome.actions
    }

    private mutating func live(_ name: String) {
        guard var machine = machines[name] else { return }
        machine.isRegistered = true
        if machine.item.endingSince != nil, !machine.isStubborn {
            if machine.busy == 0 { machine.item.isRunning = false } else { machine.busy -= 1 }
        }
        machines[name] = machine
    }

    private mutating func perform(_ action: FleetAction) {
        switch action {
        case .start(let name):
            guard let pool = pools.first(where: { $0.name == name }) else { return }
            count += 1
            let item = InventoryItem(
                name: "r\(count)",
                pool: name,
                digest: pool.digest,
                startedAt: seconds(now)
            )
            machines[item.name] = Machine(item: item)
        case .drain(let name, _): machines[name]?.item.endingSince = seconds(now)
        case .kill(let name, _):
            if machines[name]?.item.endingSince == nil { machines[name]?.item.endingSince = seconds(now) }
            machines[name]?.item.isRunning = false
        case .remove(let name): machines[name] = nil
        }
    }
}

@Suite struct ConvergenceTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `after any disorder the cycle comes to rest with what is wanted`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var world = World()
        let settings = FleetSettings()
        for _ in 0..<60 {
            try disturb(&world, &generator)
            _ = world.turn(settings)
            check(world, seed)
        }
        // Work ends, nothing more breaks; the longest pause, grace and idle time pass.
        for index in world.pools.indices { world.pools[index].pendingTasks = 0 }
        for name in world.machines.keys { world.machines[name]?.busy = 0 }
        for _ in 0..<600 { _ = world.turn(settings) }
        #expect(world.turn(settings) == [], "seed \(seed)")
        for pool in world.pools {
            let machines = world.machines.values.filter { $0.item.pool == pool.name }
            #expect(machines.count == pool.spec.min, "seed \(seed)")
            #expect(
                machines.allSatisfy { $0.item.digest == pool.digest && $0.item.isRunning },
                "seed \(seed)"
            )
        }
        #expect(
            world.machines.values.allSatisfy { machine in
                world.pools.contains { $0.name == machine.item.pool }
            }
        )
    }

    /// No pool is ever above its maximum, unless the maximum was lowered.
    private func check(_ world: World, _ seed: UInt64) {
        for pool in world.pools {
            let current = world.machines.values.filter {
                $0.item.pool == pool.name && $0.item.isRunning && $0.item.digest == pool.digest
            }
            #expect(current.count <= pool.spec.max, "seed \(seed)")
        }
    }

    private func disturb(_ world: inout World, _ generator: inout SeededGenerator) throws {
        let names = world.machines.keys.sorted()
        switch Int.random(in: 0..<8, using: &generator) {
        case 0:
            let name = "p\(Int.random(in: 0..<3, using: &generator))"
            world.pools.removeAll { $0.name == name }
            let least = Int.random(in: 0..<3, using: &generator)
            world.pools.append(
                try pool(
                    name,
                    mode: Bool.random(using: &generator) ? "warm" : "cold",
                    min: least,
                    max: least + Int.random(in: 1..<3, using: &generator),
                    tasks: Int.random(in: 1..<4, using: &generator),
                    digest: Int.random(in: 0..<1_000_000, using: &generator)
                )
            )
        case 1 where !world.pools.isEmpty:
            world.pools.remove(at: Int.random(in: 0..<world.pools.count, using: &generator))
        case 2, 3:
            for index in world.pools.indices {
                world.pools[index].pendingTasks = Int.random(in: 0..<6, using: &generator)
            }
        case 4:
            if let name = names.randomElement(using: &generator) {
                world.machines[name]?.item.isRunning = false
            }
        case 5:
            if let name = names.randomElement(using: &generator) { world.machines[name]?.busy += 1 }
        case 6:
            if let name = names.randomElement(using: &generator) { world.machines[name]?.isStubborn = true }
        default: world.now += Int64.random(in: 0..<100, using: &generator)
        }
    }
}
