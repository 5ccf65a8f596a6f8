import Catalog
import Domain
import Git
import GitSources
import Reconciler
import Support
import Testing

@Suite(.timeLimit(.minutes(2))) struct SourceRepositoriesTests {
    /// What loads a repository, with mirrors in a folder that goes away with the test.
    private func withPorts(
        declared: [Stored] = [],
        _ body: (SourcePorts, TemporaryRepository) async throws -> Void
    ) async throws {
        try Git.initialise()
        let folder = try await TemporaryFolder()
        let repository = try await TemporaryRepository()
        let sources = SourceRepositories(
            folder: "\(folder.path)/mirrors",
            ports: RepositoryPorts(
                declared: { declared },
                sources: { [] },
                mark: { _ in },
                wait: { _ in }
            )
        )
        try await body(sources.sourcePorts, repository)
    }

    private func spec(_ repository: TemporaryRepository) throws -> GitSourceSpec {
        let declared = try firstSource(url: repository.path, appliedBy: "unix:0")
        return try (declared.object.spec ?? [:]).decode()
    }

    private let skill = """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata:
          name: one
        spec:
          displayName: One
          summary: S.
          body: B.

        """

    @Test func `the first source is called main, and grants every kind that is no secret's`() throws {
        let source = try firstSource(url: "/srv/configuration.git", appliedBy: "unix:7")
        #expect(source.object.key == ObjectKey("GitSource", namespace: nil, name: "main"))
        #expect(source.origin.appliedBy == "unix:7")
        let kinds = source.object.spec?["grants"]?["kinds"]?.array?.compactMap(\.string) ?? []
        let declared = Set(Kind.all.filter(\.isDeclared).map(\.name))
        #expect(Set(kinds) == declared.subtracting(["SecretStore"]))
    }

    @Test func `a commit is loaded with its author, and other files are left out`() async throws {
        try await withPorts { ports, repository in
            let commit = try await repository.commit(["a/skill.yaml": skill, "README.md": "kind: Nothing"])
            let spec = try spec(repository)
            #expect(try await ports.tip("main", spec) == CommitID(commit))
            let revision = try await ports.load("main", spec, CommitID(commit))
            #expect(revision.declared.map(\.object.key.name) == ["one"])
            // Nothing uses the skill, which is doubtful and no more; whoever has no file sees the line.
            #expect(revision.diagnostics.map(\.code) == ["REF008"] && revision.heldBack == [:])
            #expect(revision.diagnostics.first?.excerpt?.hasPrefix("    4 |   name: one\n") == true)
            #expect(revision.author == "Test Author <author@example.org>")
            #expect(revision.declared.first?.origin.gitSource == "main")
        }
    }

    @Test func `a branch that is not there has no tip`() async throws {
        try await withPorts { ports, repository in
            try await repository.commit(["skill.yaml": skill])
            var spec = try spec(repository)
            spec.ref.branch = "gone"
            #expect(try await ports.tip("main", spec) == nil)
        }
    }

    @Test func `a file that is too large is refused unread`() async throws {
        try await withPorts { ports, repository in
            let text = "# " + String(repeating: "x", count: 1 << 20) + "\n" + skill
            let commit = try await repository.commit(["skill.yaml": text])
            let revision = try await ports.load("main", try spec(repository), CommitID(commit))
            #expect(revision.declared.isEmpty)
            #expect(revision.diagnostics.contains { $0.severity == .error })
        }
    }
}
