internal import Domain

/// The rules for paths that a file tool may name; the raw values are reasons a model or client may branch on.
package enum PathRule: String, Sendable, CaseIterable {
    /// A path holds no NUL.
    case nulByte = "nul_byte"
    /// A path is at most 4095 bytes long, each part at most 255.
    case tooLong = "path_too_long"
    /// A path is not empty.
    case empty = "empty_path"
    /// An absolute path begins with `/workspace`.
    case absolute = "absolute_path"
    /// A path does not lead out of the workspace, by `..` or by a link.
    case escape = "outside_workspace"
    /// Only regular files are read and written: no folder, pipe, socket or device.
    case notRegular = "not_a_regular_file"
    case notFolder = "not_a_folder"
    /// A link is not written or removed through, and a chain of links ends.
    case link = "symbolic_link"
    case notFound = "file_not_found"
    case notEmpty = "folder_not_empty"
    /// The workspace of this task is for reading alone.
    case readOnly = "read_only_workspace"
    /// The root of the workspace itself stays.
    case root = "workspace_root"

    /// The refusal of a path, for whom named it.
    func refusal(_ message: String) -> Failure {
        let code: Failure.Code =
            switch self {
            case .notFound: .notFound
            case .nulByte, .tooLong, .empty, .notRegular, .notFolder: .invalid
            case .notEmpty: .conflict
            case .absolute, .escape, .link, .readOnly, .root: .forbidden
            }
        return Failure(code, message, reason: rawValue)
    }
}

/// A path within a workspace, free of `.` and `..`; what its links do is for the kernel to judge.
package struct WorkspacePath: Sendable, Hashable, CustomStringConvertible {
    /// The folder that is the workspace inside a sandbox.
    package static let mountPoint = "/workspace"
    /// The folder of everything.
    package static let root = WorkspacePath(parts: [])

    /// Never empty, `.`, `..` or with a slash; none for the root.
    package let parts: [String]

    /// Reads what a tool was given: a path relative to `base`, or an absolute one that begins with
    /// `/workspace`.
    ///
    /// `..` takes back the part before it, as in a URL; it never follows a link to that link's parent.
    /// - Throws: `Failure` with a ``PathRule`` as its reason.
    package init(_ text: String, from base: WorkspacePath = .root) throws {
        guard !text.utf8.contains(0) else { throw PathRule.nulByte.refusal("A path cannot hold a NUL byte") }
        guard !text.isEmpty else { throw PathRule.empty.refusal("The path is empty") }
        var parts = base.parts
        var rest = text.split(separator: "/", omittingEmptySubsequences: true)
        if text.utf8.first == 47 {
            guard rest.first == "workspace" else {
                throw PathRule.absolute.refusal(
                    "`\(shown(text))` is outside of the workspace: use a relative path or one in /workspace"
                )
            }
            parts = []
            rest.removeFirst()
        }
        for part in rest where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else {
                    throw PathRule.escape.refusal("`\(shown(text))` leads out of the workspace")
                }
            } else {
                guard part.utf8.count < 256 else {
                    throw PathRule.tooLong.refusal(
                        "A part of the path is longer than 255 bytes: `\(shown(text))`"
                    )
                }
                parts.append(String(part))
            }
        }
        guard parts.reduce(0, { $0 + $1.utf8.count + 1 }) < 4096, text.utf8.count < 65_536 else {
            throw PathRule.tooLong.refusal("The path is longer than 4095 bytes: `\(shown(text))`")
        }
        self.parts = parts
    }

    private init(parts: [String]) { self.parts = parts }

    /// Relative to the workspace; `.` for its root.
    package var text: String { parts.isEmpty ? "." : parts.joined(separator: "/") }
    /// As the sandbox sees it.
    package var inside: String { ([Self.mountPoint] + parts).joined(separator: "/") }
    package var description: String { text }

    var parent: WorkspacePath { WorkspacePath(parts: Array(parts.dropLast())) }
    var name: String? { parts.last }
}

private func shown(_ text: String) -> String { text.utf8.count <= 200 ? text : "\(text.prefix(100))…" }
