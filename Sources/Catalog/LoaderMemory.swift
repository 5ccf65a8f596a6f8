package import Domain

/// One file of a source as it was read, before it is seen among the others.
package struct ReadFile: Sendable {
    let blob: BlobID?
    let size: Int
    var parsed: ParsedFile
}

extension Loader {
    /// Reads one file for a memory; it keeps of the file what later judgements look at.
    package func read(_ file: SourceFile) -> ReadFile {
        var parsed = parse(file, LoadOptions())
        for index in parsed.drafts.indices { parsed.drafts[index].keepWhatIsJudged() }
        return ReadFile(blob: file.blob, size: file.bytes.count, parsed: parsed)
    }
}

/// What came out of a load, and in what it differs from the one before.
package struct Judged: Sendable {
    /// Everything, whatever was judged anew; the objects are in no order.
    package var loaded: Loaded
    /// What differs from the judgement before, when that is known; else everything may.
    package var changes: JudgedChanges?
}

/// In what one judgement differs from the one before it; neither found an error.
package struct JudgedChanges: Sendable {
    /// Objects that are new or not the same, in no order.
    package var put: [Declared]
    /// Keys of objects that are declared no more, in no order.
    package var removed: [ObjectKey]
}

/// The files of one source as they were read and judged last, so that the next load costs what has changed.
///
/// A file is read once for each content that it has. It is judged again when it has changed, or something
/// that it leads to along references, or something that names it: nothing else can change a judgement, as
/// long as nothing is wrong. Where something is, or a change may concern everybody, all files are judged.
package struct LoaderMemory: Sendable {
    /// What all judgements rest on beside the files.
    fileprivate struct Basis: Equatable {
        let namespace: String
        let sourceURL: String?
        let grants: GitSourceSpec.Grants?
        let verify: GitSourceSpec.Verify?
        let othersVersion: String
    }

    /// A judgement without errors.
    fileprivate struct Sound {
        let basis: Basis
        /// The path of the file that declares an object.
        var declaring: [ObjectKey: String] = [:]
        /// The paths of the files that refer to an object; never empty.
        var referring: [ObjectKey: Set<String>] = [:]
        var declared: [ObjectKey: Declared] = [:]
        /// By path; never empty.
        var diagnostics: [String: [Diagnostic]] = [:]
    }

    private var files: [String: ReadFile] = [:]
    /// Bytes that the files have which were read.
    package private(set) var byteCount = 0
    private var diagnosticCount = 0
    /// How many files were judged for what changed the last time that not all were.
    private(set) var judgedCount = 0
    /// What the files that have changed since the last judgement were before; nil for a new one.
    private var replaced: [String: ParsedFile?] = [:]
    private var sound: Sound?

    /// Kinds of which one object concerns others that do not name it: the only one there may be, a default, a
    /// forbidden repository, what others must have.
    private static let concernAll: Set<String> = ["Fleet", "GitSource", "ModelRoute", "Policy"]

    /// A memory of nothing.
    package init() {}

    /// The paths of all files, in no order.
    package var paths: [String] { Array(files.keys) }

    /// Whether a file is known, whatever it holds.
    package func knows(_ path: String) -> Bool { files[path] != nil }

    /// Whether a file was read with this content.
    package func knows(_ path: String, _ blob: BlobID) -> Bool { files[path]?.blob == blob }

    /// The content with which a file was read.
    package func blob(of path: String) -> BlobID? { files[path]?.blob }

    /// Takes in a file that was read; it replaces what its path held before.
    package mutating func remember(_ file: ReadFile) {
        let path = file.parsed.findings.path
        note(path)
        byteCount += file.size
        files[path] = file
        files[path]?.parsed.bound(after: &diagnosticCount)
    }

    /// Forgets a file that is there no more.
    package mutating func forget(_ path: String) {
        note(path)
        files[path] = nil
    }

    /// Objects that may be others than those in force, with which the next judgement compares them.
    package func changedObjects(namespace: String) -> [ObjectKey] {
        let paths = sound.map { Array(replaced.keys) + $0.passing } ?? Array(files.keys)
        return paths.flatMap { files[$0]?.parsed.drafts ?? [] }
            .filter { LoadOptions.kindsCompared.contains($0.kind.name) }
            .map { $0.key(namespace) }
    }

    /// Judges the files; `othersVersion` differs when what others declare does.
    package mutating func judge(_ options: LoadOptions, othersVersion: String) -> Judged {
        defer { replaced = [:] }
        guard files.count <= Loader.fileLimit else {
            sound = nil
            return Judged(loaded: Loader.tooMany(files.keys.sorted()))
        }
        let basis = Basis(
            namespace: options.namespace,
            sourceURL: options.sourceURL,
            grants: options.grants,
            verify: options.verify,
            othersVersion: othersVersion
        )
        if let last = sound, last.basis == basis {
            // Nobody else may hold what is changed in place, or all of it would be copied.
            sound = nil
            if let judged = judgeChanges(last, options) { return judged }
        }
        return judgeAll(basis, options)
    }

    /// Keeps the lines that diagnostics show, which are read from their files.
    package mutating func keepExcerpts(_ diagnostics: [Diagnostic]) {
        for (path, group) in Dictionary(grouping: diagnostics, by: \.path)
        where sound?.diagnostics[path] != nil { sound?.diagnostics[path] = group }
    }

    private mutating func note(_ path: String) {
        if replaced[path] == nil { replaced[path] = .some(files[path]?.parsed) }
        byteCount -= files[path]?.size ?? 0
        diagnosticCount -= files[path]?.parsed.findings.diagnostics.count ?? 0
    }

    private mutating func judgeAll(_ basis: Basis, _ options: LoadOptions) -> Judged {
        var next = Sound(basis: basis)
        let parsed = files.sorted { $0.key < $1.key }.map(\.value.parsed)
        for file in parsed { next.index(file) }
        var assembly = Assembly(parsed, options, referring: next.referring)
        let loaded = assembly.loaded()
        sound = nil
        guard !loaded.hasErrors else { return Judged(loaded: loaded) }
        next.declared = Dictionary(
            loaded.objects.map { ($0.object.key, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        next.diagnostics = Dictionary(grouping: loaded.diagnostics, by: \.path)
        sound = next
        return Judged(loaded: loaded)
    }

    /// Judges what the changed files can make a difference to; nil when that does not suffice.
    private mutating func judgeChanges(_ last: consuming Sound, _ options: LoadOptions) -> Judged? {
        let old = replaced.values.compactMap(\.self)
        let new = replaced.keys.compactMap { files[$0]?.parsed }
        let gone = Set(old.flatMap { $0.keys(last.basis.namespace) })
        let come = Set(new.flatMap { $0.keys(last.basis.namespace) })
        let touched = gone.union(come)
        guard !touched.contains(where: { Self.concernAll.contains($0.kind) }),
            // A Policy is doubtful or not by the playbooks that there are.
            !touched.contains(where: { $0.kind == "Playbook" })
                || !last.declaring.keys.contains(where: { $0.kind == "Policy" }),
            // A Policy of others may have given it to playbooks that do not name it.
            !touched.contains(where: { $0.kind == "RuntimeProfile" })
                || !options.existing.keys.contains(where: { $0.kind == "Policy" }),
            // A key that another file declares as well.
            come.allSatisfy({ key in last.declaring[key].map { replaced[$0] != nil } ?? true })
        else { return nil }
        var paths = Set(replaced.keys)
        paths.formUnion(last.passing)
        paths.formUnion(dependents(of: touched, last))
        // What has lost its last user is doubtful, and what has found one no more.
        let named = (old + new).flatMap { $0.references(last.basis.namespace) }
        paths.formUnion(named.compactMap { last.declaring[$0] })
        for file in old { last.remove(file) }
        for file in new { last.index(file) }
        for key in gone where !come.contains(key) { last.declared[key] = nil }
        let loaded = judged(paths, options, last)
        guard !loaded.hasErrors else { return nil }
        let put = loaded.objects.filter { !$0.isSame(as: last.declared[$0.object.key]) }
        for declared in put { last.declared[declared.object.key] = declared }
        for path in paths { last.diagnostics[path] = nil }
        for diagnostic in loaded.diagnostics {
            last.diagnostics[diagnostic.path, default: []].append(diagnostic)
        }
        var all = Loaded()
        all.objects = Array(last.declared.values)
        all.diagnostics = last.diagnostics.values.flatMap(\.self).sorted(by: Assembly.precedes)
        sound = last
        return Judged(
            loaded: all,
            changes: JudgedChanges(put: put, removed: Array(gone.subtracting(come)))
        )
    }

    private mutating func judged(
        _ paths: Set<String>,
        _ options: LoadOptions,
        _ last: borrowing Sound
    ) -> Loaded {
        judgedCount = paths.count
        guard !paths.isEmpty else { return Loaded() }
        var assembly = Assembly(
            paths.sorted().compactMap { files[$0]?.parsed },
            options,
            standing: last.declared,
            referring: last.referring
        )
        return assembly.loaded()
    }

    /// The files that lead to some objects along references, however long the way is.
    ///
    /// What else stands in such a file leads nowhere: files of many objects would all hang together.
    private func dependents(of keys: Set<ObjectKey>, _ last: borrowing Sound) -> Set<String> {
        var paths: Set<String> = []
        var seen = keys
        var pending = Array(keys)
        while let key = pending.popLast() {
            for path in last.referring[key] ?? [] {
                paths.insert(path)
                let own = files[path]?.parsed.keys(leadingTo: key, last.basis.namespace) ?? []
                for key in own where seen.insert(key).inserted { pending.append(key) }
            }
        }
        return paths
    }
}

extension LoaderMemory.Sound {
    /// The files of which something is said that is settled once they are applied.
    fileprivate var passing: [String] {
        diagnostics.filter { $0.value.contains { $0.code == Code.unchangedVersion.rawValue } }.map(\.key)
    }

    fileprivate mutating func index(_ file: ParsedFile) {
        let path = file.findings.path
        for key in file.keys(basis.namespace) { declaring[key] = path }
        for key in file.references(basis.namespace) { referring[key, default: []].insert(path) }
    }

    fileprivate mutating func remove(_ file: ParsedFile) {
        let path = file.findings.path
        for key in file.keys(basis.namespace) { declaring[key] = nil }
        for key in file.references(basis.namespace) {
            referring[key]?.remove(path)
            if referring[key]?.isEmpty == true { referring[key] = nil }
        }
    }
}

extension ParsedFile {
    fileprivate func keys(_ defaultNamespace: String) -> [ObjectKey] {
        drafts.map { $0.key(defaultNamespace) }
    }

    /// Those of its objects that refer to another.
    fileprivate func keys(leadingTo target: ObjectKey, _ defaultNamespace: String) -> [ObjectKey] {
        drafts.compactMap { draft in
            let own = draft.key(defaultNamespace)
            return draft.references.contains { $0.key(from: own.namespace) == target } ? own : nil
        }
    }
}

extension Declared {
    /// Whether it is declared alike, whichever commit says so.
    fileprivate func isSame(as other: Declared?) -> Bool {
        guard var other else { return false }
        other.origin.commit = origin.commit
        return self == other
    }
}

extension Draft {
    /// Fields of the specs, by kind, that are looked at again when other objects are known.
    private static let judged: [String: Set<String>] = [
        "AccessBinding": ["namespaces"],
        "Decision": ["action", "expects", "input", "note", "target"],
        "GitSource": ["grants", "namespace", "secretRef", "verify", "webhook"], "ModelRoute": ["default"],
        "Playbook": ["limits", "roles", "stages", "version"],
        "Policy": ["appliesTo", "defaults", "requireGates"],
        "Role": ["toolProfileRef", "tools"], "RuntimePool": ["namespaces"],
        "RuntimeProfile": ["image", "network"], "ToolProfile": ["tools"],
        "Trigger": ["action"], "WorkItem": ["role", "stage", "workflowRef"],
        "Workflow": ["budget", "limits", "parameters", "playbookRef", "priority", "workspaceRef"],
        "Workspace": ["url"],
    ]

    /// Lets go of what the document holds beside what later judgements look at: of thousands of files it
    /// would be most of the memory.
    fileprivate mutating func keepWhatIsJudged() {
        let spec = Self.judged[kind.name] ?? []
        root = Place(
            root: root.node.keeping(["apiVersion", "kind", "metadata", "spec"]) { name, node in
                switch name {
                case "metadata": node.keeping(["name", "namespace"])
                case "spec":
                    node.keeping(spec) { $0 == "stages" ? $1.eachKeeping(["assessedBy"]) : $1 }
                default: node
                }
            }
        )
    }
}

extension YAMLNode {
    /// This mapping with some of its keys, whose values are changed.
    fileprivate func keeping(
        _ names: Set<String>,
        _ change: (String, YAMLNode) -> YAMLNode = { $1 }
    ) -> YAMLNode {
        guard case .mapping(let entries, let isComplete) = content else { return self }
        let kept = entries.filter { names.contains($0.name) }
            .map { Entry(key: $0.key, name: $0.name, value: change($0.name, $0.value)) }
        return YAMLNode(content: .mapping(kept, isComplete: isComplete), span: span)
    }

    /// This list with some of the keys of its mappings.
    fileprivate func eachKeeping(_ names: Set<String>) -> YAMLNode {
        guard case .sequence(let nodes) = content else { return self }
        return YAMLNode(content: .sequence(nodes.map { $0.keeping(names) }), span: span)
    }
}
