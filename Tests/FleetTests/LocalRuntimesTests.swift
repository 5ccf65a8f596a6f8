import Domain
import Glibc
import Testing
import Threads
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
            let pid = try #require(try runtimes.processID(of: "local-a"))
            try runtimes.drain("local-a", now: fixture.clock.now)
            try runtimes.kill("local-a", now: fixture.clock.now)
            try await runtimes.waitForEnd(of: ["local-a"], within: .seconds(20))
            #expect(try runtimes.processID(of: "local-a") == nil)
            #expect(kill(pid, 0) == -1)
            #expect(fixture.processes.isEmpty)
        }
    }

    @Test func `a runtime whose record cannot be written is asked to end and killed all the same`()
        async throws
    {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            for name in ["asked", "killed"] {
                try runtimes.start(name, of: pool, token: "t", now: fixture.clock.now)
                fixture.closeRecord(of: name)
            }
            try await fixture.until { fixture.text(fixture.program + ".started").contains("--name asked") }
            #expect(throws: Failure.self) { try runtimes.drain("asked", now: fixture.clock.now) }
            #expect(throws: Failure.self) { try runtimes.kill("killed", now: fixture.clock.now) }
            try await runtimes.waitForEnd(of: ["asked", "killed"], within: .seconds(20))
            #expect(try runtimes.processID(of: "asked") == nil)
            #expect(try runtimes.processID(of: "killed") == nil)
            #expect(fixture.text(fixture.program + ".asked") == "asked\n")
        }
    }

    @Test(arguments: ["", "{}", "garbage", "cut off", "of nobody", "a folder", "a link out"])
    func `a runtime whose record is damaged is ended, and no other one`(damage: String) async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes(users: 1000...1199)
            for name in ["a", "b"] { try runtimes.start(name, of: pool, token: "t", now: fixture.clock.now) }
            try await fixture.until { fixture.text(fixture.program + ".started").contains("--name a ") }
            let record = fixture.state + "/runtimes/a/record.json"
            let text = fixture.text(record)
            let pid = try #require(try runtimes.processID(of: "a"))
            switch damage {
            case "cut off": fixture.write(String(text.dropLast()), to: record)
            case "of nobody": fixture.write(text.replacing("\(pid)", with: "0"), to: record)
            case "a folder":
                unsafe unlink(record)
                unsafe mkdir(record, 0o700)
            case "a link out":
                unsafe unlink(record)
                unsafe symlink("/dev/null", record)
            default: fixture.write(damage, to: record)
            }
            let items = try await runtimes.inventory()
            #expect(items.map(\.name) == ["b"])
            #expect(items.map(\.isRunning) == [true])
            #expect(kill(pid, 0) == -1)
            #expect(!fixture.exists(fixture.state + "/runtimes/a"))
            // Its users are free again.
            try runtimes.start("c", of: pool, token: "t", now: fixture.clock.now)
        }
    }

    @Test func `an action on a runtime whose record is damaged says so`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            try runtimes.start("a", of: pool, token: "t", now: fixture.clock.now)
            fixture.write("garbage", to: fixture.state + "/runtimes/a/record.json")
            for action in [runtimes.drain, runtimes.kill] {
                let failure = #expect(throws: Failure.self) { try action("a", fixture.clock.now) }
                #expect(failure?.code == .corrupted)
            }
            #expect(throws: Failure.self) { try runtimes.remove("a") }
        }
    }

    @Test func `the logs of runtimes that were never recorded are kept no longer than others`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            for number in 0...LocalRuntimes.keptLogs {
                unsafe mkdir(fixture.state + "/runtimes/r\(number)", 0o755)
                fixture.write("", to: fixture.state + "/logs/r\(number).log")
                _ = try await runtimes.inventory()
            }
            #expect(!fixture.exists(fixture.state + "/logs/r0.log"))
            #expect(fixture.exists(fixture.state + "/logs/r1.log"))
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
            // What a power failure makes of a file that was just written.
            unsafe mkdir(fixture.state + "/runtimes/empty", 0o755)
            fixture.write("", to: fixture.state + "/runtimes/empty/record.json")
            #expect(try await runtimes.inventory().isEmpty)
            for name in ["half", "empty"] { #expect(!fixture.exists(fixture.state + "/runtimes/\(name)")) }
        }
    }

    @Test func `a runtime that was never recorded is ended before it runs`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            let folder = fixture.state + "/runtimes/half"
            unsafe mkdir(folder, 0o755)
            let command = RuntimeCommand(
                settings: fixture.settings(),
                name: "half",
                tokenFile: folder + "/token",
                folder: folder + "/work",
                users: nil
            ).command
            let waiting = try DetachedProcess(command.gated(by: folder + "/record.json")).start()
            #expect(try await runtimes.inventory().isEmpty)
            _ = try await DetachedProcess.waitForExit(waiting, until: .after(.seconds(5)))
            #expect(!waiting.isAlive)
            #expect(!fixture.exists(fixture.program + ".started"))
        }
    }

    @Test func `a record of another boot names no process`() async throws {
        try await FleetFixture.with(FleetFixture.patient) { fixture in
            let runtimes = try fixture.runtimes()
            try runtimes.start("a", of: pool, token: "t", now: fixture.clock.now)
            let path = fixture.state + "/runtimes/a/record.json"
            let old = fixture.text(path)
            let pid = try #require(try runtimes.processID(of: "a"))
            fixture.write(
                String(old.split(separator: ProcessIdentity.currentBoot).joined(separator: "b")),
                to: path
            )
            #expect(try await runtimes.inventory().map(\.isRunning) == [false])
            try runtimes.kill("a", now: fixture.clock.now)
            #expect(kill(pid, 0) == 0)
        }
    }
}
