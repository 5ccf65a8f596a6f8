internal import Threads

/// An SSH key that signs commits, made by ssh-keygen in a folder of its own.
package struct SigningKey: Sendable {
    private let folder: TemporaryFolder
    /// The absolute path of the private key.
    package let path: String
    /// The public key: its type and itself in base64.
    package let publicKey: String

    /// Makes a key without a passphrase.
    package init(type: String = "ed25519") async throws {
        folder = try await TemporaryFolder()
        path = "\(folder.path)/key"
        let output = try await ChildProcess(
            Command(
                executable: "/usr/bin/ssh-keygen",
                arguments: ["-q", "-t", type, "-N", "", "-C", "test", "-f", path]
            )
        ).run(until: .after(.seconds(30)))
        guard output.succeeded, let text = folder.read("key.pub") else {
            throw SupportError("no key: \(String(decoding: output.standardError, as: UTF8.self))")
        }
        publicKey = text.split(separator: " ").prefix(2).joined(separator: " ")
    }

    /// The fingerprint of the key, `SHA256:…`, as ssh-keygen prints it.
    package func fingerprint() async throws -> String {
        let output = try await ChildProcess(
            Command(executable: "/usr/bin/ssh-keygen", arguments: ["-l", "-f", "\(path).pub"])
        ).run(until: .after(.seconds(30)))
        let words = String(decoding: output.standardOutput, as: UTF8.self).split(separator: " ")
        guard output.succeeded, words.count > 1 else { throw SupportError("no fingerprint of \(path)") }
        return String(words[1])
    }

    /// A line of a list of allowed signers.
    package func allowed(as name: String, _ options: String = "") -> String {
        "\(name) \(options.isEmpty ? "" : options + " ")\(publicKey)"
    }
}

extension TemporaryRepository {
    /// Has commits from now on signed by a key; nil for not at all.
    package func sign(with key: SigningKey?) async throws {
        try await git("config", "gpg.format", "ssh")
        if let key { try await git("config", "user.signingkey", key.path) }
        try await git("config", "commit.gpgsign", key == nil ? "false" : "true")
    }
}
