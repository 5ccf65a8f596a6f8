package import ArgumentParser
import Domain

/// `agirunner delete`.
package struct Delete: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Delete objects that no repository declares.",
        discussion: """
            Each object is told as it goes; where one cannot be deleted, the others are all the same.

            Examples:
              agirunner delete role/developer skill/testing
              agirunner delete roles developer reviewer --ignore-not-found
              agirunner delete -R -f config

            Exit codes: 0 deleted, 1 error, 3 still there when time was over.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions
    @Argument(help: "kind/NAME, repeatable; or a kind and names.") var targets: [String] = []
    @Flag(help: "Say nothing of what is not there.") var ignoreNotFound = false
    @Flag(inversion: .prefixedNo, help: "Wait until the objects are gone.") var wait = true
    @Option(help: "How long to wait, such as 30s or 5m.") var timeout = "60s"
    @Option(help: "none, client or server: say what would be deleted, and delete nothing.")
    var dryRun = DryRun.none

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let limit = try timeLimit(timeout)
        let client = try connection.client()
        let wanted = try await keys(client)
        guard !wanted.isEmpty else { throw CommandFailure("must specify kind/NAME or -f FILE") }
        var failures: [CommandFailure] = []
        var going: [Awaited] = []
        for awaited in wanted {
            do {
                guard let gone = try await delete(awaited, client) else { continue }
                environment.output(
                    "\(awaited.kind.singular).\(Kind.group) \"\(awaited.name)\" deleted\(dryRun.mark)"
                )
                going.append(gone)
            } catch let failure as CommandFailure {
                failures.append(failure)
            }
        }
        if wait, dryRun == .none, !going.isEmpty {
            var waiting = ObjectWait(wishes: [.delete], limit: limit, client)
            try await waiting.wait(for: going) { _ in }
        }
        guard let last = failures.last else { return }
        for failure in failures.dropLast() { environment.notice("\(failure)") }
        throw last
    }

    private func keys(_ client: ControlClient) async throws -> [Awaited] {
        let named = try namedTargets(targets).map { Awaited($0.kind, connection.namespace, $0.name) }
        guard !files.filename.isEmpty else { return named }
        // What others refer to goes last.
        let declared = try await files.objects(connection, client).reversed()
        return named
            + declared.compactMap { object in
                Kind.named(object.kind).map { Awaited($0, object.metadata.namespace, object.metadata.name) }
            }
    }

    /// Deletes an object and answers which one it was; nil for one that is not there and need not be.
    private func delete(_ awaited: Awaited, _ client: ControlClient) async throws -> Awaited? {
        let path = client.path(awaited.kind, namespace: awaited.namespace, name: awaited.name)
        do {
            // Nothing but a look in a dry run of the client.
            let method = dryRun == .client ? "GET" : "DELETE"
            let query = client.query([("dryRun", dryRun.parameter)])
            let answer = try Value(json: try await client.request(method, path + query).body)
            // A deleted object is answered as a status that names it, one that still goes as itself.
            let uid = answer.at("details", "uid") ?? answer.at("metadata", "uid")
            var gone = awaited
            gone.uid = uid?.string.map { UID($0) }
            return gone
        } catch let failure as CommandFailure where failure.reason == "NotFound" && ignoreNotFound {
            return nil
        }
    }
}
