internal import Domain

/// All objects of a load together: what only their company tells, and which of them are held back.
struct Assembly {
    let options: LoadOptions
    private(set) var drafts: [Draft] = []
    private var findings: [String: Findings] = [:]
    private(set) var unreadable: [String] = []
    /// How many more references that lead nowhere are compared with all names that there are: twenty thousand
    /// of them would take as many minutes as nobody waits for a commit.
    private var suggestionsLeft = 100
    /// The first draft of each key.
    private(set) var byKey: [ObjectKey: Int] = [:]
    /// Objects without errors in files that are not judged this time.
    let standing: [ObjectKey: Declared]
    /// The paths of all files that refer to an object, by its key; never empty.
    let referring: [ObjectKey: Set<String>]

    /// An assembly of files; of the others that belong to them, what stands is known.
    init(
        _ files: [ParsedFile],
        _ options: LoadOptions,
        standing: [ObjectKey: Declared] = [:],
        referring: [ObjectKey: Set<String>]? = nil
    ) {
        self.options = options
        self.standing = standing
        self.referring = referring ?? Self.referring(files, options.namespace)
        for file in files {
            findings[file.findings.path] = file.findings
            drafts += file.drafts
            if !file.isReadable { unreadable.append(file.findings.path) }
        }
    }

    /// The paths of the files that refer to an object, by its key.
    private static func referring(_ files: [ParsedFile], _ namespace: String) -> [ObjectKey: Set<String>] {
        var result: [ObjectKey: Set<String>] = [:]
        for file in files {
            for key in file.references(namespace) { result[key, default: []].insert(file.findings.path) }
        }
        return result
    }

    /// Judges everything and sorts what comes out.
    mutating func loaded() -> Loaded {
        indexDrafts()
        for index in drafts.indices { checkGrants(of: index) }
        resolveWorkspaces()
        for index in drafts.indices { checkReferences(of: index) }
        checkCycles()
        applyPolicies()
        checkDefaultRoutes()
        checkFleets()
        for index in drafts.indices { checkRun(index) }
        for index in drafts.indices { checkIntake(index) }
        for index in drafts.indices { checkImmutable(index) }
        reportDoubts()
        var loaded = Loaded()
        loaded.heldBack = heldBack()
        let depths = depths()
        loaded.objects = drafts.filter { $0.isGood && loaded.heldBack[key($0)] == nil }
            .compactMap(declared)
            .map { (layer: layer($0), depth: depths[$0.object.key] ?? 0, key: $0.object.key, declared: $0) }
            .sorted { ($0.layer, $0.depth, $0.key) < ($1.layer, $1.depth, $1.key) }
            .map(\.declared)
        loaded.diagnostics = findings.values.flatMap(\.diagnostics).sorted(by: Self.precedes)
        loaded.unreadable = unreadable.sorted()
        return loaded
    }

    /// Reports on an object; its first error is remembered as what holds it back.
    mutating func judge(_ index: Int, _ body: (borrowing Assembly, inout Findings) -> Void) {
        let path = drafts[index].path
        var findings = self.findings[path] ?? Findings(path: path)
        let errors = findings.errorCount
        findings.object = "\(drafts[index].kind.name)/\(drafts[index].name)"
        body(self, &findings)
        self.findings[path] = findings
        if findings.errorCount > errors, drafts[index].firstError == nil {
            drafts[index].firstError = findings.firstError(after: errors)
        }
    }

    /// What identifies a draft.
    func key(_ draft: Draft) -> ObjectKey { draft.key(options.namespace) }

    /// The spec of an object, declared here or stored; nil when there is none or its fields have an error.
    func spec(_ key: ObjectKey) -> Value? {
        byKey[key].map { drafts[$0].spec } ?? standing[key]?.object.spec ?? options.existing[key]
    }

    /// The keys of some kinds of all objects that are known without being judged, in no order.
    func otherKeys(_ kinds: Set<String>) -> [ObjectKey] {
        (Array(standing.keys.lazy.filter { kinds.contains($0.kind) })
            + options.existing.keys.lazy.filter { kinds.contains($0.kind) && standing[$0] == nil })
            .filter { byKey[$0] == nil }
    }

    private func exists(_ key: ObjectKey) -> Bool {
        byKey[key] != nil || standing[key] != nil || options.existing[key] != nil
    }

    /// Changes the spec of an object that was read.
    mutating func setSpec(_ index: Int, _ spec: Value) {
        drafts[index].spec = spec
        drafts[index].digest = nil
    }

    /// Has an object refer to another one; reports it where there is no such object.
    mutating func refer(_ index: Int, to reference: Reference) {
        drafts[index].references.append(reference)
        let target = reference.key(from: key(drafts[index]).namespace)
        if !exists(target) { reportDangling(index, reference, target) }
    }

    private mutating func indexDrafts() {
        for index in drafts.indices {
            let key = key(drafts[index])
            guard let first = byKey[key] else {
                byKey[key] = index
                continue
            }
            let earlier = drafts[first]
            judge(index) { assembly, findings in
                let root = assembly.drafts[index].root
                let place = root["metadata"]?["name"] ?? root
                let note = Diagnostic.Note(
                    path: earlier.path,
                    position: earlier.root.node.span.start,
                    message: "it is declared first"
                )
                findings.report(
                    .declaredTwice,
                    place,
                    "must be unique; \(key) is declared twice",
                    notes: [note]
                )
            }
            // Which of the two is meant is the author's to say.
            drafts[first].firstError = drafts[first].firstError ?? drafts[index].firstError
        }
    }

