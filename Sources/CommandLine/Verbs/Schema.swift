package import ArgumentParser
import Catalog
import Domain

/// `agirunner schema`.
package struct Schema: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Print the JSON Schema of a kind's files.",
        discussion:
            "Without a kind the schema fits files of every kind. Editors that speak to yaml-language-server "
            + "read it where a file says: # yaml-language-server: $schema=FILE"
    )

    @Argument(help: "A kind, as in 'playbook'.") var kind: String?

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let kind = try kind.map { try Target($0).kind }
        guard let schema = fileSchema(kind: kind?.name) else {
            throw CommandFailure("a \(kind?.name ?? "") is not declared in files; controllers write it")
        }
        environment.output(schema.prettyJSON)
    }
}
