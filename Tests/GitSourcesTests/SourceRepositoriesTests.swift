import Catalog
import Domain
import Foundation
import Git
import GitSources
import Reconciler
import Support
import Synchronization
import Testing

/// What loads have cost.
private final class Costs: Sendable {
    let all = Mutex<[LoadCost]>([])
    var last: LoadCost? { all.withLock { $0.last } }
}

@Suite(.timeLimit(.minutes(2))) struct SourceRepositoriesTests {
    /// What loads a repository, with mirrors in a folder that goes away with the test.
    private func withPorts(
        costs: Costs = Costs(),
        policies: [Stored] = [],
        _ body: (SourcePorts, TemporaryRepository) async throws -> Void
    ) async throws {
        try Git.initialise()
        let folder = try await TemporaryFolder()
        let repository = try await TemporaryRepository()
        var ports = RepositoryPorts.ofEmptyStore
        ports.policies = { policies }
        ports.report = { cost in costs.all.withLock { $0.append(cost) } }
        let sources = SourceRepositories(
            folder: "\(folder.path)/mirrors",
            ports: ports
        )
        try await body(sources.sourcePorts, repository)
    }

    private func spec(_ repository: TemporaryRepository) throws -> GitSourceSpec {
        let declared = try firstSource(url: repository.path, appliedBy: "unix:0")
        return try (declared.object.spec ?? [:]).decode()
    }

    private var skill: String { skill("one") }

    private func skill(_ name: String, body: String = "B.") -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata:
          name: \(name)
        spec:
          displayName: One
          summary: S.
          body: \(body)

        """
    }

    @Test func `the first source is called main, and grants every kind that is no secret's`() throws {
        let source = try firstSource(url: "/srv/configuration.git", appliedBy: "unix:7")
        #expect(source.object.key == ObjectKey("GitSource", namespace: nil, name: "main"))
        #expect(source.origin.appliedBy == "unix:7")
        let kinds = source.object.spec?["grants"]?["kinds"]?.array?.compactMap(\.string) ?? []
        let declared = Set(Kind.all.filter(\.isDeclared).map(\.name))
        #expect(Set(kinds) == declared.subtracting(["AccessBinding", "SecretStore"]))
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

    @Test func `a Policy holds on while a file that may declare it cannot be read`() async throws {
        let commit = CommitID(String(repeating: "a", count: 40))
        let start = TextPosition(line: 1, column: 1)
        let policy = Object(
            kind: "Policy",
            metadata: Metadata(name: "house-rules", namespace: "default"),
            spec: ["appliesTo": ["labels": [:]], "assesses": [], "requireGates": [], "denyTools": ["grep"]]
        )
        let origin = Origin(gitSource: "main", commit: commit, path: "policy.yaml", position: start)
        let stored = Stored(object: policy, digest: Digest("sha256:1"), origin: origin)
        let tools = """
            apiVersion: agirunner.dev/v1
            kind: ToolProfile
            metadata: {name: reader}
            spec: {description: It reads., tools: [grep]}

            """
        try await withPorts(policies: [stored]) { ports, repository in
            let spec = try spec(repository)
            let broken = try await repository.commit(["tools.yaml": tools, "policy.yaml": "spec: ["])
            let held = try await ports.load("main", spec, CommitID(broken))
            #expect(Set(held.diagnostics.map(\.code)) == ["POL009", "YML001"])
            #expect(held.declared.isEmpty)
            // A Policy that its source lets go of is let go of.
            let mended = try await repository.commit(["policy.yaml": "# Gone.\n"])
            let free = try await ports.load("main", spec, CommitID(mended))
            #expect(free.declared.map(\.object.key.name) == ["reader"])
        }
    }

    @Test func `blobs that are read and parsed are blobs that have changed`() async throws {
        let costs = Costs()
        try await withPorts(costs: costs) { ports, repository in
            let names = (0..<40).map { "skill-\($0)" }
            let files = Dictionary(uniqueKeysWithValues: names.map { ("a/\($0).yaml", skill($0)) })
            let first = CommitID(try await repository.commit(files))
            let spec = try spec(repository)
            let loaded = try await ports.load("main", spec, first)
            // Nothing uses the skills, and each doubt shows its line.
            #expect(costs.last == LoadCost(blobsRead: 80, blobsParsed: 40) && loaded.changes == nil)
            _ = try await ports.load("main", spec, first)
            #expect(costs.last == LoadCost())
            let edited = ["a/skill-7.yaml": skill("skill-7", body: "Another one."), "README.md": "Text."]
            let second = CommitID(try await repository.commit(edited))
            let revision = try await ports.load("main", spec, second)
            #expect(costs.last?.blobsParsed == 1 && costs.last?.blobsRead == 2)
            #expect(revision.declared.count == 40 && revision.diagnostics.count == 40)
            #expect(revision.diagnostics.allSatisfy { $0.excerpt != nil })
            let changes = try #require(revision.changes)
            #expect(changes.base == first && changes.put.map(\.object.key.name) == ["skill-7"])
            #expect(changes.removed.isEmpty)
            // The way back is a change like any other.
            let back = try await ports.load("main", spec, first)
            #expect(costs.last?.blobsParsed == 1 && Set(back.declared) == Set(loaded.declared))
        }
    }

    @Test func `a mistake is told with its line, and what was read is not read again`() async throws {
        let costs = Costs()
        try await withPorts(costs: costs) { ports, repository in
            let spec = try spec(repository)
            let files = ["a.yaml": skill("a"), "b.yaml": skill("b")]
            _ = try await ports.load("main", spec, CommitID(try await repository.commit(files)))
            let bad = CommitID(try await repository.commit(["b.yaml": skill("B")]))
            let revision = try await ports.load("main", spec, bad)
            #expect(costs.last?.blobsParsed == 1 && revision.changes == nil)
            #expect(revision.diagnostics.contains { $0.path == "b.yaml" && $0.excerpt != nil })
            let again = try await ports.load("main", spec, bad)
            #expect(costs.last?.blobsParsed == 0 && again.diagnostics == revision.diagnostics)
        }
    }

    @Test func `a file that becomes a link, is renamed or is left out is declared no more`() async throws {
        try await withPorts { ports, repository in
            let files = ["a.yaml": skill("a"), "b.yaml": skill("b"), "c.yaml": skill("c")]
            var spec = try spec(repository)
            _ = try await ports.load("main", spec, CommitID(try await repository.commit(files)))
            try await repository.git("mv", "a.yaml", "d.yaml")
            try await repository.git("rm", "-q", "b.yaml")
            try FileManager.default.createSymbolicLink(
                atPath: "\(repository.path)/b.yaml",
                withDestinationPath: "c.yaml"
            )
            let commit = CommitID(try await repository.commit(["e.txt": "text"]))
            let revision = try await ports.load("main", spec, commit)
            #expect(Set(revision.declared.map(\.object.key.name)) == ["a", "c"])
            #expect(revision.changes?.put.map(\.origin.path) == ["d.yaml"])
            #expect(revision.changes?.removed.map(\.name) == ["b"])
            spec.exclude = ["c.yaml"]
            let less = try await ports.load("main", spec, commit)
            #expect(less.declared.map(\.object.key.name) == ["a"])
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
