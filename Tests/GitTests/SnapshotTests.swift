import Domain
import Foundation
import Git
import Testing
import Threads

/// A mirror that reads a repository in place, after the fetch that points it there.
private func mirror(_ repository: TestRepository) async throws -> (Git.Mirror, CommitID) {
    let mirror = try Mirror(directory: "\(repository.folder.path)/mirror")
    return (mirror, try await mirror.fetch(url: repository.url, ref: .branch("main"), deadline: .generous))
}

private func snapshot(_ repository: TestRepository, _ path: String = "") async throws -> SourceTree {
    let (mirror, commit) = try await mirror(repository)
    return try await mirror.snapshot(commit: commit, path: path)
}

@Suite struct SnapshotTests {
    @Test func `a snapshot holds the commit and its files in order`() async throws {
        let repository = try await TestRepository()
        let files = ["b.yaml": "12345", "a/x.yaml": "é", "a-b": "", "a/deep/er/y": "y"]
        let commit = try await repository.commit(files, message: "first\n\nbody")
        let tree = try await snapshot(repository)
        #expect(tree.commit == commit)
        #expect(tree.author.name == "Ada" && tree.author.email == "ada@example.org")
        #expect(tree.message == "first\n\nbody\n")
        #expect(tree.time.description == "2023-11-14T22:14:20Z")
        #expect(tree.files.map(\.path) == ["a-b", "a/deep/er/y", "a/x.yaml", "b.yaml"])
        #expect(tree.files.map(\.size) == [0, 1, 2, 5])
        #expect(tree.files.allSatisfy { $0.mode == .regular })
    }

