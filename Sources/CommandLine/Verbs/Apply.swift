package import ArgumentParser
import Catalog
import Domain

/// What `apply`, `create` and `delete -f` read.
struct FileOptions: ParsableArguments {
    @Option(name: [.customShort("f"), .customLong("filename")], help: "A file, a folder, or - for standard input.")
    var filename: [String] = []
    @Flag(name: [.customShort("R"), .long], help: "Folders below the folder, too.") var recursive = false

    /// The objects of all files, in the order they can be applied; *throws* after printing what is wrong with them.
    func objects(namespace: String, _ environment: CommandEnvironment) throws -> [Object] {
        var sources: [String: [UInt8]] = [:]
        for path in filename {
            for file in try yamlFiles(path, isRecursive: recursive) { sources[file] = try readFile(file) }
        }
        var options = LoadOptions()
        options.namespace = namespace
        let loaded = Loader().load(sources.map { SourceFile(path: $0.key, bytes: $0.value) }, options: options)
        // What a reference names may be on the server, which judges it; everything else is judged here.
        let errors = loaded.diagnostics.filter { $0.severity == .error && !$0.code.hasPrefix("REF") }
        for diagnostic in errors { environment.notice(diagnostic.text(source: sources[diagnostic.path])) }
        guard errors.isEmpty else { throw ExitCode.failure }
        let dangling = loaded.diagnostics.filter { $0.severity == .error }
        guard dangling.isEmpty else {
            for diagnostic in dangling { environment.notice(diagnostic.text(source: sources[diagnostic.path])) }
            throw ExitCode.failure
        }
        return loaded.objects.map(\.object)
    }
}

/// `agirunner apply`.
package struct Apply: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Create or change objects from files.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var files: FileOptions

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws { try await writeAll(files, connection, canReplace: true) }
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
    guard !files.filename.isEmpty else { throw CommandFailure("must specify -f FILE, a folder, or -f - for standard input") }
    let client = try connection.client()
    for object in try files.objects(namespace: connection.namespace, environment) {
        guard let kind = Kind.named(object.kind) else { continue }
        let existing = try await client.find(kind, namespace: object.metadata.namespace, name: object.metadata.name)
        let body = try Value(encoding: object)
        let verb: String
        if let existing, canReplace {
            let path = client.path(kind, namespace: object.metadata.namespace, name: object.metadata.name)
            let answer = try await client.request("PUT", path, body)
            let after = try client.decode(answer)
            verb = after.metadata.resourceVersion == existing.metadata.resourceVersion ? "unchanged" : "configured"
        } else {
            try await client.request("POST", client.path(kind, namespace: object.metadata.namespace), body)
            verb = "created"
        }
        environment.output("\(kind.singular).\(Kind.group)/\(object.metadata.name) \(verb)")
    }
}

/// `agirunner delete`.
package struct Delete: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Delete objects that no repository declares.")

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
        for object in files.filename.isEmpty ? [] : try files.objects(namespace: connection.namespace, environment) {
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
