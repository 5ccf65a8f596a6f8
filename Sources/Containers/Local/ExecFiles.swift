internal import CLinux
internal import Domain

/// The files of one exec in the sandbox's folder, which the sandbox cannot enter: what bubblewrap reads and
/// says.
struct ExecFiles {
    let arguments: String
    let status: String
    let process: String

    init(_ layout: SandboxLayout, number: Int) {
        arguments = "\(layout.execs)/\(number).arguments"
        status = "\(layout.execs)/\(number).status"
        process = "\(layout.execs)/\(number).process"
    }

    /// What bubblewrap wrote to its `--json-status-fd`.
    struct Status {
        /// The first process of the PID namespace, by its number on the host; nil before it was made.
        var firstProcess: Int32?
        /// Of the command; nil when it was never run or did not end by itself.
        var exitCode: Int32?
    }

    func readStatus() throws -> Status {
        let text = try smallFile(status) ?? ""
        return Status(firstProcess: number(in: text, "child-pid"), exitCode: number(in: text, "exit-code"))
    }

    func remove() {
        for path in [arguments, status, process] { _ = unsafe ag_unlink_at(AT_FDCWD, path, 0) }
    }

    // The writer is bubblewrap and its form is fixed: an object a line with a number each that matters here.
    private func number(in text: String, _ name: String) -> Int32? {
        guard let start = text.split(separator: "\n").first(where: { $0.hasPrefix("{ \"\(name)\": ") }) else {
            return nil
        }
        return Int32(start.dropFirst("{ \"\(name)\": ".count).prefix { $0.isNumber })
    }
}

/// Makes a file of the host that must not be there yet, readable for whom the mode says.
///
/// - Throws: `Failure.alreadyExists`, `.exhausted` when the disk is full, `.notFound` without the folder.
func makeFile(_ path: String, _ content: String, mode: UInt32) throws {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
    let file = Descriptor(try answer(unsafe ag_open(path, flags, mode), "open", path))
    try writeAll(file, Array(content.utf8), path)
}

/// Writes all bytes to a file, which blocks.
func writeAll(_ file: Descriptor, _ bytes: [UInt8], _ about: String) throws {
    var done = 0
    while done < bytes.count {
        done += try unsafe bytes.withUnsafeBytes { buffer in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
            return try answer(unsafe ag_write(file.raw, rest.baseAddress, rest.count), "write", about)
        }
    }
}
