package import ArgumentParser
import Domain

/// `agirunner transfer`.
package struct TransferVerb: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "transfer",
        abstract: "Hand an object over to a source, or take it from one.",
        discussion: """
            Offered to a source, an object becomes its own as soon as it declares it; until then it stays \
            where it is, also when its present source declares it no more. In which order the two commits \
            come makes no difference. Taken for the control door, it is changed by hand from now on, and a \
            source that goes on declaring it says so.

            Examples:
              agirunner transfer role/reviewer --to gitsource/team
              agirunner transfer role/reviewer --to control

            Exit codes: 0 done, 1 error.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, or a kind and a name.") var words: [String]
    @Option(help: "gitsource/NAME, or control for the control door.") var to: String
    @Option(help: "none, client (which only reads the object) or server (which says what would be).")
    var dryRun = DryRun.none

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let (kind, name, rest) = try leadingTarget(words)
        guard rest.isEmpty else { throw CommandFailure("one object is handed over at a time") }
        let client = try connection.client()
        let reference = kind.reference(name)
        guard to != "control" else {
            try await take(kind, name, client)
            return environment.output("\(reference) taken for the control door\(dryRun.mark)")
        }
        let object = try await client.get(kind, namespace: connection.namespace, name: name)
        let source = try await receiver(client)
        guard object.origin.gitSource != source else {
            return environment.output("\(reference) belongs to gitsource/\(source) already")
        }
        guard dryRun != .client else {
            return environment.output("\(reference) offered to gitsource/\(source)\(dryRun.mark)")
        }
        let annotations: Value = .object([Transfer.annotation: .string("gitsource/\(source)")])
        try await client.patch(
            kind,
            namespace: connection.namespace,
            name: name,
            ["metadata": ["annotations": annotations]],
            dryRun: dryRun
        )
        let words = "offered to gitsource/\(source), and its own as soon as that declares it"
        environment.output("\(reference) \(words)\(dryRun.mark)")
    }

    /// The name of the source to hand it to; *throws* a failure when there is no such source.
    private func receiver(_ client: ControlClient) async throws -> String {
        guard let source = Transfer.target(of: [Transfer.annotation: to]) else {
            throw CommandFailure("--to must be gitsource/NAME or control, and is '\(to)'")
        }
        return try await client.get(.gitSource, namespace: nil, name: source).metadata.name
    }

    /// Takes an object as it is; what moves meanwhile is read again.
    private func take(_ kind: Kind, _ name: String, _ client: ControlClient) async throws {
        let path = client.path(kind, namespace: connection.namespace, name: name)
        let query = client.query([("takeOwnership", "true"), ("dryRun", dryRun.parameter)])
        for attempt in 1...5 {
            var object = try await client.get(kind, namespace: connection.namespace, name: name)
            guard object.origin.gitSource != nil else {
                throw CommandFailure("\(object.key) is the control door's already")
            }
            guard dryRun != .client else { return }
            object.status = nil
            do {
                try await client.request("PUT", path + query, try Value(encoding: object))
                return
            } catch let failure as CommandFailure where failure.isStale && attempt < 5 {
                continue
            }
        }
    }
}
