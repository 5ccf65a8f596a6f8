package import ArgumentParser
import Domain

/// `agirunner wait`.
package struct Wait: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Wait until objects are as asked.",
        discussion: """
            All that is asked for must hold at once, of every object. One that does not exist yet is waited \
            for. Where a condition is asked for, what is stalled ends the wait; what git declares may be \
            mended by a commit that is on its way, so that its stall counts half a minute and two intervals \
            of its source later. Where a commit is named, a source that it stalls ends the wait at once.

            Examples:
              agirunner wait gitsource/main --for revision=4f2a91c --timeout 2m
              agirunner wait workflow/fix-division --for phase=completed
              agirunner wait skill/old role/old --for delete

            Exit codes: 0 met, 1 error, 3 timed out, 4 an object ended in another way or is stalled, 5 \
            another commit was applied after the one that is waited for.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, repeatable; or a kind and names.") var targets: [String]
    @Option(
        name: .customLong("for"),
        help: """
            condition=TYPE[=STATUS], jsonpath=PATH[=VALUE], phase=NAME, revision=COMMIT, gate or delete; \
            repeatable.
            """
    )
    var conditions: [String]
    @Option(help: "How long, such as 30s or 5m.") var timeout = "30s"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let limit = try timeLimit(timeout)
        let wishes = try conditions.map(Wish.init)
        let objects = try namedTargets(targets).map { Awaited($0.kind, connection.namespace, $0.name) }
        var waiting = ObjectWait(wishes: wishes, limit: limit, try connection.client())
        try await waiting.wait(for: objects) { environment.output("\($0.reference) condition met") }
    }
}
