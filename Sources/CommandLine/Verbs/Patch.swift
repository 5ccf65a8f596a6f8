package import ArgumentParser
import Domain

/// `agirunner patch`.
package struct Patch: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Change fields of an object.",
        discussion: """
            A merge patch (RFC 7396) holds the fields that change; null takes a field away, and a list is \
            replaced as a whole. A JSON patch (RFC 6902) is a list of operations, which are done together or \
            not at all.

            Examples:
              agirunner patch gitsource/main -p '{"spec":{"interval":"5m"}}'
              agirunner patch gitsource main --type merge --patch-file change.json --dry-run=server
              agirunner patch workflow/fix --type json -p '[{"op":"remove","path":"/spec/budget"}]'
            """
    )

    /// How a patch is meant.
    enum Style: String, CaseIterable, ExpressibleByArgument { case merge, json }

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, or a kind and a name.") var words: [String]
    @Option(help: "merge or json.") var type = Style.merge
    @Option(name: .shortAndLong, help: "The patch, as JSON.") var patch: String?
    @Option(help: "A file with the patch, or - for standard input.") var patchFile: String?
    @OptionGroup var fields: FieldChoice
    @OptionGroup var choices: ChangeChoices

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let (kind, name, rest) = try leadingTarget(words)
        guard rest.isEmpty else {
            throw CommandFailure(
                "one object is patched at a time; '\(rest.joined(separator: " "))' is too much"
            )
        }
        let patch = try content()
        let client = try connection.client()
        let before = try await client.get(kind, namespace: connection.namespace, name: name)
        let reference = kind.reference(name)
        guard choices.dryRun != .client else {
            return environment.output("\(reference) patched\(choices.dryRun.mark)")
        }
        let after = try await client.patch(
            kind,
            namespace: connection.namespace,
            name: name,
            patch,
            type: "application/\(type.rawValue)-patch+json",
            query: [fields.item, choices.force.item],
            dryRun: choices.dryRun
        )
        let said = isSame(before, after) ? "patched (no change)" : "patched"
        environment.output("\(reference) \(said)\(choices.dryRun.mark)")
    }

    private func content() throws -> Value {
        let bytes: [UInt8]
        switch (patch, patchFile) {
        case (let patch?, nil): bytes = Array(patch.utf8)
        case (nil, let file?): bytes = try readFile(file)
        default: throw CommandFailure("must specify either -p PATCH or --patch-file FILE")
        }
        let value: Value
        do {
            value = try Value(json: bytes)
        } catch let error as JSONError {
            throw CommandFailure("the patch must be JSON: \(error.message) at byte \(error.offset)")
        }
        switch type {
        case .merge where value.object == nil: throw CommandFailure("a merge patch must be a JSON object")
        case .json where value.array == nil: throw CommandFailure("a JSON patch must be a list of operations")
        default: break
        }
        return value
    }
}
