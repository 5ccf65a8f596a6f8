package import Domain
package import Store
internal import Synchronization

/// Uids and names for what is written to a store by hand, from a seed that a failure prints.
package final class Fixture: Sendable {
    /// What a failing test must print.
    package let seed: UInt64
    private let generator: Mutex<SeededGenerator>

    /// A fixture of a seed, by default one that was not used before.
    package init(seed: UInt64 = UInt64.random(in: 1...999_999_999)) {
        self.seed = seed
        generator = Mutex(SeededGenerator(seed: seed))
    }

    /// A new uid.
    package func uid() -> UID { generator.withLock { $0.uid() } }
    /// A number in a range.
    package func number(in range: Range<Int>) -> Int {
        generator.withLock { Int.random(in: range, using: &$0) }
    }
    /// One of some elements; nil when there are none.
    package func pick<Element: Sendable>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[number(in: 0..<elements.count)]
    }

    /// A declared object whose digest follows from its spec.
    package func declared(
        _ kind: String,
        _ name: String,
        namespace: String? = "default",
        spec: Value = ["text": "one"],
        labels: [String: String]? = nil,
        origin: Origin = Origin(appliedBy: "unix:0")
    ) -> Declared {
        var metadata = Metadata(name: name, namespace: namespace)
        metadata.labels = labels
        let object = Object(kind: kind, metadata: metadata, spec: spec)
        var origin = origin
        origin.fields = FieldSet(of: object.body)
        return Declared(
            object: object,
            digest: Digest("text:\(spec.canonicalJSON)"),
            origin: origin,
            references: []
        )
    }

    /// An origin in a file of a source.
    package func gitOrigin(_ source: String, line: Int = 3) -> Origin {
        Origin(
            gitSource: source,
            commit: CommitID(String(repeating: "a", count: 40)),
            path: "things.yaml",
            position: TextPosition(line: line, column: 1)
        )
    }

    /// A commit of a source that takes these steps.
    package func revision(
        _ steps: [ApplyStep],
        source: String = "main",
        commit: Character = "a"
    ) -> RevisionWrite {
        RevisionWrite(
            source: source,
            commit: CommitID(String(repeating: commit, count: 40)),
            author: "A",
            message: "M",
            steps: steps,
            declaredCount: steps.count,
            heldBackCount: 0,
            diagnostics: []
        )
    }

    /// Writes a declared object as a person does.
    package func apply(
        _ declared: Declared,
        to store: Store,
        mode: ApplyMode = .apply
    ) async throws -> (Stored, Position) {
        try await store.applyOne(declared, mode: mode, actor: "unix:0", newUID: { self.uid() })
    }
}

extension Fixture {
    /// The specs that every run of a fixture follows, with their digest.
    package static let pins: (Digest, Value) = (
        Digest("sha256:pins"),
        [
            "playbookName": "p", "roles": [:], "skills": [:], "toolProfiles": [:], "runtimeProfiles": [:],
            "modelRoutes": [:], "modelProviders": [:],
            "playbook": [
                "displayName": "P", "version": "1", "outcome": "O", "lifecycle": "planned", "parameters": [],
                "roles": [], "stages": [], "instructions": "I", "orchestration": ["mode": "rules"],
                "limits": ["reworkPerTask": 10, "iterationsPerTask": 800, "modelRetries": 5],
                "retry": ["maxAttempts": 3, "backoff": "exponential", "categories": []],
            ],
            "workflow": ["playbookRef": ["name": "p"], "parameters": [:], "priority": 0, "state": "run"],
        ]
    )

    /// Declares a Workflow and begins its run with some ready tasks; answers its uid.
    package func begin(
        _ name: String,
        tasks: Int = 0,
        in store: Store,
        _ body: (inout RunEdit) throws -> Void = { _ in }
    ) async throws -> UID {
        let (stored, _) = try await apply(declared("Workflow", name), to: store)
        guard let uid = stored.object.metadata.uid, let now = stored.object.metadata.creationTimestamp else {
            throw SupportError("an object without identity")
        }
        let record = WorkflowRecord(
            uid: uid,
            namespace: "default",
            name: name,
            generation: 1,
            desired: .run,
            playbook: "p",
            playbookVersion: "1",
            pin: Self.pins.0,
            parameters: [:],
            priority: 0,
            branch: nil,
            createdAt: now
        )
        var edit = try RunEdit(beginning: record, uid: self.uid())
        for _ in 0..<tasks { try edit.addTask(self, at: now) }
        try body(&edit)
        try await store.beginRun(edit.result, pin: Self.pins, fence: nil, actor: "test")
        return uid
    }

    /// Changes a run by hand.
    package func change(
        _ uid: UID,
        in store: Store,
        _ body: @Sendable (inout RunEdit, Timestamp) throws -> Void
    ) async throws {
        try await store.transact(uid, actor: "test") { run, _, now in
            var edit = RunEdit(run)
            try body(&edit, now)
            return (edit.result, true)
        }
    }
}
