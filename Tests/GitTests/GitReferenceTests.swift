import Domain
import Git
import Testing

@Suite struct GitReferenceTests {
    private func reference(_ branch: String?, _ tag: String?, _ commit: String?) throws -> GitReference {
        try Git.initialise()
        let spec: Value = .members([
            "branch": branch.map { .string($0) }, "tag": tag.map { .string($0) },
            "commit": commit.map { .string($0) },
        ])
        return try GitReference(spec.decode(GitSourceSpec.Reference.self))
    }

    @Test func `a declared reference is one of branch, tag and commit`() throws {
        #expect(try reference("main", nil, nil) == .branch("main"))
        #expect(try reference(nil, "v1", nil) == .tag("v1"))
        let digits = String(repeating: "aB", count: 20)
        #expect(try reference(nil, nil, digits) == .commit(CommitID(digits.lowercased())))
    }

    @Test func `none, two or a malformed one are invalid`() async throws {
        #expect(try await failure { try reference(nil, nil, nil) }.code == .invalid)
        #expect(try await failure { try reference("main", "v1", nil) }.code == .invalid)
        #expect(try await failure { try reference("a b", nil, nil) }.code == .invalid)
        #expect(try await failure { try reference(nil, nil, "abc123") }.code == .invalid)
    }
}
