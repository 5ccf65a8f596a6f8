internal import Domain
internal import Secrets

/// A community catalog among the files of a load: its manifests say which files are of it, and each file
/// becomes the document of a native object whose values keep the places they were read from.
struct CommunityCatalog {
    /// The folder that it lies in, empty for the top.
    let root: String
    let options: LoadOptions
    /// The files below the root, by their path from there.
    let files: [String: SourceFile]
    private var findings: [String: Findings] = [:]
    private var drafts: [String: [Draft]] = [:]
    private var unreadable: Set<String> = []
    typealias PlacedCategory = (position: Int, value: Value)
    /// What `catalog/categories.yaml` says, by id; nil when there is no such file.
    var categories: [String: PlacedCategory]?
    /// What it says of an id once more, which is only kept to write the file again.
    var spareCategories: [PlacedCategory] = []
    var entries: [CatalogType: [CatalogEntry]] = [:]
    /// What playbooks call the specialists, by id.
    var displayNames: [String: String] = [:]

    init(root: String, files: [String: SourceFile], options: LoadOptions) {
        self.root = root
        self.files = files
        self.options = options
    }

    /// The files that belong to catalogs, read; and the rest of the files.
    static func split(
        _ files: [SourceFile],
        _ options: LoadOptions
    ) -> (parsed: [ParsedFile], rest: [SourceFile]) {
        guard !options.communityRoots.isEmpty else { return ([], files) }
        var rest: [SourceFile] = []
        var inside: [String: [String: SourceFile]] = [:]
        for root in options.communityRoots { inside[root] = [:] }
        for file in files {
            let root = options.communityRoots.first {
                $0.isEmpty || file.path.utf8.starts(with: ($0 + "/").utf8)
            }
            guard let root else {
                rest.append(file)
                continue
            }
            inside[root]?[file.path.below(root)] = file
        }
        var parsed: [ParsedFile] = []
        for (root, files) in inside.sorted(by: { $0.key < $1.key }) {
            var catalog = CommunityCatalog(root: root, files: files, options: options)
            parsed += catalog.read()
        }
        return (parsed, rest)
    }

    /// Reads everything that the manifests name.
    mutating func read() -> [ParsedFile] {
        readCategories()
        for type in CatalogType.allCases { readManifest(type) }
        readToolProfiles()
        for entry in entries[.skill] ?? [] { readSkill(entry) }
        readDisplayNames()
        for entry in entries[.specialist] ?? [] { readSpecialist(entry) }
        for entry in entries[.playbook] ?? [] { readPlaybook(entry) }
        reportForgottenFiles()
        let paths = Set(findings.keys).union(drafts.keys).union(unreadable)
        return paths.sorted().map { path in
            ParsedFile(
                drafts: drafts[path] ?? [],
                findings: findings[path] ?? Findings(path: fullPath(path)),
                isReadable: !unreadable.contains(path)
            )
        }
    }

    /// A path below the root as diagnostics show it.
    func fullPath(_ path: String) -> String { root.isEmpty ? path : "\(root)/\(path)" }

    /// Reports on one of the files.
    mutating func judge(_ path: String, object: String? = nil, _ body: (inout Findings) -> Void) {
        var own = findings[path] ?? Findings(path: fullPath(path))
        own.object = object
        body(&own)
        own.object = nil
        findings[path] = own
    }

    /// How many errors a file has so far.
    func errorCount(_ path: String) -> Int { findings[path]?.errorCount ?? 0 }

    /// Says that nobody knows which objects a file declares.
    mutating func markUnreadable(_ path: String) { unreadable.insert(path) }

    func isUnreadable(_ path: String) -> Bool { unreadable.contains(path) }

    /// The one document of a YAML file; nil when it cannot be read, which is reported.
    mutating func compose(_ path: String) -> Place? {
        guard let file = files[path] else { return nil }
        return compose(SourceText(bytes: file.bytes, size: file.size), path)
    }

    mutating func compose(_ text: SourceText, _ path: String) -> Place? {
        var root: Place?
        judge(path) { findings in
            let stream = YAMLComposer.compose(text, &findings)
            guard stream.isWhole else { return }
            if stream.documents.count > 1 {
                let second = stream.documents[1].span.first(1)
                findings.report(.severalDocuments, at: second, "a file of a catalog must have one document")
                return
            }
            guard let document = stream.documents.first, document.entries != nil else {
                let span = stream.documents.first?.span.first(1) ?? .whole
                findings.report(.notAMapping, at: span, "the file must be a mapping")
                return
            }
            root = Place(root: document)
        }
        return root
    }

