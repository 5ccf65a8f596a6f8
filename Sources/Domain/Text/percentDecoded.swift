/// A percent-encoded text as it is meant; nil for a broken escape, a control character or what is not UTF-8.
///
/// *Source*: RFC 3986, section 2.1.
func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        let digits = rest.prefix(2)
        guard digits.count == 2, let digits = String(digits), let value = UInt8(digits, radix: 16),
            value >= 0x20, value != 0x7F
        else { return nil }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}
