/// The spec of a Workspace: what a run works on.
package struct WorkspaceSpec: Sendable, Hashable, Codable {
    package enum Storage: String, Sendable, Codable { case git, directory, artifact }

    package struct Author: Sendable, Hashable, Codable {
        package var name: String
        package var email: String
    }

    package var type: Storage
    /// For git: absolute after the GitSource's own URL was joined with it.
    package var url: String?
    package var path: String?
    package var branch: String
    package var identity: Author?
    package var readOnly: Bool
    package var brief: String?
    package var setup: [String]
    package var secretRef: SecretReference?
    /// What is known of it from the start, by name; nil as nothing.
    package var memory: [String: String]?
}
