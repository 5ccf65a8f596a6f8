import Domain
import Support
import Testing

@testable import Store

/// Large commits that a newer one, or the end of the process, cuts off.
@Suite(.timeLimit(.minutes(3))) struct PreemptionTests {
    private let fixture = Fixture()
    /// Five batches of a thousand, and one that is not full.
    private let count = 5_200

    private var steps: [ApplyStep] {
        (0..<count).map { .put(fixture.declared("Role", "r\($0)", origin: fixture.gitOrigin("main"))) }
    }

    /// Begins to apply a commit and cancels that once its first batch is there; answers how it ended.
    private func cutOff(_ write: RevisionWrite, _ store: Store) async throws -> (any Error)? {
        let applying = Task { _ = try await store.apply(write, fence: nil, newUID: { fixture.uid() }) }
        while try await objects(store) == 0 {
            let ticket = store.bellTicket()
            guard try await objects(store) == 0 else { break }
            await store.waitBell(after: ticket, deadline: .seconds(5))
        }
        applying.cancel()
        do { try await applying.value } catch { return error }
        return nil
    }

    private func objects(_ store: Store) async throws -> Int {
        try await store.rawText("SELECT count(*) FROM objects").flatMap { Int($0) } ?? 0
    }

    @Test func `a commit that is cut off stops between its batches, and the next look completes it`()
        async throws
    {
        try await withStore { store in
            let write = fixture.revision(steps)
            let error = try await cutOff(write, store)
            #expect(error is CancellationError, "\(String(describing: error))")
            let half = try await objects(store)
            // A batch that was begun is undone as a whole.
            #expect(half > 0 && half < count && half % 1000 == 0, "seed \(fixture.seed)")
            let phase = "SELECT string_agg(phase, ',') FROM revisions"
            #expect(try await store.rawText(phase) == "applying")
            #expect(try await store.newestApplied(source: "main") == nil)
            let uids = "SELECT string_agg(uid, ',' ORDER BY name) FROM objects WHERE name < 'r1'"
            let before = try await store.rawText(uids)
            let applied = try await store.apply(write, fence: nil, newUID: { fixture.uid() })
            #expect((applied.created, applied.unchanged) == (count - half, half))
            #expect(try await objects(store) == count)
            #expect(try await store.rawText(phase) == "applied")
            #expect(try await store.rawText(uids) == before, "what was there is the same object")
            let created =
                "SELECT count(*) || '/' || count(DISTINCT subject_uid) FROM events "
                + "WHERE type = 'object.created'"
            #expect(try await store.rawText(created) == "\(count)/\(count)")
        }
    }

    @Test func `a newer commit takes over from one that was cut off`() async throws {
        try await withStore { store in
            _ = try await cutOff(fixture.revision(steps), store)
            // It keeps one of the objects, and gives up the others, those that never came among them.
            let changed = fixture.declared(
                "Role",
                "r7",
                spec: ["text": "two"],
                origin: fixture.gitOrigin("main")
            )
            let next =
                [ApplyStep.put(changed)]
                + (0..<count).filter { $0 != 7 }
                .map { .remove(ObjectKey("Role", namespace: "default", name: "r\($0)")) }
            let applied = try await store.apply(
                fixture.revision(next, commit: "b"),
                fence: nil,
                newUID: { fixture.uid() }
            )
            #expect(applied.created + applied.changed == 1)
            #expect(try await objects(store) == 1)
            let phases = "SELECT string_agg(phase, ',' ORDER BY resource_version) FROM revisions"
            #expect(try await store.rawText(phases) == "superseded,applied")
        }
    }
}
