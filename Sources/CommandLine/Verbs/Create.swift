package import ArgumentParser
import Domain

/// `agirunner create`.
package struct Create: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Create objects from files.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions
    @OptionGroup var choices: WriteChoices

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        try files.require()
        guard choices.dryRun != .client else {
            for key in try await files.offline(connection, validate: choices.fields.validate) {
                environment.output("\(key.reference) created\(choices.dryRun.mark)")
            }
            return
        }
        let client = try connection.client()
        for object in try await files.objects(connection, client, validate: choices.fields.validate) {
            guard let kind = Kind.named(object.kind) else { continue }
            let path = client.path(kind, namespace: object.metadata.namespace) + client.query(choices.items)
            try await client.request("POST", path, try Value(encoding: object))
            environment.output("\(object.key.reference) created\(choices.dryRun.mark)")
        }
    }
}
