internal import Domain
internal import Secrets

/// Where a workspace's repository is.
struct Remote: Sendable, Hashable {
    /// As git is told it.
    let url: String
    /// The folder of the host, when the repository lies on it.
    let localPath: String?

    /// Reads the URL of a workspace.
    ///
    /// - Throws: `Failure.invalid` for what is neither an absolute path nor a URL git knows.
    init(_ text: String) throws {
        guard !text.utf8.contains(0), !text.hasPrefix("-") else {
            throw Failure(.invalid, "`\(text)` is not the URL of a repository")
        }
        let path = try path(ofFileURL: text) ?? text
        if path.hasPrefix("/") {
            guard !path.split(separator: "/").contains(".."), path.count > 1 else {
                throw Failure(.invalid, "`\(text)` is not a plain absolute path")
            }
            url = path
            localPath = path
        } else {
            guard ["https://", "http://", "ssh://"].contains(where: text.hasPrefix) || isShortSSH(text) else {
                throw Failure(.invalid, "`\(text)` is neither an absolute path nor an https or ssh URL")
            }
            url = text
            localPath = nil
        }
    }
}

/// The path that a URL of a file names, as the source of a repository reads it; nil for anything else.
private func path(ofFileURL text: String) throws -> String? {
    guard text.prefix("file://".count).lowercased() == "file://" else { return nil }
    let rest = text.dropFirst("file://".count)
    let path = rest.hasPrefix("localhost/") ? rest.dropFirst("localhost".count) : rest
    guard path.hasPrefix("/"), let decoded = percentDecoded(path) else {
        throw Failure(.invalid, "`\(text)` must be file:///an/absolute/path")
    }
    return decoded
}

/// Whether a text has the form `user@host:path`.
private func isShortSSH(_ text: String) -> Bool {
    guard let at = text.firstIndex(of: "@"), let colon = text.firstIndex(of: ":") else { return false }
    return at < colon && at != text.startIndex
}
