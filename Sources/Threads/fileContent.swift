internal import CLinux

/// The first bytes of a file, all of them when it has no more than the limit.
///
/// - Throws: `SystemError.notFound`, `.notPermitted` or `.failed`.
package func fileContent(_ path: String, limit: Int = 1 << 20) throws(SystemError) -> [UInt8] {
    let file = OwnedDescriptor(try checked(unsafe ag_open_read(path), "open", path))
    var bytes: [UInt8] = []
    // A file of /proc may answer in pieces.
    while bytes.count < limit {
        let chunk = try readChunk(file.raw, capacity: min(65_536, limit - bytes.count)) ?? []
        if chunk.isEmpty { break }
        bytes += chunk
    }
    return bytes
}

/// The next bytes of a non-blocking descriptor: empty at its end, nil when there are none now.
func readChunk(_ descriptor: Int32, capacity: Int = 65_536) throws(SystemError) -> [UInt8]? {
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        result = unsafe ag_read(descriptor, buffer.baseAddress, buffer.count)
        count = max(0, result)
    }
    if result == -Int(EAGAIN) { return nil }
    _ = try checked(result, "read")
    return bytes
}
