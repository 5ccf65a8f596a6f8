package import ArgumentParser
import Domain
import Git
import Glibc
import Secrets

/// `agirunner secret`.
package struct Secret: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Seal secrets, so that they can stand in git.",
        subcommands: [SecretSeal.self, SecretKeygen.self]
    )

    /// A command to be filled by the parser.
    package init() {}
}

/// `agirunner secret seal`.
struct SecretSeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "Encrypt a secret from standard input for one key of one SecretStore.",
        discussion: """
            What it prints belongs into spec.config.sealed of the store, under the key. The control plane \
            alone can open it, and under that namespace, store and key alone. Line breaks at the end of the \
            secret are left out.

            Example:
              agirunner secret seal secretstore/vault team-config < token
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Option(help: "The store's status.sealingKey, to seal without a server.") var sealingKey: String?
    @Argument(help: "secretstore/NAME.") var store: String
    @Argument(help: "Which of its secrets.") var key: String

    func run() async throws {
        let environment = try CommandEnvironment.required()
        let target = try Target(store)
        guard target.kind.name == "SecretStore" else {
            throw CommandFailure("secrets are sealed for a store, as in 'secretstore/NAME'")
        }
        let reference = SecretReference(store: try target.required(), key: key)
        // Asked first, so that nobody types a secret in vain.
        let sealingKey = try await sealingKey(of: target.kind, reference.store)
        if isatty(0) == 1 { environment.notice("type or paste the secret, then press Ctrl-D") }
        let secret = SecretText(lines: try readFile("-"))
        guard (1...GitCredential.largestSecret).contains(secret.count) else {
            throw CommandFailure(
                "a secret has 1 to \(GitCredential.largestSecret) bytes; standard input has \(secret.count)"
            )
        }
        let name = reference.sealedName(namespace: connection.namespace)
        guard let sealed = sealingKey.seal(secret, as: name) else {
            throw CommandFailure("the sealing key belongs to no private key")
        }
        environment.output(sealed)
    }

    private func sealingKey(of kind: Kind, _ name: String) async throws -> SealingKey {
        let text: String
        if let sealingKey {
            text = sealingKey
        } else {
            let client = try connection.client()
            let store = try await client.get(kind, namespace: connection.namespace, name: name)
            guard let key = store.status?.at("sealingKey")?.string else {
                throw CommandFailure(
                    "secretstore/\(name) has no status.sealingKey; its spec.type must be sealed, and the "
                        + "control plane must have looked at it"
                )
            }
            text = key
        }
        guard let key = SealingKey(text) else {
            throw CommandFailure("a sealing key has 43 characters of base64url")
        }
        return key
    }
}

/// `agirunner secret keygen`.
struct SecretKeygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Print a new private key for the file of 'agirunnerd --sealing-key-file'.",
        discussion: "The first key of that file seals, and all of them open: a new key is put on top."
    )

    func run() throws {
        try CommandEnvironment.required().output(OpeningKey().text.reveal())
    }
}
