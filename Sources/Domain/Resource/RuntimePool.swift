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
    package var idleTimeout: String?
}
