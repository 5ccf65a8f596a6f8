internal import CLinux

/// What is known of a file or folder without opening it.
package struct WorkspaceEntry: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case file, folder, link, other

        init(mode: UInt32) {
            switch mode & 0o170000 {
            case 0o100000: self = .file
            case 0o040000: self = .folder
            case 0o120000: self = .link
            default: self = .other
            }
        }
    }

    /// Relative to the workspace; what is not UTF-8 in it is U+FFFD.
    package let path: String
    package let kind: Kind
    /// Bytes.
    package let size: Int64
    /// Where a link points to, as it is written; nil for all else.
    package let target: String?
    /// Whether its owner may execute it.
    package let isExecutable: Bool

    init(path: String, file: ag_file, target: String? = nil) {
        self.path = path
        kind = Kind(mode: file.mode)
        size = file.size
        self.target = target
        isExecutable = file.mode & 0o100 != 0
    }
}

/// The entries of a listing.
package struct WorkspaceListing: Sendable, Hashable {
    /// Sorted by path.
    package let entries: [WorkspaceEntry]
    /// False when there are more than the limit, or a folder could not be read.
    package let isComplete: Bool
}

/// A part of a file.
package struct FileSlice: Sendable, Hashable {
    package let bytes: [UInt8]
    /// The size of the whole file in bytes, when it was read.
    package let size: Int64
    /// Whether the slice reaches the end of the file.
    package let isAtEnd: Bool
}
