internal import CGit2
internal import Domain

extension RepositoryHandle {
    /// A commit and the files below `path`, `""` or `.` for all, read without a checkout.
    ///
    /// - Throws: `Failure.notFound` for a missing commit or folder, `.invalid` for a path that is no
    ///   folder, too many files or a name that no file can have, `.corrupted` for missing objects.
    func snapshot(of id: CommitID, below path: String) throws(Failure) -> SourceTree {
        guard try has(id) else {
            throw Failure(.notFound, "There is no commit \(id.short): fetch again", reason: "commit_missing")
        }
        let commit = try ObjectHandle(self, git_oid(text: id.text), type: GIT_OBJECT_COMMIT)
        let folder = try normalised(path)
        var walk = TreeWalk(commit: id)
        if folder.isEmpty {
            let root = try ObjectHandle(peeling: commit, to: GIT_OBJECT_TREE)
            try walk.visit(root, of: self, DatabaseHandle(of: self), prefix: "", depth: 0)
        } else {
            guard let tree = try ObjectHandle(in: commit, path: folder, type: GIT_OBJECT_ANY) else {
                throw Failure(
                    .notFound,
                    "Commit \(id.short) has no folder '\(folder)'",
                    reason: "path_missing"
                )
            }
            guard tree.type == GIT_OBJECT_TREE else {
                throw Failure(
                    .invalid,
                    "'\(folder)' is a file in commit \(id.short); 'path' must be a folder"
                )
            }
            try walk.visit(tree, of: self, DatabaseHandle(of: self), prefix: folder + "/", depth: 0)
        }
        return SourceTree(
            commit: id,
            author: author(of: commit),
            message: message(of: commit),
            time: time(of: commit),
            files: try walk.sortedFiles()
        )
    }

    private func author(of commit: borrowing ObjectHandle) -> SourceTree.Author {
        let author = unsafe git_commit_author(commit.raw)
        return SourceTree.Author(
            name: unsafe text(author?.pointee.name) ?? "",
            email: unsafe text(author?.pointee.email) ?? ""
        )
    }

    private func message(of commit: borrowing ObjectHandle) -> String {
        let whole = unsafe text(git_commit_message(commit.raw)) ?? ""
        return whole.utf8.count <= 16_384 ? whole : String(decoding: whole.utf8.prefix(16_384), as: UTF8.self)
    }

    /// Clamped, because a commit may claim any number and later arithmetic must not overflow.
    private func time(of commit: borrowing ObjectHandle) -> Timestamp {
        let seconds = unsafe git_commit_time(commit.raw)
        return Timestamp(microseconds: min(max(seconds, 0), 253_402_300_799) * 1_000_000)
    }
}

/// A folder inside a repository as libgit2 wants it: no slash at either end, empty for the top.
private func normalised(_ path: String) throws(Failure) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.contains(".."), !path.utf8.contains(0) else {
        throw Failure(.invalid, "'\(path)' must be a folder inside the repository, without '..'")
    }
    return parts.joined(separator: "/")
}

/// Lists the files of a tree.
///
/// A tree may name one subtree many times, so folders are counted as well as files.
private struct TreeWalk {
    private static let limit = 20_000
    private static let depthLimit = 100

    let commit: CommitID
    private var files: [TreeEntry] = []
    private var folders = 0

    init(commit: CommitID) { self.commit = commit }

    mutating func visit(
        _ tree: borrowing ObjectHandle,
        of repository: borrowing RepositoryHandle,
        _ database: borrowing DatabaseHandle,
        prefix: String,
        depth: Int
    ) throws(Failure) {
        folders += 1
        guard folders <= Self.limit, depth <= Self.depthLimit else { throw tooLarge }
        for index in 0..<(unsafe git_tree_entrycount(tree.raw)) {
            guard let entry = unsafe git_tree_entry_byindex(tree.raw, index) else { continue }
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

    private func name(of entry: OpaquePointer, in folder: String) throws(Failure) -> String {
        let raw = unsafe git_tree_entry_name(entry)
        guard let name = unsafe raw.flatMap({ unsafe String(validatingCString: $0) }) else {
            throw Failure(
                .invalid,
                "A file name in folder '\(folder)' of commit \(commit.short) must be UTF-8"
            )
        }
        guard !["", ".", ".."].contains(name), name.lowercased() != ".git", !name.utf8.contains(0x2F)
        else {
            throw Failure(
                .invalid,
                "Commit \(commit.short) holds the impossible file name '\(folder)\(name)'"
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
