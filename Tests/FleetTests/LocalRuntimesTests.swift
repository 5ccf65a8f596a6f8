import Domain
import Glibc
import Testing
import WorkerProtocol

@testable import Fleet

@Suite(.timeLimit(.minutes(3))) struct LocalRuntimesTests {
    private let pool = FleetPool(name: "local", digest: digestOf(1))

    @Test func `a runtime is started with its identity and recorded before it runs`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes(users: 620_000...620_999)
            try runtimes.start("local-a", of: pool, token: "secret", now: fixture.clock.now)
            try await fixture.until { fixture.exists(fixture.program + ".started") }
            let folder = fixture.state + "/runtimes/local-a"
            let arguments = fixture.text(fixture.program + ".started")
            #expect(arguments.contains("--name local-a --token-file \(folder)/token --state \(folder)/work"))
            #expect(arguments.contains("--sandbox-uids 620000-620099"))
            #expect(fixture.text(folder + "/token") == "secret")
            #expect(fixture.mode(folder + "/token") == 0o600)
            #expect(fixture.mode(folder + "/record.json") == 0o600)
            let item = try #require(try await runtimes.inventory().first)
            #expect(
                item
                    == InventoryItem(
                        name: "local-a",
                        pool: "local",
                        digest: digestOf(1),
                        startedAt: fixture.clock.now
                    )
            )
            try runtimes.forgetToken("local-a")
            try runtimes.forgetToken("local-a")
            #expect(!fixture.exists(folder + "/token"))
            #expect(throws: Failure.self) { try runtimes.remove("local-a") }
        }
    }

    @Test func `a restarted fleet adopts, drains and clears away`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            try fixture.runtimes().start("local-a", of: pool, token: "t", now: fixture.clock.now)
            try await fixture.until { fixture.exists(fixture.program + ".started") }
            let again = try fixture.runtimes()
            let before = try await again.inventory()
            #expect(before.map(\.isRunning) == [true])
            try again.drain("local-a", now: fixture.clock.now)
            try await again.waitForEnd(of: ["local-a"], within: .seconds(20))
            let item = try #require(try await again.inventory().first)
            #expect(!item.isRunning)
            #expect(item.endingSince == fixture.clock.now)
            #expect(fixture.text(fixture.program + ".asked") == "asked\n")
            try again.remove("local-a")
            #expect(try await again.inventory().isEmpty)
            #expect(fixture.exists(fixture.state + "/logs/local-a.log"))
            #expect(fixture.processes.isEmpty)
        }
    }

    @Test func `a kill reaches everything in the session`() async throws {
        try await FleetFixture.with(FleetFixture.stubborn) { fixture in
            let runtimes = try fixture.runtimes()
            try runtimes.start("local-a", of: pool, token: "t", now: fixture.clock.now)
            let pid = try #require(runtimes.processID(of: "local-a"))
            try runtimes.drain("local-a", now: fixture.clock.now)
            try runtimes.kill("local-a", now: fixture.clock.now)
            try await runtimes.waitForEnd(of: ["local-a"], within: .seconds(20))
            #expect(runtimes.processID(of: "local-a") == nil)
            #expect(kill(pid, 0) == -1)
            #expect(fixture.processes.isEmpty)
        }
    }

    @Test func `sandbox users are never shared, and given back`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes(users: 1000...1249)
            for name in ["a", "b"] { try runtimes.start(name, of: pool, token: "t", now: fixture.clock.now) }
            #expect(throws: Failure.self) {
                try runtimes.start("c", of: pool, token: "t", now: fixture.clock.now)
            }
            try runtimes.kill("a", now: fixture.clock.now)
            try await runtimes.waitForEnd(of: ["a"], within: .seconds(20))
            try runtimes.remove("a")
            try runtimes.start("d", of: pool, token: "t", now: fixture.clock.now)
            #expect(fixture.text(fixture.state + "/runtimes/d/record.json").contains("\"firstUser\":1000"))
        }
    }

    @Test func `what was interrupted before its record is cleared away`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            unsafe mkdir(fixture.state + "/runtimes/half", 0o755)
            #expect(try await runtimes.inventory().isEmpty)
            #expect(!fixture.exists(fixture.state + "/runtimes/half"))
        }
    }

    @Test func `a record of another boot names no process`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            try runtimes.start("a", of: pool, token: "t", now: fixture.clock.now)
            let path = fixture.state + "/runtimes/a/record.json"
            let old = fixture.text(path)
            let pid = try #require(runtimes.processID(of: "a"))
            guard let file = unsafe fopen(path, "w") else { return }
            unsafe fputs(String(old.split(separator: RuntimeFile.currentBoot).joined(separator: "b")), file)
            unsafe fclose(file)
            #expect(try await runtimes.inventory().map(\.isRunning) == [false])
            try runtimes.kill("a", now: fixture.clock.now)
            #expect(kill(pid, 0) == 0)
        }
    }
}
