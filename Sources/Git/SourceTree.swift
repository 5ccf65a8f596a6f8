package import Domain

/// One commit and the files below a folder of it.
package struct SourceTree: Sendable, Hashable {
    /// Who wrote a commit, as the commit says; nothing vouches for it.
    package struct Author: Sendable, Hashable {
        /// As written, perhaps empty.
        package let name: String
        /// As written, perhaps empty and no address at all.
        package let email: String
    }

    /// How many files a folder that is read may have.
    package static let fileLimit = 20_000

    /// The commit that was read.
    package let commit: CommitID
    /// Who wrote it.
    package let author: Author
    /// The whole message, cut at 16 KiB.
    package let message: String
    /// When it was committed, as the commit says; within the years 1970 to 9999.
    package let time: Timestamp
    /// Sorted by the bytes of their paths, unique; at most 20,000.
    package let files: [TreeEntry]
}

/// What one commit has otherwise than another one.
package struct TreeChanges: Sendable, Hashable {
    /// The newer commit with the files that are new or not the same.
    package let tree: SourceTree
    /// Paths of files that are there no more, in no order.
    package let removed: [String]
    /// Paths among the tree's files that held no file before.
    private let new: Set<String>

    /// Changes of their parts.
    init(tree: SourceTree, removed: [String], new: Set<String>) {
        self.tree = tree
        self.removed = removed
        self.new = new
    }

    /// How many files there are that were not.
    package var added: Int { new.count }

    /// Whether a path held no file before.
    package func isNew(_ path: String) -> Bool { new.contains(path) }
}

/// One file of a tree.
package struct TreeEntry: Sendable, Hashable {
    /// What the file is, by git's octal mode.
    package enum Mode: UInt32, Sendable {
        case regular = 0o100644
        case executable = 0o100755
        /// The blob holds where the link leads; it is never followed.
        case symbolicLink = 0o120000
        /// `blob` is the commit of another repository; there are no bytes to read here.
        case submodule = 0o160000
    }

    /// From the top of the repository, whichever folder was asked for: `config/roles/developer.yaml`.
    package let path: String
    /// The content; equal ids mean equal bytes.
    package let blob: BlobID
    /// Bytes; 0 for a submodule.
    package let size: Int
    /// Whether it is a file, a link or something else.
    package let mode: Mode

    /// A file's entry of its parts.
    package init(path: String, blob: BlobID, size: Int, mode: Mode) {
        self.path = path
        self.blob = blob
        self.size = size
        self.mode = mode
    }
}
