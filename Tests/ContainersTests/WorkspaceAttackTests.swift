import Containers
import Domain
import Foundation
import Synchronization
import Testing
import Threads

/// One hostile path, and the rule that a reader of it must be told.
struct Attack: Sendable, CustomTestStringConvertible {
    let path: String
    let rule: PathRule

    init(_ path: String, _ rule: PathRule) {
        self.path = path
        self.rule = rule
    }

    var testDescription: String { "\(path.prefix(60).replacingOccurrences(of: "\0", with: "␀")) → \(rule)" }
}

/// One at a time: hundreds of short blocking tests at once would hold up all others.
@Suite(.serialized) struct WorkspaceAttackTests {
    static let lexical: [Attack] = [
        Attack("", .empty),
        Attack("..", .escape), Attack("../", .escape), Attack("../outside/secret", .escape),
        Attack("./../outside/secret", .escape), Attack("repo/../../outside/secret", .escape),
        Attack("repo/./.././../outside/secret", .escape), Attack("repo/..//../outside/secret", .escape),
        Attack("none/none/../../../outside", .escape), Attack("../workspace/repo/file", .escape),
        Attack("/workspace/../outside/secret", .escape), Attack("/workspace/repo/../../etc/passwd", .escape),
        Attack("/workspace/..", .escape), Attack("../../../../../../../../etc/passwd", .escape),
        Attack("/", .absolute), Attack("/etc/passwd", .absolute), Attack("//etc/passwd", .absolute),
        Attack("/workspaces/x", .absolute), Attack("/./workspace/../etc/passwd", .absolute),
        Attack("/proc/self/environ", .absolute), Attack("/proc/self/root/etc/passwd", .absolute),
        Attack("/proc/self/cwd", .absolute), Attack("/dev/null", .absolute), Attack("/tmp/x", .absolute),
        Attack("\0", .nulByte), Attack("repo/file\0", .nulByte), Attack("repo/\0/../../etc", .nulByte),
        Attack("../\0", .nulByte), Attack(String(repeating: "x", count: 256), .tooLong),
        Attack("repo/" + String(repeating: "é", count: 128), .tooLong),
        Attack(String(repeating: "a/", count: 2100) + "x", .tooLong),
        Attack(String(repeating: "./", count: 40_000) + "repo/file", .tooLong),
    ]

    static let throughLinks: [Attack] = [
        Attack("to-passwd", .escape), Attack("to-secret", .escape), Attack("to-outside/secret", .escape),
        Attack("to-root/etc/passwd", .escape), Attack("to-parent/outside/secret", .escape),
        Attack("to-workspace-by-path", .escape), Attack("repo/up-twice/secret", .escape),
        Attack("chain-1", .escape), Attack("chain-1/x", .escape), Attack("to-proc-environ", .escape),
        Attack("to-proc-cwd/secret", .escape), Attack("to-proc-fd", .escape),
        Attack("to-proc-root/etc/passwd", .escape),
        Attack("repo/back-and-out/secret", .escape), Attack("to-mount", .escape),
        Attack("to-dangling", .escape),
        Attack("loop-1", .link), Attack("loop-1/x", .link), Attack("self-loop", .link),
    ]

    static let notFiles: [Attack] = [
        Attack("pipe", .notRegular), Attack("socket", .notRegular), Attack("repo", .notRegular),
        Attack("to-repo", .notRegular), Attack("to-pipe", .notRegular), Attack("repo/", .notRegular),
        Attack("/workspace", .notRegular), Attack(".", .notRegular), Attack("repo/file/x", .notFolder),
        Attack("to-file/x", .notFolder), Attack("none", .notFound), Attack("none/x", .notFound),
    ]

    @Test(arguments: lexical + throughLinks + notFiles)
    func `a hostile path is not read`(_ attack: Attack) throws {
        try HostileTree.with { tree in
            let told = try reason { try tree.directory.read(WorkspacePath(attack.path), limit: 100) }
            #expect(told == attack.rule.rawValue)
        }
    }

