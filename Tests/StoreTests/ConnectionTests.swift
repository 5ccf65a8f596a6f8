import Domain
import Support
import Synchronization
import Testing
import Threads

@testable import Store

@Suite struct ConnectionTests {
    private let fixture = Fixture()

    @Test func `a store works again after its server crashed and came back`() async throws {
        let cluster = try await TemporaryCluster()
        try await withStore(settings: cluster.settings(schema: "s")) { store in
            _ = try await fixture.apply(fixture.declared("Role", "before"), to: store)
            try await cluster.stop()
            let down = await failure { _ = try await store.storedObjects(kind: "Role", namespace: nil) }
            #expect(down?.code == .unavailable)
            try await cluster.start()
            let kept = try await store.storedObjects(kind: "Role", namespace: nil)
            #expect(kept.map(\.object.metadata.name) == ["before"])
            let (_, position) = try await fixture.apply(fixture.declared("Role", "after"), to: store)
            try await store.waitForHorizon(position, deadline: .seconds(20))
        }
    }

    @Test func `a transaction whose connection is killed is done again`() async throws {
        try await withStore { store in
            _ = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            let door = Door()
            let tries = Atomic(0)
            let process = Atomic(0)
            async let number: Int = store.transaction { session in
                let number = tries.add(1, ordering: .relaxed).newValue
                try session.execute(TableStatement(sql: "UPDATE objects SET name = name || $1"), "\(number)")
                if number == 1 {
                    let own = try session.rows(TableStatement(sql: "SELECT pg_backend_pid() AS pid")).first
                    process.store(Int(try #require(own).integer("pid")), ordering: .relaxed)
                    try door.pass(session)
                }
                return number
            }
            await door.waitUntilReached()
            let killed = try await store.rawText(
                "SELECT pg_terminate_backend(\(process.load(ordering: .relaxed)))::text"
            )
            #expect(killed == "true")
            door.open()
            #expect(try await number == 2)
            let roles = try await store.storedObjects(kind: "Role", namespace: nil)
            #expect(roles.map(\.object.metadata.name) == ["r2"])
        }
    }

    @Test func `cancelling a task ends its statement on the server`() async throws {
        try await withStore { store in
            let started = Bell()
            let task = Task {
                try await store.transaction { session in
                    started.ring()
                    try session.execute(TableStatement(sql: "SELECT pg_sleep(30), 'cancel-\(fixture.seed)'"))
                }
            }
            await started.wait(after: 0, atMost: .seconds(10))
            let clock = ContinuousClock()
            let time = try await clock.measure {
                while try await running(store) == "0" {}
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
            #expect(time < .seconds(10))
            #expect(try await running(store) == "0")
        }
    }

    private func running(_ store: Store) async throws -> String? {
        try await store.rawText(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%cancel-\(fixture.seed)%' "
                + "AND state = 'active' AND pid <> pg_backend_pid()"
        )
    }

    @Test func `a statement that takes too long is ended by the server`() async throws {
        let cluster = try await TemporaryCluster.shared()
        var settings = cluster.settings(schema: "slow\(fixture.seed)")
        settings.statementTimeout = .milliseconds(900)
        try await withStore(settings: settings) { store in
            #expect(await failure { try await store.raw("SELECT pg_sleep(20)") }?.code == .timeout)
            let answer = try await store.rawText("SELECT 1")
            #expect(answer == "1")
        }
    }

    @Test func `whoever waits too long for a connection is told so, and nobody else is harmed`() async throws
    {
        let cluster = try await TemporaryCluster.shared()
        var settings = cluster.settings(schema: "busy\(fixture.seed)", connections: 1)
        settings.poolTimeout = .seconds(1)
        try await withStore(settings: settings) { store in
            let door = Door()
            async let holder: Void = store.transaction { try door.pass($0) }
            await door.waitUntilReached()
            #expect(await failure { _ = try await store.nextDue() }?.code == .exhausted)
            door.open()
            try await holder
            #expect(try await store.nextDue() == nil)
        }
    }

    @Test func `a pool hands its connections to all who wait`() async throws {
        try await withStore(connections: 2) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        if index % 5 == 0 {
                            let task = Task { try await store.raw("SELECT pg_sleep(0.01)") }
                            task.cancel()
                            // Cancelled or not, its connection must come back.
                            _ = try? await task.value
                        } else {
                            try await store.raw("SELECT 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a closed store refuses`() async throws {
        try await withStore { store in
            store.close()
            #expect(await failure { _ = try await store.nextDue() }?.code == .unavailable)
        }
    }

    @Test func `texts of any kind come back as they were written`() async throws {
        try await withStore { store in
            let texts = ["", "'", "\\", "{a,\"b\"}", "ü😀", "line\nbreak", "\u{1}", "null"]
            let answer = try await store.read { session in
                try session.rows(TableStatement(sql: "SELECT unnest($1::text[]) AS text"), texts).map {
                    try $0.text("text")
                }
            }
            #expect(answer == texts)
            let value: Value = ["a": [1, .number(2.5), "x\u{0}y", .null], "b\u{0}": true]
            let back = try await store.read { session in
                try session.rows(TableStatement(sql: "SELECT $1::jsonb AS value"), value).first?.value(
                    "value"
                )
            }
            #expect(back == ["a": [1, .number(2.5), "x\u{FFFD}y", .null], "b\u{FFFD}": true])
        }
    }
}
