import Domain
import Support
import Testing

@testable import Store

/// What keeps an object from being deleted, on the control door and for a source.
@Suite struct GuardTests {
    private let fixture = Fixture()
    private let playbook = ObjectKey("Playbook", namespace: "default", name: "p")
    private let role = ObjectKey("Role", namespace: "default", name: "r")

    private func refusal(_ key: ObjectKey, _ store: Store, isDryRun: Bool = false) async -> Failure? {
        await failure { _ = try await store.removeOne(key, actor: "unix:0", isDryRun: isDryRun) }
    }

    @Test func `a protected object is deleted by nobody, also in a dry run`() async throws {
        try await withStore { store in
            var declared = fixture.declared("Role", "r")
            declared.object.metadata.annotations = [PruneHold.protection: "enabled"]
            _ = try await fixture.apply(declared, to: store)
            for isDryRun in [true, false] {
                let refused = await refusal(role, store, isDryRun: isDryRun)
                #expect(refused?.code == .forbidden && refused?.reason == "deletion_protected")
                #expect(refused?.message.contains("take its annotation") == true)
            }
            declared.object.metadata.annotations = nil
            _ = try await fixture.apply(declared, to: store)
            #expect(await refusal(role, store, isDryRun: true) == nil)
            #expect(try await store.stored(role) != nil)
            #expect(await refusal(role, store) == nil)
            #expect(try await store.stored(role) == nil)
        }
    }

    @Test func `what a run uses is deleted when the run has ended`() async throws {
        try await withStore { store in
            _ = try await fixture.apply(fixture.declared("Playbook", "p"), to: store)
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            #expect(try await store.inUse([playbook, role]) == [playbook: "run"])
            let refused = await refusal(playbook, store)
            #expect(refused?.code == .conflict && refused?.reason == "in_use")
            #expect(refused?.message.contains("Workflow/run") == true)
            try await fixture.change(uid, in: store) { edit, now in
                try edit.change(\.phase, to: .cancelled)
                try edit.change(\.finishedAt, to: now)
            }
            #expect(try await store.inUse([playbook]) == [:])
            #expect(await refusal(playbook, store) == nil)
        }
    }

    @Test func `what no file declares any more is changed and deleted by people`() async throws {
        try await withStore { store in
            let origin = fixture.gitOrigin("main")
            let declared = fixture.declared("Role", "r", origin: origin)
            _ = try await fixture.apply(fixture.declared("GitSource", "main", namespace: nil), to: store)
            _ = try await store.apply(
                fixture.revision([.put(declared)]),
                fence: nil,
                newUID: { fixture.uid() }
            )
            #expect(await refusal(role, store)?.reason == "owned_by_git")
            try await store.setStatus(role, fence: nil) { stored, now in
                PruneHold.status(stored.object.status, ("InUse", "m"), generation: 1, now: now)
            }
            let outline = try await store.outlines(source: "main").first
            #expect(PruneHold.condition(of: outline?.object.status)?["reason"] == "InUse")
            let (taken, _) = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            #expect(taken.origin.gitSource == nil && PruneHold.condition(of: taken.object.status) == nil)
            #expect(taken.object.status?["conditions"]?.array?.first?["type"] == "Ready")
            #expect(await refusal(role, store) == nil)
        }
    }

    @Test func `that a run's file is gone outlives what the run says of itself`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            let key = ObjectKey("Workflow", namespace: "default", name: "run")
            try await store.setStatus(key, fence: nil) { stored, now in
                PruneHold.status(stored.object.status, ("DeclarationRemoved", "m"), generation: 1, now: now)
            }
            try await fixture.change(uid, in: store) { edit, _ in try edit.change(\.message, to: "more") }
            let status = try await store.stored(key)?.object.status
            #expect(PruneHold.condition(of: status)?["reason"] == "DeclarationRemoved")
        }
    }
}
