import Domain
import Foundation
import Support
import Testing

/// A commit on top of a good one that is made to trick whoever reads it, and what becomes of it.
struct HostileRepository: Sendable, CustomTestStringConvertible {
    enum End: Sendable {
        /// What is wrong is told by these codes alone, or nothing is, and the good file is declared.
        case told(Set<String>)
        /// The commit as a whole is refused, with words that say why; what was applied before stays.
        case refused(String)
    }

    let name: String
    let end: End
    /// Commits on the branch of a repository.
    let commit: @Sendable (TemporaryRepository) async throws -> Void

    init(_ name: String, _ end: End, _ commit: @escaping @Sendable (TemporaryRepository) async throws -> Void)
    {
        self.name = name
        self.end = end
        self.commit = commit
    }

    var testDescription: String { name }

    static let all: [HostileRepository] = contents + links + trees + names

    /// A skill that is good but for one key that no skill has.
    static func oddSkill(_ name: String, key: String = "odd") -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata: {name: \(name)}
        spec: {displayName: One, summary: S., body: B., \(key): 1}

        """
    }

    private static let contents: [HostileRepository] = [
        HostileRepository("a mistake in a line of a megabyte", .told(["SCH001"])) { repository in
            let long = "\(oddSkill("x").dropLast(2)), y: \"\(String(repeating: "y", count: 1_000_000))\"}\n"
            try await repository.add(["line.yaml": Array(long.utf8)])
        },
        HostileRepository("a megabyte of names for tags", .told(["YML004"])) { repository in
            let text = (0..<60_000).map { "%TAG !\($0)! x\n" }.joined() + "---\na: b\n"
            try await repository.add(["tags.yaml": Array(text.utf8)])
        },
        HostileRepository("more mistakes than anybody reads", .told(["BYT006", "SCH001"])) { repository in
            let head = "apiVersion: agirunner.dev/v1\nkind: Skill\nmetadata: {name: "
            let keys = (0..<120).map { "  \($0)k: 1\n" }.joined()
            let spec = "}\nspec:\n  displayName: A\n  summary: S.\n  body: B.\n\(keys)"
            let files = (0..<400).map { ("many/\($0).yaml", Array("\(head)x\($0)\(spec)".utf8)) }
            try await repository.add(Dictionary(uniqueKeysWithValues: files))
        },
        HostileRepository("300 megabytes in a few kilobytes", .refused("bytes together")) { repository in
            let megabyte = "data 1000000\n" + String(repeating: "#", count: 1_000_000) + "\n"
            let entries = (0..<300).map { "M 100644 :1 large/\($0).yaml\n" }.joined()
            try await repository.fastImport("blob\nmark :1\n\(megabyte)", entries)
        },
    ]

    private static let links: [HostileRepository] = [
        HostileRepository("links out of the repository, to itself and in a circle", .told([])) { repository in
            let links = [
                "out.yaml": "/etc/passwd", "up.yaml": "../../../etc/passwd", "near.yaml": "good.yaml",
                "one.yaml": "two.yaml", "two.yaml": "one.yaml", "all": ".",
            ]
            for (name, target) in links {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(repository.path)/\(name)",
                    withDestinationPath: target
                )
            }
            try await repository.commit([:])
        },
        HostileRepository("a submodule that is named as a file", .told([])) { repository in
            let head = try await repository.git("rev-parse", "HEAD")
            try await repository.git("update-index", "--add", "--cacheinfo", "160000,\(head),module.yaml")
            let modules = "[submodule \"x\"]\n\tpath = module.yaml\n\turl = ext::sh -c 'touch /tmp/never'\n"
            try await repository.add([".gitmodules": Array(modules.utf8)])
        },
    ]

    private static let trees: [HostileRepository] = [
        HostileRepository("20,001 files", .refused("more than 20000 files or folders")) { repository in
            let entries = (0..<20_000).map { "M 100644 :1 d\($0 / 500)/\($0).yaml\n" }.joined()
            try await repository.fastImport("blob\nmark :1\ndata 2\n#\n\n", entries)
        },
        HostileRepository("a file below 101 folders", .refused("more than 100 levels")) { repository in
            let folders = String(repeating: "d/", count: 101)
            try await repository.fastImport("blob\nmark :1\ndata 2\n#\n\n", "M 100644 :1 \(folders)x.yaml\n")
        },
        HostileRepository("a tree of 2 to the 40 files", .refused("more than 20000 files or folders")) {
            repository in
            var tree = try await repository.git("mktree")
            for _ in 0..<40 {
                let entries = "040000 tree \(tree)\ta\n040000 tree \(tree)\tb\n"
                tree = try await repository.git("mktree", input: Array(entries.utf8))
            }
            try await repository.commitTree([("40000", Array("bomb".utf8), tree)])
        },
    ]

    private static let names: [HostileRepository] =
        ["..", ".", ".git", ".GIT", "a/../../b.yaml"].map { (name: String) -> HostileRepository in
            HostileRepository("a file named \(name)", .refused("impossible file name")) { repository in
                try await repository.commitBlob(named: Array(name.utf8))
            }
        } + [
            HostileRepository("a name that is not UTF-8", .refused("must be UTF-8")) { repository in
                try await repository.commitBlob(named: Array("x\u{0}.yaml".utf8).map { $0 == 0 ? 0xFF : $0 })
            },
            HostileRepository("a name that no file system holds", .refused("impossible file name")) {
                repository in
                try await repository.commitBlob(
                    named: Array(repeating: 0x78, count: 5000) + Array(".yaml".utf8)
                )
            },
            HostileRepository("two names that are one text", .refused("twice")) { repository in
                try await repository.fastImport(
                    "blob\nmark :1\ndata 2\n#\n\n",
                    "M 100644 :1 \u{E9}.yaml\nM 100644 :1 e\u{301}.yaml\n"
                )
            },
            HostileRepository("names that terminals obey", .told(["SCH001"])) { repository in
                let names = [
                    "\u{1B}[31mred.yaml", "\u{202E}lmay.yaml", "-rf.yaml", "two\nlines.yaml", "tab\t.yaml",
                ]
                let files = names.enumerated().map { ($1, Array(oddSkill("name-\($0)").utf8)) }
                try await repository.add(Dictionary(uniqueKeysWithValues: files))
            },
        ]
}

extension TemporaryRepository {
    /// Commits files of any bytes under any names that git lets stand.
    fileprivate func add(_ files: [String: [UInt8]]) async throws {
        for (name, bytes) in files {
            let blob = try await git("hash-object", "-w", "--stdin", input: bytes)
            try await git(
                "update-index",
                "-z",
                "--index-info",
                input: Array("100644 \(blob)\t\(name)\0".utf8)
            )
        }
        try await git("commit", "-q", "-m", "Hostile")
    }

    /// Commits on top of the branch what a stream says after its blobs.
    fileprivate func fastImport(_ blobs: String, _ entries: String) async throws {
        let commit = "commit refs/heads/main\ncommitter B <b@x> 1 +0000\ndata 0\nfrom refs/heads/main^0\n"
        try await git("fast-import", "--quiet", "--force", input: Array("\(blobs)\(commit)\(entries)\n".utf8))
    }

    fileprivate func commitBlob(named name: [UInt8]) async throws {
        let blob = try await git("hash-object", "-w", "--stdin", input: Array("# Nothing.\n".utf8))
        try await commitTree([("100644", name, blob)])
    }

    /// Commits the good file beside entries that git itself would not write.
    fileprivate func commitTree(_ entries: [(mode: String, name: [UInt8], id: String)]) async throws {
        let good = try await git("rev-parse", "HEAD:good.yaml")
        let all = (entries + [("100644", Array("good.yaml".utf8), good)])
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        var raw: [UInt8] = []
        for (mode, name, id) in all {
            let bytes = stride(from: 0, to: 40, by: 2).map {
                UInt8(id.dropFirst($0).prefix(2), radix: 16) ?? 0
            }
            raw += Array("\(mode) ".utf8) + name + [0] + bytes
        }
        let tree = try await git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", input: raw)
        let commit = try await git("commit-tree", "-p", "HEAD", "-m", "Hostile", tree)
        try await git("update-ref", "refs/heads/main", commit)
    }
}
