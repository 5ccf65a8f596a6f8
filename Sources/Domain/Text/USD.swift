/// An amount of US dollars in whole nanodollars, so that sums and prices per million tokens are exact.
package struct USD: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Billionths of a dollar.
    package var nanodollars: Int64

    /// An amount in billionths of a dollar.
    package init(nanodollars: Int64) { self.nanodollars = nanodollars }

    /// Nothing.
    package static let zero = USD(nanodollars: 0)

    /// Reads a decimal string such as `2.00`, with at most nine digits after the point; nil for anything
    /// else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard (1...2).contains(parts.count), !parts[0].isEmpty, parts[0].count <= 9, fraction.count <= 9,
            parts.count == 1 || !fraction.isEmpty,
            (parts[0] + fraction).allSatisfy({ $0.isASCII && $0.isNumber }),
            let whole = Int64(parts[0]),
            let part = Int64(fraction + String(repeating: "0", count: 9 - fraction.count))
        else { return nil }
        self.init(nanodollars: whole * 1_000_000_000 + part)
    }

    package static func < (left: USD, right: USD) -> Bool { left.nanodollars < right.nanodollars }
    package static func + (left: USD, right: USD) -> USD {
        USD(nanodollars: left.nanodollars + right.nanodollars)
    }

    /// The price of a number of tokens at a price per million of them, rounded up to the nanodollar.
    package static func price(tokens: Int64, perMillion: USD) -> USD {
        let (high, low) = tokens.multipliedFullWidth(by: perMillion.nanodollars)
        let (quotient, remainder) = Int64(1_000_000).dividingFullWidth((high, low))
        return USD(nanodollars: quotient + (remainder > 0 ? 1 : 0))
    }

    /// A decimal string with at least two digits after the point.
    package var description: String {
        let whole = nanodollars / 1_000_000_000
        var digits = String(nanodollars % 1_000_000_000)
        digits = String(repeating: "0", count: 9 - digits.count) + digits
        while digits.count > 2, digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }

    /// Encodes as a decimal string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Decodes a decimal string.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let amount = USD(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' must be decimal"
            )
        }
        self = amount
    }
}
