import Domain
import Git
import Testing

@Suite struct RevisionTests {
    @Test func `a repository is found from any folder below its top, and nowhere else`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["config/roles/a.yaml": "1"])
        let found = try #require(try LocalRepository(containing: "\(repository.path)/config/roles"))
        #expect(found.top?.hasSuffix("/\(repository.path.split(separator: "/").last ?? "")") == true)
        #expect(try LocalRepository(containing: "/proc") == nil)
    }

    @Test func `revisions are named as git names them`() async throws {
        let repository = try await TestRepository()
        let first = try await repository.commit(["a": "1"])
        let second = try await repository.commit(["a": "2"])
        let found = try #require(try LocalRepository(containing: repository.path))
        #expect(try found.commit(of: "HEAD") == second)
        #expect(try found.commit(of: "main~1") == first)
        #expect(try found.commit(of: first.short) == first)
        #expect(try found.has(first))
        let missing = #expect(throws: Failure.self) { try found.commit(of: "nothing") }
        #expect(missing?.reason == "revision_missing")
        #expect(throws: Failure.self) { try found.commit(of: "main:a") }
        #expect(throws: Failure.self) { try found.commit(of: "") }
    }

    @Test func `the newest common commit of two branches is found`() async throws {
        let repository = try await TestRepository()
        let base = try await repository.commit(["a": "1"])
        try await repository.git("checkout", "-q", "-b", "topic")
        let topic = try await repository.commit(["b": "1"])
        try await repository.git("checkout", "-q", "main")
        let main = try await repository.commit(["a": "2"])
        let found = try #require(try LocalRepository(containing: repository.path))
        #expect(try found.mergeBase(main, topic) == base)
    }

    @Test func `what git ignores is known`() async throws {
        let repository = try await TestRepository()
        try await repository.commit([".gitignore": "build/\n*.tmp.yaml\n", "a.yaml": "1"])
        let found = try #require(try LocalRepository(containing: repository.path))
        let paths = ["a.yaml", "build/a.yaml", "x/b.tmp.yaml"]
        #expect(try found.ignored(among: paths) == ["build/a.yaml", "x/b.tmp.yaml"])
    }
}
