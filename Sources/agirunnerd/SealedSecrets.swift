import Domain
import Glibc
import Secrets
import Threads

/// Opens what SecretStores hold sealed, with private keys that are read anew each time.
struct SealedSecrets: Sendable {
    /// Private keys, one a line, the newest first; nil where nothing can be opened.
    let keyFile: String?

    /// What secrets are sealed with from now on; *throws* as ``secret(_:namespace:_:)`` does.
    func sealingKey() throws -> String { try keys()[0].sealingKey.text }

    /// A secret of a store, opened.
    ///
    /// - Throws: `Failure` with the reason `secret_missing` or `secret_unreadable`.
    func secret(_ reference: SecretReference, namespace: String, _ spec: SecretStoreSpec) throws -> SecretText
    {
        let name = "The secret '\(reference.key)' of SecretStore \(namespace)/\(reference.store)"
        guard let sealed = spec.config.sealed?[reference.key] else {
            throw Failure(.notFound, "\(name) is missing in spec.config.sealed", reason: "secret_missing")
        }
        let sealedName = reference.sealedName(namespace: namespace)
        guard let secret = try keys().lazy.compactMap({ $0.open(sealed, as: sealedName) }).first else {
            throw unreadable(
                "\(name) cannot be opened: it was sealed for another name, or for another installation"
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
