import Domain
import Reconciler
import Testing

@Suite struct FreezeTests {
    private let world = World()
    private let repository = Repository()
    private let source = key("GitSource", "main")
    private let role = declared("Role", "a", ["x": 1])

    /// A source that is frozen at the world's time for the rest of an hour, or never.
    private func freeze(_ isFrozen: Bool = true, annotations: [String: String]? = nil) {
        let windows: Value = [
            ["start": "* * * * *", "duration": "1h", "timeZone": "UTC", "reason": "The shop is open."]
        ]
        world.put(gitSource("main", ["freeze": isFrozen ? windows : []], annotations: annotations))
    }

    @discardableResult
    private func reconcile(asked: Bool = false) async -> Outcome {
        let claimed = ClaimedKey(
            key: source,
            generation: 1,
            fence: 1,
            failures: 0,
            priority: asked ? .people : .resync
        )
        return await SourceController(objects: world.objectPorts, source: repository.ports)
            .reconcile(claimed)
    }

    private var applied: Value? { world.status(source)["appliedCommit"] }
    private var now: Timestamp { world.with(\.now) }
    /// The minute has begun before now, and the window with it.
    private var end: Timestamp { now.startOfMinute + .seconds(3600) }

    @Test func `a commit waits, and the source says for what, until when and what can be done`() async throws
    {
        freeze(false)
        repository.commit("c1", [role])
        await reconcile()
        freeze()
        repository.commit("c2", [declared("Role", "b")])
        #expect(await reconcile() == .again(after: jittered(.seconds(30), for: "main")))
        #expect(applied == "c1" && world[key("Role", "b")] == nil)
        let ready = try world.ready(source)
        #expect(ready?.status == .unknown && ready?.reason == "Frozen")
        #expect(
            ready?.message
                == "commit c2 waits until \(end) (The shop is open.); to apply it earlier, annotate "
                + "the source with agirunner.dev/override-freeze=TIME"
        )
        #expect(world.status(source)["observedCommit"] == "c2")
        let later = end
        world.with { $0.now = later }
        freeze(false)
        await reconcile()
        #expect(try applied == "c2" && world.ready(source)?.reason == "Applied")
    }

    @Test func `whoever lifts it does so for a time, and that is told`() async throws {
        repository.commit("c1", [role])
        for useless in ["yes", "1h", now.description] {
            freeze(annotations: ["agirunner.dev/override-freeze": useless])
            await reconcile()
            #expect(applied == nil, "\(useless)")
            #expect(try world.ready(source)?.message.hasSuffix("('\(useless)' is no moment to come)") == true)
        }
        let until = now + .seconds(60)
        freeze(annotations: ["agirunner.dev/override-freeze": until.description])
        await reconcile()
        #expect(applied == "c1")
        let told = world.with { $0.events.filter { $0.type == "source.freeze_overridden" } }
        #expect(told.count == 1 && told.first?.data["until"]?.string == until.description)
        #expect(told.first?.data["freezeEnd"]?.string == end.description)
    }

    @Test func `what is in force is kept, changed by hand and gone back from, also in a freeze`() async throws
    {
        freeze(false)
        repository.commit("c1", [role])
        await reconcile()
        repository.commit("c2", [declared("Role", "a", ["x": 2])])
        await reconcile()
        freeze()
        repository.commit("c3", [declared("Role", "a", ["x": 3])])
        world.put(declared("Role", "a", ["x": 9]))
        await reconcile(asked: true)
        #expect(try world.ready(source)?.reason == "Frozen")
        #expect(world[role.object.key]?.object.spec == ["x": 2])
        freeze(annotations: ["agirunner.dev/rollback": "c3..c1"])
        await reconcile()
        #expect(applied == "c1" && world[role.object.key]?.object.spec == ["x": 1])
    }
}
