/// Rows under upper-case headers, three spaces apart, as kubectl prints them.
struct TableText {
    private let headers: [String]
    /// Columns, which grow with what is added.
    private(set) var widths: [Int]
    private var rows: [[String]] = []

    /// A table without rows, at least as wide as one that was printed before.
    init(_ headers: [String], widths: [Int] = []) {
        self.headers = headers.map { $0.uppercased() }
        self.widths = headers.enumerated().map { index, header in
            max(header.count, index < widths.count ? widths[index] : 0)
        }
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ cells: [String]) {
        rows.append(cells)
        for (index, cell) in cells.enumerated() where index < widths.count {
            widths[index] = max(widths[index], cell.count)
        }
    }

    /// The lines without newlines; trailing spaces are cut.
    func lines(withHeaders: Bool = true) -> [String] {
        ((withHeaders ? [headers] : []) + rows).map { cells in
            let padded = cells.enumerated().map { index, cell in
                let width = index < widths.count ? widths[index] : 0
                return cell + String(repeating: " ", count: max(0, width - cell.count))
            }
            var line = padded.joined(separator: "   ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
