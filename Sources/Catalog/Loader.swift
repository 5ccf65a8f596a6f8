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

/// What a load must know besides the files.
package struct LoadOptions: Sendable {
    /// Name of the GitSource; nil when the objects come from a person.
    package var gitSource: String?
    /// The commit the files are of.
    package var commit: CommitID?
    /// Who applies, when there is no GitSource.
    package var appliedBy = "local"
    /// The namespace of objects that name none.
    package var namespace = ObjectKey.defaultNamespace
    /// The source's own URL: relative workspaces are resolved against it, and no workspace may be it.
    package var sourceURL: String?
    /// What may be declared; nil means everything.
    package var grants: GitSourceSpec.Grants?
    /// Whose signatures the commits of the source must carry; nil as off.
    package var verify: GitSourceSpec.Verify?
    /// The specs of stored objects that stay, whatever this load declares: references may name them.
    ///
    /// Objects of the source that is loaded do not belong here: what a revision left out is gone.
    package var existing: [ObjectKey: Value] = [:]

    /// The specs that what is declared here would replace: of playbooks, to find changes without a new
    /// version, of Decisions and started Workflows, which may not change, and of Policies, which hold while a
    /// file that may declare them cannot be read.
    package var inForce: [ObjectKey: Value] = [:]
    /// The folders that hold community catalogs, `""` for the top; what lies elsewhere is native.
    package var communityRoots: [String] = []

    /// Whether the files are all of a configuration, so that what nothing in them uses is doubtful.
    package var isWhole = false

    /// Whether what a server added to an object is passed over, as in what `get -o yaml` prints.
    package var passesOverServerFields = false
    /// What becomes of a field that no kind has.
    package var unknownFields = UnknownFields.refused

    /// What becomes of unknown fields: a commit's are always refused, a client may ask for less.
    package enum UnknownFields: Sendable {
        case refused
        /// Left out, with a warning.
        case warned
        /// Left out.
        case ignored
    }

    /// Whether each object keeps where its fields stand, for telling a person what changed.
    ///
    /// The control plane holds thousands of objects and asks for none of it.
    package var keepsPlaces = false

    /// The options of a load that may declare everything; set what differs on the result.
    package init() {}
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
    package func isSound(_ object: Object) -> Bool {
        // An object always encodes: it came from JSON.
        guard let value = try? Value(encoding: object) else { return false }
        var findings = Findings(path: "object")
        let draft = EnvelopeReader(isDoor: true).read(YAMLNode(value), &findings)
        return draft?.isGood == true
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
