import Catalog
import Domain
import Support

@testable import CommandLine

/// A role and a skill that it refers to, and a skill that is left alone.
enum Example {
    static let role = """
        apiVersion: agirunner.dev/v1
        kind: Role
        metadata:
          name: developer
          labels:
            tier: one
        spec:
          displayName: Developer
          description: Writes code.
          prompt: |
            Write the code.
            Keep it short.
            Hand it in.
          tools: [file_read, file_write]
          skillRefs: [testing]

        """

    static func skill(_ name: String, body: String = "Test first.") -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata:
          name: \(name)
        spec:
          displayName: \(name)
          summary: How to.
          body: \(body)

        """
    }

    static let before = [
        "roles/developer.yaml": role, "skills/testing.yaml": skill("testing"),
        "skills/old.yaml": skill("old"), "skills/kept.yaml": skill("kept"),
    ]

    /// The role changed, one skill renamed, one gone, one new.
    static let after: [String: String?] = [
        "roles/developer.yaml": role.replacing("tier: one", with: "tier: two")
            .replacing("Keep it short.", with: "Keep it clear.\n    Name things.")
            .replacing("[file_read, file_write]", with: "[file_write, file_read, shell_exec]")
            .replacing("description: Writes code.", with: "description: Writes and mends code."),
        "skills/testing.yaml": nil, "skills/how-to-test.yaml": skill("testing"), "skills/old.yaml": nil,
        "skills/new.yaml": skill("new"),
    ]
}

/// A repository with two commits, and a server that has applied the first of them.
struct AppliedExample {
    let repository: TemporaryRepository
    let first: String
    let second: String
    let door = Door()

    init() async throws {
        repository = try await TemporaryRepository()
        first = try await repository.commit(Example.before)
        second = try await repository.commit(Example.after)
        try await repository.git("tag", "v1", first)
        try putSource()
        var options = LoadOptions()
        options.gitSource = "main"
        options.commit = CommitID(first)
        let files = Example.before.map { SourceFile(path: $0.key, bytes: Array($0.value.utf8)) }
        for declared in Loader().load(files, options: options).objects {
            try door.put(stored(declared))
        }
    }

    /// The GitSource as the door shows it; the spec is what the kind makes of these few fields.
    func putSource(_ members: Value = [:], name: String = "main", applied: String? = nil) throws {
        let spec: Value = [
            "url": .string(repository.path), "ref": ["branch": "main"],
            "grants": ["namespaces": ["*"], "kinds": ["*", "GitSource"]],
        ]
        let object: Value = [
            "apiVersion": .string(Kind.apiVersion), "kind": "GitSource", "metadata": ["name": .string(name)],
            "spec": spec.merging(members),
        ]
        var options = LoadOptions()
        options.appliedBy = "unix:0"
        var source = stored(try Loader().validate(object, options: options).get())
        source.object.status = ["appliedCommit": .string(applied ?? first)]
        try door.put(source)
    }

    /// A declared object as the server has it.
    func stored(_ declared: Declared) -> Stored {
        var object = declared.object
        object.metadata.uid = UID("uid-\(object.metadata.name)")
        object.metadata.resourceVersion = Position(3)
        return Stored(object: object, digest: declared.digest, origin: declared.origin)
    }

    /// Changes what the server has of an object.
    func change(_ kind: String, _ name: String, _ patch: Value?) {
        let scope = Kind.named(kind)?.isNamespaced == true ? "/namespaces/default" : ""
        let path = "\(ControlClient.base)\(scope)/\(Kind.named(kind)?.plural ?? "")/\(name)"
        door.with { contents in
            guard let patch else { return contents.objects[path] = nil }
            contents.objects[path] = (contents.objects[path] ?? .null).merging(patch)
        }
    }

    /// A text without the ids of the two commits and without the path of the repository.
    func named(_ text: String) -> String {
        text.replacing(first.prefix(7), with: "first").replacing(second.prefix(7), with: "second")
            .replacing(repository.path, with: "/repository")
            // Which code a conflict of owners has is no concern of these tests.
            .replacing(/POL\d+/, with: "POL")
    }
}
