internal import CLinux
internal import Domain

/// The folder that a task works in, as the file tools reach it from outside of the sandbox.
///
/// Everything is opened beneath the folder by the kernel's own rule (`openat2`, RESOLVE_BENEATH), so no path,
/// link or race of the processes inside leads the tools to a file of the host. All calls block for the time
/// of a file access.
package struct WorkspaceDirectory: Sendable {
    /// Whether nothing can be written or removed.
    package let isReadOnly: Bool
    /// Who gets new files and folders; nil leaves them to whom we are.
    package let owner: FileOwner?
    let root: Descriptor

    /// Opens the workspace, whose path is trusted.
    ///
    /// - Throws: `Failure.notFound`, or `.unsupported` on a kernel before 5.6.
    package init(opening path: String, owner: FileOwner? = nil, isReadOnly: Bool = false) throws {
        let opened = unsafe ag_open(path, ag_open_path | O_DIRECTORY, 0)
        root = Descriptor(try answer(opened, "open", "The workspace \(path)"))
        self.owner = owner
        self.isReadOnly = isReadOnly
        let probe = unsafe ag_openat2(root.raw, ".", UInt64(ag_open_path), 0, ag_resolve_beneath)
        guard probe != -ENOSYS else {
            throw Failure(
                .unsupported,
                "File tools need openat2, which Linux has since 5.6",
                outside: "ENOSYS"
            )
        }
        _ = Descriptor(try answer(probe, "openat2", "The workspace \(path)"))
    }

    /// Reads at most `limit` bytes of a regular file.
    ///
    /// - Throws: `Failure` with a ``PathRule`` as its reason.
    package func read(_ path: WorkspacePath, offset: Int64 = 0, limit: Int) throws -> FileSlice {
        guard offset >= 0, limit >= 0 else { throw Failure(.invalid, "An offset or limit is below zero") }
        // Pinned first and looked at before it is opened: opening a pipe or device may already do something.
        let (pin, file) = try pin(path)
        try requireRegular(file, path)
        let open = Descriptor(try answer(ag_reopen(pin.raw, O_RDONLY), "open", "`\(path)`"))
        let wanted = min(Int64(limit), max(0, file.size - offset))
        var count = 0
        var result = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(wanted)) { buffer, initialized in
            while count < buffer.count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count...]
                )
                result = unsafe ag_read_at(open.raw, rest.baseAddress, rest.count, offset + Int64(count))
                if result <= 0 { break }
                count += result
            }
            initialized = count
        }
        _ = try answer(result, "read", "`\(path)`")
        return FileSlice(bytes: bytes, size: file.size, isAtEnd: offset + Int64(count) >= file.size)
    }

    /// What a path leads to, through links that stay in the workspace.
    ///
    /// - Throws: `Failure` with a ``PathRule`` as its reason.
    package func stat(_ path: WorkspacePath) throws -> WorkspaceEntry {
        WorkspaceEntry(path: path.text, file: try pin(path).file)
    }

    /// Lists a folder, and the folders in it down to `depth` levels, without following links.
    ///
    /// *Shape*: sorted by path, at most `limit` entries.
    /// Folders whose names are in `skipping`, such as `.git`, are listed but not entered.
    /// - Returns: the entries, and whether they are all.
    /// - Throws: `Failure` with a ``PathRule`` as its reason.
    package func list(
        _ path: WorkspacePath,
        depth: Int = 1,
        limit: Int,
        skipping: Set<String> = []
    ) throws -> WorkspaceListing {
        var entries: [WorkspaceEntry] = []
        let isComplete = try walk(path, depth: depth, skipping: skipping) { entry in
            guard entries.count < limit else { return false }
            entries.append(entry)
            return true
        }
        return WorkspaceListing(entries: entries.sorted { $0.path < $1.path }, isComplete: isComplete)
    }

    /// Visits what is in a folder, a folder before its content and names in byte order, without following
    /// links.
    ///
    /// `visit` answers false to end the walk; `skipping` as in ``list(_:depth:limit:skipping:)``.
    /// - Returns: false when something was not seen: the walk was ended or a folder could not be read.
    /// - Throws: `Failure` with a ``PathRule`` as its reason; what `visit` throws.
    @discardableResult
    package func walk(
        _ path: WorkspacePath,
        depth: Int = .max,
        skipping: Set<String> = [],
        _ visit: (WorkspaceEntry) throws -> Bool
    ) throws -> Bool {
        let (folder, file) = try pin(path)
        guard WorkspaceEntry.Kind(mode: file.mode) == .folder else {
            throw PathRule.notFolder.refusal("`\(path)` is not a folder")
        }
        let prefix = path.parts.isEmpty ? "" : path.text + "/"
        return try visitTree(folder, depth: depth, skipping: skipping) { entry, folder in
            let target = entry.kind == .link ? linkTarget(entry.name, in: folder) : nil
            return try visit(
                WorkspaceEntry(path: prefix + text(entry.path + [0]), file: entry.file, target: target)
            )
        }
    }

    /// Opens without reading, through links that stay beneath.
    func pin(_ path: WorkspacePath) throws -> (Descriptor, file: ag_file) {
        let pinned = try open(path, flags: UInt64(ag_open_path))
        var file = ag_file()
        _ = try answer(unsafe ag_stat(pinned.raw, &file), "fstat", "`\(path)`")
        return (pinned, file)
    }

    func open(_ path: WorkspacePath, flags: UInt64) throws -> Descriptor {
        let resolve = ag_resolve_beneath | ag_resolve_no_magic_links | ag_resolve_no_mounts
        // EAGAIN: something was renamed while a link with `..` was followed. Sixteen times in a row is an
        // attack.
        for _ in 0..<16 {
            let opened = unsafe ag_openat2(root.raw, path.text, flags, 0, resolve)
            if opened == -EAGAIN { continue }
            try refuse(opened, path)
            return Descriptor(try answer(opened, "openat2", "`\(path)`"))
        }
        throw PathRule.escape.refusal("`\(path)` changes while it is looked up")
    }

    /// Says the rule where the kernel has kept one.
    func refuse(_ result: Int32, _ path: WorkspacePath) throws {
        switch -result {
        case EXDEV: throw PathRule.escape.refusal("`\(path)` leads out of the workspace through a link")
        case ELOOP: throw PathRule.link.refusal("`\(path)` goes through a link that is not followed")
        case ENOENT: throw PathRule.notFound.refusal("There is no `\(path)`")
        case ENOTDIR: throw PathRule.notFolder.refusal("A part of `\(path)` is not a folder")
        case ENAMETOOLONG: throw PathRule.tooLong.refusal("`\(path)` is too long")
        default: return
        }
    }

    func requireRegular(_ file: ag_file, _ path: WorkspacePath) throws {
        switch WorkspaceEntry.Kind(mode: file.mode) {
        case .file: return
        case .folder: throw PathRule.notRegular.refusal("`\(path)` is a folder")
        case .link: throw PathRule.link.refusal("`\(path)` is a link: name the file it points to")
        case .other: throw PathRule.notRegular.refusal("`\(path)` is a pipe, socket or device, not a file")
        }
    }

    private func linkTarget(_ name: [CChar], in folder: Descriptor) -> String? {
        var target = [CChar](repeating: 0, count: 4096)
        let length = unsafe ag_read_link_at(folder.raw, name, &target, target.count)
        return length < 0 ? nil : text(Array(target[..<Int(length)]) + [0])
    }
}
