import Domain
import Foundation
import Git
import Glibc
import Testing
import Threads

/// A local repository is read in place: the mirror's child cannot even be started here.
private func mirror(_ repository: TestRepository) throws -> Git.Mirror {
    try Mirror(
        directory: "\(repository.folder.path)/mirror",
        child: FetchChild(executable: "/nonexistent", arguments: [])
    )
}

private func tip(_ repository: TestRepository, _ ref: GitReference = .branch("main")) async throws -> CommitID
{
    try await mirror(repository).remoteTip(url: repository.url, ref: ref, deadline: .generous)
}

@Suite struct LocalRepositoryTests {
    @Test func `the tip of a branch is read from a work tree, its .git and a file URL`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        #expect(try await tip(repository) == commit)
        let mirror = try mirror(repository)
        for text in ["\(repository.path)/.git", "file://\(repository.path)", repository.path + "/"] {
            let found = try await mirror.fetch(
                url: RemoteURL(text),
                ref: .branch("main"),
                deadline: .generous
            )
            #expect(found == commit, "\(text)")
        }
        #expect(!repository.folder.exists("mirror"))
    }

    @Test func `the tip of a branch is read from a bare repository and a linked work tree`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        let bare = TestRepository(beside: repository, path: repository.folder.path + "/bare.git")
        try await repository.git("clone", "-q", "--bare", repository.path, bare.path)
        #expect(try await tip(bare) == commit)
        let linked = TestRepository(beside: repository, path: repository.folder.path + "/linked")
        try await repository.git("worktree", "add", "-q", "-b", "side", linked.path)
        let next = try await linked.commit(["b": "2"])
        #expect(try await tip(linked, .branch("side")) == next)
        #expect(try await tip(linked) == commit)
    }

    @Test func `packed refs and packed objects are read`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        try await repository.git("pack-refs", "--all")
        try await repository.git("repack", "-adq")
        #expect(!repository.folder.exists("repository/.git/refs/heads/main"))
        #expect(try await tip(repository) == commit)
    }

    @Test func `a tag leads to its commit, through other tags too`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        try await repository.git("tag", "light")
        try await repository.git("tag", "-a", "-m", "first", "v1")
        try await repository.git("tag", "-a", "-m", "tag of a tag", "v1-again", "v1")
        try await repository.commit(["a": "2"])
        for tag in ["light", "v1", "v1-again"] {
            #expect(try await tip(repository, .tag(tag)) == commit, "\(tag)")
        }
        #expect(try await tip(repository, .commit(commit)) == commit)
    }

    @Test func `a tag of a file is no commit`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        try await repository.git("tag", "-a", "-m", "a file", "file", "HEAD:a")
        let found = try await failure { try await tip(repository, .tag("file")) }
        #expect(found.code == .invalid)
        #expect(found.message.contains("tag 'file'") && found.message.contains("commit"))
    }

    @Test func `a rewritten branch has its new tip and a deleted one is missing`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        try await repository.git("branch", "topic")
        try await repository.git("commit", "-q", "--amend", "-m", "rewritten")
        let rewritten = CommitID(try await repository.git("rev-parse", "HEAD"))
        #expect(try await tip(repository) == rewritten)
        try await repository.git("branch", "-q", "-D", "topic")
        let found = try await failure { try await tip(repository, .branch("topic")) }
        #expect(found.code == .notFound && found.reason == "reference_missing")
    }

    @Test func `a missing branch is answered with the likely one`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        let slip = try await failure { try await tip(repository, .branch("mian")) }
        #expect(slip.message.contains("no branch 'mian'; did you mean 'main'?"))
        let tag = try await failure { try await tip(repository, .tag("v1")) }
        #expect(tag.reason == "reference_missing" && tag.message.contains("no tag 'v1'; it has none"))
        let unknown = CommitID(String(repeating: "a", count: 40))
        let commit = try await failure { try await tip(repository, .commit(unknown)) }
        #expect(commit.code == .notFound && commit.reason == "commit_missing")
    }

    @Test func `each thing that is no repository is told apart`() async throws {
        let repository = try await TestRepository()
        let empty = try await failure { try await tip(repository) }
        #expect(empty.code == .notFound && empty.reason == "repository_empty")
        #expect(empty.message.contains("commit something"))
        let plain = TestRepository(beside: repository, path: repository.folder.path)
        let folder = try await failure { try await tip(plain) }
        #expect(folder.code == .invalid && folder.reason == "not_a_repository")
        let gone = TestRepository(beside: repository, path: repository.folder.path + "/gone")
        let missing = try await failure { try await tip(gone) }
        #expect(missing.code == .notFound && missing.reason == "repository_missing")
        let file = TestRepository(beside: repository, path: repository.path + "/.git/HEAD")
        #expect(try await failure { try await tip(file) }.reason == "not_a_repository")
    }

    @Test func `a reference must be a name that git allows`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        for name in ["", "a..b", "a b", "main:refs/heads/x", "*", "a~1", "/main", "x.lock"] {
            let found = try await failure { try await tip(repository, .branch(name)) }
            #expect(found.code == .invalid, "\(name)")
        }
        #expect(try await failure { try await tip(repository, .commit(CommitID("abc"))) }.code == .invalid)
    }

    @Test func `a format that is too new is unsupported and a harmless extension is read`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        try await repository.git("config", "core.repositoryFormatVersion", "1")
        try await repository.git("config", "extensions.worktreeConfig", "true")
        #expect(try await tip(repository) == commit)
        try await repository.git("config", "extensions.objectFormat", "sha256")
        #expect(try await failure { try await tip(repository) }.code == .unsupported)
    }

    @Test func `damage is called damage`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        let object = "\(repository.path)/.git/objects/\(commit.text.prefix(2))/\(commit.text.dropFirst(2))"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: object)
        try Data("garbage".utf8).write(to: URL(filePath: object))
        #expect(try await failure { try await tip(repository) }.code == .corrupted)
        try FileManager.default.removeItem(atPath: object)
        #expect(try await failure { try await tip(repository) }.code == .corrupted)
        try Data("garbage\n".utf8).write(to: URL(filePath: "\(repository.path)/.git/refs/heads/main"))
        #expect(try await failure { try await tip(repository) }.code == .corrupted)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make a repository of somebody else"))
    func `a repository of another user is read`() async throws {
        let repository = try await TestRepository()
        let commit = try await repository.commit(["a": "1"])
        let chown = Command(executable: "/bin/chown", arguments: ["-R", "65534:65534", repository.path])
        #expect(try await ChildProcess(chown).run(until: .generous).succeeded)
        #expect(try await tip(repository) == commit)
    }

    @Test func `a deadline that has passed is a timeout`() async throws {
        let repository = try await TestRepository()
        let mirror = try mirror(repository)
        let found = try await failure {
            try await mirror.fetch(url: repository.url, ref: .branch("main"), deadline: .after(.zero))
        }
        #expect(found.code == .timeout)
    }
}
