package import Domain

/// One file of a source.
package struct SourceFile: Sendable {
    /// Path below the source's root, with `/` between parts.
    package let path: String
    /// The blob's id, by which an unchanged file is not read again; nil is never remembered.
    package let blob: BlobID?
    /// The whole file; empty when it was too large to be read.
    package let bytes: [UInt8]
    /// Bytes that the file has.
    package let size: Int

    /// A file of its parts.
    package init(path: String, blob: BlobID? = nil, bytes: [UInt8]) {
        self.path = path
        self.blob = blob
        self.bytes = bytes
        size = bytes.count
    }

    /// A file with more bytes than are read of any, which the loader refuses.
    package init(path: String, unreadSize: Int) {
        self.path = path
        blob = nil
        bytes = []
        size = unreadSize
    }
}

/// What came out of a load.
package struct Loaded: Sendable {
    /// Objects without errors, by layer, then key, what a WorkItem is a part of before it; none of them
    /// depends on one that is held back.
    package var objects: [Declared] = []
    /// All mistakes, sorted by path, line and column.
    package var diagnostics: [Diagnostic] = []
    /// Objects that have an error or depend on one that has, each with the reason to show.
    ///
    /// They are declared, so they must not be pruned; their last good version stays in force.
    package var heldBack: [ObjectKey: Diagnostic] = [:]
    /// Paths, sorted, of files with errors that hide which objects they declare.
    ///
    /// Nothing that such a file declared before may be pruned, wherever it stands now.
    package var unreadable: [String] = []

    /// Nothing.
    package init() {}

    /// Whether there is any error.
    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

/// Why an object was not accepted on a door.
package struct Rejection: Error, Sendable {
    /// At least one, sorted.
    package let diagnostics: [Diagnostic]
}

/// One file as read, whatever the options of the load.
struct ParsedFile: Sendable {
    var drafts: [Draft]
    var findings: Findings
    var isReadable: Bool

    /// How many diagnostics the files of a source may have together before each has room for one: twenty
    /// thousand files with a hundred mistakes each would fill the memory with what nobody reads.
    static let diagnosticLimit = 20_000

    /// Keeps one diagnostic when the files before it have too many, and counts those that are kept.
    mutating func bound(after count: inout Int) {
        if count >= Self.diagnosticLimit { findings.keepFirst() }
        count += findings.diagnostics.count
    }

    /// What its objects refer to, for a namespace that counts where none is declared.
    func references(_ defaultNamespace: String) -> [ObjectKey] {
        drafts.flatMap { draft in
            draft.references.map { $0.key(from: draft.key(defaultNamespace).namespace) }
        }
    }
}

/// Turns files into validated objects with positions; pure, and the same whatever the order of the files.
package struct Loader: Sendable {
    /// How many files one source may have.
    package static let fileLimit = 20_000

    /// A loader.
    package init() {}

    /// Loads the `.yaml` and `.yml` files among `files`, and the files of community catalogs; others are
    /// passed over.
    package func load(_ files: [SourceFile], options: LoadOptions = LoadOptions()) -> Loaded {
        let files = files.filter {
            options.communityRoots.isEmpty ? GitSourceSpec.Layout.native.has($0.path) : true
        }.sorted { $0.path < $1.path }
        guard files.count <= Self.fileLimit else { return Self.tooMany(files.map(\.path)) }
        let (catalogs, rest) = CommunityCatalog.split(files, options)
        let native = rest.filter { GitSourceSpec.Layout.native.has($0.path) }.map { parse($0, options) }
        var all = catalogs + native
        var count = 0
        for index in all.indices { all[index].bound(after: &count) }
        var assembly = Assembly(all, options)
        return assembly.loaded()
    }

    /// Loads one object that came through a door, as ``validate(_:options:path:)`` does, with its warnings.
    package func load(_ object: Value, options: LoadOptions, path: String = "object") -> Loaded {
        var findings = Findings(path: path)
        let reader = EnvelopeReader(isDoor: true, unknownFields: options.unknownFields)
        let draft = reader.read(YAMLNode(object), &findings)
        var assembly = Assembly(
            [ParsedFile(drafts: draft.map { [$0] } ?? [], findings: findings, isReadable: draft != nil)],
            options
        )
        return assembly.loaded()
    }

    /// Validates one object that came through a door, in the envelope; what the server added is passed over.
    ///
    /// Diagnostics have the given path and the place 1:1, since a JSON value has no lines.
    package func validate(
        _ object: Value,
        options: LoadOptions,
        path: String = "object"
    ) -> Result<Declared, Rejection> {
        let loaded = load(object, options: options, path: path)
        guard let declared = loaded.objects.first, !loaded.hasErrors else {
            return .failure(Rejection(diagnostics: loaded.diagnostics))
        }
        return .success(declared)
    }

    /// Whether an object obeys the rules of its kind, whatever it refers to.
    package func isSound(_ object: Object) -> Bool { draft(of: object)?.isGood == true }

    /// What an object of the server refers to, each once and sorted, whether it is there or not.
    package func references(of object: Object) -> [ObjectKey] {
        guard let draft = draft(of: object) else { return [] }
        return Set(draft.references.map { $0.key(from: draft.namespace) }).sorted()
    }

    private func draft(of object: Object) -> Draft? {
        // An object always encodes: it came from JSON.
        guard let value = try? Value(encoding: object) else { return nil }
        var findings = Findings(path: "object")
        return EnvelopeReader(isDoor: true).read(YAMLNode(value), &findings)
    }

    func parse(_ file: SourceFile, _ options: LoadOptions) -> ParsedFile {
        var findings = Findings(path: file.path)
        let stream = YAMLComposer.compose(SourceText(bytes: file.bytes, size: file.size), &findings)
        let reader = EnvelopeReader(
            isDoor: options.passesOverServerFields,
            unknownFields: options.unknownFields
        )
        let drafts = stream.documents.map { reader.read($0, &findings) }
        findings.object = nil
        return ParsedFile(
            drafts: drafts.compactMap(\.self),
            findings: findings,
            isReadable: stream.isWhole && !drafts.contains { $0 == nil }
        )
    }

    /// What comes of more files than a source may have; their paths are sorted.
    static func tooMany(_ paths: [String]) -> Loaded {
        var findings = Findings(path: paths[fileLimit])
        findings.report(
            .tooManyFiles,
            at: .whole,
            "a source must have at most \(fileLimit) files; this has \(paths.count)"
        )
        var loaded = Loaded()
        loaded.diagnostics = findings.diagnostics
        loaded.unreadable = paths
        return loaded
    }
}
