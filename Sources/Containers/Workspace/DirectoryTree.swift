internal import CLinux
internal import Domain

/// Removes a folder with everything in it, however deep and whatever its modes; a missing one is no failure.
///
/// Nothing outside is touched: links are removed, not followed, and no path is built from the names inside. A
/// tree of any depth needs two descriptors, since deeper folders are first moved up.
/// - Throws: `Failure` when something cannot be removed, or is being made as fast as it is removed.
package func removeTree(at path: String) throws {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
        throw Failure(.invalid, "`\(path)` is not a folder to remove")
    }
    let parentPath = String(path[..<slash])
    let opened = unsafe ag_open(parentPath, ag_open_path | O_DIRECTORY, 0)
    if opened == -ENOENT { return }
    let parent = Descriptor(try answer(opened, "open", parentPath))
    try removeTree(named: rawName(String(path[path.index(after: slash)...])), in: parent, path)
}

/// Removes one entry of an open folder, with everything in it when it is a folder itself.
func removeTree(named name: [CChar], in parent: Descriptor, _ about: String) throws {
    guard let top = try openOwnFolder(name, in: parent, about) else { return }
    var moved = 0
    // Each round takes one level away; the bound is for a tree that grows meanwhile.
    for _ in 0..<5_000_000 {
        let children = try rawNames(in: top, about)
        if children.isEmpty { break }
        for child in children {
            guard let folder = try openOwnFolder(child, in: top, about) else { continue }
            for inner in try rawNames(in: folder, about) {
                if try remove(inner, in: folder, about) { continue }
                // Gone, or no folder any more: the next round sees.
                if unsafe ag_unlock_directory_at(folder.raw, inner) < 0 { continue }
                moved += 1
                let result = unsafe ag_rename_at(folder.raw, inner, top.raw, "moved-\(moved)")
                // The name is taken, perhaps on purpose: the next round tries another.
                if [-EEXIST, -ENOTEMPTY, -ENOTDIR].contains(result) { continue }
                _ = try answer(result, "renameat", about)
            }
            _ = try remove(child, in: top, isFolder: true, about)
        }
    }
    guard try remove(name, in: parent, isFolder: true, about) else {
        throw Failure(.conflict, "\(about) is filled as fast as it is removed")
    }
}

/// Opens a folder, if need be after giving ourselves the right to; removes anything else.
///
/// Nil when it is
/// gone.
private func openOwnFolder(_ name: [CChar], in parent: Descriptor, _ about: String) throws -> Descriptor? {
    if try remove(name, in: parent, about) { return nil }
    let unlocked = unsafe ag_unlock_directory_at(parent.raw, name)
    if unlocked == -ENOENT { return nil }
    _ = try answer(unlocked, "chmod", about)
    let resolve = ag_resolve_beneath | ag_resolve_no_links
    let flags = UInt64(O_RDONLY | O_DIRECTORY)
    return Descriptor(try answer(unsafe ag_openat2(parent.raw, name, flags, 0, resolve), "openat2", about))
}

/// Whether the entry is gone now; false for a folder that is not empty, or is not meant.
private func remove(
    _ name: [CChar],
    in parent: Descriptor,
    isFolder: Bool = false,
    _ about: String
) throws -> Bool {
    let result = unsafe ag_unlink_at(parent.raw, name, isFolder ? 1 : 0)
    if result == 0 || result == -ENOENT { return true }
    if result == -EISDIR || result == -ENOTEMPTY { return false }
    // Linux answers EISDIR for a folder, POSIX EPERM; EACCES comes from a parent that is unlocked by now.
    _ = try answer(result, "unlinkat", about)
    return true
}

/// Gives a folder and everything in it to a user; links are given, not followed.
///
/// A file with a second name is left as it is: the other name may lie outside, as in a clone that shares
/// objects.
/// - Throws: `Failure` when an entry cannot be given; what came before is given by then.
func changeOwner(ofTreeAt path: String, to owner: FileOwner) throws {
    let opened = unsafe ag_open(path, O_RDONLY | O_DIRECTORY, 0)
    let root = Descriptor(try answer(opened, "open", path))
    _ = try answer(ag_set_owner(root.raw, owner.userID, owner.groupID), "fchown", path)
    try visitTree(root, depth: .max, skipping: []) { entry, folder in
        if entry.file.links > 1, entry.kind != .folder { return true }
        let result = unsafe ag_set_owner_at(folder.raw, entry.name, owner.userID, owner.groupID)
        if result != -ENOENT { _ = try answer(result, "fchownat", path) }
        return true
    }
}

/// The names in a folder of the host, in no order.
///
/// - Throws: `Failure.notFound`, `.forbidden`.
func names(inFolderAt path: String) throws -> [String] {
    let folder = Descriptor(try answer(unsafe ag_open(path, O_RDONLY | O_DIRECTORY, 0), "open", path))
    return try rawNames(in: folder, path).map(text)
}

/// The names in an open folder, as the file system holds them, in no order, each with its NUL.
func rawNames(in folder: Descriptor, _ about: String) throws -> [[CChar]] {
    guard let listing = unsafe ag_list(folder.raw) else {
        throw Failure(.forbidden, "\(about) cannot be listed")
    }
    defer { unsafe ag_end_listing(listing) }
    var names: [[CChar]] = []
    while true {
        var name = [CChar](repeating: 0, count: 256)
        let length = try answer(unsafe ag_next_name(listing, &name), "readdir", about)
        if length == 0 { return names }
        names.append(Array(name[...Int(length)]))
    }
}

/// A name as C wants it.
func rawName(_ text: String) -> [CChar] { text.utf8.map { CChar(bitPattern: $0) } + [0] }

/// A name as people read it; what is not UTF-8 becomes U+FFFD.
func text(_ name: [CChar]) -> String {
    String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