    private mutating func checkReferences(of index: Int) {
        let draft = drafts[index]
        let own = key(draft).namespace
        for reference in draft.references {
            let target = reference.key(from: own)
            if reference.isForeign(to: own) {
                judge(index) {
                    let message = "\(reference.field) must not lead to another namespace; '\(target)' does"
                    $1.report(.malformed, at: reference.span, field: reference.field, message)
                }
            } else if !exists(target) {
                reportDangling(index, reference, target)
            }
        }
    }

    private mutating func reportDangling(_ index: Int, _ reference: Reference, _ target: ObjectKey) {
        suggestionsLeft -= 1
        judge(index) { $0.reportDangling(reference, target, &$1) }
    }

    private func reportDangling(_ reference: Reference, _ target: ObjectKey, _ findings: inout Findings) {
        let names =
            suggestionsLeft < 0
            ? []
            : (byKey.keys.filter { $0.kind == target.kind } + otherKeys([target.kind]))
                .filter { $0.namespace == target.namespace }.map(\.name)
        let place = target.namespace.map { " of the namespace \($0)" } ?? ""
        let notes = unreadable.prefix(3).map {
            Diagnostic.Note(
                path: $0,
                position: TextSpan.whole.start,
                message: "a file that cannot be read may declare it"
            )
        }
        findings.report(
            .danglingReference,
            at: reference.span,
            field: reference.field,
            "\(reference.field) must name a \(reference.kind)\(place); '\(reference.name)' not found",
            fix: nearestName(to: reference.name, among: names).map { "did you mean '\($0)'?" },
            notes: Array(notes)
        )
    }

    /// Objects with an error, and everything that leads to one along references.
    private func heldBack() -> [ObjectKey: Diagnostic] {
        var result: [ObjectKey: Diagnostic] = [:]
        guard drafts.contains(where: { $0.firstError != nil }) else { return result }
        var dependents: [ObjectKey: [(index: Int, reference: Reference)]] = [:]
        let policies = policiesWithErrors()
        for (index, draft) in drafts.enumerated() {
            let own = key(draft)
            if let error = draft.firstError { result[own] = result[own] ?? error }
            for reference in draft.references {
                dependents[reference.key(from: own.namespace), default: []].append((index, reference))
            }
            for reference in references(to: policies, of: draft) {
                dependents[reference.key(from: own.namespace), default: []].append((index, reference))
            }
        }
        var pending = result.keys.sorted()
        while let bad = pending.popLast() {
            guard let cause = result[bad] else { continue }
            for (index, reference) in dependents[bad, default: []] {
                let draft = drafts[index]
                guard result[key(draft)] == nil else { continue }
                result[key(draft)] = reason(draft, reference, bad, cause)
                pending.append(key(draft))
            }
        }
        return result
    }

    private func reason(
        _ draft: Draft,
        _ reference: Reference,
        _ bad: ObjectKey,
        _ cause: Diagnostic
    )
        -> Diagnostic
    {
        let note = Diagnostic.Note(
            path: cause.path,
            position: cause.span.start,
            message: "\(cause.code): \(cause.message)"
        )
        return Diagnostic(
            code: Code.heldBack.rawValue,
            path: draft.path,
            span: reference.span,
            object: "\(draft.kind.name)/\(draft.name)",
            field: reference.field,
            message: reference.field == Self.governedField
                ? "the object must wait for \(bad), which is for it and has an error"
                : "\(reference.field) must name an object without errors; \(bad) has one",
            // The first cause is what the author must mend, however long the way to it is.
            notes: cause.code == Code.heldBack.rawValue ? cause.notes : [note]
        )
    }

    private func declared(_ draft: Draft) -> Declared? {
        guard let spec = draft.spec else { return nil }
        let own = key(draft)
        var metadata = Metadata(name: draft.name, namespace: own.namespace)
        metadata.labels = draft.labels
        metadata.annotations = draft.annotations
        let references = Set(draft.references.map { $0.key(from: own.namespace) }).sorted()
        var declared = Declared(
            object: Object(kind: own.kind, metadata: metadata, spec: spec),
            digest: draft.digest ?? digest(of: spec),
            origin: origin(draft),
            references: references
        )
        if options.keepsPlaces {
            declared.places = fieldPlaces(of: draft.root)
            declared.writtenSpec = draft.root["spec"].map { writtenPart(of: spec, at: $0) } ?? [:]
        }
        return declared
    }

    private func origin(_ draft: Draft) -> Origin {
        var origin = Origin(appliedBy: options.appliedBy)
        if let source = options.gitSource, let commit = options.commit {
            let start = draft.root.node.span.start
            origin = Origin(gitSource: source, commit: commit, path: draft.path, position: start)
        }
        origin.fields = draft.fields
        return origin
    }

    private func layer(_ declared: Declared) -> Int { Kind.named(declared.object.kind)?.layer ?? 0 }

    /// The order in which diagnostics are told.
    static func precedes(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
        // The message settles ties, or the order of a dictionary would show.
        left < right || !(right < left) && left.message < right.message
    }
}
