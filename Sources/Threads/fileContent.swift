internal import CLinux

/// The bytes of a file from an offset on, at most as many as the limit says.
///
/// - Throws: `SystemError.notFound`, `.notPermitted` or `.failed`.
package func fileContent(
    _ path: String,
    from offset: Int64 = 0,
    limit: Int = 1 << 20
) throws(SystemError) -> [UInt8] {
    let file = OwnedDescriptor(try checked(unsafe ag_open_read(path), "open", path))
    var bytes: [UInt8] = []
    // A file of /proc may answer in pieces.
    while bytes.count < limit {
        var result = 0
        let next = offset + Int64(bytes.count)
        let size = min(65_536, limit - bytes.count)
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            result = unsafe ag_read_at(file.raw, buffer.baseAddress, buffer.count, next)
            count = max(0, result)
        }
        if try checked(result, "read", path) == 0 { break }
        bytes += chunk
    }
    return bytes
}
