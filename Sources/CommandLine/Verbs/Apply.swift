package import ArgumentParser
import Domain

/// `agirunner apply`.
package struct Apply: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Create or change objects from files, or carry out a saved plan.",
        discussion: """
            What the files name becomes yours; what you applied before and they name no more goes, and what \
            others set stays. A field that somebody else holds is refused, unless --force-conflicts takes it.

            With --prune, objects of the set that the files no longer hold are deleted; what git declares, \
            sources, runs and protected objects stay. A saved plan is carried out only if the source, the \
            applied commit and every object it was made from are as they were; else it says what went stale.

            Examples:
              agirunner apply -f roles/developer.yaml --dry-run=server
              agirunner apply -R -f config --applyset team --prune --wait
              agirunner plan --revision HEAD -o release.plan
              agirunner apply release.plan

            Exit codes: 0 applied (and ready, with --wait), 1 error, 3 not ready in time, 4 an object cannot \
            become ready.
            """
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions
    @OptionGroup var choices: WriteChoices
    @OptionGroup var force: ForceChoice
    @Option(help: "The set that the objects become members of, a name of its own in the namespace.")
    var applyset: String?
    @Flag(help: "Delete the members of --applyset that the files do not hold.") var prune = false
    @Flag(help: "Wait until every object is ready.") var wait = false
    @Flag(help: "Take objects from the sources that declare them; their next commits say so.")
    var takeOwnership = false
    @Argument(help: "A plan that 'agirunner plan' saved.") var plan: String?
    @Option(help: "How long to wait for a plan to be carried out, or with --wait, such as 30s or 5m.")
    var timeout = "60s"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let limit = try timeLimit(timeout)
        if let plan {
            guard files.filename.isEmpty, choices.dryRun == .none, applyset == nil, !prune, !wait,
                !takeOwnership, !force.forceConflicts
            else {
                throw CommandFailure("a saved plan says everything itself; it takes --timeout alone")
            }
            return try await carryOut(plan, try connection.client(), within: limit)
        }
        try files.require()
        guard !prune || applyset != nil else {
            throw CommandFailure("--prune needs --applyset NAME, which says what may be deleted")
        }
        let set = try applyset.map { try ApplySet($0, namespace: connection.namespace) }
        guard choices.dryRun != .client else { return try await check() }
        let client = try connection.client()
        let objects = try await files.objects(connection, client, validate: choices.fields.validate)
        let applied = try await apply(objects, as: set, client)
        if prune, let set { try await delete(besides: Set(objects.map(\.key)), of: set, client) }
        guard wait, choices.dryRun == .none else { return }
        var waiting = ObjectWait(wishes: [.condition(type: "Ready", status: "True")], limit: limit, client)
        try await waiting.wait(
            for: applied.compactMap { object in
                Kind.named(object.kind).map { Awaited($0, object.metadata.namespace, object.metadata.name) }
            }
        ) { awaited in
            try CommandEnvironment.required().output("\(awaited.reference) ready")
        }
    }

    /// Judges the files without a server.
    private func check() async throws {
        guard !prune else {
            throw CommandFailure("what --prune would delete only the server knows: use --dry-run=server")
        }
        let environment = try CommandEnvironment.required()
        for key in try await files.offline(connection, validate: choices.fields.validate) {
            environment.output("\(key.reference) valid\(choices.dryRun.mark)")
        }
    }

    /// Writes the objects, or tries to, and answers what the server has then.
    ///
    /// A member of a set stays one when it is applied without naming the set.
    private func apply(
        _ objects: [Object],
        as set: ApplySet?,
        _ client: ControlClient
    ) async throws -> [Object] {
        let environment = try CommandEnvironment.required()
        // Before anything is written, so that a member of another set changes nothing.
        var writes: [(kind: Kind, object: Object, live: Object?)] = []
        for object in objects {
            guard let kind = Kind.named(object.kind) else { continue }
            let metadata = object.metadata
            let live = try await client.find(kind, namespace: metadata.namespace, name: metadata.name)
            writes.append((kind, try membership(object, live, set), live))
        }
        var applied: [Object] = []
        for (kind, object, live) in writes {
            let ownership = ("takeOwnership", takeOwnership ? "true" : nil)
            let after = try await client.apply(kind, object, query: choices.items + [force.item, ownership])
            let act = live.map { isSame($0, after) ? "unchanged" : "configured" } ?? "created"
            environment.output("\(object.key.reference) \(act)\(choices.dryRun.mark)")
            applied.append(after)
        }
        return applied
    }

    private func membership(_ object: Object, _ live: Object?, _ set: ApplySet?) throws -> Object {
        guard let set else { return ApplySet.keeping(object, live: live) }
        return try set.adopting(object, live: live)
    }

    /// Deletes the members that no file holds any longer.
    private func delete(
        besides kept: Set<ObjectKey>,
        of set: ApplySet,
        _ client: ControlClient
    ) async throws {
        let environment = try CommandEnvironment.required()
        for (object, reason) in try await set.surplus(besides: kept, client) {
            guard let kind = Kind.named(object.kind) else { continue }
            if let reason {
                environment.notice("\(object.key.reference) not pruned: \(reason)")
                continue
            }
            let metadata = object.metadata
            let path = client.path(kind, namespace: metadata.namespace, name: metadata.name)
            // What was made anew under the name meanwhile is not the member that was seen.
            let uid = metadata.uid.map { Value.string($0.text) }
            let query = client.query([("dryRun", choices.dryRun.parameter)])
            try await client.request(
                "DELETE",
                path + query,
                .members(["preconditions": .members(["uid": uid])])
            )
            environment.output("\(object.key.reference) pruned\(choices.dryRun.mark)")
        }
    }
}
