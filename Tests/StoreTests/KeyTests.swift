import Domain
import Support
import Testing

@testable import Store

@Suite struct KeyTests {
    private let fixture = Fixture()
    private func key(_ name: String) -> ObjectKey { ObjectKey("Workflow", namespace: "default", name: name) }

    @Test func `two claimers never hold the same key`() async throws {
        try await withStore { store in
            let marks = (0..<20).map { Mark(key("k\($0)"), priority: .drift) }
            try await store.mark(marks)
            let claimed = try await withThrowingTaskGroup(of: [ObjectKey].self) { group in
                for claimer in 0..<2 {
                    group.addTask {
                        var keys: [ObjectKey] = []
                        while let next = try await store.claimKey(by: "c\(claimer)", lease: .seconds(60)) {
                            keys.append(next.key)
                        }
                        return keys
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 20)
            #expect(Set(claimed) == Set(marks.map(\.key)))
        }
    }

    @Test func `a lane is given its kinds alone, and the other one all the rest`() async throws {
        try await withStore { store in
            let source = ObjectKey("GitSource", namespace: nil, name: "a")
            let run = ObjectKey("Workflow", namespace: "default", name: "b")
            try await store.mark([source, run].map { Mark($0, priority: .drift) })
            let remote = ["GitSource"]
            let first = try await store.claimKey(by: "a", lease: .seconds(60), of: .allBut(remote))
            #expect(first?.key == run)
            #expect(try await store.claimKey(by: "a", lease: .seconds(60), of: .allBut(remote)) == nil)
            let second = try await store.claimKey(by: "a", lease: .seconds(60), of: .only(remote))
            #expect(second?.key == source)
        }
    }

    @Test func `urgent keys come first, and waiting makes a key more urgent`() async throws {
        try await withStore { store in
            try await store.mark([
                Mark(key("resync"), priority: .resync), Mark(key("drift"), priority: .drift),
            ])
            try await store.mark([Mark(key("people"), priority: .people)])
            try await store.raw(
                "UPDATE keys SET due = due - interval '95 s', rank = rank - interval '95 s' "
                    + "WHERE name = 'resync'"
            )
            var order: [String] = []
            while let next = try await store.claimKey(by: "c", lease: .seconds(60)) {
                order.append(next.key.name)
            }
            #expect(order == ["resync", "people", "drift"])
        }
    }

    @Test func `a key that is marked while it is claimed comes again`() async throws {
        try await withStore { store in
            try await store.mark([Mark(key("one"), priority: .people)])
            let first = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            try await store.mark([Mark(key("one"), priority: .drift)])
            #expect(try await store.claimKey(by: "b", lease: .seconds(60)) == nil)
            try await store.finish(first)
            let second = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
            #expect(second.generation == first.generation + 1)
            #expect(second.fence > first.fence)
            try await store.finish(second)
            #expect(try await store.claimKey(by: "a", lease: .seconds(60)) == nil)
            #expect(try await store.nextDue() == nil)
        }
    }

    @Test func `whoever lost its lease writes nothing any more`() async throws {
        try await withStore { store in
            let (role, _) = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            try await store.mark([Mark(key("one"), priority: .people)])
            let stale = try #require(try await store.claimKey(by: "a", lease: .zero))
            let fresh = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
            #expect(fresh.key == stale.key)
            let refused = await failure {
                try await store.setStatus(role.object.key, fence: stale) { _, _ in ["by": "stale"] }
            }
            #expect(refused?.reason == "fenced")
            #expect(await failure { try await store.renew(stale, lease: .seconds(60)) }?.reason == "fenced")
            try await store.finish(stale)
            try await store.renew(fresh, lease: .seconds(60))
            try await store.setStatus(role.object.key, fence: fresh) { _, _ in ["by": "fresh"] }
            #expect(try await store.stored(role.object.key)?.object.status == ["by": "fresh"])
        }
    }

    @Test func `a claimed key is overtaken by people and commits alone`() async throws {
        try await withStore { store in
            try await store.mark([Mark(key("one"), priority: .people)])
            let claimed = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            #expect(try await !store.isOvertaken(claimed))
            try await store.mark([Mark(key("one"), priority: .resync)])
            #expect(try await !store.isOvertaken(claimed))
            try await store.mark([Mark(key("one"), priority: .webhook)])
            #expect(try await store.isOvertaken(claimed))
            try await store.release(claimed, retryAfter: .zero, .complete)
            #expect(try await !store.isOvertaken(claimed))
        }
    }

    @Test func `a fence does not come back when a key was finished and marked again`() async throws {
        try await withStore { store in
            try await store.mark([Mark(key("one"), priority: .people)])
            let first = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            try await store.finish(first)
            try await store.mark([Mark(key("one"), priority: .people)])
            let second = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
            #expect(second.generation == first.generation)
            #expect(await failure { try await store.renew(first, lease: .seconds(1)) }?.reason == "fenced")
        }
    }

    @Test func `a released key waits its time and counts its failures`() async throws {
        try await withStore { store in
            try await store.mark([Mark(key("one"), priority: .people)])
            var claimed = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            try await store.release(claimed, retryAfter: .seconds(30), .failed)
            #expect(try await store.claimKey(by: "a", lease: .seconds(60)) == nil)
            let wait = try #require(try await store.nextDue())
            #expect(wait > .seconds(25) && wait <= .seconds(30))
            #expect(try await store.nextDue(of: .only([claimed.key.kind])) != nil)
            #expect(try await store.nextDue(of: .allBut([claimed.key.kind])) == nil)
            try await store.mark([Mark(key("one"), priority: .people)])
            claimed = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            #expect(claimed.failures == 1)
            try await store.release(claimed, retryAfter: .zero, .complete)
            #expect(try await store.claimKey(by: "a", lease: .seconds(60))?.failures == 0)
        }
    }

    @Test(arguments: [
        (LookEnd.complete, KeyPriority.resync, KeyPriority.drift), (.failed, .people, .people),
        (.overtaken, .people, .people),
    ])
    func `what a look was for is forgotten only once it is done`(
        end: LookEnd,
        alone: KeyPriority,
        marked: KeyPriority
    ) async throws {
        try await withStore { store in
            try await store.mark([Mark(key("one"), priority: .people)])
            let first = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            #expect(first.priority == .people)
            try await store.release(first, retryAfter: .zero, end)
            let second = try #require(try await store.claimKey(by: "a", lease: .seconds(60)))
            #expect(second.priority == alone)
            try await store.mark([Mark(key("one"), priority: .drift)])
            try await store.release(second, retryAfter: .zero, end)
            #expect(try await store.claimKey(by: "a", lease: .seconds(60))?.priority == marked)
        }
    }

    @Test func `a look that was lost with its claimer is done again as for people`() async throws {
        try await withStore { store in
            try await store.mark([Mark(key("one"), priority: .people)])
            _ = try #require(try await store.claimKey(by: "a", lease: .zero))
            try await store.mark([Mark(key("one"), priority: .resync)])
            let again = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
            #expect(again.priority == .people)
            try await store.release(again, retryAfter: .zero, .complete)
            #expect(try await store.claimKey(by: "b", lease: .seconds(60))?.priority == .resync)
        }
    }

    @Test func `marks of many writers in any order do not end in a deadlock`() async throws {
        // A cluster of its own, whose log tells of deadlocks: each is tried again and so goes unnoticed.
        let cluster = try await TemporaryCluster()
        try await withStore(settings: cluster.settings(schema: "s", connections: 8)) { store in
            let keys = (0..<30).map { key("k\($0)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<10 {
                            let some = keys.filter { _ in fixture.number(in: 0..<2) == 0 }.shuffled()
                            try await store.mark(some.map { Mark($0, priority: .drift) })
                        }
                    }
                }
                try await group.waitForAll()
            }
            let log = try #require(try await store.rawText("SELECT pg_read_file('\(cluster.folder)/log')"))
            #expect(log.contains("ready to accept connections") && !log.contains("deadlock detected"))
        }
    }
}
