import Domain
import Support
import Synchronization
import Testing
import Threads

@testable import Store

/// A door that a transaction waits at, on its own thread, until a test opens it.
final class Door: Sendable {
    private let isOpen = Mutex(false)
    private let reached = Bell()

    func open() { isOpen.withLock { $0 = true } }

    /// Called inside a transaction: tells that it is here, and waits, bounded by ten seconds.
    func pass(_ session: Session) throws {
        reached.ring()
        for _ in 0..<2000 {
            if isOpen.withLock({ $0 }) { return }
            try session.execute(TableStatement(sql: "SELECT pg_sleep(0.005)"))
        }
        throw SupportError("the door was never opened")
    }

    func waitUntilReached() async { await reached.wait(after: 0, atMost: .seconds(10)) }
}

@Suite(.serialized) struct PositionTests {
    private let fixture = Fixture()

    @Test func `a transaction held open keeps readers from passing its positions`() async throws {
        try await withStore { store in
            let door = Door()
            let (_, first) = try await fixture.apply(fixture.declared("Role", "first"), to: store)
            try await store.waitForHorizon(first, deadline: .seconds(10))
            async let slow: Position = store.transaction { session in
                let position = try session.drawPositions(1)[0]
                let object = try #require(
                    try session.rows(ShownTable.declared.get, "Role", "default", "first").first
                )
                let stored = try Stored(row: object.value("row"))
                try session.append(
                    events: [],
                    changes: [try ChangeRow(removed: stored.object, at: position, time: session.now())]
                )
                try door.pass(session)
                return position
            }
            await door.waitUntilReached()
            var later: Position = .start
            for index in 0..<5 {
                later = try await fixture.apply(fixture.declared("Role", "later-\(index)"), to: store).1
            }
            let lag = await failure { try await store.waitForHorizon(later, deadline: .milliseconds(300)) }
            #expect(lag?.reason == "horizon_lags")
            let before = try await store.changes(after: .start, kinds: ["Role"], namespace: nil, limit: 100)
            #expect(before.changes.map(\.object.metadata.name) == ["first"])
            door.open()
            let position = try await slow
            #expect(position < later)
            try await store.waitForHorizon(later, deadline: .seconds(10))
            let after = try await store.changes(
                after: before.through,
                kinds: ["Role"],
                namespace: nil,
                limit: 100
            )
            #expect(after.changes.count == 6)
            #expect(after.changes.first?.position == position)
        }
    }

    @Test func `a transaction that draws nothing holds nobody up`() async throws {
        try await withStore { store in
            let door = Door()
            async let idler: Void = store.transaction { session in
                // It has an id, as every transaction that writes.
                try session.execute(TableStatement(sql: "SELECT pg_current_xact_id()"))
                try door.pass(session)
            }
            await door.waitUntilReached()
            let (_, position) = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            try await store.waitForHorizon(position, deadline: .seconds(5))
            door.open()
            try await idler
        }
    }

    @Test func `one object's positions grow in lock order although the later writer began first`()
        async throws
    {
        try await withStore { store in
            let (begun, _) = try await fixture.apply(fixture.declared("Role", "one"), to: store)
            let key = begun.object.key
            let door = Door()
            // It announces first and writes last.
            async let early: Position? = store.transaction { session in
                try session.execute(ControlStatement.announceDrawing)
                try door.pass(session)
                let row = try #require(
                    try session.rows(DeclaredStatement.lock, ["Role"], ["default"], ["one"]).first
                )
                var stored = try Stored(row: row.value("row"))
                stored.object.status = ["writer": "early"]
                return try session.putStatus(of: stored, event: nil, now: session.now())
            }
            await door.waitUntilReached()
            let late = try await store.setStatus(key, fence: nil) { _, _ in ["writer": "late"] }
            door.open()
            let last = try #require(try await early)
            #expect(try #require(late) < last)
            try await store.waitForHorizon(last, deadline: .seconds(10))
            let object = try #require(try await store.object(key))
            #expect(object.status?["writer"] == "early")
            #expect(object.metadata.resourceVersion == last)
            let seen = try await store.changes(after: .start, kinds: ["Role"], namespace: nil, limit: 100)
            #expect(seen.changes.last?.position == last)
        }
    }

    @Test func `whoever reads up to the horizon again and again reads every change once`() async throws {
        let cluster = try await TemporaryCluster.shared()
        let settings = cluster.settings(schema: "reader\(fixture.seed)", connections: 10)
        try await withStore(settings: settings) { store in
            for number in 0..<20 {
                _ = try await fixture.apply(fixture.declared("Role", "r\(number)"), to: store)
            }
            let isOver = Mutex(false)
            async let read = readChanges(of: store) { isOver.withLock { $0 } }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 { group.addTask { try await write(to: store, as: writer) } }
                try await group.waitForAll()
            }
            let last = try await store.rawText("SELECT max(position)::text FROM changes")
            try await store.waitForHorizon(Position(try #require(Int64(last ?? ""))), deadline: .seconds(10))
            isOver.withLock { $0 = true }
            let all = try await store.rawText(
                "SELECT string_agg(position::text, ' ' ORDER BY position) FROM changes"
            )
            #expect(try await read.joined(separator: " ") == all, "seed \(fixture.seed)")
        }
    }

    private func write(to store: Store, as writer: Int) async throws {
        for count in 0..<150 {
            let key = ObjectKey("Role", namespace: "default", name: "r\((writer * 7 + count) % 20)")
            try await store.setStatus(key, fence: nil) { _, _ in
                ["writer": .string("\(writer)"), "count": .integer(Int64(count))]
            }
        }
    }

    /// The positions of changes in the order they are found, each time those up to the horizon.
    private func readChanges(of store: Store, until isOver: @Sendable () -> Bool) async throws -> [String] {
        var found: [String] = []
        var cursor = Position.start
        while true {
            let isLast = isOver()
            let horizon = store.horizon()
            if horizon > cursor {
                let text = try await store.rawText(
                    """
                    SELECT coalesce(string_agg(position::text, ' ' ORDER BY position), '') FROM changes
                    WHERE position > \(cursor) AND position <= \(horizon)
                    """
                )
                found += (text ?? "").split(separator: " ").map(String.init)
                cursor = horizon
            }
            if isLast { return found }
        }
    }

    /// An insert that draws its position and then waits for a lock, before it has written anything.
    private static let slowInsert = """
        INSERT INTO changes (position, kind, namespace, name, uid, act, image, time)
        SELECT p.position, 'Role', 'default', 'x', 'x', 'removed',
            '{"apiVersion":"agirunner.dev/v1","kind":"Role","metadata":{"name":"x","namespace":"default"}}',
            now()
        FROM (SELECT nextval('log_position') AS position) p, LATERAL (SELECT
            pg_advisory_xact_lock(p.position * 0 + $1))
            AS lock
        """

    @Test(arguments: [true, false])
    func `a one-statement insert is passed only when it does not announce that it draws`(
        announces: Bool
    ) async throws {
        try await withStore { store in
            let number = fixture.number(in: 1..<1_000_000_000)
            try await store.raw("SELECT nextval('log_position')")
            let door = Door()
            async let holder: Void = store.transaction { session in
                _ = try session.rows(TableStatement(sql: "SELECT pg_advisory_xact_lock($1)"), number)
                try door.pass(session)
            }
            await door.waitUntilReached()
            let isWaiting = Bell()
            async let writer: Void = store.transaction { session in
                if announces { try session.execute(ControlStatement.announceDrawing) }
                isWaiting.ring()
                try session.execute(TableStatement(sql: Self.slowInsert), number)
            }
            await isWaiting.wait(after: 0, atMost: .seconds(10))
            // Until the insert has drawn its position.
            let deadline = ContinuousClock.now + .seconds(8)
            while try await store.rawText("SELECT last_value FROM log_position") != "2" {
                guard ContinuousClock.now < deadline else { throw SupportError("nothing was inserted") }
            }
            let patience = announces ? Duration.milliseconds(500) : .seconds(20)
            // That it gives up is one of the two outcomes, told apart below.
            try? await store.waitForHorizon(Position(2), deadline: patience)
            let passed = store.horizon() >= Position(2)
            #expect(passed == !announces)
            door.open()
            try await holder
            try await writer
            try await store.waitForHorizon(Position(2), deadline: .seconds(10))
        }
    }
}

@Suite struct HorizonTests {
    private func look(_ last: Int64, _ drawing: String...) -> HorizonLook {
        HorizonLook(last: Position(last), drawing: Set(drawing))
    }

    @Test func `a position is final at once when nobody draws`() {
        var sight = HorizonSight(last: .start)
        #expect(sight.take(look(7)) == Position(7))
        #expect(sight.last == Position(7))
        #expect(sight.take(look(7)) == nil)
    }

    @Test func `a position waits for whoever drew when it was seen, and no longer`() {
        var sight = HorizonSight(last: Position(6))
        #expect(sight.take(look(7, "3/1", "4/1")) == nil)
        #expect(sight.take(look(8, "3/1", "5/1")) == nil)
        // One who came later holds up nothing that was seen before.
        #expect(sight.take(look(9, "5/1", "3/2")) == Position(7))
        #expect(sight.take(look(9, "3/2")) == Position(8))
        #expect(sight.take(look(9, "4/2")) == Position(9))
    }
}
