internal import CGit2
internal import Domain

/// Lists the files of a tree.
///
/// A tree may name one subtree many times, so folders are counted as well as files.
struct TreeWalk {
    private static let limit = SourceTree.fileLimit
    private static let depthLimit = 100
    /// Bytes of one name, as file systems have it.
    private static let nameLimit = 255

    let commit: CommitID
    private(set) var files: [TreeEntry] = []
    private var folders = 0

    init(commit: CommitID) { self.commit = commit }

    mutating func visit(
        _ tree: borrowing ObjectHandle,
        of repository: borrowing RepositoryHandle,
        _ database: borrowing DatabaseHandle,
        prefix: String,
        depth: Int
    ) throws(Failure) {
        try enter(depth: depth)
        for index in 0..<(unsafe git_tree_entrycount(tree.raw)) {
            guard let entry = unsafe git_tree_entry_byindex(tree.raw, index) else { continue }
            try unsafe add(entry, of: repository, database, prefix: prefix, depth: depth)
        }
    }

    /// Lists the file that an entry is, or those of the folder that it is.
    @unsafe mutating func add(
        _ entry: OpaquePointer,
        of repository: borrowing RepositoryHandle,
        _ database: borrowing DatabaseHandle,
        prefix: String,
        depth: Int
    ) throws(Failure) {
        let path = try prefix + (unsafe name(of: entry, in: prefix))
        let id = unsafe git_tree_entry_id(entry)?.pointee ?? git_oid()
        let mode = unsafe git_tree_entry_filemode(entry)
        if mode == GIT_FILEMODE_TREE {
            let subtree = try ObjectHandle(repository, id, type: GIT_OBJECT_TREE)
            try visit(subtree, of: repository, database, prefix: path + "/", depth: depth + 1)
        } else if let mode = TreeEntry.Mode(rawValue: UInt32(mode.rawValue)) {
            guard files.count < Self.limit else { throw tooLarge }
            let size = try mode == .submodule ? 0 : size(of: id, path: path, database)
            files.append(TreeEntry(path: path, blob: BlobID(id.text), size: size, mode: mode))
        }
    }

    /// Counts a folder that is looked into.
    mutating func enter(depth: Int) throws(Failure) {
        folders += 1
        guard folders <= Self.limit, depth <= Self.depthLimit else { throw tooLarge }
    }

    /// - Throws: `Failure.invalid` for two names that are one text: equal, or equal but for how accents are
    ///   encoded.
    func sortedFiles() throws(Failure) -> [TreeEntry] {
        var seen: Set<String> = []
        for file in files where !seen.insert(file.path).inserted {
            throw Failure(.invalid, "Commit \(commit.short) holds '\(file.path)' twice: rename or remove one")
        }
        return files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    private func size(
        of blob: git_oid,
        path: String,
        _ database: borrowing DatabaseHandle
    ) throws(Failure) -> Int {
        guard let header = try database.header(of: blob) else {
            throw Failure(
                .corrupted,
                "The content of '\(path)' in commit \(commit.short) is missing: "
                    + "run 'git fsck' or fetch it again"
            )
        }
        return header.size
    }

    func name(of entry: OpaquePointer, in folder: String) throws(Failure) -> String {
        let raw = unsafe git_tree_entry_name(entry)
        guard let name = unsafe raw.flatMap({ unsafe String(validatingCString: $0) }) else {
            throw Failure(
                .invalid,
                "A file name in folder '\(folder)' of commit \(commit.short) must be UTF-8"
            )
        }
        guard !["", ".", ".."].contains(name), name.lowercased() != ".git", !name.utf8.contains(0x2F),
            name.utf8.count <= Self.nameLimit
        else {
            throw Failure(
                .invalid,
                "Commit \(commit.short) holds the impossible file name '\(folder)\(name.prefix(100))'"
            )
        }
        return name
    }

    private var tooLarge: Failure {
        Failure(
            .invalid,
            "Commit \(commit.short) has more than \(Self.limit) files or folders, "
                + "or more than \(Self.depthLimit) levels: set 'path' to the folder that declares",
            reason: "too_many_files"
        )
    }
}

/// Lists what one tree has otherwise than another one; folders that are alike are not looked into.
struct TreeComparison {
    /// The files that are new or not the same.
    private(set) var walk: TreeWalk
    /// The files of both that are not the same, as they were before.
    private var gone: TreeWalk

    init(commit: CommitID) {
        walk = TreeWalk(commit: commit)
        gone = TreeWalk(commit: commit)
    }

    /// What differs, for a commit with the files that are new or not the same.
    func changes(_ tree: SourceTree) -> TreeChanges {
        let changed = Set(walk.files.map(\.path))
        let before = Set(gone.files.map(\.path))
        return TreeChanges(
            tree: tree,
            removed: before.subtracting(changed).sorted(),
            new: changed.subtracting(before)
        )
    }

    mutating func compare(
        _ tree: borrowing ObjectHandle,
        with old: borrowing ObjectHandle,
        of repository: borrowing RepositoryHandle,
        _ database: borrowing DatabaseHandle,
        prefix: String,
        depth: Int
    ) throws(Failure) {
        try walk.enter(depth: depth)
        for index in 0..<(unsafe git_tree_entrycount(tree.raw)) {
            guard let entry = unsafe git_tree_entry_byindex(tree.raw, index) else { continue }
            let before = unsafe git_tree_entry_byname(old.raw, git_tree_entry_name(entry))
            if let before = unsafe before, unsafe isSame(entry, before) { continue }
            guard let before = unsafe before, unsafe isFolder(entry), unsafe isFolder(before) else {
                try unsafe walk.add(entry, of: repository, database, prefix: prefix, depth: depth)
                if let before = unsafe before {
                    try unsafe gone.add(before, of: repository, database, prefix: prefix, depth: depth)
                }
                continue
            }
            try compare(
                unsafe subtree(entry, of: repository),
                with: unsafe subtree(before, of: repository),
                of: repository,
                database,
                prefix: prefix + (unsafe walk.name(of: entry, in: prefix)) + "/",
                depth: depth + 1
            )
        }
        for index in 0..<(unsafe git_tree_entrycount(old.raw)) {
            guard let before = unsafe git_tree_entry_byindex(old.raw, index) else { continue }
            let entry = unsafe git_tree_entry_byname(tree.raw, git_tree_entry_name(before))
            guard unsafe entry == nil else { continue }
            try unsafe gone.add(before, of: repository, database, prefix: prefix, depth: depth)
        }
    }

    @unsafe private func isSame(_ entry: OpaquePointer, _ other: OpaquePointer) -> Bool {
        unsafe git_tree_entry_filemode_raw(entry) == git_tree_entry_filemode_raw(other)
            && git_oid_equal(git_tree_entry_id(entry), git_tree_entry_id(other)) == 1
    }

    @unsafe private func isFolder(_ entry: OpaquePointer) -> Bool {
        unsafe git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE
    }

    @unsafe private func subtree(
        _ entry: OpaquePointer,
        of repository: borrowing RepositoryHandle
    ) throws(Failure) -> ObjectHandle {
        try ObjectHandle(
            repository,
            unsafe git_tree_entry_id(entry)?.pointee ?? git_oid(),
            type: GIT_OBJECT_TREE
        )
    }
}
