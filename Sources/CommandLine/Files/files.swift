import Domain
import Glibc

/// The bytes of a file, or of standard input for `-`.
///
/// *Throws* a `CommandFailure` that names the file.
func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
        throw CommandFailure("the path \"\(path)\" does not exist or cannot be read")
    }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw CommandFailure("the path \"\(path)\" cannot be read") }
        guard count > 0 else { return bytes }
        bytes += chunk.prefix(count)
    }
}

/// The files of a layout that a path means: itself, or those in a folder (and below it), sorted; hidden ones
/// are left out.
func yamlFiles(
    _ path: String,
    isRecursive: Bool,
    layout: GitSourceSpec.Layout = .native
) throws -> [String] {
    guard path != "-", let folder = unsafe opendir(path) else { return [path] }
    defer { unsafe closedir(folder) }
    var found: [String] = []
    while let entry = unsafe readdir(folder) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        guard !name.hasPrefix(".") else { continue }
        let child = path.hasSuffix("/") ? path + name : "\(path)/\(name)"
        if fileType(unsafe entry.pointee.d_type, at: child) == DT_DIR {
            if isRecursive { found += try yamlFiles(child, isRecursive: true, layout: layout) }
        } else if layout.has(child) {
            found.append(child)
        }
    }
    return found.sorted()
}

/// Replaces what a file holds, or makes it.
///
/// *Throws* a `CommandFailure` that names the file; what was written of it may be there.
func writeFile(_ path: String, _ text: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw CommandFailure("the file \"\(path)\" cannot be written") }
    defer { close(descriptor) }
    guard write(text, to: descriptor) == 0 else {
        throw CommandFailure("the file \"\(path)\" cannot be written")
    }
}

/// Writes a whole text, and answers 0, or the number of the error that ended it.
package func write(_ text: String, to descriptor: Int32) -> Int32 {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count <= 0 else {
            rest = rest.dropFirst(count)
            continue
        }
        switch count == 0 ? EIO : errno {
        case EINTR: continue
        case EAGAIN:
            // Whoever shares a terminal or a pipe with us may have set it so that a write does not wait.
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&wait, 1, -1)
        case let number: return number
        }
    }
    return 0
}
