import ArgumentParser
import Catalog
import Domain

/// What `apply`, `create`, `delete -f` and `diff -f` read.
struct FileOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: "A file, a folder, a URL, or - for standard input; repeatable."
    )
    var filename: [String] = []
    @Flag(name: [.customShort("R"), .long], help: "Folders below the folder, too.") var recursive = false

    /// *Throws* when no file was named.
    func require() throws {
        guard filename.isEmpty else { return }
        throw CommandFailure("must specify -f FILE, a folder, a URL, or -f - for standard input")
    }

    /// The objects of all files as they are written there, in the order they can be applied; *throws* after
    /// printing what is wrong with them.
    ///
    /// References may lead to what the server has already.
    func objects(
        _ connection: ConnectionOptions,
        _ client: ControlClient,
        validate: FieldStrictness = .strict
    ) async throws -> [Object] {
        try await declared(connection, client, validate: validate).map(\.asWritten)
    }

    /// The objects with the places of their fields, and as they are written.
    func declared(
        _ connection: ConnectionOptions,
        _ client: ControlClient,
        validate: FieldStrictness = .strict
    ) async throws -> [Declared] {
        let sources = try await sources()
        var options = LoadOptions.files(beside: try await storedObjects(client))
        options.namespace = connection.namespace
        options.unknownFields = validate.unknownFields
        options.keepsPlaces = true
        let loaded = load(sources, options)
        try tell(loaded.diagnostics, sources)
        guard !loaded.hasErrors else { throw ExitCode.failure }
        try refuseNothing(loaded.objects.isEmpty)
        return loaded.objects
    }

    /// The keys of the objects of all files, as far as they can be judged without a server, in the order they
    /// can be applied.
    ///
    /// A reference to what is not in the files is no mistake: the server may have it.
    func offline(_ connection: ConnectionOptions, validate: FieldStrictness) async throws -> [ObjectKey] {
        let environment = try CommandEnvironment.required()
        let sources = try await sources()
        var options = LoadOptions.offline(isWhole: false)
        options.namespace = connection.namespace
        options.passesOverServerFields = true
        options.unknownFields = validate.unknownFields
        let loaded = load(sources, options)
        let open: Set = ["REF001", "REF007"]
        try tell(loaded.diagnostics.filter { !open.contains($0.code) }, sources)
        guard !loaded.diagnostics.contains(where: { $0.severity == .error && !open.contains($0.code) }) else {
            throw ExitCode.failure
        }
        let keys = loaded.objects.map(\.object.key) + loaded.heldBack.keys
        try refuseNothing(keys.isEmpty)
        environment.notice("not checked, because only the server knows:")
        for line in unchecked(loaded) { environment.notice("  - \(line)") }
        return keys.map { (Kind.named($0.kind)?.layer ?? 0, $0) }.sorted { $0 < $1 }.map(\.1)
    }

    /// The bytes of every file by its name.
    private func sources() async throws -> [String: [UInt8]] {
        var sources: [String: [UInt8]] = [:]
        var urls: Set<String> = []
        for path in filename {
            guard !isURL(path) else {
                // What is named twice is read once, as a file is.
                guard urls.insert(path).inserted else { continue }
                sources[name(of: path, besides: sources)] = try await fetchDocument(path)
                continue
            }
            for file in try yamlFiles(path, isRecursive: recursive) {
                sources[file == "-" ? "stdin.yaml" : file] = try readFile(file)
            }
        }
        return sources
    }

    /// What a URL's document is called: without the query, which may hold a credential, and with a number
    /// where another query of the same path was read before.
    private func name(of url: String, besides sources: [String: [UInt8]]) -> String {
        // A path that ends otherwise would be passed over as no YAML.
        let path = url.prefix { !"?#".contains($0) }
        let name = path.hasSuffix(".yaml") || path.hasSuffix(".yml") ? String(path) : "\(path).yaml"
        guard sources[name] != nil else { return name }
        var number = 2
        while sources["\(name)#\(number).yaml"] != nil { number += 1 }
        return "\(name)#\(number).yaml"
    }

    private func load(_ sources: [String: [UInt8]], _ options: LoadOptions) -> Loaded {
        Loader().load(sources.map { SourceFile(path: $0.key, bytes: $0.value) }, options: options)
    }

    private func tell(_ diagnostics: [Diagnostic], _ sources: [String: [UInt8]]) throws {
        let environment = try CommandEnvironment.required()
        for diagnostic in diagnostics {
            environment.notice(diagnostic.text(source: sources[diagnostic.path]))
        }
    }

    private func refuseNothing(_ isEmpty: Bool) throws {
        guard isEmpty else { return }
        throw CommandFailure("no objects in \(filename.joined(separator: ", "))")
    }
}
