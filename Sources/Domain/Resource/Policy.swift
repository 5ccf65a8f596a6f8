/// The spec of a Policy: what the playbooks of its namespace must have, whoever wrote them.
package struct PolicySpec: Sendable, Hashable, Codable {
    /// Which playbooks it is for; what is absent makes no difference.
    package struct Scope: Sendable, Hashable, Codable {
        package var kinds: [String]
        /// The GitSource that declares them.
        package var source: String?
        /// Labels that they must have.
        package var labels: [String: String]
    }

    /// A gate that a stage must have.
    package struct RequiredGate: Sendable, Hashable, Codable {
        /// Nil: every playbook with a stage of that name.
        package var playbook: String?
        package var stage: String
        package var gate: PlaybookSpec.Gate
    }

    package var appliesTo: Scope
    package var requireGates: [RequiredGate]
    /// Roles that judge what others deliver, although their playbooks do not say so.
    package var assesses: [String]
}
