extension Duration {
    /// A hundred years: what is longer would lead clocks and the database out of their ranges.
    private static let longestMilliseconds: Int64 = 36_500 * 86_400_000

    /// Reads `90s`, `10m`, `1h30m`, `250ms` or `7d`, up to 36500d; units must fall from large to small and
    /// not repeat.
    package init?(text: String) {
        let units: [(name: String, milliseconds: Int64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
        ]
        var rest = text[...]
        var total: Int64 = 0
        var nextUnit = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(letters.count)
            guard let number = Int64(digits), number < 1_000_000_000,
                let unit = units[nextUnit...].firstIndex(where: { $0.name == letters })
            else { return nil }
            total += number * units[unit].milliseconds
            nextUnit = unit + 1
        }
        guard total <= Self.longestMilliseconds else { return nil }
        self = .milliseconds(total)
    }

    /// A text that ``init(text:)`` reads back, in units from days to milliseconds, whole ones only.
    package var text: String {
        var rest = max(0, milliseconds)
        var result = ""
        for (name, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
            let count = rest / Int64(size)
            guard count > 0 else { continue }
            result += "\(count)\(name)"
            rest %= Int64(size)
        }
        return result.isEmpty ? "0s" : result
    }

    /// As people skim it: two units while they matter, then one (`90s`, `5m30s`, `3h`, `2d4h`, `400d`).
    package var roughText: String {
        let seconds = max(0, components.seconds)
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        func pair(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
            small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
        }
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<600: return pair(minutes, "m", seconds % 60, "s")
        case ..<10_800: return "\(minutes)m"
        case ..<28_800: return pair(hours, "h", minutes % 60, "m")
        case ..<172_800: return "\(hours)h"
        case ..<691_200: return pair(days, "d", hours % 24, "h")
        default: return "\(days)d"
        }
    }

    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 { microseconds / 1000 }

    /// Whole microseconds, rounded towards zero.
    package var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }
}
