import Catalog
import Domain
import Git
import Glibc

/// The files of a configuration, read as the control plane reads those of a source.
struct TreeFiles {
    /// With paths from the top of the repository.
    let files: [SourceFile]
    /// The commit they are of; nil for files that are not committed.
    let commit: CommitID?
    /// Who wrote the commit.
    let author: String?

    /// A file that is larger is handed on unread, for the loader to refuse.
    private static let fileLimit = 1 << 20

    /// The files of a commit below a folder.
    ///
    /// - Throws: `Failure` of the repository.
    init(
        _ repository: LocalRepository,
        commit: CommitID,
        below path: String,
        _ reads: (String) -> Bool = GitSourceSpec.Layout.native.has
    ) throws {
        let tree = try repository.tree(of: commit, below: path)
        let entries = tree.files.filter {
            ($0.mode == .regular || $0.mode == .executable) && reads($0.path)
        }
        files = try entries.map { entry in
            guard entry.size <= Self.fileLimit else {
                return SourceFile(path: entry.path, unreadSize: entry.size)
            }
            let bytes = try repository.bytes(of: entry.blob, limit: Self.fileLimit)
            return SourceFile(path: entry.path, blob: entry.blob, bytes: bytes)
        }
        self.commit = commit
        author = "\(tree.author.name) <\(tree.author.email)>"
    }

    /// The files that lie in a checkout below a folder, without those that git ignores.
    init(checkout: Checkout, below path: String, _ reads: (String) -> Bool) throws {
        var found: [String] = []
        try collectFiles(below: path, of: checkout.top, into: &found)
        let wanted = found.filter(reads)
        let ignored = try checkout.repository?.ignored(among: wanted) ?? []
        files = try wanted.filter { !ignored.contains($0) }.sorted().map { file in
            SourceFile(path: file, bytes: try readFile("\(checkout.top)/\(file)"))
        }
        commit = nil
        author = nil
    }

    /// The bytes of a file, for showing the line of a diagnostic.
    func bytes(of path: String) -> [UInt8]? { files.first { $0.path == path }?.bytes }
}

/// Where a configuration lies on this machine.
struct Checkout {
    /// An absolute path without a slash at its end, or one below the current folder.
    let top: String
    /// Nil for a folder that belongs to no repository.
    let repository: LocalRepository?

    /// The checkout that a folder belongs to; the folder itself when it is in no work tree.
    init(containing folder: String) throws {
        let path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        repository = try LocalRepository(containing: path)
        top = repository?.top ?? path
    }

    /// The folder of a repository that a person stands in; *throws* when there is none.
    static func repository(containing folder: String) throws -> LocalRepository {
        guard let found = try LocalRepository(containing: folder) else {
            throw CommandFailure(
                "\(folder == "." ? "this folder" : folder) belongs to no git repository; "
                    + "name one with --repository"
            )
        }
        return found
    }
}

/// The regular files below a folder, hidden ones as well, by their paths from the top; links are left out
/// and `.git` is never looked into.
private func collectFiles(below path: String, of top: String, into found: inout [String]) throws {
    let isTop = path.isEmpty || path == "."
    let absolute = isTop ? top : "\(top)/\(path)"
    guard let folder = unsafe opendir(absolute) else {
        throw CommandFailure("the folder \"\(absolute)\" does not exist or cannot be read")
    }
    defer { unsafe closedir(folder) }
    while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        guard ![".", "..", ".git"].contains(name) else { continue }
        let child = isTop ? name : "\(path)/\(name)"
        switch fileType(unsafe entry.pointee.d_type, at: "\(top)/\(child)") {
        case DT_DIR: try collectFiles(below: child, of: top, into: &found)
        case DT_REG: found.append(child)
        default: continue
        }
    }
}

/// What a path is, also where the file system does not tell while a folder is read; a file that were passed
/// over would look like one that was deleted.
func fileType(_ told: UInt8, at path: String) -> Int {
    guard told == UInt8(DT_UNKNOWN) else { return Int(told) }
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return DT_UNKNOWN }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return DT_DIR
    case S_IFREG: return DT_REG
    default: return DT_LNK
    }
}
