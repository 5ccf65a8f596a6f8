import Domain
import Support
import Testing

@testable import Store

/// Work items that are declared, beside those that runs have.
@Suite struct WorkItemTests {
    private let fixture = Fixture()

    private func key(_ name: String, _ namespace: String = "default") -> ObjectKey {
        ObjectKey("WorkItem", namespace: namespace, name: name)
    }

    private func item(_ name: String, labels: [String: String]? = nil) -> Declared {
        fixture.declared("WorkItem", name, labels: labels)
    }

    /// Begins a run and adds items of these names to the one that it has.
    private func begin(_ run: String, items: [String], in store: Store) async throws -> UID {
        try await fixture.begin(run, in: store) { edit in
            let workflow = edit.run.workflow
            for name in items {
                try edit.add(
                    WorkItemRecord(
                        uid: fixture.uid(),
                        namespace: "default",
                        name: name,
                        ordinal: edit.run.nextOrdinal,
                        workflowUID: workflow.uid,
                        workflow: run,
                        stage: "build",
                        declaredItem: nil,
                        title: "T",
                        goal: "G",
                        acceptance: nil,
                        createdAt: workflow.createdAt
                    ),
                    to: \.items
                )
            }
        }
    }

    /// The names of all pages of a list, whatever the size of a page.
    private func names(_ query: ObjectQuery, limit: Int, _ store: Store) async throws -> [String] {
        var names: [String] = []
        var after: ObjectKey?
        repeat {
            let page = try await store.list(query, limit: limit, after: after)
            #expect(page.objects.count <= limit)
            names += page.objects.map { "\($0.metadata.namespace ?? "")/\($0.metadata.name)" }
            after = page.next
        } while after != nil
        return names
    }

    @Test func `a list has both in one order, page by page`() async throws {
        try await withStore { store in
            _ = try await begin("b", items: (0..<9).map { "n\($0)-live" }, in: store)
            for index in 0..<9 { _ = try await fixture.apply(item("n\(index)-made"), to: store) }
            let other = fixture.declared("WorkItem", "z", namespace: "a")
            _ = try await fixture.apply(other, to: store)
            let numbered = (0..<9).flatMap { ["default/n\($0)-live", "default/n\($0)-made"] }
            let all = ObjectQuery(kind: "WorkItem", namespace: nil)
            for limit in [1, 2, 3, 7, 20, 21, 1000] {
                #expect(try await names(all, limit: limit, store) == ["a/z", "default/b-item"] + numbered)
            }
            let own = ObjectQuery(kind: "WorkItem", namespace: "default")
            #expect(try await names(own, limit: 4, store) == ["default/b-item"] + numbered)
            for name in ["n3-live", "n3-made"] {
                let one = ObjectQuery(kind: "WorkItem", namespace: nil, name: name)
                #expect(try await names(one, limit: 5, store) == ["default/\(name)"])
            }
            var declared = all
            declared.isDeclared = true
            let made = numbered.filter { $0.hasSuffix("-made") }
            #expect(try await names(declared, limit: 4, store) == ["a/z"] + made)
            declared.isDeclared = false
            let live = numbered.filter { $0.hasSuffix("-live") }
            #expect(try await names(declared, limit: 4, store) == ["default/b-item"] + live)
        }
    }

    @Test func `more of one than a batch holds does not hide the other`() async throws {
        try await withStore { store in
            _ = try await begin("b", items: ["m", "zz"], in: store)
            let steps = (0..<1100).map {
                ApplyStep.put(
                    fixture.declared("WorkItem", "n\($0)", origin: fixture.gitOrigin("main"))
                )
            }
            _ = try await store.apply(fixture.revision(steps), fence: nil, newUID: { fixture.uid() })
            let query = ObjectQuery(kind: "WorkItem", namespace: "default")
            let names = try await names(query, limit: 333, store)
            #expect(names.count == 1103 && Set(names).count == 1103 && names == names.sorted())
            #expect(names.prefix(2) == ["default/b-item", "default/m"] && names.last == "default/zz")
        }
    }

