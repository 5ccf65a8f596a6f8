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
