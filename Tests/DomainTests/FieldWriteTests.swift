import Domain
import Testing

/// Whose each field is after a person has written an object.
@Suite struct FieldWriteTests {
    private let now = Timestamp(microseconds: 1_000_000)

    private func declared(
        _ spec: Value,
        labels: [String: String]? = nil,
        file: Bool = false
    ) -> Declared {
        var metadata = Metadata(name: "a", namespace: "default")
        metadata.labels = labels
        let object = Object(kind: "Role", metadata: metadata, spec: spec)
        var origin = Origin(appliedBy: "unix:7")
        if file {
            let start = TextPosition(line: 4, column: 1)
            origin = Origin(gitSource: "main", commit: CommitID("c"), path: "roles/a.yaml", position: start)
        }
        origin.fields = FieldSet(of: object.body)
        return Declared(object: object, digest: Digest(spec.canonicalJSON), origin: origin, references: [])
    }

    private func stored(_ declared: Declared) -> Stored {
        Stored(object: declared.object, digest: declared.digest, origin: declared.origin)
    }

    private func update(_ name: String, force: Bool = false) -> FieldWrite {
        FieldWrite(manager: name, operation: .update, isForced: force)
    }

    private func apply(_ name: String, _ fields: Value, force: Bool = false) -> FieldWrite {
        FieldWrite(
            manager: name,
            operation: .apply,
            applied: FieldSet(of: ["spec": fields]),
            isForced: force
        )
    }

    private func paths(_ origin: Origin, _ name: String) -> [String] {
        origin.owners?.filter { $0.name == name }.fields.paths ?? []
    }

    @Test func `what a file does not declare belongs to whoever sets it`() throws {
        let file = stored(declared(["x": 1], file: true))
        let sent = declared(["x": 1, "y": 2], labels: ["team": "red"])
        let written = try sent.written(over: file, by: update("unix:7"), at: now)
        #expect(paths(written.origin, "unix:7") == ["metadata.labels.team", "spec.y"])
        #expect(written.origin.gitSource == "main" && written.origin.taken == nil)
        #expect(written.origin.declared == file.digest, "the file's own digest is still known")
        let back = try declared(["x": 1]).written(over: stored(written), by: update("unix:8"), at: now)
        #expect(back.origin.owners == nil && back.origin.declared == nil)
    }

    @Test func `a field that a file declares is refused with its place, and taken by force`() throws {
        let file = stored(declared(["x": 1, "y": 1], file: true))
        let sent = declared(["x": 2, "y": 1])
        let conflict = #expect(throws: FieldConflict.self) {
            try sent.written(over: file, by: update("unix:7"), at: now)
        }
        #expect(
            conflict?.claims == [.init(field: "spec.x", holder: "git:main", place: "roles/a.yaml:4")]
        )
        #expect(conflict?.message.contains("git:main\" at roles/a.yaml:4: spec.x") == true)
        let taken = try sent.written(over: file, by: update("unix:7", force: true), at: now)
        #expect(taken.origin.taken?.paths == ["spec.x"] && taken.origin.gitSource == "main")
        // Whoever has taken it may go on; anybody else is refused.
        let more = declared(["x": 3, "y": 1])
        _ = try more.written(over: stored(taken), by: update("unix:7"), at: now)
        #expect(throws: FieldConflict.self) {
            try more.written(over: stored(taken), by: update("unix:8"), at: now)
        }
    }

    @Test func `a field that is given back is the file's again at the next look`() throws {
        let file = stored(declared(["x": 1, "y": 1], file: true))
        let force = apply("unix:7", ["x": 2], force: true)
        let taken = stored(try declared(["x": 2, "y": 1]).written(over: file, by: force, at: now))
        let released = try declared(["x": 2, "y": 1])
            .written(over: taken, by: apply("unix:7", ["z": 1]), at: now)
        #expect(released.origin.taken == nil && released.origin.declared == .unknown)
    }

    @Test func `what is applied and named no more goes, and what others hold stays`() throws {
        let first = declared(["x": 1, "y": 1]).created(by: apply("one", ["x": 1, "y": 1]), at: now)
        let both = try declared(["x": 1, "y": 1, "z": 1])
            .written(over: stored(first), by: apply("two", ["y": 1, "z": 1]), at: now)
        #expect(paths(both.origin, "one") == ["spec.x", "spec.y"])
        #expect(paths(both.origin, "two") == ["spec.y", "spec.z"], "both may say the same")
        let document: Value = ["metadata": ["name": "a"], "spec": ["w": 1]]
        let whole = stored(both).applying(document, as: "one")
        #expect(whole["spec"] == ["w": 1, "y": 1, "z": 1])
        #expect(whole.at("metadata", "name") == "a")
    }

    @Test func `an applied field that another manager holds is refused`() throws {
        let first = declared(["x": 1]).created(by: apply("one", ["x": 1]), at: now)
        let sent = declared(["x": 2])
        let conflict = #expect(throws: FieldConflict.self) {
            try sent.written(over: stored(first), by: apply("two", ["x": 2]), at: now)
        }
        #expect(conflict?.claims == [.init(field: "spec.x", holder: "one", place: nil)])
        #expect(conflict?.isWithGit == false)
        let taken = try sent.written(over: stored(first), by: apply("two", ["x": 2], force: true), at: now)
        #expect(paths(taken.origin, "one") == [] && paths(taken.origin, "two") == ["spec.x"])
    }

    @Test func `an object is taken from its source as a whole`() throws {
        let file = stored(declared(["x": 1, "y": 1], file: true))
        var write = update("unix:7")
        write.takesOwnership = true
        let taken = try declared(["x": 2, "y": 1]).written(over: file, by: write, at: now)
        #expect(taken.origin.gitSource == nil && taken.origin.appliedBy == "unix:7")
        #expect(paths(taken.origin, "unix:7") == ["spec.x", "spec.y"])
    }
}
