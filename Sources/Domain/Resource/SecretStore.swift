/// The name of a secret; never its value.
package struct SecretReference: Sendable, Hashable, Codable {
    /// A SecretStore.
    package var store: String
    /// Which of its secrets.
    package var key: String
}

/// The spec of a SecretStore: where secrets are kept.
package struct SecretStoreSpec: Sendable, Hashable, Codable {
    package enum Provider: String, Sendable, Codable {
        /// Environment variables of the control plane.
        case env
        /// Files of a folder, one for each secret.
        case file
    }

    package struct Configuration: Sendable, Hashable, Codable {
        /// For env: how the names of its variables begin; absent: ``defaultPrefix``.
        package var prefix: String?
        /// For file: an absolute path.
        package var directory: String?
    }

    package var type: Provider
    package var config: Configuration

    /// How the variables of a store begin that names no prefix.
    ///
    /// A store without any could hand out whatever the program was started with.
    package static let defaultPrefix = "AGIRUNNER_SECRET_"
}
