internal import FoundationEssentials
internal import Threads

/// A folder below `/tmp` that is removed when the last reference to it is gone.
///
/// Its path is short enough for unix sockets in it.
package final class TemporaryFolder: Sendable {
    package let path: String

    /// Makes an empty folder that only this user can enter.
    package init() async throws {
        let output = try await ChildProcess(
            Command(executable: "/usr/bin/mktemp", arguments: ["-d", "/tmp/ag.XXXXXX"])
        ).run(until: .after(.seconds(10)))
        path = String(decoding: output.standardOutput.prefix { $0 != 10 }, as: UTF8.self)
        guard output.succeeded, path.hasPrefix("/tmp/ag.") else { throw SupportError("mktemp failed") }
    }

    // A folder that cannot be removed is left to the system's own cleaning of /tmp.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the folders on the way to it.
    package func write(_ text: String, to relativePath: String) throws {
        let file = "\(path)/\(relativePath)"
        let folder = "/" + file.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
            throw SupportError("cannot write \(file)")
        }
    }

    /// The text of a file; nil when there is none.
    package func read(_ relativePath: String) -> String? {
        FileManager.default.contents(atPath: "\(path)/\(relativePath)").map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Removes a file.
    package func remove(_ relativePath: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(relativePath)")
    }
}
