import Domain
import Support
import Testing

@testable import Store

/// What people may set beside a file, and what may not be touched there.
@Suite struct DoorAnnotationTests {
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
            #expect(after.origin.gitSource == "main" && after.origin.doorAnnotations == Array(suspended.keys))
            let outline = try await store.outlines(source: "main").first
            #expect(outline?.origin.doorAnnotations == Array(suspended.keys))
            #expect(outline?.object.metadata.annotations == set)
            try await commit(declared(["note": "m"], url: "v", isFile: true), "b", to: store)
            #expect(try await annotations(store) == suspended.merging(["note": "m"]) { $1 })
            let (resumed, _) = try await fixture.apply(declared(["note": "m"], url: "v"), to: store)
            #expect(resumed.object.metadata.annotations == ["note": "m"])
            #expect(resumed.origin.doorAnnotations == nil)
            try await commit(declared(["note": "m"], url: "w", isFile: true), "c", to: store)
            #expect(try await annotations(store) == ["note": "m"])
        }
    }

    @Test func `whatever else a file declares, or does not, is changed in the file`() async throws {
        try await withStore { store in
            try await commit(declared(suspended, isFile: true), "a", to: store)
            let refused = [
                declared(suspended), declared(), declared(["agirunner.dev/suspend": "false"]),
                declared(suspended.merging(["note": "n"]) { $1 }),
                declared(suspended.merging(["agirunner.dev/prune": "disabled"]) { $1 }),
                declared(suspended.merging(["agirunner.dev/apply-plan": "..b"]) { $1 }),
                declared(suspended.merging(["agirunner.dev/reconcile-at": "1"]) { $1 }, url: "v"),
                declared(suspended.merging(["agirunner.dev/reconcile-at": "1"]) { $1 }, labels: ["a": "b"]),
            ]
            for one in refused {
                let failure = await failure { _ = try await fixture.apply(one, to: store) }
                #expect(failure?.reason == "owned_by_git", "\(one.object.metadata)")
            }
            let asked = suspended.merging(["agirunner.dev/reconcile-at": "1"]) { $1 }
            _ = try await fixture.apply(declared(asked), to: store)
            #expect(try await annotations(store) == asked)
        }
    }

    @Test func `a file that comes to declare what people have set owns it`() async throws {
        try await withStore { store in
            try await commit(declared(isFile: true), "a", to: store)
            _ = try await fixture.apply(declared(suspended), to: store)
            try await commit(declared(suspended, isFile: true), "b", to: store)
            #expect(try await store.stored(source)?.origin.doorAnnotations == nil)
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
}
