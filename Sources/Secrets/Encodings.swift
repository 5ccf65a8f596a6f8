/// Lower-case hexadecimal text, two characters for each byte.
package func hex(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.flatMap { [hexDigits[Int($0 >> 4)], hexDigits[Int($0 & 15)]] }, as: UTF8.self)
}

private let hexDigits = Array("0123456789abcdef".utf8)

/// The bytes of hexadecimal text in either case; nil for anything else.
package func decodeHex(_ text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map(UInt8.init) }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Base64 text with padding.
///
/// *Source*: RFC 4648, section 4.
package func base64(_ bytes: some Collection<UInt8>) -> String {
    let text = encode(bytes, base64Alphabet)
    return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
}

/// Base64url text without padding.
///
/// *Source*: RFC 4648, section 5.
package func base64URL(_ bytes: some Collection<UInt8>) -> String { encode(bytes, base64URLAlphabet) }

/// The bytes of base64 text; nil when a character, the padding or the unused last bits are not canonical.
package func decodeBase64(_ text: String) -> [UInt8]? {
    guard text.utf8.count.isMultiple(of: 4) else { return nil }
    let padding = text.utf8.suffix(2).reversed().prefix { $0 == 61 }.count
    return decode(text.utf8.dropLast(padding), base64Alphabet)
}

/// The bytes of base64url text without padding; nil when a character or the unused last bits are not
/// canonical.
package func decodeBase64URL(_ text: String) -> [UInt8]? { decode(text.utf8[...], base64URLAlphabet) }

private let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
private let base64Alphabet = Array((letters + "+/").utf8)
private let base64URLAlphabet = Array((letters + "-_").utf8)

private func encode(_ bytes: some Collection<UInt8>, _ alphabet: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var bits: UInt32 = 0
    var width: UInt32 = 0
    for byte in bytes {
        bits = bits << 8 | UInt32(byte)
        width += 8
        while width >= 6 {
            width -= 6
            text.append(alphabet[Int(bits >> width & 63)])
        }
    }
    if width > 0 { text.append(alphabet[Int(bits << (6 - width) & 63)]) }
    return String(decoding: text, as: UTF8.self)
}

private func decode(_ text: some Collection<UInt8>, _ alphabet: [UInt8]) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var values = [UInt32](repeating: 64, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt32(value) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3 + 2)
    var bits: UInt32 = 0
    var width: UInt32 = 0
    for character in text {
        let value = values[Int(character)]
        guard value < 64 else { return nil }
        bits = bits << 6 | value
        width += 6
        if width >= 8 {
            width -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> width))
        }
    }
    return bits & ((1 << width) - 1) == 0 ? bytes : nil
}

/// Text with every byte percent-encoded that is not unreserved.
///
/// *Source*: RFC 3986, section 2.
package func percentEncoded(_ bytes: some Sequence<UInt8>) -> String {
    let encoded = bytes.flatMap { byte -> [UInt8] in
        isUnreserved(byte) ? [byte] : Array("%\(hex([byte]).uppercased())".utf8)
    }
    return String(decoding: encoded, as: UTF8.self)
}

private func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 45, 46, 95, 126: true
    default: false
    }
}
