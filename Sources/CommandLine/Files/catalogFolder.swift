import Catalog
import Domain
import Glibc

/// Whether a folder looks like a catalog in the community's format.
func isCatalog(_ path: String) -> Bool {
    unsafe access("\(catalogRoot(path))/catalog/playbooks.yaml", F_OK) == 0
}

/// The folder as the paths of its files begin.
func catalogRoot(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
}

/// The files of a catalog, as the loader takes them.
///
/// - Throws: `CommandFailure` when there is none.
func catalogFiles(in folder: String) throws -> [SourceFile] {
    guard isCatalog(folder) else {
        throw CommandFailure("\(folder) is no catalog: there is no file catalog/playbooks.yaml in it")
    }
    return try yamlFiles(folder, isRecursive: true, layout: .community).map {
        SourceFile(path: $0, bytes: try readFile($0))
    }
}
