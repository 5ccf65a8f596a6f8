import Domain
import Support
import Testing

@testable import Store

/// What people may set beside a file, and what may not be touched there.
@Suite struct FieldOwnerTests {
    private let fixture = Fixture()
    private let source = ObjectKey("GitSource", namespace: nil, name: "child")

    /// The source as its file declares it, or as a person sends it.
    private func declared(
        _ annotations: [String: String] = [:],
        url: String = "u",
        labels: [String: String]? = nil,
        isFile: Bool = false
    ) -> Declared {
        var declared = fixture.declared(
            "GitSource",
            "child",
            namespace: nil,
            spec: ["url": .string(url)],
            labels: labels,
            origin: isFile ? fixture.gitOrigin("main") : Origin(appliedBy: "unix:0")
        )
        declared.object.metadata.annotations = annotations.isEmpty ? nil : annotations
        declared.origin.fields = FieldSet(of: declared.object.body)
        return declared
    }

    private func commit(_ declared: Declared, _ id: Character, to store: Store) async throws {
        let write = fixture.revision([.put(declared)], commit: id)
        _ = try await store.apply(write, fence: nil, newUID: { fixture.uid() })
    }

    private func annotations(_ store: Store) async throws -> [String: String] {
        try await store.stored(source)?.object.metadata.annotations ?? [:]
    }

    private let suspended = ["agirunner.dev/suspend": "true"]

    @Test func `a source that git declares is suspended on the door, and stays so over commits`() async throws
    {
        try await withStore { store in
            try await commit(declared(["note": "n"], isFile: true), "a", to: store)
            let set = suspended.merging(["note": "n"]) { $1 }
            let (after, _) = try await fixture.apply(declared(set), to: store)
            #expect(after.origin.gitSource == "main")
            #expect(after.origin.owners?.fields.paths == ["metadata.annotations.agirunner.dev/suspend"])
            let outline = try await store.outlines(source: "main").first
            #expect(outline?.origin.owners == after.origin.owners)
            #expect(outline?.object.metadata.annotations == set)
            try await commit(declared(["note": "m"], url: "v", isFile: true), "b", to: store)
            #expect(try await annotations(store) == suspended.merging(["note": "m"]) { $1 })
            let (resumed, _) = try await fixture.apply(declared(["note": "m"], url: "v"), to: store)
            #expect(resumed.object.metadata.annotations == ["note": "m"])
            #expect(resumed.origin.owners == nil)
            try await commit(declared(["note": "m"], url: "w", isFile: true), "c", to: store)
            #expect(try await annotations(store) == ["note": "m"])
        }
    }

