internal import CLinux

/// The environment this process was started with.
///
/// - Throws: `SystemError` where there is no `/proc`.
package func ownEnvironment() throws(SystemError) -> [String: String] {
    let entries = try fileContent("/proc/self/environ", limit: 16 << 20).split(separator: 0)
    let pairs = entries.compactMap { entry -> (String, String)? in
        guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        return (
            String(decoding: entry[..<equals], as: UTF8.self),
            String(decoding: entry[(equals + 1)...], as: UTF8.self)
        )
    }
    return Dictionary(pairs) { first, _ in first }
}

/// The folder of the running program, where its siblings lie.
///
/// - Throws: `SystemError` where there is no `/proc`.
package func ownProgramFolder() throws(SystemError) -> String {
    let link = "/proc/self/exe"
    var path = [CChar](repeating: 0, count: 4096)
    let count = try checked(unsafe ag_read_link_at(AT_FDCWD, link, &path, path.count), "readlink", link)
    let bytes = path.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    return String(decoding: bytes.prefix(upTo: bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0), as: UTF8.self)
}
