internal import CLinux

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