    @Test func `what a file declares is refused with its place, and nothing is written`() async throws {
        try await withStore { store in
            try await commit(declared(suspended, isFile: true), "a", to: store)
            let before = try await store.stored(source)
            let refused = [
                declared(), declared(["agirunner.dev/suspend": "false"]),
                declared(suspended.merging(["note": "n"]) { $1 }, url: "v"),
            ]
            for one in refused {
                let conflict = await #expect(throws: FieldConflict.self) {
                    _ = try await fixture.apply(one, to: store)
                }
                #expect(conflict?.claims.first?.place == "things.yaml:3", "\(one.object.metadata)")
            }
            #expect(try await store.stored(source) == before)
            let (same, _) = try await fixture.apply(declared(suspended), to: store)
            #expect(same == before, "who sends what is there changes nothing")
        }
    }

    @Test func `a file that comes to declare what people have set owns it`() async throws {
        try await withStore { store in
            try await commit(declared(isFile: true), "a", to: store)
            _ = try await fixture.apply(declared(suspended), to: store)
            try await commit(declared(suspended, isFile: true), "b", to: store)
            #expect(try await store.stored(source)?.origin.owners == nil)
            try await commit(declared(isFile: true), "c", to: store)
            #expect(try await annotations(store) == [:])
        }
    }

    @Test func `a dry run answers what would be, and writes nothing`() async throws {
        try await withStore { store in
            func tried(_ declared: Declared, _ mode: ApplyMode = .apply) async throws -> Object {
                try await store.applyOne(
                    declared,
                    mode: mode,
                    actor: "unix:0",
                    isDryRun: true,
                    newUID: { fixture.uid() }
                ).0.object
            }
            let made = try await tried(declared())
            #expect(made.metadata.uid != nil && made.metadata.generation == 1)
            #expect(made.metadata.resourceVersion == nil && made.status?["conditions"] != nil)
            #expect(try await store.stored(source) == nil)
            let (real, position) = try await fixture.apply(declared(["note": "n"]), to: store)
            let changed = try await tried(declared(url: "v"))
            #expect(changed.metadata.uid == real.object.metadata.uid && changed.metadata.generation == 2)
            #expect(changed.spec == ["url": "v"] && changed.metadata.annotations == nil)
            #expect(changed.metadata.resourceVersion == position)
            #expect(try await store.stored(source) == real)
            #expect(await failure { _ = try await tried(declared(), .create) }?.code == .alreadyExists)
            _ = try await store.removeOne(source, actor: "unix:0", isDryRun: true)
            #expect(try await store.stored(source) == real)
        }
    }

    private func take(_ url: String, in store: Store) async throws -> Stored {
        try await store.applyOne(
            declared(url: url),
            mode: .apply,
            write: FieldWrite(manager: "unix:7", operation: .update, isForced: true),
            actor: "unix:7",
            newUID: { fixture.uid() }
        ).0
    }

    /// Takes every key there is, and answers why each is to be looked at.
    private func claims(_ store: Store) async throws -> [String: KeyPriority] {
        var found: [String: KeyPriority] = [:]
        while let claimed = try await store.claimKey(by: "x", lease: .seconds(60)) {
            found[claimed.key.description] = claimed.priority
        }
        return found
    }

    private func conditions(_ stored: Stored?) -> [String: Value] {
        let found = stored?.object.status?["conditions"]?.array ?? []
        return Dictionary(
            found.map { ($0["type"]?.string ?? "", $0["message"] ?? "") },
            uniquingKeysWith: { first, _ in first }
        )
    }

    @Test func `a field taken three times is put back each time, and both are named`() async throws {
        try await withStore { store in
            try await commit(declared(isFile: true), "a", to: store)
            for round in 1...3 {
                let taken = try await take("v\(round)", in: store)
                #expect(taken.object.spec == ["url": .string("v\(round)")])
                #expect(
                    conditions(taken)["Drifted"]?.string?.contains("spec.url: declared at things.yaml:3")
                        == true
                )
                if round == 1 { #expect(try await claims(store)["GitSource/main"] == .people) }
                try await commit(declared(isFile: true), "a", to: store)
                let back = try await store.stored(source)
                #expect(back?.object.spec == ["url": "u"] && back?.origin.taken == nil)
                #expect(conditions(back)["Drifted"] == nil)
                #expect((conditions(back)["Flapping"] != nil) == (round == 3))
            }
            let said = conditions(try await store.stored(source))["Flapping"]?.string ?? ""
            #expect(said.contains("git:main and unix:7 have changed spec.url 3 times"), "\(said)")
            let last = try await store.stored(source)?.object.metadata.resourceVersion ?? .start
            try await store.waitForHorizon(last, deadline: .seconds(5))
            let types = try await store.events(after: .start, workflow: nil, namespace: nil, limit: 100).map(
                \.type
            )
            #expect(types.filter { $0 == "object.fields_taken" }.count == 3)
            #expect(types.filter { $0 == "object.drift_corrected" }.count == 3)
        }
    }

    @Test func `a field taken from a source that only reports stays taken over commits`() async throws {
        try await withStore { store in
            try await commit(declared(isFile: true), "a", to: store)
            _ = try await take("v", in: store)
            var write = fixture.revision([.put(declared(["note": "n"], isFile: true))], commit: "b")
            write.drift = .report
            _ = try await store.apply(write, fence: nil, newUID: { fixture.uid() })
            let stored = try await store.stored(source)
            #expect(stored?.object.spec == ["url": "v"])
            #expect(stored?.object.metadata.annotations == ["note": "n"])
            #expect(stored?.origin.taken?.paths == ["spec.url"] && conditions(stored)["Drifted"] != nil)
        }
    }

    @Test func `a commit never writes what was handed to somebody else after it was planned`() async throws {
        try await withStore { store in
            try await commit(declared(isFile: true), "a", to: store)
            _ = try await store.applyOne(
                declared(url: "v"),
                mode: .apply,
                write: FieldWrite(manager: "unix:7", operation: .update, takesOwnership: true),
                actor: "unix:7",
                newUID: { fixture.uid() }
            )
            try await commit(declared(url: "w", isFile: true), "b", to: store)
            let removal = fixture.revision([.remove(source)], commit: "c")
            _ = try await store.apply(removal, fence: nil, newUID: { fixture.uid() })
            #expect(try await store.stored(source)?.object.spec == ["url": "v"])
            #expect(try await store.stored(source)?.origin.appliedBy == "unix:0")
        }
    }

    @Test func `the source that an object left is looked at once a commit of another one has it`()
        async throws
    {
        try await withStore { store in
            func skill(_ source: String) -> Declared {
                fixture.declared("Skill", "shared", spec: ["body": "b"], origin: fixture.gitOrigin(source))
            }
            let first = fixture.revision([.put(skill("old"))], source: "old")
            _ = try await store.apply(first, fence: nil, newUID: { fixture.uid() })
            var offered = skill("old")
            offered.object.metadata.annotations = [Transfer.annotation: "gitsource/new"]
            let offer = fixture.revision([.put(offered)], source: "old", commit: "b")
            _ = try await store.apply(offer, fence: nil, newUID: { fixture.uid() })
            #expect(try await store.claimKey(by: "test", lease: .seconds(60)) == nil)
            let second = fixture.revision([.put(skill("new"))], source: "new", commit: "c")
            _ = try await store.apply(second, fence: nil, newUID: { fixture.uid() })
            #expect(try await store.stored(skill("new").object.key)?.origin.gitSource == "new")
            let claimed = try #require(try await store.claimKey(by: "test", lease: .seconds(60)))
            #expect(claimed.key == ObjectKey("GitSource", namespace: nil, name: "old"))
            #expect(claimed.priority == .people, "all of it is looked at, though its commit is in force")
            #expect(try await store.claimKey(by: "test", lease: .seconds(60)) == nil)
        }
    }

    @Test func `what others hold is let go when it does not go with what a commit declares`() async throws {
        try await withStore { store in
            try await commit(declared(isFile: true), "a", to: store)
            var wider = declared()
            wider.object.spec = ["url": "u", "path": "p"]
            wider.origin.fields = FieldSet(of: wider.object.body)
            wider.digest = Digest("wider")
            _ = try await fixture.apply(wider, to: store)
            try await commit(declared(url: "v", isFile: true), "b", to: store)
            #expect(try await store.stored(source)?.object.spec == ["url": "v", "path": "p"])
            _ = try await store.apply(
                fixture.revision([.put(declared(url: "w", isFile: true))], commit: "c"),
                fence: nil,
                isSound: { $0.spec?["path"] == nil },
                newUID: { fixture.uid() }
            )
            #expect(try await store.stored(source)?.object.spec == ["url": "w"])
            #expect(try await store.stored(source)?.origin.owners == nil)
        }
    }
}
