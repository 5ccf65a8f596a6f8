/// The name of a secret; never its value.
package struct SecretReference: Sendable, Hashable, Codable {
    /// A SecretStore.
    package var store: String
    /// Which of its secrets.
    package var key: String

    /// The reference of its fields.
    package init(store: String, key: String) {
        self.store = store
        self.key = key
    }

    /// What a sealed secret is bound to, so that no other store can be made to hold it.
    package func sealedName(namespace: String) -> String { "\(namespace)/\(store)/\(key)" }
}

/// The spec of a SecretStore: where secrets are kept.
package struct SecretStoreSpec: Sendable, Hashable, Codable {
    package enum Provider: String, Sendable, Codable {
        /// Environment variables of the control plane.
        case env
        /// Files of a folder, one for each secret.
        case file
        /// The store itself, which holds them encrypted.
        case sealed
    }

    package struct Configuration: Sendable, Hashable, Codable {
        /// For env: how the names of its variables begin; absent: ``defaultPrefix``.
        package var prefix: String?
        /// For file: an absolute path.
        package var directory: String?
        /// For sealed: the secrets as `SealingKey.seal` encrypts them.
        package var sealed: [String: String]?
    }

    package var type: Provider
    package var config: Configuration

    /// How the variables of a store begin that names no prefix.
    ///
    /// A store without any could hand out whatever the program was started with.
    package static let defaultPrefix = "AGIRUNNER_SECRET_"
}
