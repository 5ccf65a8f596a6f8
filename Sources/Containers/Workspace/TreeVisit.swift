internal import CLinux
internal import Domain

/// One entry that a visit of a tree comes across.
struct VisitedEntry {
    /// Within its folder, with its NUL.
    let name: [CChar]
    /// From the folder where the visit began, with a slash before each part but the first, without a NUL.
    let path: [CChar]
    /// 1 for what lies in the first folder itself.
    let depth: Int
    let file: ag_file

    var kind: WorkspaceEntry.Kind { WorkspaceEntry.Kind(mode: file.mode) }
}

/// Walks through a tree without following links: a folder before what is in it, names in byte order.
///
/// One descriptor at a time is open besides the root, and each folder is opened by its path from the root
/// with the kernel's promise that no link is on the way, so a folder that is swapped for a link during the
/// walk is not entered.
/// `visit` gets the open folder of each entry and answers false to end the walk.
/// - Returns: false when something was not seen: the walk was ended or a folder could not be read.
/// - Throws: what `visit` throws.
@discardableResult
func visitTree(
    _ root: Descriptor,
    depth: Int,
    skipping: Set<String>,
    _ visit: (VisitedEntry, _ folder: Descriptor) throws -> Bool
) throws -> Bool {
    var isComplete = true
    // Folders that are still to be read, the next one last.
    var rest: [(path: [CChar], depth: Int)] = [([], 0)]
    while let folder = rest.popLast() {
        guard let open = openBelow(root, folder.path) else {
            isComplete = false
            continue
        }
        var inner: [(path: [CChar], depth: Int)] = []
        for name in try rawNames(in: open, "A folder").sorted(by: isBefore) {
            var file = ag_file()
            if unsafe ag_stat_at(open.raw, name, &file) < 0 { continue }  // removed in the meantime
            let path = (folder.path.isEmpty ? [] : folder.path + [47]) + name.dropLast()
            let entry = VisitedEntry(name: name, path: path, depth: folder.depth + 1, file: file)
            guard try visit(entry, open) else { return false }
            guard entry.kind == .folder, !skipping.contains(text(name)), entry.depth < depth else { continue }
            inner.append((path, entry.depth))
        }
        rest += inner.reversed()
    }
    return isComplete
}

private func openBelow(_ root: Descriptor, _ path: [CChar]) -> Descriptor? {
    let resolve = ag_resolve_beneath | ag_resolve_no_magic_links | ag_resolve_no_links | ag_resolve_no_mounts
    let flags = UInt64(O_RDONLY | O_DIRECTORY)
    let opened = unsafe ag_openat2(root.raw, (path.isEmpty ? [46] : path) + [0], flags, 0, resolve)
    return opened < 0 ? nil : Descriptor(opened)
}

private func isBefore(_ left: [CChar], _ right: [CChar]) -> Bool {
    left.lexicographicallyPrecedes(right) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) }
}
