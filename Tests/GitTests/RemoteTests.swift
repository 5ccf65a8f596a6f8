import Domain
import Foundation
import Git
import Testing
import Threads

private let main = GitReference.branch("main")

private func mirror(_ folder: TestFolder) throws -> Git.Mirror {
    try Mirror(directory: "\(folder.path)/mirrors/one", child: .testProgram)
}

/// A mirror, a work tree to commit in, and a real git daemon that serves it to a real fetch child.
private func serving(
    _ body: @Sendable (TestRepository, RemoteURL, Git.Mirror) async throws -> Void
) async throws {
    let repository = try await TestRepository()
    try await GitDaemon.serving(repository.folder) { daemon in
        try await body(repository, daemon.url("repository"), mirror(repository.folder))
    }
}

@Suite struct RemoteTests {
    @Test func `a remote is asked, fetched, and read from the mirror alone`() async throws {
        try await serving { repository, url, mirror in
            let first = try await repository.commit(["config/a": "1"])
            #expect(try await mirror.remoteTip(url: url, ref: main, deadline: .generous) == first)
            #expect(!repository.folder.exists("mirrors"))
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == first)
            let second = try await repository.commit(["config/a": "22"])
            #expect(try await mirror.remoteTip(url: url, ref: main, deadline: .generous) == second)
            #expect(
                try await failure { try await mirror.snapshot(commit: second, path: "") }.reason
                    == "commit_missing"
            )
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == second)
            try FileManager.default.removeItem(atPath: repository.path)
            #expect(try await mirror.snapshot(commit: first, path: "").files.map(\.size) == [1])
            let tree = try await mirror.snapshot(commit: second, path: "config")
            #expect(try await mirror.blob(tree.files[0].blob, maximumBytes: 9) == Array("22".utf8))
            let again = try GitTests.mirror(repository.folder)
            #expect(try await again.snapshot(commit: second, path: "") == tree)
        }
    }

    @Test func `nothing can be read before the first fetch`() async throws {
        let mirror = try mirror(TestFolder())
        let commit = CommitID(String(repeating: "a", count: 40))
        let found = try await failure { try await mirror.snapshot(commit: commit, path: "") }
        #expect(found.code == .notFound && found.reason == "commit_missing")
    }

    @Test func `a rewritten branch, a moved name and a deleted branch are followed`() async throws {
        try await serving { repository, url, mirror in
            let first = try await repository.commit(["a": "1"])
            _ = try await mirror.fetch(url: url, ref: main, deadline: .generous)
            try await repository.git("commit", "-q", "--amend", "-m", "rewritten")
            let rewritten = CommitID(try await repository.git("rev-parse", "HEAD"))
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == rewritten)
            #expect(try await !mirror.descends(rewritten, from: first))
            let next = try await repository.commit(["a": "2"])
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == next)
            #expect(try await mirror.descends(next, from: rewritten))
            #expect(try await !mirror.descends(next, from: CommitID(String(repeating: "a", count: 40))))
            try await repository.git("reset", "-q", "--hard", "HEAD^")
            try await repository.git("branch", "a")
            #expect(try await mirror.fetch(url: url, ref: .branch("a"), deadline: .generous) == rewritten)
            try await repository.git("branch", "-m", "a", "a/b")
            #expect(try await mirror.fetch(url: url, ref: .branch("a/b"), deadline: .generous) == rewritten)
            try await repository.git("branch", "-q", "-D", "a/b")
            for operation in [mirror.remoteTip, mirror.fetch] {
                let found = try await failure { try await operation(url, .branch("a/b"), nil, .generous) }
                #expect(found.code == .notFound && found.reason == "reference_missing", "\(found)")
            }
            #expect(try await mirror.snapshot(commit: rewritten, path: "").files.count == 1)
        }
    }

    @Test func `tags and commits are fetched`() async throws {
        try await serving { repository, url, mirror in
            let first = try await repository.commit(["a": "1"])
            try await repository.git("tag", "light")
            try await repository.git("tag", "-a", "-m", "first", "v1")
            try await repository.git("tag", "-a", "-m", "tag of a tag", "v1-again", "v1")
            try await repository.git("tag", "-a", "-m", "a file", "file", "HEAD:a")
            try await repository.git("pack-refs", "--all")
            let second = try await repository.commit(["a": "2"])
            try await repository.commit(["a": "3"])
            for tag in ["v1-again", "v1", "light"] {
                #expect(
                    try await mirror.remoteTip(url: url, ref: .tag(tag), deadline: .generous) == first,
                    "\(tag)"
                )
                #expect(
                    try await mirror.fetch(url: url, ref: .tag(tag), deadline: .generous) == first,
                    "\(tag)"
                )
            }
            let file = try await failure {
                try await mirror.fetch(url: url, ref: .tag("file"), deadline: .generous)
            }
            #expect(file.code == .invalid && file.message.contains("commit"))
            #expect(try await mirror.fetch(url: url, ref: .commit(second), deadline: .generous) == second)
            #expect(try await mirror.snapshot(commit: second, path: "").commit == second)
            let unknown = GitReference.commit(CommitID(String(repeating: "a", count: 40)))
            let missing = try await failure {
                try await mirror.fetch(url: url, ref: unknown, deadline: .generous)
            }
            #expect(missing.code == .notFound && missing.reason == "commit_missing")
        }
    }

    @Test func `an empty remote, a missing branch and a missing repository are told apart`() async throws {
        try await serving { repository, url, mirror in
            let empty = try await failure { try await mirror.fetch(url: url, ref: main, deadline: .generous) }
            #expect(empty.code == .notFound && empty.reason == "repository_empty", "\(empty)")
            try await repository.commit(["a": "1"])
            let slip = try await failure {
                try await mirror.remoteTip(url: url, ref: .branch("mian"), deadline: .generous)
            }
            #expect(slip.reason == "reference_missing" && slip.message.contains("'main'"))
            let text = url.secretText.replacing("//", with: "//user:hunter2@", maxReplacements: 1) + "-gone"
            let gone = try await failure {
                try await mirror.remoteTip(url: RemoteURL(text), ref: main, deadline: .generous)
            }
            #expect(gone.code == .notFound && gone.reason == "repository_missing", "\(gone)")
            #expect(!"\(gone)".contains("hunter2"))
        }
    }

    @Test func `a damaged mirror is made anew by the next fetch`() async throws {
        try await serving { repository, url, mirror in
            let commit = try await repository.commit(["a": "1"])
            _ = try await mirror.fetch(url: url, ref: main, deadline: .generous)
            let packs = "\(repository.folder.path)/mirrors/one/objects/pack"
            for name in try FileManager.default.contentsOfDirectory(atPath: packs)
            where name.hasSuffix(".pack") {
                try FileManager.default.removeItem(atPath: "\(packs)/\(name)")
                try Data("garbage".utf8).write(to: URL(filePath: "\(packs)/\(name)"))
            }
            let found = try await failure { try await mirror.snapshot(commit: commit, path: "") }
            #expect(found.code == .corrupted || found.reason == "commit_missing", "\(found)")
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == commit)
            #expect(try await mirror.snapshot(commit: commit, path: "").files.count == 1)
        }
    }

    @Test func `a mirror that lost a file is made anew although it has the commit`() async throws {
        try await serving { repository, url, mirror in
            let commit = try await repository.commit(["a": "1"])
            _ = try await mirror.fetch(url: url, ref: main, deadline: .generous)
            let folder = TestRepository(beside: repository, path: "\(repository.folder.path)/mirrors/one")
            let packs = "\(folder.path)/objects/pack"
            for name in try FileManager.default.contentsOfDirectory(atPath: packs)
            where name.hasSuffix(".pack") {
                let pack = try Data(contentsOf: URL(filePath: "\(packs)/\(name)"))
                try FileManager.default.removeItem(atPath: packs)
                try await folder.git("unpack-objects", "-q", input: Array(pack))
            }
            let blob = try await repository.git("rev-parse", "HEAD:a")
            try FileManager.default.removeItem(
                atPath: "\(folder.path)/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
            )
            let found = try await failure { try await mirror.snapshot(commit: commit, path: "") }
            #expect(found.code == .corrupted, "\(found)")
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == commit)
            #expect(try await mirror.snapshot(commit: commit, path: "").files.count == 1)
        }
    }

    @Test func `what a killed fetch left is removed and a running one is respected`() async throws {
        try await serving { repository, url, mirror in
            let commit = try await repository.commit(["a": "1"])
            _ = try await mirror.fetch(url: url, ref: main, deadline: .generous)
            let leftovers = ["objects/pack/pack_git2_abc123", "refs/agirunner/source.lock", "HEAD.lock"]
            for name in leftovers {
                try Data().write(to: URL(filePath: "\(repository.folder.path)/mirrors/one/\(name)"))
            }
            try await whileLocked("\(repository.folder.path)/mirrors/one.lock") {
                let found = try await failure {
                    try await mirror.fetch(url: url, ref: main, deadline: .generous)
                }
                #expect(found.code == .unavailable, "\(found)")
                for name in leftovers { #expect(repository.folder.exists("mirrors/one/\(name)")) }
            }
            #expect(try await mirror.fetch(url: url, ref: main, deadline: .generous) == commit)
            for name in leftovers { #expect(!repository.folder.exists("mirrors/one/\(name)"), "\(name)") }
        }
    }

    @Test func `a mirror in a folder with an odd name is kept, and one with too many packs is made anew`()
        async throws
    {
        try await serving { repository, url, _ in
            let folder = "\(repository.folder.path)/of_git2_/one"
            let mirror = try Mirror(directory: folder, child: .testProgram)
            let commit = try await repository.commit(["a": "1"])
            func fetch() async throws { _ = try await mirror.fetch(url: url, ref: main, deadline: .generous) }
            func packs() throws -> [String] {
                try FileManager.default.contentsOfDirectory(atPath: folder + "/objects/pack").sorted()
            }
            try await fetch()
            let first = try packs()
            try Data().write(to: URL(filePath: folder + "/note"))
            for number in 1..<499 {
                try Data().write(to: URL(filePath: folder + "/objects/pack/pack-\(number).pack"))
            }
            try await fetch()
            #expect(FileManager.default.fileExists(atPath: folder + "/note"))
            try Data().write(to: URL(filePath: folder + "/objects/pack/pack-499.pack"))
            let away = try RemoteURL(url.secretText + "-gone")
            _ = try await failure { try await mirror.fetch(url: away, ref: main, deadline: .generous) }
            #expect(try await mirror.snapshot(commit: commit, path: "").files.count == 1)
            try await fetch()
            #expect(try packs() == first)
            #expect(try await mirror.snapshot(commit: commit, path: "").files.count == 1)
        }
    }

    @Test func `a remote whose copies are damaged again and again is not copied for ever`() async throws {
        try await serving { repository, url, mirror in
            let commit = try await repository.commit(["a": "1"])
            let folder = "\(repository.folder.path)/mirrors/one"
            /// Loads as a source does, from a mirror that loses its one file each time it is made.
            func load() async throws {
                _ = try await mirror.fetch(url: url, ref: main, deadline: .generous)
                _ = try await mirror.descends(commit, from: commit)
                let packs = TestRepository(beside: repository, path: folder)
                // No folder: the packs were unpacked before, and nothing was fetched since.
                let names =
                    (try? FileManager.default.contentsOfDirectory(atPath: folder + "/objects/pack")) ?? []
                for name in names
                where name.hasSuffix(".pack") {
                    let pack = try Data(contentsOf: URL(filePath: "\(folder)/objects/pack/\(name)"))
                    try FileManager.default.removeItem(atPath: folder + "/objects/pack")
                    try await packs.git("unpack-objects", "-q", input: Array(pack))
                }
                let blob = try await repository.git("rev-parse", "HEAD:a")
                // Gone already where the mirror is the one of before.
                try? FileManager.default.removeItem(
                    atPath: "\(folder)/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
                )
                let found = try await failure { try await mirror.snapshot(commit: commit, path: "") }
                #expect(found.code == .corrupted, "\(found)")
            }
            try await load()
            try await load()
            try Data().write(to: URL(filePath: folder + "/note"))
            try await load()
            try await load()
            #expect(FileManager.default.fileExists(atPath: folder + "/note"))
        }
    }

    private func whileLocked(_ path: String, _ body: () async throws -> Void) async throws {
        let lock = try FileLock(path: path)
        try await body()
        withExtendedLifetime(lock) {}
    }
}
