internal import Catalog
internal import Domain
internal import Git

/// What was read and judged of a source, and of which commit.
struct KnownTree: Sendable {
    var memory = LoaderMemory()
    /// The commit whose files the memory holds; nil when it holds none.
    var commit: CommitID?
    /// Which files of a commit the source wanted then.
    var selection: TreeSelection?
    /// How many files there were, those that are not read included.
    var fileCount = 0
    /// What everybody else declared.
    var others: OtherObjects?
}

/// Which files of a commit a source wants.
struct TreeSelection: Sendable, Hashable {
    let path: String
    let include: [String]
    let exclude: [String]

    init(_ spec: GitSourceSpec) {
        path = spec.path == "." ? "" : spec.path
        include = spec.include
        exclude = spec.exclude
    }
}

/// Brings what is known of a source to another commit; a blob that is known is not read again.
struct TreeReader: Sendable {
    /// How many blobs are read before they are parsed, so that few of them are in memory at once.
    private static let batch = 256
    /// How many batches are worked on at once: one is read while another is parsed.
    private static let batchesAtOnce = 2
    private static let fileLimit = 1 << 20
    private static let totalLimit = 256 << 20

    let mirror: Mirror
    let spec: GitSourceSpec

    /// Reads what has changed; the tree that is answered may lack the files that have not.
    func update(_ known: inout KnownTree, to commit: CommitID) async throws -> (SourceTree, LoadCost) {
        let selection = TreeSelection(spec)
        let changes = try await changes(known, selection, commit)
        let tree: SourceTree
        if let changes {
            tree = changes.tree
            for path in changes.removed { known.memory.forget(path) }
            // A program or a link may stand where a file was that is wanted.
            for file in tree.files where !isWanted(file) && known.memory.knows(file.path) {
                known.memory.forget(file.path)
            }
            known.fileCount += changes.added - changes.removed.count
        } else {
            tree = try await mirror.snapshot(commit: commit, path: selection.path)
            let paths = Set(tree.files.lazy.filter(isWanted).map(\.path))
            for path in known.memory.paths where !paths.contains(path) { known.memory.forget(path) }
            known.fileCount = tree.files.count
        }
        (known.commit, known.selection) = (commit, selection)
        let fresh = tree.files.filter { isWanted($0) && !known.memory.knows($0.path, $0.blob) }
        let total = fresh.reduce(known.memory.byteCount) { $0 + ($1.size <= Self.fileLimit ? $1.size : 0) }
        guard total <= Self.totalLimit else {
            throw Failure(.invalid, "The files have more than \(Self.totalLimit) bytes together")
        }
        try await read(fresh, into: &known.memory)
        let small = fresh.count { $0.size <= Self.fileLimit }
        return (tree, LoadCost(blobsRead: small, blobsParsed: small))
    }

    /// Reads all files of a commit: what a file of a catalog means, its manifests say.
    func readAll(_ commit: CommitID) async throws -> (SourceTree, [SourceFile]) {
        let tree = try await mirror.snapshot(commit: commit, path: TreeSelection(spec).path)
        let entries = tree.files.filter(isWanted)
        let small = entries.filter { $0.size <= Self.fileLimit }
        guard small.reduce(0, { $0 + $1.size }) <= Self.totalLimit else {
            throw Failure(.invalid, "The files have more than \(Self.totalLimit) bytes together")
        }
        let blobs = try await mirror.blobs(small.map(\.blob), maximumBytes: Self.fileLimit)
        let files = entries.map { entry in
            guard let bytes = blobs[entry.blob], entry.size <= Self.fileLimit else {
                return SourceFile(path: entry.path, unreadSize: max(entry.size, Self.fileLimit + 1))
            }
            return SourceFile(path: entry.path, blob: entry.blob, bytes: bytes)
        }
        return (tree, files)
    }

    /// Gives diagnostics the lines they are about, and answers how many blobs that took.
    func addExcerpts(to loaded: inout Loaded, _ memory: LoaderMemory) async throws -> Int {
        let limit = GitSourceStatus.diagnosticLimit
        let blobs = Dictionary(
            loaded.pathsWithoutExcerpt(limit: limit).compactMap { path in
                memory.blob(of: path).map { (path, $0) }
            },
            uniquingKeysWith: { first, _ in first }
        )
        guard !blobs.isEmpty else { return 0 }
        let bytes = try await mirror.blobs(Array(blobs.values), maximumBytes: Self.fileLimit)
        let files = blobs.compactMap { path, blob in
            bytes[blob].map { SourceFile(path: path, blob: blob, bytes: $0) }
        }
        loaded.addExcerpts(from: files, limit: limit)
        return bytes.count
    }

    /// What a commit has otherwise than the one that is known; nil when everything has to be looked at.
    private func changes(
        _ known: KnownTree,
        _ selection: TreeSelection,
        _ commit: CommitID
    ) async throws -> TreeChanges? {
        guard let base = known.commit, known.selection == selection,
            let changes = try await mirror.changes(of: commit, since: base, path: selection.path)
        else { return nil }
        // Limits on all files, and two names that are one text, are for a look at all of them to refuse.
        guard known.fileCount + changes.added - changes.removed.count <= SourceTree.fileLimit,
            !changes.tree.files.contains(where: { changes.isNew($0.path) && known.memory.knows($0.path) })
        else { return nil }
        return changes
    }

    private func isWanted(_ file: TreeEntry) -> Bool {
        (file.mode == .regular || file.mode == .executable) && spec.reads(file.path)
    }

    private func read(_ entries: [TreeEntry], into memory: inout LoaderMemory) async throws {
        try await withThrowingTaskGroup(of: [ReadFile].self) { group in
            for (number, start) in stride(from: 0, to: entries.count, by: Self.batch).enumerated() {
                if number >= Self.batchesAtOnce {
                    for file in try await group.next() ?? [] { memory.remember(file) }
                }
                let batch = Array(entries[start..<min(start + Self.batch, entries.count)])
                group.addTask { try await read(batch) }
            }
            for try await files in group { for file in files { memory.remember(file) } }
        }
    }

    /// Reads some files; one that is too large is handed on unread, for the loader to refuse.
    private func read(_ entries: [TreeEntry]) async throws -> [ReadFile] {
        let small = entries.filter { $0.size <= Self.fileLimit }
        let blobs = try await mirror.blobs(small.map(\.blob), maximumBytes: Self.fileLimit)
        let loader = Loader()
        return entries.map { entry in
            guard let bytes = blobs[entry.blob], entry.size <= Self.fileLimit else {
                return loader.read(
                    SourceFile(path: entry.path, unreadSize: max(entry.size, Self.fileLimit + 1))
                )
            }
            return loader.read(SourceFile(path: entry.path, blob: entry.blob, bytes: bytes))
        }
    }
}