    /// Adds the object that a file declares; `make` gives its document, or nil when the file has an error.
    ///
    /// *Shape*: an object with an error is kept without a spec, so that its last good version stays.
    mutating func add(
        _ kind: String,
        _ id: YAMLNode,
        in path: String,
        isEntryGood: Bool = true,
        _ make: (inout Findings) -> CatalogDocument?
    ) {
        guard let shape = Registry.shape(for: kind), let text = id.text else { return }
        let name = objectName(ofID: text)
        // The id may stand in a manifest: its place is none in this file.
        let named = YAMLNode.text(name, .whole)
        var made: Draft?
        judge(path, object: "\(kind)/\(name)") { findings in
            findings.references = []
            let errors = findings.errorCount
            let document = make(&findings)
            if findings.errorCount == errors, let document, isEntryGood {
                let root = document.root(kind: kind, name: named)
                made = EnvelopeReader().read(root.node, &findings)
                let annotations = document.annotations(for: made)
                made?.annotations = annotations
                let notes = Value.object((annotations ?? [:]).mapValues(Value.string))
                let own = FieldSet(of: ["metadata": ["annotations": notes]])
                let read = made?.fields ?? .none
                made?.fields = own.union(read)
                if Self.refuseCredential(in: annotations ?? [:], at: document.spec.span.first(0), &findings) {
                    made?.spec = nil
                    made?.firstError = findings.firstError(after: errors)
                }
            } else {
                let empty = CatalogDocument(spec: .mapping([], id.span))
                made = Draft(
                    shape: shape,
                    path: findings.path,
                    root: empty.root(kind: kind, name: named),
                    name: name,
                    namespace: nil,
                    labels: nil,
                    annotations: nil,
                    references: [],
                    firstError: findings.errorCount > errors
                        ? findings.firstError(after: errors) : nil
                )
            }
        }
        guard var draft = made else { return }
        if !draft.isGood, draft.firstError == nil {
            let inFile = findings[path]?.diagnostics.first { $0.severity == .error }
            let beside = findings[readmePath(beside: path)]?.diagnostics.first { $0.severity == .error }
            draft.firstError = inFile ?? beside ?? entryError(kind, name)
        }
        drafts[path, default: []].append(draft)
    }

    /// Reports a secret in what only goes to write the files again.
    private static func refuseCredential(
        in annotations: [String: String],
        at span: TextSpan,
        _ findings: inout Findings
    ) -> Bool {
        for (key, text) in annotations.sorted(by: { $0.key < $1.key }) {
            guard let noun = looksLikeCredential(text) else { continue }
            findings.report(
                .credential,
                at: span,
                field: "metadata.annotations",
                "what is kept as \(key) must not hold a credential; this looks like \(noun)",
                fix: "take it out, and make a new one"
            )
            return true
        }
        return false
    }

    /// The error of a manifest's entry, which holds back the object that it is about.
    private func entryError(_ kind: String, _ name: String) -> Diagnostic? {
        let errors = CatalogType.allCases.compactMap { findings[$0.manifest] }.flatMap(\.diagnostics)
            .filter { $0.severity == .error }
        // Past the limit of a file, errors are not listed one by one.
        return errors.first { $0.object == "\(kind)/\(name)" } ?? errors.last
    }
}

extension String {
    /// A path below a folder as it goes on from there; the empty folder is the top.
    fileprivate func below(_ folder: String) -> String {
        folder.isEmpty ? self : String(Substring(utf8.dropFirst(folder.utf8.count + 1)))
    }
}

/// The object of a file of a catalog, before it is read as a native document.
struct CatalogDocument {
    var spec: YAMLNode
    var labels: [(String, YAMLNode)] = []
    var notes: [String: String] = [:]
    /// Completes the record, once it is known what the object gives.
    var record: (Object) -> CatalogRecord? = { _ in nil }

    func root(kind: String, name: YAMLNode) -> Place {
        let good = labels.filter { $0.1.text.map(TextFormat.labelValue.accepts) == true }
        let metadata = YAMLNode.mapping(
            [("name", name), ("labels", good.isEmpty ? nil : .mapping(good.map { ($0, $1) }, name.span))],
            name.span
        )
        return Place(
            root: .mapping(
                [
                    ("apiVersion", .text(Kind.apiVersion, name.span)), ("kind", .text(kind, name.span)),
                    ("metadata", metadata), ("spec", spec),
                ],
                spec.span
            )
        )
    }

    /// The annotations of an object that was read: the notes and the record.
    func annotations(for draft: Draft?) -> [String: String]? {
        guard let draft, let spec = draft.spec else { return nil }
        var metadata = Metadata(name: draft.name, namespace: draft.namespace)
        metadata.labels = draft.labels
        metadata.annotations = notes
        let record = record(Object(kind: draft.kind.name, metadata: metadata, spec: spec))
        var annotations = notes
        annotations[CatalogRecord.key] = record?.text
        return annotations
    }
}
