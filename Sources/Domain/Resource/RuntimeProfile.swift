/// The spec of a RuntimeProfile: what a sandbox is made of.
package struct RuntimeProfileSpec: Sendable, Hashable, Codable {
    package enum Engine: String, Sendable, Codable { case any, local, docker }

    package struct Resources: Sendable, Hashable, Codable {
        /// Cores as a Kubernetes quantity, such as `500m` or `2`.
        package var cpu: String?
        /// Bytes as a Kubernetes quantity.
        package var memory: String?
        package var disk: String?
        package var pids: Int?
    }

    package struct Network: Sendable, Hashable, Codable {
        package enum Default: String, Sendable, Codable { case deny, allow }

        package var `default`: Default
        package var allowDomains: [String]
    }

    package struct Variable: Sendable, Hashable, Codable {
        package var name: String
        /// Either this or `secretRef`.
        package var value: String?
        package var secretRef: SecretReference?
    }

    package enum PullPolicy: String, Sendable, Codable { case always, ifNotPresent, never }

    package var engine: Engine
    package var image: String?
    package var resources: Resources
    package var requiredCommands: [String]
    package var bootstrap: [String]
    package var network: Network
    package var env: [Variable]
    package var taskTimeout: String
    package var pullPolicy: PullPolicy?
    /// The types of workspaces it is for; nil means all.
    package var workspaceTypes: [WorkspaceSpec.Storage]?

    /// What a role without a profile runs in: no network, no limit but time.
    package static let unlimited = RuntimeProfileSpec(
        engine: .any,
        resources: Resources(),
        requiredCommands: [],
        bootstrap: [],
        network: Network(default: .deny, allowDomains: []),
        env: [],
        taskTimeout: "180m"
    )
}
