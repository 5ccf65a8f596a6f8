/// The spec of an McpServer: a server of the Model Context Protocol whose tools roles may be given.
package struct McpServerSpec: Sendable, Hashable, Codable {
    package enum Transport: String, Sendable, Codable { case auto, streamableHTTP, sse, stdio }

    package struct Auth: Sendable, Hashable, Codable {
        package enum Mode: String, Sendable, Codable { case none, parameters, oauth }

        package var mode: Mode
        package var parameters: [Parameter]
        /// For oauth: the client that the server knows.
        package var secretRef: SecretReference?
    }

    /// Something that goes with every request, or that the command finds in its environment.
    package struct Parameter: Sendable, Hashable, Codable {
        package enum Place: String, Sendable, Codable { case header, query, environment }

        package var name: String
        package var `in`: Place
        /// Either this or `secretRef`.
        package var value: String?
        package var secretRef: SecretReference?
    }

    package struct Tools: Sendable, Hashable, Codable {
        /// Empty means all.
        package var allow: [String]
        package var deny: [String]
    }

    /// Either this or `command`.
    package var url: String?
    /// A program and its arguments.
    package var command: [String]?
    package var transport: Transport
    package var auth: Auth
    package var tools: Tools
    package var timeout: String
}
