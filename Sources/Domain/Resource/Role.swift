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
}

/// The spec of a Skill: a text that makes a role better at something.
package struct SkillSpec: Sendable, Hashable, Codable {
    package enum Delivery: String, Sendable, Codable { case inline, onDemand }

    package var displayName: String
    package var summary: String
    package var body: String
    package var delivery: Delivery
}

/// The spec of a ToolProfile: which tools a role may call, and how far.
package struct ToolProfileSpec: Sendable, Hashable, Codable {
    package struct Shell: Sendable, Hashable, Codable {
        package var allow: [String]
        package var deny: [String]
    }

    package struct Paths: Sendable, Hashable, Codable {
        package var write: [String]
    }

    package var description: String
    package var tools: [String]
    package var shell: Shell
    package var paths: Paths

    /// The tools a role lists itself, without rules.
    package init(tools: [String]) {
        description = ""
        self.tools = tools
        shell = Shell(allow: [], deny: [])
        paths = Paths(write: [])
    }
}
