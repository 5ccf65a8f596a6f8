/// The spec of a Role: who does a piece of work, with which prompt, tools and model.
package struct RoleSpec: Sendable, Hashable, Codable {
    package enum Purpose: String, Sendable, Codable { case specialist, orchestrator }

    package struct HandoffContract: Sendable, Hashable, Codable {
        /// Keys that `role_data` must carry.
        package var required: [String]
        package var brief: Bool
    }

    package struct Escalation: Sendable, Hashable, Codable {
        /// `human` or the name of a Role.
        package var to: String
        package var maxDepth: Int
    }

    package struct Loop: Sendable, Hashable, Codable {
        package enum Mode: String, Sendable, Codable { case reactive, phased }

        package var mode: Mode
    }

    package var displayName: String
    package var description: String
    package var prompt: String
    package var kind: Purpose
    package var toolProfileRef: String?
    package var tools: [String]
    package var skillRefs: [String]
    package var modelRouteRef: String?
    package var runtimeProfileRef: String?
    package var handoff: HandoffContract
    package var escalation: Escalation
    /// McpServers, nil as none.
    package var mcpServerRefs: [String]?
    /// A JSON Schema.
    package var outputSchema: Value?
    package var loop: Loop?
}
