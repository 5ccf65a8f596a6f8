import Domain
import Glibc
import Secrets
import Threads

/// Opens what SecretStores hold sealed, with private keys that are read anew each time.
struct SealedSecrets: Sendable {
    /// Private keys, one a line, the newest first; nil where nothing can be opened.
    let keyFile: String?

    /// What secrets are sealed with from now on; *throws* as ``open(_:as:_:)`` does.
    func sealingKey() throws -> String { try keys()[0].sealingKey.text }

    /// What was sealed for a name; `called` is what the secret is called in errors.
    ///
    /// - Throws: `Failure` with the reason `secret_missing` or `secret_unreadable`.
    func open(_ sealed: String?, as name: String, _ called: String) throws -> SecretText {
        guard let sealed else {
            throw Failure(.notFound, "\(called) is missing in spec.config.sealed", reason: "secret_missing")
        }
        guard let secret = try keys().lazy.compactMap({ $0.open(sealed, as: name) }).first else {
            throw unreadable(
                "\(called) cannot be opened: it was sealed for another name, or for another installation"
            )
        }
        return secret
    }

    /// At least one key.
    private func keys() throws -> [OpeningKey] {
        guard let keyFile else { throw unreadable("agirunnerd was started without --sealing-key-file") }
        let lines = try content(of: keyFile).split(separator: "\n").filter { !$0.hasPrefix("#") }
        let keys = lines.compactMap { OpeningKey(SecretText(String($0))) }
        guard !keys.isEmpty, keys.count == lines.count else {
            throw unreadable("The file \(keyFile) must have a key of 'agirunner secret keygen' on each line")
        }
        return keys
    }

    private func content(of path: String) throws -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & 0o007 == 0 else {
            throw unreadable("The file \(path) must be there, and closed to other users")
        }
        do { return String(decoding: try fileContent(path), as: UTF8.self) } catch {
            throw unreadable("The file \(path) cannot be read", cause: error)
        }
    }
}

private func unreadable(_ message: String, cause: (any Error)? = nil) -> Failure {
    Failure(.unavailable, message, reason: "secret_unreadable", cause: cause)
}