    @Test func `each is got as what it is, and selected by its own labels`() async throws {
        try await withStore { store in
            let run = try await begin("b", items: [], in: store)
            let (made, position) = try await fixture.apply(item("made", labels: ["team": "red"]), to: store)
            let live = try #require(try await store.object(key("b-item")))
            #expect(live.spec == nil && live.status?["state"] == "open" && !live.metadata.isDeclared)
            #expect(live.metadata.ownerReferences?.map(\.uid) == [run])
            let declared = try #require(try await store.object(key("made")))
            #expect(declared == made.shown && declared.metadata.isDeclared)
            #expect(declared.spec == ["text": "one"])
            #expect(try await store.object(key("none")) == nil)
            #expect(try await store.object(key("made", "other")) == nil)
            var query = ObjectQuery(kind: "WorkItem", namespace: nil)
            query.labels = [LabelRequirement(key: "team", operation: .isIn, values: ["red"])]
            #expect(try await names(query, limit: 9, store) == ["default/made"])
            query.labels = [LabelRequirement(key: LiveLabel.workflow, operation: .isIn, values: ["b"])]
            #expect(try await names(query, limit: 9, store) == ["default/b-item"])
            try await store.waitForHorizon(position, deadline: .seconds(10))
            let kinds = ["WorkItem"]
            let seen = try await store.changes(after: .start, kinds: kinds, namespace: nil, limit: 9).changes
            #expect(seen.map(\.object.metadata.name) == ["b-item", "made"])
            #expect(seen.map(\.object) == [live, declared])
            let gone = try await store.removeOne(key("made"), actor: "unix:0")
            try await store.waitForHorizon(gone, deadline: .seconds(10))
            let last = try await store.changes(after: position, kinds: kinds, namespace: nil, limit: 9)
            #expect(last.changes.map(\.act) == [.removed])
            #expect(last.changes.first?.object.spec == ["text": "one"])
            query.labels = []
            #expect(try await names(query, limit: 9, store) == ["default/b-item"])
        }
    }

    @Test func `what a run has under a name is neither written over nor removed`() async throws {
        try await withStore { store in
            _ = try await begin("b", items: [], in: store)
            let before = try await store.object(key("b-item"))
            for mode in [ApplyMode.create, .apply, .replace] {
                for isDryRun in [true, false] {
                    let refused = await failure {
                        _ = try await store.applyOne(
                            item("b-item"),
                            mode: mode,
                            actor: "unix:0",
                            isDryRun: isDryRun,
                            newUID: { fixture.uid() }
                        )
                    }
                    #expect(refused?.code == .conflict && refused?.reason == "live", "\(mode)")
                    #expect(refused?.message.contains("WorkItem/b-item belongs to Workflow/b") == true)
                }
            }
            for isDryRun in [true, false] {
                let refused = await failure {
                    _ = try await store.removeOne(key("b-item"), actor: "unix:0", isDryRun: isDryRun)
                }
                #expect(refused?.reason == "live")
            }
            #expect(await failure { try await store.refuseLive(key("b-item")) }?.reason == "live")
            try await store.refuseLive(key("b-item", "other"))
            let missing = await failure { _ = try await store.removeOne(key("none"), actor: "unix:0") }
            #expect(missing?.code == .notFound)
            #expect(try await store.object(key("b-item")) == before)
            #expect(try await store.storedObjects(kind: "WorkItem", namespace: nil).isEmpty)
            // In another namespace the name is free.
            let free = fixture.declared("WorkItem", "b-item", namespace: "other")
            _ = try await fixture.apply(free, to: store, mode: .create)
        }
    }

    @Test func `a commit that declares what a run has is refused by name, and nothing of it is written`()
        async throws
    {
        try await withStore { store in
            _ = try await begin("b", items: [], in: store)
            let origin = fixture.gitOrigin("main")
            let steps = ["a", "b-item"].map {
                ApplyStep.put(fixture.declared("WorkItem", $0, origin: origin))
            }
            let refused = await failure {
                _ = try await store.apply(fixture.revision(steps), fence: nil, newUID: { fixture.uid() })
            }
            #expect(refused?.reason == "live" && refused?.message.contains("WorkItem/b-item") == true)
            #expect(try await store.storedObjects(kind: "WorkItem", namespace: nil).isEmpty)
            let revisions = try await store.list(ObjectQuery(kind: "Revision", namespace: nil), limit: 9)
            #expect(revisions.objects.first?.status?["phase"] == "failed")
            #expect(revisions.objects.first?.status?["failure"]?.string == refused?.message)
        }
    }

    @Test func `a run that takes the name of a declared item later leaves it in sight`() async throws {
        try await withStore { store in
            _ = try await fixture.apply(item("b-item"), to: store)
            _ = try await begin("b", items: [], in: store)
            let query = ObjectQuery(kind: "WorkItem", namespace: nil)
            #expect(try await names(query, limit: 1, store) == ["default/b-item"])
            #expect(try await store.object(key("b-item"))?.spec == ["text": "one"])
            let changed = fixture.declared("WorkItem", "b-item", spec: ["text": "two"])
            let (stored, _) = try await fixture.apply(changed, to: store, mode: .replace)
            #expect(stored.object.metadata.generation == 2)
            _ = try await store.removeOne(key("b-item"), actor: "unix:0")
            #expect(try await store.object(key("b-item"))?.status?["workflow"] == "b")
        }
    }
}
