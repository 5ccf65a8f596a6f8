/// An amount of US dollars in whole nanodollars, so that sums and prices per million tokens are exact.
package struct USD: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// Billionths of a dollar.
    package var nanodollars: Int64

    /// An amount in billionths of a dollar.
    package init(nanodollars: Int64) { self.nanodollars = nanodollars }

    /// Nothing.
    package static let zero = USD(nanodollars: 0)

    /// Reads a decimal string such as `2.00`, with at most nine digits after the point; nil for anything
    /// else, and for more than 64 bits of nanodollars hold.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard (1...2).contains(parts.count), !parts[0].isEmpty, parts[0].count <= 10, fraction.count <= 9,
            parts.count == 1 || !fraction.isEmpty,
            (parts[0] + fraction).allSatisfy({ $0.isASCII && $0.isNumber }),
            let whole = Int64(parts[0]),
            let part = Int64(fraction + String(repeating: "0", count: 9 - fraction.count))
        else { return nil }
        let (billions, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isOver) = billions.addingReportingOverflow(part)
        guard !isTooLarge, !isOver else { return nil }
        self.init(nanodollars: sum)
    }

    package static func < (left: USD, right: USD) -> Bool { left.nanodollars < right.nanodollars }

    /// The sum; what no amount can hold is the greatest one, so that whoever reports a cost traps nobody.
    package static func + (left: USD, right: USD) -> USD {
        USD(nanodollars: left.nanodollars.addingOrLargest(right.nanodollars))
    }

    /// The price of a number of tokens at a price per million of them, rounded up to the nanodollar.
    ///
    /// What no amount can hold is the greatest one; fewer than no tokens cost nothing.
    package static func price(tokens: Int64, perMillion: USD) -> USD {
        let million = UInt64(1_000_000)
        let (high, low) = UInt64(max(0, tokens)).multipliedFullWidth(
            by: UInt64(max(0, perMillion.nanodollars))
        )
        // Beyond this the quotient has more than 64 bits.
        guard high < million else { return USD(nanodollars: .max) }
        let (quotient, remainder) = million.dividingFullWidth((high, low))
        return USD(nanodollars: Int64(clamping: quotient).addingOrLargest(remainder > 0 ? 1 : 0))
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

extension Int64 {
    /// The sum, or the greatest or smallest number where there is no such sum.
    package func addingOrLargest(_ other: Int64) -> Int64 {
        let (sum, isTooLarge) = addingReportingOverflow(other)
        return isTooLarge ? (self < 0 ? .min : .max) : sum
    }
}