    @Test func `a snapshot of a folder keeps paths from the top`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["config/a": "1", "config/b/c": "2", "other": "3"])
        for path in ["config", "/config/", "./config/."] {
            #expect(
                try await snapshot(repository, path).files.map(\.path) == ["config/a", "config/b/c"],
                "\(path)"
            )
        }
        #expect(try await snapshot(repository, ".").files.count == 3)
        #expect(try await snapshot(repository, "config/b").files.map(\.path) == ["config/b/c"])
    }

    @Test func `the changes of a commit are what its files have otherwise, and nothing else`() async throws {
        let repository = try await TestRepository()
        let base = try await repository.commit([
            "a/same": "1", "a/changed": "2", "a/gone": "3", "b/deep/er": "4", "file": "5", "other/x": "6",
        ])
        try await repository.git("rm", "-q", "-r", "a/gone", "b", "file", "other")
        let files = ["a/changed": "two", "a/new": "7", "b": "a file now", "file/below": "a folder now"]
        let commit = try await repository.commit(files, message: "next")
        let (mirror, _) = try await mirror(repository)
        let changes = try #require(try await mirror.changes(of: commit, since: base, path: ""))
        #expect(changes.tree.commit == commit && changes.tree.message == "next\n")
        #expect(changes.tree.files.map(\.path) == ["a/changed", "a/new", "b", "file/below"])
        #expect(changes.removed == ["a/gone", "b/deep/er", "file", "other/x"])
        #expect(changes.added == 3 && changes.isNew("b") && !changes.isNew("a/changed"))
        let below = try #require(try await mirror.changes(of: commit, since: base, path: "a"))
        #expect(below.tree.files.map(\.path) == ["a/changed", "a/new"] && below.removed == ["a/gone"])
        let whole = try await mirror.snapshot(commit: commit, path: "")
        #expect(changes.tree.files.allSatisfy(whole.files.contains))
        let none = try #require(try await mirror.changes(of: commit, since: commit, path: ""))
        #expect(none.tree.files.isEmpty && none.removed.isEmpty)
    }

    @Test func `without the commit before or its folder there are no changes to tell`() async throws {
        let repository = try await TestRepository()
        let base = try await repository.commit(["x": "1"])
        let commit = try await repository.commit(["config/a": "1"])
        let (mirror, _) = try await mirror(repository)
        #expect(try await mirror.changes(of: commit, since: base, path: "config") == nil)
        let unknown = CommitID(String(repeating: "1", count: 40))
        #expect(try await mirror.changes(of: commit, since: unknown, path: "") == nil)
        let missing = try await failure { try await mirror.changes(of: unknown, since: base, path: "") }
        #expect(missing.reason == "commit_missing")
    }

    @Test func `a folder that is not there, a file and a way out are told apart`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["config/a": "1"])
        let missing = try await failure { try await snapshot(repository, "confg") }
        #expect(missing.code == .notFound && missing.reason == "path_missing")
        #expect(try await failure { try await snapshot(repository, "config/a/b") }.reason == "path_missing")
        let file = try await failure { try await snapshot(repository, "config/a") }
        #expect(file.code == .invalid && file.message.contains("must be a folder"))
        #expect(try await failure { try await snapshot(repository, "../x") }.code == .invalid)
        let (mirror, _) = try await mirror(repository)
        let unknown = CommitID(String(repeating: "1", count: 40))
        let commit = try await failure { try await mirror.snapshot(commit: unknown, path: "") }
        #expect(commit.code == .notFound && commit.reason == "commit_missing")
    }

    @Test func `links, programs and submodules are listed and not followed`() async throws {
        let repository = try await TestRepository()
        let other = CommitID(String(repeating: "5", count: 40))
        try FileManager.default.createSymbolicLink(
            atPath: "\(repository.path)/link",
            withDestinationPath: "/etc/passwd"
        )
        try await repository.commit(["run.sh": "#!/bin/sh"])
        try await repository.git("update-index", "--chmod=+x", "run.sh")
        try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(other),module")
        try await repository.git("commit", "-q", "-m", "modes")
        let tree = try await snapshot(repository)
        #expect(tree.files.map(\.mode) == [.symbolicLink, .submodule, .executable])
        #expect(tree.files.map(\.size) == [11, 0, 9])
        #expect(tree.files[1].blob.text == other.text)
        let (mirror, _) = try await mirror(repository)
        #expect(try await mirror.blob(tree.files[0].blob, maximumBytes: 100) == Array("/etc/passwd".utf8))
    }

    @Test func `blobs are read up to a limit`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "12345", "b": "678", "empty": ""])
        let (mirror, commit) = try await mirror(repository)
        let ids = try await mirror.snapshot(commit: commit, path: "").files.map(\.blob)
        let all = try await mirror.blobs(ids + ids, maximumBytes: 5)
        #expect(ids.map { all[$0] } == [Array("12345".utf8), Array("678".utf8), []])
        let large = try await failure { try await mirror.blob(ids[0], maximumBytes: 4) }
        #expect(large.code == .invalid && large.reason == "blob_too_large")
        #expect(
            try await failure { try await mirror.blobs(ids, maximumBytes: 5, maximumTotalBytes: 7) }.code
                == .invalid
        )
        let absent = BlobID(String(repeating: "0", count: 40))
        #expect(try await failure { try await mirror.blob(absent, maximumBytes: 4) }.reason == "blob_missing")
        #expect(
            try await failure { try await mirror.blob(BlobID(commit.text), maximumBytes: 999) }.code
                == .notFound
        )
        #expect(try await failure { try await mirror.blob(BlobID("x"), maximumBytes: 4) }.code == .invalid)
    }

    @Test func `twenty thousand files are listed and one more is refused`() async throws {
        let repository = try await TestRepository()
        func load(_ count: Int) async throws {
            var stream =
                "blob\nmark :1\ndata 1\nx\ncommit refs/heads/main\ncommitter B <b@x> 1 +0000\ndata 0\n"
            for number in 0..<count { stream += "M 100644 :1 d\(number / 500)/f\(number)\n" }
            try await repository.git("fast-import", "--quiet", "--force", input: Array((stream + "\n").utf8))
        }
        try await load(20_000)
        #expect(try await snapshot(repository).files.count == 20_000)
        try await load(20_001)
        let found = try await failure { try await snapshot(repository) }
        #expect(found.code == .invalid && found.reason == "too_many_files")
        #expect(try await snapshot(repository, "d3").files.count == 500)
    }

    @Test func `trees that repeat one another are refused in time`() async throws {
        let repository = try await TestRepository()
        var tree = try await repository.git("mktree")
        for _ in 0..<40 {
            let entries = "040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n"
            tree = try await repository.git("mktree", input: Array(entries.utf8))
        }
        let commit = try await repository.git("commit-tree", "-m", "bomb", tree)
        try await repository.git("update-ref", "refs/heads/main", commit)
        #expect(try await failure { try await snapshot(repository) }.reason == "too_many_files")
    }

    @Test func `names that no file can have are refused`() async throws {
        let repository = try await TestRepository()
        let blob = try await repository.git("hash-object", "-w", "--stdin", input: [65])
        func commit(_ names: [[UInt8]]) async throws -> Failure {
            var raw: [UInt8] = []
            let id = stride(from: 0, to: 40, by: 2).map { offset in
                UInt8(blob.dropFirst(offset).prefix(2), radix: 16) ?? 0
            }
            for name in names { raw += Array("100644 ".utf8) + name + [0] + id }
            let tree = try await repository.git(
                "hash-object",
                "-w",
                "-t",
                "tree",
                "--literally",
                "--stdin",
                input: raw
            )
            let commit = try await repository.git("commit-tree", "-m", "names", tree)
            try await repository.git("update-ref", "refs/heads/main", commit)
            return try await failure { try await snapshot(repository) }
        }
        #expect(try await commit([[0x66, 0xFF]]).message.contains("UTF-8"))
        for name in ["..", ".", ".git", ".GIT", "a/b", "a/\u{301}b"] {
            #expect([.corrupted, .invalid].contains(try await commit([Array(name.utf8)]).code), "\(name)")
        }
        let twice = try await commit([Array("e\u{301}".utf8), Array("\u{E9}".utf8)])
        #expect(twice.code == .invalid && twice.message.contains("twice"))
    }

    @Test func `a commit that claims any time, author or message is read`() async throws {
        let repository = try await TestRepository()
        let tree = try await repository.git("mktree")
        var read: [String] = []
        for time in ["9223372036854775807", "99999999999999999999999", "-5", "0"] {
            let text = "tree \(tree)\nauthor  <> 0 +0000\ncommitter x <> \(time) +0000\n\n"
            let raw = Array(text.utf8) + Array(repeating: 0xFF, count: 40_000)
            let commit = try await repository.git(
                "hash-object",
                "-w",
                "-t",
                "commit",
                "--literally",
                "--stdin",
                input: raw
            )
            try Data("\(commit)\n".utf8).write(to: URL(filePath: "\(repository.path)/.git/refs/heads/main"))
            do {
                let found = try await snapshot(repository)
                read.append(time)
                #expect(found.time >= Timestamp(microseconds: 0))
                #expect(found.time.description < "9999-12-31T23:59:60Z")
                #expect(found.message.utf8.count <= 16_384 + 4)
            } catch let failure as Failure {
                #expect(failure.code == .corrupted, "\(time): \(failure)")
            }
        }
        #expect(read == ["9223372036854775807", "-5", "0"])
    }

    @Test func `a file whose content is missing is damage`() async throws {
        let repository = try await TestRepository()
        try await repository.commit(["a": "1"])
        let blob = try await repository.git("rev-parse", "HEAD:a")
        try FileManager.default.removeItem(
            atPath: "\(repository.path)/.git/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
        )
        let found = try await failure { try await snapshot(repository) }
        #expect(found.code == .corrupted && found.message.contains("'a'"))
    }
}
