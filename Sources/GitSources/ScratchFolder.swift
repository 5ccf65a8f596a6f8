internal import Glibc
internal import Threads

/// A folder below `/tmp` that only this user can enter, for the files that ssh-keygen(1) wants.
///
/// It goes away with the last reference; one that a killed process left is the system's to clean up.
final class ScratchFolder: Sendable {
    enum File: String, CaseIterable { case signers, signature }

    private let folder: String

    init() throws(SystemError) {
        var template = Array("/tmp/agirunner.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw Self.failure("mkdtemp", "/tmp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for file in File.allCases { unsafe unlink(path(file)) }
        unsafe rmdir(folder)
    }

    /// The absolute path of a file.
    func path(_ file: File) -> String { "\(folder)/\(file.rawValue)" }

    /// Writes a file anew.
    func write(_ bytes: [UInt8], to file: File) throws(SystemError) {
        let descriptor = unsafe open(path(file), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open", path(file)) }
        defer { close(descriptor) }
        // A short write means a full disk: there is nothing to try again.
        guard unsafe Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw Self.failure("write", path(file))
        }
    }

    private static func failure(_ call: String, _ path: String) -> SystemError {
        SystemError(code: .failed, message: "No file can be written at \(path)", call: call, errno: errno)
    }
}
