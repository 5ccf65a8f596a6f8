/// Replaces registered secrets, in the forms in which they usually leak, with a mark.
///
/// Forms: as it is; base64 and base64url, also when the secret lies anywhere inside what was encoded;
/// percent-encoded; escaped as in a JSON string. Registered values stay in memory for as long as a copy of
/// the redactor lives.
package struct Redactor: Sendable {
    /// Bytes; a shorter value would blot out innocent text and is not registered.
    package static let shortestSecret = 6

    /// The forms by their first byte, the longest first, so that the longest one wins.
    private var forms = [[[UInt8]]](repeating: [], count: 256)

    package init() {}

    /// A redactor of these values.
    package init(_ secrets: some Sequence<SecretText>) {
        for secret in secrets { register(secret) }
    }

    /// Adds a value; one that is shorter than `shortestSecret` is ignored.
    ///
    /// - Returns: whether it is registered.
    @discardableResult
    package mutating func register(_ secret: SecretText) -> Bool {
        guard secret.count >= Redactor.shortestSecret else { return false }
        for form in Redactor.forms(of: secret.revealBytes()) {
            guard let first = form.first, !forms[Int(first)].contains(form) else { continue }
            let place = forms[Int(first)].firstIndex { $0.count < form.count } ?? forms[Int(first)].endIndex
            forms[Int(first)].insert(form, at: place)
        }
        return true
    }

    /// The text with one mark for each run of bytes that belongs to a secret.
    package func redact(_ text: String) -> String {
        var stream = RedactionStream(self)
        let bytes = stream.push(Array(text.utf8)) + stream.finish()
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func forms(of secret: [UInt8]) -> [[UInt8]] {
        let percent = percentEncoded(secret)
        var texts = [
            percent, lowerCaseEscapes(percent), jsonEscaped(secret), base64(secret), base64URL(secret),
        ]
        // Inside something longer the secret starts at any of three places of a group; the characters that it
        // shares with its neighbours are left out.
        for shift in 0..<3 {
            let padded = [UInt8](repeating: 0, count: shift) + secret
            let leading = (shift * 8 + 5) / 6
            let whole = padded.count * 8 / 6
            texts.append(String(base64(padded).prefix(whole).dropFirst(leading)))
            texts.append(String(base64URL(padded).prefix(whole).dropFirst(leading)))
        }
        return [secret] + texts.map { Array($0.utf8) }
    }

    private static func lowerCaseEscapes(_ percent: String) -> String {
        var left = 0
        return String(
            percent.map { character in
                if character == "%" { left = 3 }
                left -= 1
                return left >= 0 ? Character(character.lowercased()) : character
            }
        )
    }

    private static func jsonEscaped(_ secret: [UInt8]) -> String {
        let bytes = secret.flatMap { byte -> [UInt8] in
            switch byte {
            case 10: [92, 110]
            case 13: [92, 114]
            case 9: [92, 116]
            case 34, 92: [92, byte]
            default: [byte]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The longest form that starts at a place, and whether a longer one may still become complete.
    fileprivate func match(in bytes: [UInt8], at place: Int) -> (length: Int, mayGrow: Bool) {
        var mayGrow = false
        for form in forms[Int(bytes[place])] {
            let left = min(form.count, bytes.count - place)
            var same = 1
            while same < left && form[same] == bytes[place + same] { same += 1 }
            guard same == left else { continue }
            if left == form.count { return (left, mayGrow) }
            mayGrow = true
        }
        return (0, mayGrow)
    }
}

/// A redactor for bytes that come in pieces: a secret that is split over pieces is found too.
///
/// Holds back only bytes that may be the beginning of a secret.
package struct RedactionStream: Sendable {
    private let redactor: Redactor
    private var held: [UInt8] = []
    /// How many of the held bytes belong to a secret whose mark is written already.
    private var covered = 0

    package init(_ redactor: Redactor) { self.redactor = redactor }

    /// Takes a piece and gives back what is certain by now.
    package mutating func push(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        held.append(contentsOf: bytes)
        return advance(isLast: false)
    }

    /// Gives back the rest; the stream may be used again from its beginning.
    package mutating func finish() -> [UInt8] { advance(isLast: true) }

    private mutating func advance(isLast: Bool) -> [UInt8] {
        var output: [UInt8] = []
        var place = 0
        while place < held.count {
            let (length, mayGrow) = redactor.match(in: held, at: place)
            if mayGrow && !isLast { break }
            if length > 0 {
                if place >= covered { output.append(contentsOf: redactionMark.utf8) }
                covered = max(covered, place + length)
            }
            if place >= covered { output.append(held[place]) }
            place += 1
        }
        held.removeFirst(place)
        covered = max(0, covered - place)
        return output
    }
}
