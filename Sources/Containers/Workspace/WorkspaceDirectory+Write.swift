internal import CLinux
internal import Domain

extension WorkspaceDirectory {
    /// Replaces a regular file or makes a new one: readers see the old bytes or the new ones, never a part.
    ///
    /// A file that is replaced keeps its permissions; a new one gets `mode`. A link is not written through.
    /// - Throws: `Failure` with a ``PathRule`` as its reason; the file is then as it was.
    package func write(
        _ path: WorkspacePath,
        _ bytes: [UInt8],
        createParents: Bool = true,
        mode: UInt32 = 0o644
    ) throws {
        let (folder, name) = try writableFolder(of: path, createParents: createParents)
        var found = ag_file()
        let result = unsafe ag_stat_at(folder.raw, name, &found)
        if result != -ENOENT {
            try refuse(result, path)
            _ = try answer(result, "fstatat", "`\(path)`")
            try requireRegular(found, path)
        }
        let (file, temporary) = try makeTemporary(in: folder, path)
        do {
            try writeAll(file, bytes, "`\(path)`")
            if let owner {
                _ = try answer(ag_set_owner(file.raw, owner.userID, owner.groupID), "fchown", "`\(path)`")
            }
            let permissions = result == 0 ? found.mode & 0o777 : mode & 0o777
            _ = try answer(ag_set_mode(file.raw, permissions), "fchmod", "`\(path)`")
            // Whatever the name is now, it is replaced and not followed.
            let renamed = unsafe ag_rename_at(folder.raw, temporary, folder.raw, name)
            if renamed == -EISDIR { throw PathRule.notRegular.refusal("`\(path)` is a folder") }
            _ = try answer(renamed, "renameat", "`\(path)`")
        } catch {
            _ = unsafe ag_unlink_at(folder.raw, temporary, 0)
            throw error
        }
    }

    /// Makes a folder and those above it; one that is there already is fine.
    ///
    /// - Throws: `Failure` with a ``PathRule`` as its reason.
    package func makeFolder(_ path: WorkspacePath) throws {
        try requireWritable()
        _ = try makeFolders(path)
    }

    /// Removes a file, a link (not what it points to) or a folder.
    ///
    /// - Throws: `Failure` with a ``PathRule`` as its reason; `notEmpty` unless `recursively`.
    package func remove(_ path: WorkspacePath, recursively: Bool = false) throws {
        let (folder, name) = try writableFolder(of: path, createParents: false)
        var found = ag_file()
        let result = unsafe ag_stat_at(folder.raw, name, &found)
        try refuse(result, path)
        _ = try answer(result, "fstatat", "`\(path)`")
        let isFolder = WorkspaceEntry.Kind(mode: found.mode) == .folder
        if isFolder, recursively { return try removeTree(named: name, in: folder, "`\(path)`") }
        let removed = unsafe ag_unlink_at(folder.raw, name, isFolder ? 1 : 0)
        if removed == -ENOTEMPTY { throw PathRule.notEmpty.refusal("The folder `\(path)` is not empty") }
        try refuse(removed, path)
        _ = try answer(removed, "unlinkat", "`\(path)`")
    }

    private func requireWritable() throws {
        if isReadOnly { throw PathRule.readOnly.refusal("This workspace is for reading alone") }
    }

    private func writableFolder(
        of path: WorkspacePath,
        createParents: Bool
    ) throws -> (Descriptor, name: [CChar]) {
        try requireWritable()
        guard let name = path.name else {
            throw PathRule.root.refusal("The root of the workspace stays as it is")
        }
        let flags = UInt64(ag_open_path | O_DIRECTORY)
        let folder = try createParents ? makeFolders(path.parent) : open(path.parent, flags: flags)
        return (folder, rawName(name))
    }

    /// Opens a folder, making what is missing, each part beneath the one before by the kernel's rule.
    private func makeFolders(_ path: WorkspacePath) throws -> Descriptor {
        let flags = UInt64(ag_open_path | O_DIRECTORY)
        do { return try open(path, flags: flags) } catch let failure as Failure
            where failure.reason == PathRule.notFound.rawValue
        {}
        guard let name = path.name else { throw PathRule.notFound.refusal("The workspace is gone") }
        let parent = try makeFolders(path.parent)
        let made = unsafe ag_make_directory(parent.raw, rawName(name), 0o755)
        if made == 0, let owner {
            // A link in its place would be given away itself, not what it points to.
            let given = unsafe ag_set_owner_at(parent.raw, rawName(name), owner.userID, owner.groupID)
            _ = try answer(given, "fchownat", "`\(path)`")
        } else if made != -EEXIST {
            _ = try answer(made, "mkdirat", "`\(path)`")
        }
        return try open(path, flags: flags)
    }

    /// A new file beside the one it will replace.
    ///
    /// Names that are taken, by a crash or on purpose, are passed
    /// over.
    private func makeTemporary(in folder: Descriptor, _ path: WorkspacePath) throws -> (Descriptor, [CChar]) {
        let resolve = ag_resolve_beneath | ag_resolve_no_links
        let flags = UInt64(O_WRONLY | O_CREAT | O_EXCL)
        for number in 0..<64 {
            let name = rawName(".agirunner-\(number).tmp")
            let opened = unsafe ag_openat2(folder.raw, name, flags, 0o600, resolve)
            if opened == -EEXIST { continue }
            return (Descriptor(try answer(opened, "openat2", "`\(path)`")), name)
        }
        throw Failure(.exhausted, "The folder of `\(path)` has too many unfinished files")
    }
}
