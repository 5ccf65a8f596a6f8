package import ArgumentParser
import Catalog
import Domain

/// What `apply`, `create` and `delete -f` read.
struct FileOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A file, a folder, or - for standard input."
    )
    var filename: [String] = []
    @Flag(name: [.customShort("R"), .long], help: "Folders below the folder, too.") var recursive = false

    /// The objects of all files, in the order they can be applied; *throws* after printing what is wrong with
    /// them.
    ///
    /// References may lead to what the server has already.
    func objects(_ connection: ConnectionOptions, _ client: ControlClient) async throws -> [Object] {
        try await declared(connection, client).map(\.object)
    }

    /// The objects with the places of their fields, which only a comparison needs.
    func declared(
        _ connection: ConnectionOptions,
        _ client: ControlClient,
        keepsPlaces: Bool = false
    ) async throws -> [Declared] {
        let environment = try CommandEnvironment.required()
        var sources: [String: [UInt8]] = [:]
        for path in filename {
            for file in try yamlFiles(path, isRecursive: recursive) {
                let name = file == "-" ? "stdin.yaml" : file
                sources[name] = try readFile(file)
            }
        }
        var options = LoadOptions()
        options.namespace = connection.namespace
        options.passesOverServerFields = true
        options.keepsPlaces = keepsPlaces
        for kind in Kind.all where kind.isDeclared {
            for object in try await client.list(kind, namespace: nil) {
                options.existing[object.key] = object.spec ?? [:]
            }
        }
        options.inForce = options.existing
        let loaded = Loader().load(
            sources.map { SourceFile(path: $0.key, bytes: $0.value) },
            options: options
        )
        for diagnostic in loaded.diagnostics {
            environment.notice(diagnostic.text(source: sources[diagnostic.path]))
        }
        guard !loaded.hasErrors else { throw ExitCode.failure }
        guard !loaded.objects.isEmpty else {
            throw CommandFailure("no objects in \(filename.joined(separator: ", "))")
        }
        return loaded.objects
    }
}

/// `agirunner apply`.
package struct Apply: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Create or change objects from files, or carry out a saved plan.",
        discussion:
            "A saved plan is carried out only if the source, the applied commit and every object it was made "
            + "from are as they were; else it says what went stale.\n\n"
            + "Examples:\n"
            + "  agirunner apply -f roles/developer.yaml\n"
            + "  agirunner plan --revision HEAD -o release.plan\n"
            + "  agirunner apply release.plan"
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions
    @Argument(help: "A plan that 'agirunner plan' saved.") var plan: String?
    @Option(help: "How long to wait for a plan to be carried out, such as 30s or 5m.") var timeout = "60s"

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        guard let plan else { return try await writeAll(files, connection, canReplace: true) }
        guard files.filename.isEmpty else {
            throw CommandFailure("a saved plan names its files itself; leave -f out")
        }
        guard let limit = Duration(text: timeout) else {
            throw CommandFailure("--timeout must be a duration such as 30s")
        }
        try await carryOut(plan, try connection.client(), within: limit)
    }
}

/// `agirunner create`.
package struct Create: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Create objects from files.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws { try await writeAll(files, connection, canReplace: false) }
}

private func writeAll(_ files: FileOptions, _ connection: ConnectionOptions, canReplace: Bool) async throws {
    let environment = try CommandEnvironment.required()
    guard !files.filename.isEmpty else {
        throw CommandFailure("must specify -f FILE, a folder, or -f - for standard input")
    }
    let client = try connection.client()
    for object in try await files.objects(connection, client) {
        guard let kind = Kind.named(object.kind) else { continue }
        let existing = try await client.find(
            kind,
            namespace: object.metadata.namespace,
            name: object.metadata.name
        )
        let body = try Value(encoding: object)
        let verb: String
        if let existing, canReplace {
            let path = client.path(kind, namespace: object.metadata.namespace, name: object.metadata.name)
            let answer = try await client.request("PUT", path, body)
            let after = try client.decode(answer)
            verb =
                after.metadata.resourceVersion == existing.metadata.resourceVersion
                ? "unchanged" : "configured"
        } else {
            try await client.request("POST", client.path(kind, namespace: object.metadata.namespace), body)
            verb = "created"
        }
        environment.output("\(kind.singular).\(Kind.group)/\(object.metadata.name) \(verb)")
    }
}

/// `agirunner delete`.
package struct Delete: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Delete objects that no repository declares."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions
    @Argument(help: "kind/NAME, or a kind.") var target: String?
    @Argument(help: "The object's name.") var name: String?

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        var keys: [(Kind, String?, String)] = []
        if let target {
            let target = try Target(target, name: name)
            keys.append((target.kind, connection.namespace, try target.required()))
        }
        for object in files.filename.isEmpty ? [] : try await files.objects(connection, client) {
            guard let kind = Kind.named(object.kind) else { continue }
            keys.append((kind, object.metadata.namespace, object.metadata.name))
        }
        guard !keys.isEmpty else { throw CommandFailure("must specify kind/NAME or -f FILE") }
        for (kind, namespace, name) in keys {
            try await client.request("DELETE", client.path(kind, namespace: namespace, name: name))
            environment.output("\(kind.singular).\(Kind.group) \"\(name)\" deleted")
        }
    }
}
