import Domain

/// Prints the server's tables one after the other as one: headers once, columns that only grow.
struct TablePrinter {
    /// How much of a cell is shown; `-o wide` shows its whole first line.
    static let cellLimit = 100

    private let showsNamespace: Bool
    private let isWide: Bool
    private var showsHeaders: Bool
    /// Labels that have a column each.
    var labelColumns: [String] = []
    /// Whether all labels stand in a column.
    var showsLabels = false
    private var columns: [Value] = []
    private var widths: [Int] = []

    init(showsNamespace: Bool, isWide: Bool, showsHeaders: Bool) {
        self.showsNamespace = showsNamespace
        self.isWide = isWide
        self.showsHeaders = showsHeaders
    }

    /// The lines of a table's rows; the first rows bring the headers, and no rows give no lines.
    mutating func lines(_ table: Value) -> [String] {
        if let columns = table["columnDefinitions"]?.array, !columns.isEmpty { self.columns = columns }
        let shown = columns.indices.filter { isWide || (columns[$0]["priority"]?.integer ?? 0) == 0 }
        let headers =
            (showsNamespace ? ["Namespace"] : []) + shown.map { columns[$0]["name"]?.string ?? "" }
            + labelColumns.map { String($0.split(separator: "/").last ?? "") }
            + (showsLabels ? ["Labels"] : [])
        let rows = table["rows"]?.array ?? []
        guard !rows.isEmpty else { return [] }
        var text = TableText(headers, widths: widths)
        for row in rows {
            let cells = row["cells"]?.array ?? []
            let namespace = row.at("object", "metadata", "namespace")?.string ?? "<none>"
            text.add(
                (showsNamespace ? [namespace] : [])
                    + shown.map { cells.indices.contains($0) ? shortened(cell(cells[$0])) : "<none>" }
                    + labelCells(row.at("object", "metadata", "labels"))
            )
        }
        widths = text.widths
        defer { showsHeaders = false }
        return text.lines(withHeaders: showsHeaders)
    }

    private func labelCells(_ labels: Value?) -> [String] {
        let all = (labels?.object ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\(cell($0.value))" }
        return labelColumns.map { cell(labels?[$0]) }
            + (showsLabels ? [all.isEmpty ? "<none>" : all.joined(separator: ",")] : [])
    }

    private func shortened(_ text: String) -> String {
        guard !isWide, text.count > Self.cellLimit else { return text }
        return text.prefix(Self.cellLimit - 1) + "…"
    }
}
