internal import Threads

/// A git repository in a temporary folder, with an identity and a HOME of its own.
package final class TemporaryRepository: Sendable {
    private let folder: TemporaryFolder
    /// The work tree.
    package let path: String

    /// Makes an empty repository whose branch is `main`.
    package init() async throws {
        folder = try await TemporaryFolder()
        path = "\(folder.path)/repository"
        try folder.write("[safe]\n\tdirectory = *\n", to: "home/.gitconfig")
        try folder.write("", to: "repository/.keep")
        try folder.remove("repository/.keep")
        try await git("init", "-q", "-b", "main")
    }

    /// Writes files, nil to remove one, and commits everything.
    ///
    /// - Returns: the commit's id.
    @discardableResult
    package func commit(_ files: [String: String?], message: String = "Change") async throws -> String {
        for (name, text) in files {
            if let text {
                try folder.write(text, to: "repository/\(name)")
            } else {
                try folder.remove("repository/\(name)")
            }
        }
        try await git("add", "-A")
        try await git("commit", "-q", "--allow-empty", "-m", message)
        return try await git("rev-parse", "HEAD")
    }

    /// Runs git in the work tree and answers its output without the last line break.
    ///
    /// - Throws: `SupportError` with what git wrote when it fails.
    @discardableResult
    package func git(_ arguments: String..., input: [UInt8] = []) async throws -> String {
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": "\(folder.path)/home", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Test Author", "GIT_AUTHOR_EMAIL": "author@example.org",
            "GIT_COMMITTER_NAME": "Test Author", "GIT_COMMITTER_EMAIL": "author@example.org",
        ]
        let output = try await ChildProcess(
            Command(
                executable: "/usr/bin/git",
                arguments: arguments,
                environment: environment,
                directory: path
            ),
            standardInput: input
        ).run(until: .after(.seconds(30)))
        guard output.succeeded else {
            let error = String(decoding: output.standardError, as: UTF8.self)
            throw SupportError("git \(arguments.joined(separator: " ")) failed: \(error)")
        }
        let text = String(decoding: output.standardOutput, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
