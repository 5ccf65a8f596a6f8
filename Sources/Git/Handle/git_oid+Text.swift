internal import CGit2
internal import Domain

extension git_oid {
    /// The id that 40 hexadecimal digits write.
    ///
    /// - Throws: `Failure.invalid` for any other text.
    init(text: String) throws(Failure) {
        self.init()
        guard text.utf8.count == 40, unsafe git_oid_fromstr(&self, text) == 0 else {
            throw Failure(.invalid, "'\(text)' must be an object id of 40 hexadecimal digits")
        }
    }

    /// 40 lower-case hexadecimal digits.
    var text: String {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = unsafe withUnsafeBytes(of: id) { bytes in unsafe Array(bytes) }
        let result = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: result, as: UTF8.self)
    }
}
