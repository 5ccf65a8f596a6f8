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
        package var value: String?
    }

    package var engine: Engine
    package var image: String?
    package var resources: Resources
    package var requiredCommands: [String]
    package var bootstrap: [String]
    package var network: Network
    package var env: [Variable]
    package var taskTimeout: String

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

/// The spec of a RuntimePool: how many runtimes there are and whom they serve.
package struct RuntimePoolSpec: Sendable, Hashable, Codable {
    package enum Mode: String, Sendable, Codable { case warm, cold }

    package struct Serves: Sendable, Hashable, Codable {
        /// Names of roles; nil means all.
        package var roles: [String]?
        package var playbooks: [String]?
        package var orchestrators: Bool?
    }

    package struct ProfileReference: Sendable, Hashable, Codable {
        package var namespace: String
        package var name: String
    }

    package var namespaces: [String]
    package var shared: Bool
    package var runtimeProfileRef: ProfileReference?
    package var serves: Serves?
    package var mode: Mode
    package var min: Int
    package var max: Int
    package var priority: Int
    package var drainGrace: String
    package var tasksPerRuntime: Int
}
