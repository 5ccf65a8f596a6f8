internal import Containers
internal import Domain
package import Secrets

/// The token in a file that its owner alone should be able to read, without the line end.
///
/// - Throws: `Failure` when there is no such file; `invalid` when it is empty.
package func readToken(at path: String) throws -> SecretText {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    guard path.hasPrefix("/"), let name = parts.last else {
        throw Failure(.invalid, "`\(path)` is no absolute path")
    }
    let folder = try WorkspaceDirectory(opening: "/" + parts.dropLast().joined(separator: "/"))
    let bytes = try folder.read(try WorkspacePath(String(name)), limit: 4096).bytes
    let token = String(decoding: bytes, as: UTF8.self).trimmed
    guard !token.isEmpty else { throw Failure(.invalid, "The token file \(path) is empty") }
    return SecretText(token)
}
