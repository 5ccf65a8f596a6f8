import Domain
import Glibc
import Synchronization
import Testing
import WorkerProtocol

@testable import Fleet

@Suite(.timeLimit(.minutes(3))) struct FleetServiceTests {
    @Test func `a pool is filled, and a killed runtime is replaced after its pause`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            fixture.plane.want(try pool())
            let service = try fixture.service()
            var memory = FleetMemory()
            #expect(await service.turn(&memory))
            let first = try #require(try await fixture.runtimes().inventory().first)
            #expect(first.isRunning)
            let pid = try #require(try fixture.runtimes().processID(of: first.name))
            kill(pid, SIGKILL)
            // No record means that it is gone.
            try await fixture.until { (try? fixture.runtimes().processID(of: first.name)) == nil }
            _ = await service.turn(&memory)
            #expect(try await fixture.runtimes().inventory().isEmpty)
            #expect(memory.failureCount(pool: "local") == 1)
            fixture.clock.advance(.milliseconds(999))
            _ = await service.turn(&memory)
            #expect(try await fixture.runtimes().inventory().isEmpty)
            fixture.clock.advance(.milliseconds(1))
            _ = await service.turn(&memory)
            let second = try #require(try await fixture.runtimes().inventory().first)
            #expect(second.isRunning)
            #expect(second.name != first.name)
            let report = fixture.plane.state.withLock { $0.reports.last }
            #expect(report?.entries.map(\.runtime) == [second.name])
        }
    }

    @Test func `the pauses of a crash loop grow`() async throws {
        try await FleetFixture.with(FleetFixture.crashing) { fixture in
            fixture.plane.want(try pool())
            let service = try fixture.service()
            var memory = FleetMemory()
            var pauses: [Int64] = []
            for _ in 0..<4 {
                _ = await service.turn(&memory)  // starts
                try await fixture.until { fixture.processes.isEmpty }
                _ = await service.turn(&memory)  // sees that it ended
                let notBefore = try #require(memory.notBefore(pool: "local"))
                pauses.append((notBefore - fixture.clock.now).milliseconds)
                fixture.clock.advance(notBefore - fixture.clock.now)
            }
            #expect(pauses == [1000, 2000, 4000, 8000])
            #expect(fixture.plane.state.withLock { $0.provisioned.count } == 4)
        }
    }

    @Test func `a program that is missing counts as a failure`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            unsafe unlink(fixture.program)
            fixture.plane.want(try pool())
            var memory = FleetMemory()
            _ = try await fixture.service().turn(&memory)
            #expect(memory.failureCount(pool: "local") == 1)
            #expect(fixture.processes.isEmpty)
        }
    }

    @Test func `while the control plane is away runtimes go on and nothing is started`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            fixture.plane.want(try pool())
            let service = try fixture.service()
            var memory = FleetMemory()
            _ = await service.turn(&memory)
            let name = try #require(try await fixture.runtimes().inventory().first?.name)
            fixture.plane.state.withLock { $0.isAway = true }
            fixture.clock.advance(.seconds(4000))
            #expect(await service.turn(&memory) == false)
            fixture.plane.state.withLock { $0.isAway = false }
            fixture.plane.want(
                try pool(),
                runtimes: [known(name, silent: 4_000_000)]
            )
            _ = await service.turn(&memory)
            #expect(try await fixture.runtimes().inventory().map(\.isRunning) == [true])
        }
    }

    @Test func `a registered runtime's token is removed`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            fixture.plane.want(try pool())
            let service = try fixture.service()
            var memory = FleetMemory()
            _ = await service.turn(&memory)
            let name = try #require(try await fixture.runtimes().inventory().first?.name)
            let token = "\(fixture.state)/runtimes/\(name)/token"
            #expect(fixture.text(token) == "token of \(name)")
            fixture.plane.want(try pool(), runtimes: [known(name)])
            _ = await service.turn(&memory)
            #expect(!fixture.exists(token))
        }
    }

    @Test func `a changed pool is drained and started anew`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            fixture.plane.want(try pool())
            let service = try fixture.service()
            var memory = FleetMemory()
            _ = await service.turn(&memory)
            try await fixture.until { fixture.exists(fixture.program + ".started") }
            fixture.plane.want(try pool(digest: 2))
            _ = await service.turn(&memory)
            let old = try #require(try await fixture.runtimes().inventory().first?.name)
            try await fixture.runtimes().waitForEnd(of: [old], within: .seconds(20))
            _ = await service.turn(&memory)
            let items = try await fixture.runtimes().inventory()
            #expect(items.map(\.digest) == [digestOf(2)])
            #expect(memory.failureCount(pool: "local") == 0)
        }
    }

    @Test func `detached runtimes outlive the fleet and are adopted by the next`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            fixture.plane.want(try pool())
            let first = try await runUntilStarted(fixture, try fixture.service(onExit: .detach))
            let pid = try #require(try fixture.runtimes().processID(of: first))
            let second = try await runUntilStarted(fixture, try fixture.service(onExit: .detach))
            #expect(second == first)
            #expect(try fixture.runtimes().processID(of: second) == pid)
        }
    }

    @Test(arguments: [FleetFixture.patient, FleetFixture.stubborn])
    func `a cascade asks first, waits for its grace, and leaves nothing running`(script: String) async throws
    {
        try await FleetFixture.with(script) { fixture in
            fixture.plane.want(try pool())
            var rhythm = FleetService.Rhythm()
            rhythm.cascadeGrace = .seconds(2)
            let service = try fixture.service(onExit: .cascade, rhythm: rhythm)
            var memory = FleetMemory()
            _ = await service.turn(&memory)
            let isPatient = script == FleetFixture.patient
            if isPatient { try await fixture.until { fixture.exists(fixture.program + ".started") } }
            await service.cascade { false }
            #expect(fixture.processes.isEmpty)
            #expect(fixture.exists(fixture.program + ".asked") == isPatient)
            #expect(try await fixture.runtimes().inventory().isEmpty)
        }
    }

    @Test func `a runtime whose record cannot be written keeps no other one alive in a cascade`() async throws
    {
        try await FleetFixture.with(FleetFixture.stubborn) { fixture in
            fixture.plane.want(try pool(min: 3, max: 3))
            var rhythm = FleetService.Rhythm()
            rhythm.cascadeGrace = .milliseconds(100)
            let service = try fixture.service(onExit: .cascade, rhythm: rhythm)
            var memory = FleetMemory()
            _ = await service.turn(&memory)
            let first = try #require(try await fixture.runtimes().inventory().first?.name)
            fixture.closeRecord(of: first)
            await service.cascade { false }
            #expect(fixture.processes.isEmpty)
        }
    }

    @Test(arguments: [FleetFixture.patient, FleetFixture.stubborn])
    func `a cancelled fleet with a cascade leaves nothing running`(script: String) async throws {
        try await FleetFixture.with(script) { fixture in
            fixture.plane.want(try pool(min: 2, max: 2))
            _ = try await runUntilStarted(fixture, try fixture.service(onExit: .cascade))
            #expect(fixture.processes.isEmpty)
            #expect(try await fixture.runtimes().inventory().isEmpty)
            #expect(fixture.plane.state.withLock { $0.reports.last?.entries.count } == 0)
        }
    }

    @Test func `two fleets do not share a state folder`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let service = try fixture.service()
            let running = Task { try await service.run() }
            try await fixture.until { fixture.text(fixture.state + "/runtimes/.lock") != "" }
            await #expect(throws: (any Error).self) { try await fixture.service().run() }
            running.cancel()
            try await running.value
        }
    }

    @Test func `a ring wakes the loop`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            var rhythm = FleetService.Rhythm()
            rhythm.interval = .seconds(3600)
            let service = try fixture.service(rhythm: rhythm)
            let running = Task { try await service.run() }
            try await fixture.until { fixture.plane.state.withLock { $0.reports.count } == 1 }
            service.lookNow()
            try await fixture.until { fixture.plane.state.withLock { $0.reports.count } == 2 }
            running.cancel()
            try await running.value
        }
    }

    /// Runs the service until everything wanted runs, then cancels it and awaits its end.
    private func runUntilStarted(
        _ fixture: FleetFixture,
        _ service: FleetService
    ) async throws -> String {
        let count = fixture.plane.state.withLock { $0.reports.count }
        let running = Task { try await service.run() }
        try await fixture.until { fixture.plane.state.withLock { $0.reports.count } > count }
        let name = fixture.plane.state.withLock { $0.reports.last?.entries.first?.runtime } ?? ""
        running.cancel()
        try await running.value
        return name
    }
}