    @Test(arguments: lexical + throughLinks + notFiles.filter { $0.rule != .notFound })
    func `nothing outside changes by writing and removing a hostile path`(_ attack: Attack) throws {
        try HostileTree.with { tree in
            #expect(throws: Failure.self) {
                try tree.directory.write(WorkspacePath(attack.path), Array("overwritten".utf8))
            }
            // Below a folder of the workspace there is nothing wrong with a new file.
            if (try? tree.directory.list(WorkspacePath(attack.path), limit: 1)) == nil {
                #expect(throws: Failure.self) {
                    try tree.directory.write(
                        WorkspacePath(attack.path + "/deeper/file"),
                        Array("overwritten".utf8)
                    )
                }
            }
            // Removing a link or a pipe is fine, what is behind it stays.
            _ = try? tree.directory.remove(WorkspacePath(attack.path), recursively: true)
            let outside = try tree.outside()
            #expect(outside == HostileTree.untouched)
        }
    }

    @Test(arguments: throughLinks.filter { $0.rule == .escape })
    func `a hostile link is neither listed nor looked at through`(_ attack: Attack) throws {
        try HostileTree.with { tree in
            #expect(throws: Failure.self) { try tree.directory.list(WorkspacePath(attack.path), limit: 100) }
            #expect(throws: Failure.self) { try tree.directory.stat(WorkspacePath(attack.path)) }
            #expect(throws: Failure.self) {
                try tree.directory.makeFolder(WorkspacePath(attack.path + "/made"))
            }
            let outside = try tree.outside()
            #expect(outside == HostileTree.untouched)
        }
    }

    @Test func `the table holds more than forty attacks`() {
        #expect(Set((Self.lexical + Self.throughLinks).map(\.path)).count > 40)
    }

    @Test func `a walk over the hostile tree stays in it`() throws {
        try HostileTree.with { tree in
            var seen: [String] = []
            let isComplete = try tree.directory.walk(.root) { entry in
                seen.append(entry.path)
                return true
            }
            #expect(isComplete && seen.contains("repo/file") && seen.contains("to-root"))
            #expect(
                !seen.contains {
                    $0.hasPrefix("to-root/") || $0.hasPrefix("to-outside/") || $0.hasSuffix("/secret")
                }
            )
        }
    }

    @Test func `a device is not read`() throws {
        guard Fixture.isRoot else {
            print("NOTE: not root: a device cannot be made here")
            return
        }
        try HostileTree.with { tree in
            try #require(unsafe mknod(tree.workspace + "/zero", S_IFCHR | 0o666, 1 << 8 | 5) == 0)
            #expect(
                try reason { try tree.directory.read(WorkspacePath("zero"), limit: 9) }
                    == "not_a_regular_file"
            )
            #expect(
                try reason { try tree.directory.write(WorkspacePath("zero"), [1]) } == "not_a_regular_file"
            )
        }
    }

    @Test func `a folder that turns into a link all the time never leads outside`() async throws {
        let tree = try HostileTree()
        defer { try? removeTree(at: tree.folder) }  // the test's own error matters more
        for name in ["inside-1", "inside-2"] {
            let folder = "\(tree.workspace)/\(name)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data("inside".utf8).write(to: URL(filePath: folder + "/secret"))
        }
        // Threads of their own: both are busy all the time, and other tests need the shared ones.
        let isOver = Flag()
        async let flipping: Void = onOwnThread("flip") { _ in
            while !isOver.value.load(ordering: .relaxed) { flip(tree.workspace) }
        }
        let contents = try await onOwnThread("read") { _ in
            defer { isOver.value.store(true, ordering: .relaxed) }
            return try readWhileFlipping(tree)
        }
        try await flipping
        #expect(contents == ["inside"])
        let outside = try tree.outside()
        #expect(outside == HostileTree.untouched)
    }

    private func reason(_ body: () throws -> some Any) throws -> String? {
        do {
            _ = try body()
        } catch let failure as Failure {
            return failure.reason
        }
        return "nothing was thrown"
    }
}

