/// The spec of a Policy: what the objects of its namespace must have and may not, whoever wrote them.
package struct PolicySpec: Sendable, Hashable, Codable {
    /// Which objects it is for; what is absent makes no difference.
    package struct Scope: Sendable, Hashable, Codable {
        package var kinds: [String]?
        /// The GitSource that declares them.
        package var source: String?
        /// The Policy's own.
        package var namespace: String?
        /// Labels that they must have.
        package var labels: [String: String]
    }

    /// What is used where nothing is named.
    package struct Defaults: Sendable, Hashable, Codable {
        /// By Roles.
        package var modelRouteRef: String?
        /// By Playbooks.
        package var runtimeProfileRef: String?
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
    /// Limits that no playbook may exceed; those that it does not set are these.
    package var caps: WorkflowSpec.Limits?
    /// Tools that nobody may have; nil as none.
    package var denyTools: [String]?
    /// Globs, one of which each image must match; nil: all may be used.
    package var allowImages: [String]?
    /// Domains that sandboxes may reach, with what is below `*.`; nil: all may be reached.
    package var allowDomains: [String]?
    /// Whether images must be named by digest; nil as no.
    package var requirePins: Bool?
    package var defaults: Defaults?
}
