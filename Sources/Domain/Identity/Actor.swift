/// What a person may do in a namespace; each role includes those below it.
package enum AccessRole: String, Sendable, Hashable, Codable, CaseIterable {
    case viewer, `operator`
    case agentAdmin = "agent_admin"
    case workflowAdmin = "workflow_admin"
    case orgAdmin = "org_admin"

    /// Whether somebody of this role may do what the other role may.
    package func includes(_ other: AccessRole) -> Bool {
        self == other || self == .orgAdmin || other == .viewer
            || other == .operator && (self == .agentAdmin || self == .workflowAdmin)
    }
}

/// Who acts, as the door they came through established it.
package struct Actor: Sendable, Hashable, Codable {
    /// `unix:<uid>`, `user:<issuer>#<sub>`, `key:<id>` or `signer:<fingerprint>`.
    package let subject: String
    /// nil for somebody who has none, such as the owner of a key.
    package let role: AccessRole?

    /// An actor of their parts.
    package init(subject: String, role: AccessRole?) {
        self.subject = subject
        self.role = role
    }
}
