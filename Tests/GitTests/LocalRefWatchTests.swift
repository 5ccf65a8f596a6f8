import Domain
import Git
import Testing
import Threads

@Suite struct LocalRefWatchTests {
    /// Whether an event in the watched folders follows the change.
    private func isNoticed(
        _ repository: TestRepository,
        _ ref: GitReference,
        _ change: () async throws -> Void
    ) async throws -> Bool {
        let watch = try FileWatch(paths: LocalRefWatch.paths(url: repository.url, ref: ref))
        try await change()
        return try await watch.next(until: .generous)
    }

    @Test func `every way a branch moves is noticed`() async throws {
        let repository = try await TestRepository()
        let first = try await repository.commit(["a": "1"]).text
        let second = try await repository.commit(["a": "2"]).text
        // A branch that is not checked out, moved by itself: nothing else changes in the folder that could be
        // noticed in its place.
        let other = GitReference.branch("other")
        for change in [
            ("update-ref", "refs/heads/other", first), ("update-ref", "refs/heads/other", second),
            ("pack-refs", "--all", "--prune"), ("update-ref", "refs/heads/other", first),
            ("update-ref", "-d", "refs/heads/other"),
        ] {
            #expect(
                try await isNoticed(repository, other) {
                    try await repository.git(change.0, change.1, change.2)
                },
                "\(change)"
            )
        }
        let nested = GitReference.branch("feature/x")
        #expect(try await isNoticed(repository, nested) { try await repository.git("branch", "feature/x") })
        #expect(
            try await isNoticed(repository, nested) {
                try await repository.git("branch", "-q", "-f", "feature/x", "HEAD@{1}")
            }
        )
        #expect(
            try await isNoticed(repository, nested) {
                try await repository.git("branch", "-q", "-D", "feature/x")
            }
        )
        #expect(try await isNoticed(repository, .tag("v1")) { try await repository.git("tag", "v1") })
    }

    @Test func `a push into a bare repository and a commit in a linked work tree are noticed`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        let bare = TestRepository(beside: repository, path: repository.folder.path + "/bare.git")
        try await repository.git("clone", "-q", "--bare", repository.path, bare.path)
        try await repository.commit(["a": "2"])
        #expect(
            try await isNoticed(bare, .branch("main")) {
                try await repository.git("push", "-q", bare.path, "main")
            }
        )
        let linked = TestRepository(beside: repository, path: repository.folder.path + "/linked")
        try await repository.git("worktree", "add", "-q", "-b", "side", linked.path)
        let paths = try LocalRefWatch.paths(url: linked.url, ref: .branch("side"))
        #expect(paths == ["", "/refs", "/refs/heads"].map { "\(repository.path)/.git\($0)" })
        #expect(try await isNoticed(linked, .branch("side")) { try await linked.commit(["b": "2"]) })
    }

    @Test func `nothing is watched for a remote or a commit, and no repository is a failure`() async throws {
        let repository = try await TestRepository()
        #expect(try LocalRefWatch.paths(url: RemoteURL("https://host/x"), ref: .branch("main")).isEmpty)
        let commit = GitReference.commit(CommitID(String(repeating: "a", count: 40)))
        #expect(try LocalRefWatch.paths(url: repository.url, ref: commit).isEmpty)
        let folder = try RemoteURL(repository.folder.path)
        #expect(
            try await failure { try LocalRefWatch.paths(url: folder, ref: .branch("main")) }.reason
                == "not_a_repository"
        )
    }
}
