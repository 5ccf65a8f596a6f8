import Domain
import Foundation
import Git
import Glibc
import Threads

/// A folder of its own below /tmp that goes away with the last reference.
final class TestFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/ag.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw SystemError(code: .failed, message: "no temporary folder", call: "mkdtemp", errno: errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    // A folder that cannot be removed is left to the system's own cleaning of /tmp.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
}

/// A failed git command, with what it said.
struct GitCommandError: Error {
    let arguments: [String]
    let message: String
}

/// A real repository, made and changed by the git command with an identity and a configuration of its own.
struct TestRepository: Sendable {
    let folder: TestFolder
    let path: String

    /// Makes `name` below a fresh folder; nothing is committed yet.
    init(_ name: String = "repository", bare: Bool = false) async throws {
        try Git.initialise()
        folder = try TestFolder()
        path = "\(folder.path)/\(name)"
        try await run(["init", "-q", "-b", "main"] + (bare ? ["--bare"] : []) + [path], in: folder.path)
    }

    /// Another repository below the same folder.
    init(beside other: TestRepository, path: String) {
        folder = other.folder
        self.path = path
    }

    var url: RemoteURL { get throws { try RemoteURL(path) } }

    /// Runs git here; its output without the newline at the end.
    @discardableResult
    func git(_ arguments: String..., input: [UInt8] = []) async throws -> String {
        try await run(arguments, in: path, input: input)
    }

    /// Writes files, by path, and commits them.
    @discardableResult
    func commit(_ files: [String: String], message: String = "change") async throws -> CommitID {
        for (name, content) in files {
            let file = URL(filePath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(content.utf8).write(to: file)
        }
        try await git("add", "-A")
        try await git("commit", "-q", "--allow-empty", "-m", message)
        return CommitID(try await git("rev-parse", "HEAD"))
    }

    @discardableResult
    private func run(_ arguments: [String], in directory: String, input: [UInt8] = []) async throws -> String
    {
        let command = Command(
            executable: "/usr/bin/git",
            arguments: arguments,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": folder.path, "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
                "GIT_COMMITTER_NAME": "Bob", "GIT_COMMITTER_EMAIL": "bob@example.org",
                "GIT_AUTHOR_DATE": "1700000000 +0100", "GIT_COMMITTER_DATE": "1700000060 +0000",
                "GIT_ALLOW_PROTOCOL": "file",
            ],
            directory: directory
        )
        let output = try await ChildProcess(command, standardInput: input).run(until: .after(.seconds(60)))
        guard output.succeeded else {
            throw GitCommandError(
                arguments: arguments,
                message: String(decoding: output.standardError, as: UTF8.self)
            )
        }
        let text = String(decoding: output.standardOutput, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}

/// Runs an operation that must fail and returns the failure.
func failure(_ operation: () async throws -> some Any) async throws -> Failure {
    do {
        let value = try await operation()
        throw GitCommandError(arguments: [], message: "it succeeded: \(value)")
    } catch let failure as Failure {
        return failure
    }
}

extension Deadline {
    /// For what must succeed: far longer than it takes, so that a slow machine fails no test.
    static var generous: Deadline { .after(.seconds(60)) }
}
