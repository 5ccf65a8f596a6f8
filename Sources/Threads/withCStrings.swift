/// Lends an array of C strings that ends with a null, as `execve` wants it.
func withCStrings<Value>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var bytes: [CChar] = []
    var offsets: [Int] = []
    for string in strings {
        offsets.append(bytes.count)
        bytes.append(contentsOf: string.utf8.map { CChar(bitPattern: $0) })
        bytes.append(0)
    }
    bytes.append(0)  // never empty, so that there is a base address
    return unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        // At least one byte and one element: both have a base address.
        guard let base = buffer.baseAddress else { preconditionFailure("no address") }
        var pointers: [UnsafeMutablePointer<CChar>?] = unsafe []
        for offset in offsets { unsafe pointers.append(base + offset) }
        unsafe pointers.append(nil)
        return unsafe pointers.withUnsafeBufferPointer { list in
            guard let first = list.baseAddress else { preconditionFailure("no address") }
            return unsafe body(first)
        }
    }
}
