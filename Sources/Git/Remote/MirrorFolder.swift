internal import Domain
internal import Glibc
internal import Threads

/// The folder of a mirror: a cache that is ours alone and may be thrown away whenever it is damaged.
struct MirrorFolder: Sendable {
    let path: String

    /// The right to write into the mirror, held by one process at a time until it ends or lets go.
    ///
    /// - Throws: `Failure.unavailable` when another fetch into this mirror runs.
    func lock() throws(Failure) -> FileLock {
        makeParent()
        do {
            return try FileLock(path: path + ".lock")
        } catch {
            let code: Failure.Code = error.code == .notPermitted ? .forbidden : .unavailable
            throw Failure(
                code,
                "The mirror \(path) cannot be written now (\(error.message))",
                outside: error.call
            )
        }
    }

    /// Opens the mirror, or makes a fresh one where none can be opened; call with the lock held.
    func openOrMake() throws(Failure) -> RepositoryHandle {
        do {
            return try RepositoryHandle(opening: path)
        } catch {
            try remove()
            return try RepositoryHandle(makingBareAt: path)
        }
    }

    /// Deletes what a killed fetch left: partial packs and objects, and lock files that nobody holds.
    ///
    /// Call with the lock held: then no fetch runs, so every such file is a leftover. One that cannot be
    /// deleted is met again by the next fetch, whose error names it.
    func removeLeftovers() {
        for file in files(below: path) {
            let name = file.split(separator: "/").last ?? ""
            if name.hasSuffix(".lock") || name.contains("_git2_") { unsafe unlink(file) }
        }
    }

    /// How many packs the mirror has.
    ///
    /// Each fetch adds one, nothing here puts them together, and looking for an object asks one after the
    /// other.
    var packCount: Int { names(in: "\(path)/objects/pack").count { $0.name.hasSuffix(".pack") } }

    /// Deletes the mirror.
    ///
    /// - Throws: `Failure.forbidden` when it cannot be deleted.
    func remove() throws(Failure) {
        removeTree(path)
        guard unsafe access(path, F_OK) != 0 else {
            throw Failure(.forbidden, "The damaged mirror \(path) cannot be deleted: delete it by hand")
        }
    }

    /// A folder that cannot be made shows in the error of whoever opens a file there.
    private func makeParent() {
        let end = path.lastIndex(of: "/") ?? path.startIndex
        Self.make(String(path[..<end]))
    }

    /// Makes a folder and those above it; what cannot be made shows when a file is opened there.
    static func make(_ path: String) {
        var folder = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            folder += "/\(part)"
            unsafe mkdir(folder, 0o700)
        }
    }
}

/// The paths of all files below a folder; empty when there is none.
private func files(below folder: String) -> [String] {
    names(in: folder).flatMap { entry in
        let path = "\(folder)/\(entry.name)"
        return entry.isFolder ? files(below: path) : [path]
    }
}

private func removeTree(_ path: String) {
    for entry in names(in: path) {
        let inner = "\(path)/\(entry.name)"
        if entry.isFolder { removeTree(inner) } else { unsafe unlink(inner) }
    }
    unsafe rmdir(path)
}

/// A symbolic link is no folder, so nothing outside is reached.
private func names(in folder: String) -> [(name: String, isFolder: Bool)] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var result: [(String, Bool)] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name == "." || name == ".." { continue }
        var status = stat()
        let isFolder = unsafe lstat("\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        result.append((name, isFolder))
    }
    return result
}
