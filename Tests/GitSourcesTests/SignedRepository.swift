import Domain
import Git
import GitSources
import Reconciler
import Support
import Testing

/// A repository with two keys, of which one is allowed.
struct SignedRepository {
    let repository: TemporaryRepository
    let folder: TemporaryFolder
    let ann: SigningKey
    let bob: SigningKey
    let ports: SourcePorts
    private let sources: SourceRepositories

    init() async throws {
        try Git.initialise()
        repository = try await TemporaryRepository()
        folder = try await TemporaryFolder()
        ann = try await SigningKey()
        bob = try await SigningKey(type: "ecdsa")
        sources = SourceRepositories(
            folder: "\(folder.path)/mirrors",
            ports: .ofEmptyStore
        )
        ports = sources.sourcePorts
    }

    /// Commits something, signed by a key or by nobody.
    func commit(_ text: String, by key: SigningKey?, to file: String = "a.txt") async throws -> CommitID {
        try await repository.sign(with: key)
        return CommitID(try await repository.commit([file: text], message: text))
    }

    /// Writes a commit that has been changed by hand, and has `main` lead to it.
    func forge(_ commit: CommitID, _ change: (String) -> String) async throws -> CommitID {
        let text = try await repository.git("cat-file", "commit", commit.text) + "\n"
        let changed = change(text)
        try #require(changed != text)
        try folder.write(changed, to: "forged")
        let id = try await repository.git("hash-object", "-t", "commit", "-w", "\(folder.path)/forged")
        try await repository.git("reset", "-q", "--hard", id)
        return CommitID(id)
    }

    private func spec(_ mode: GitSourceSpec.Verify.Mode, _ signers: String?) throws -> GitSourceSpec {
        let declared = try firstSource(url: repository.path, appliedBy: "unix:0")
        var spec: GitSourceSpec = try (declared.object.spec ?? [:]).decode()
        let list = signers ?? "# who may\n\n" + ann.allowed(as: "ann@example.org,*@example.org")
        spec.verify = GitSourceSpec.Verify(mode: mode, allowedSigners: list)
        return spec
    }

    func introducer(of path: String, in commit: CommitID) async throws -> Introducer {
        try await sources.introducer("main", spec(.tip, nil), path, commit)
    }

    func verify(
        _ tip: CommitID,
        since base: CommitID? = nil,
        mode: GitSourceSpec.Verify.Mode = .tip,
        signers: String? = nil
    ) async throws -> SourceVerification {
        try await ports.verify("main", spec(mode, signers), tip, base)
    }
}
