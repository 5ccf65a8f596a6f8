import Domain
import Git
import Support
import Testing
import Threads

@Suite(.timeLimit(.minutes(2))) struct CommitSealTests {
    /// A mirror that reads a repository in place.
    private func mirror(_ repository: TemporaryRepository, _ folder: TestFolder) async throws -> Mirror {
        try Git.initialise()
        let mirror = try Mirror(directory: "\(folder.path)/mirror")
        _ = try await mirror.fetch(
            url: RemoteURL(repository.path),
            ref: .branch("main"),
            deadline: .generous
        )
        return mirror
    }

    @Test func `a signature is read with what was signed, as git itself has it`() async throws {
        let (repository, folder) = (try await TemporaryRepository(), try TestFolder())
        let key = try await SigningKey()
        try await repository.sign(with: key)
        let message = "A subject\n\nA body with gpgsig and\n gpgsig in lines of its own: ü.\n"
        let signed = CommitID(try await repository.commit(["a": "1"], message: message))
        withExtendedLifetime(key) {}
        let seal = try await mirror(repository, folder).seal(of: signed)
        let signature = String(decoding: try #require(seal.signature), as: UTF8.self)
        #expect(signature.hasPrefix("-----BEGIN SSH SIGNATURE-----\n"))
        #expect(signature.hasSuffix("-----END SSH SIGNATURE-----"))
        // Git prints the object without the line feed at its end; the signature stands in it, indented.
        let object = try await repository.git("cat-file", "commit", signed.text) + "\n"
        let header = "gpgsig " + signature.replacing("\n", with: "\n ") + "\n"
        #expect(object.contains(header))
        #expect(String(decoding: seal.payload, as: UTF8.self) == object.replacing(header, with: ""))
        #expect(seal.author.name == "Test Author" && seal.commit == signed)
        let time = try await repository.git("log", "-1", "--format=%ct", signed.text)
        #expect(seal.time.microseconds == (try #require(Int64(time))) * 1_000_000)
    }

    @Test func `a commit without a signature has none, and a missing one is missing`() async throws {
        let (repository, folder) = (try await TemporaryRepository(), try TestFolder())
        let plain = CommitID(try await repository.commit(["a": "1"], message: "gpgsig is no header"))
        let mirror = try await mirror(repository, folder)
        let seal = try await mirror.seal(of: plain)
        #expect(seal.signature == nil && seal.payload == [])
        let gone = try await failure {
            try await mirror.seal(of: CommitID(String(repeating: "1", count: 40)))
        }
        #expect(gone.reason == "commit_missing")
    }

    @Test func `a tip brings what no one before the base had, oldest first`() async throws {
        let (repository, folder) = (try await TemporaryRepository(), try TestFolder())
        var commits: [CommitID] = []
        for number in 0..<4 {
            commits.append(CommitID(try await repository.commit(["a": "\(number)"])))
        }
        let mirror = try await mirror(repository, folder)
        let (first, tip) = (commits[0], commits[3])
        let new = try await mirror.newCommits(of: tip, since: first, limit: 10)
        #expect(new.commits == Array(commits[1...]) && new.knowsBase)
        #expect(try await mirror.newCommits(of: tip, since: nil, limit: 10).commits == [tip])
        // What is there already brings nothing but itself.
        #expect(try await mirror.newCommits(of: first, since: tip, limit: 10).commits == [first])
        #expect(try await mirror.newCommits(of: tip, since: tip, limit: 10).commits == [tip])
        let foreign = CommitID(String(repeating: "1", count: 40))
        let all = try await mirror.newCommits(of: tip, since: foreign, limit: 10)
        #expect(all.commits == commits && !all.knowsBase)
        let many = try await failure { try await mirror.newCommits(of: tip, since: foreign, limit: 3) }
        #expect(many.reason == "too_many_commits")
    }

    @Test func `a merge brings its other side, and rewritten history all that is not in force`()
        async throws
    {
        let (repository, folder) = (try await TemporaryRepository(), try TestFolder())
        let base = CommitID(try await repository.commit(["a": "1"]))
        try await repository.git("checkout", "-q", "-b", "topic")
        let side = CommitID(try await repository.commit(["b": "1"]))
        try await repository.git("checkout", "-q", "main")
        let applied = CommitID(try await repository.commit(["c": "1"]))
        try await repository.git("merge", "-q", "--no-ff", "-m", "Merge", "topic")
        let merge = CommitID(try await repository.git("rev-parse", "HEAD"))
        let mirror = try await mirror(repository, folder)
        let merged = try await mirror.newCommits(of: merge, since: applied, limit: 10)
        #expect(merged.commits == [side, merge])
        try await repository.git("reset", "-q", "--hard", base.text)
        let rewritten = CommitID(try await repository.commit(["d": "1"]))
        let forced = try await mirror.newCommits(of: rewritten, since: merge, limit: 10)
        #expect(forced.commits == [rewritten] && forced.knowsBase)
    }
}