private final class Flag: Sendable {
    let value = Atomic(false)
}

/// The folder of all readers is a folder, then a link out, then nothing.
private func flip(_ workspace: String) {
    _ = unsafe rename(workspace + "/inside-1", workspace + "/flip")
    _ = unsafe rename(workspace + "/flip", workspace + "/inside-1")
    _ = unsafe symlink("../outside", workspace + "/flip")
    _ = unsafe unlink(workspace + "/flip")
}

private func readWhileFlipping(_ tree: HostileTree) throws -> Set<String> {
    var contents: Set<String> = []
    let end = ContinuousClock.now + .seconds(30)
    for round in 0... {
        if round > 4000, contents.contains("inside") || ContinuousClock.now > end { break }
        // Most rounds meet the link and are refused, which is the point.
        if let slice = try? tree.directory.read(WorkspacePath("flip/secret"), limit: 100) {
            contents.insert(String(decoding: slice.bytes, as: UTF8.self))
        }
        // A refused write is right as well.
        if round % 8 == 0 { _ = try? tree.directory.write(WorkspacePath("flip/made"), [1]) }
        // A refused removal is right as well.
        if round % 64 == 0 { _ = try? tree.directory.remove(WorkspacePath("flip/made")) }
        if round % 64 == 1 {
            try tree.directory.walk(.root) { entry in
                #expect(!entry.path.hasSuffix("/only-outside"))
                return true
            }
        }
    }
    return contents
}

/// A workspace full of traps, and beside it what must not be reached.
struct HostileTree: Sendable {
    static let untouched = ["only-outside": "", "secret": "secret"]

    let folder: String
    let directory: WorkspaceDirectory
    var workspace: String { folder + "/workspace" }

    static func with(_ body: (HostileTree) throws -> Void) throws {
        let tree = try HostileTree()
        defer { try? removeTree(at: tree.folder) }  // the test's own error matters more
        try body(tree)
    }

    init() throws {
        folder = try temporaryFolder()
        let files = FileManager.default
        let workspace = folder + "/workspace"
        try files.createDirectory(atPath: workspace + "/repo/sub", withIntermediateDirectories: true)
        try files.createDirectory(atPath: folder + "/outside", withIntermediateDirectories: true)
        for (name, content) in HostileTree.untouched {
            try Data(content.utf8).write(to: URL(filePath: folder + "/outside/" + name))
        }
        try Data("file".utf8).write(to: URL(filePath: workspace + "/repo/file"))
        let links = [
            "to-passwd": "/etc/passwd", "to-secret": "../outside/secret", "to-outside": "../outside",
            "to-root": "/",
            "to-parent": "..", "to-workspace-by-path": workspace + "/repo/file", "chain-1": "chain-2",
            "chain-2": "repo/chain-3", "repo/chain-3": "../../outside/secret",
            "to-proc-environ": "/proc/self/environ",
            "to-proc-cwd": "/proc/self/cwd", "to-proc-fd": "/proc/self/fd/0",
            "to-proc-root": "/proc/self/root",
            "repo/up-twice": "../../outside", "repo/back-and-out": "sub/../../../outside",
            "to-mount": "/dev/shm",
            "to-dangling": "../outside/new", "loop-1": "loop-2", "loop-2": "loop-1", "self-loop": "self-loop",
            "to-repo": "repo", "to-file": "repo/file", "to-pipe": "pipe",
        ]
        for (name, target) in links {
            try files.createSymbolicLink(atPath: workspace + "/" + name, withDestinationPath: target)
        }
        try #require(unsafe mkfifo(workspace + "/pipe", 0o666) == 0)
        try #require(unsafe mknod(workspace + "/socket", S_IFSOCK | 0o666, 0) == 0)
        directory = try WorkspaceDirectory(opening: workspace)
    }

    /// Names and contents of what lies outside.
    func outside() throws -> [String: String] {
        var result: [String: String] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/outside") {
            result[name] = try String(contentsOfFile: folder + "/outside/" + name, encoding: .utf8)
        }
        return result
    }
}
