package import ArgumentParser
import Domain

/// `agirunner api-resources`.
package struct APIResources: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "api-resources",
        abstract: "List the kinds."
    )

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        var table = TableText(["Name", "Shortnames", "APIVersion", "Namespaced", "Declared", "Kind"])
        for kind in Kind.all {
            table.add([
                kind.plural, kind.shortNames.joined(separator: ","), Kind.apiVersion, "\(kind.isNamespaced)",
                "\(kind.isDeclared)", kind.name,
            ])
        }
        for line in table.lines() { environment.output(line) }
    }
}
