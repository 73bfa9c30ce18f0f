import Sidecar

/// Rows for people: aligned columns, a page at a time, so that any number of rows needs only the memory of a page.
struct Table {
    /// On a terminal longer values are cut to this width, and shorter ones are padded to it at most.
    static let widest = 60
    /// A page has so many rows or octets at most.
    private static let page = (rows: 500, octets: 1 << 20)

    private let isWhole: Bool
    private var widths: [Int]
    private var rows: [[String]]
    private var octets = 0

    /// - Parameter isWhole: whether values are printed unchanged, for the reader of a pipe: neither cut nor made
    ///   harmless for a terminal.
    init(_ columns: [String], isWhole: Bool) {
        self.isWhole = isWhole
        self.widths = columns.map { _ in 0 }
        self.rows = [columns]
    }

    /// Takes a row; prints the page if it is full.
    mutating func take(_ row: [String?]) {
        let cells = row.map { self.shown($0 ?? "") }
        self.octets += cells.reduce(0) { $0 + $1.utf8.count }
        self.rows.append(cells)
        if self.rows.count >= Self.page.rows || self.octets >= Self.page.octets { self.print() }
    }

    /// Prints what is left.
    mutating func print() {
        for row in self.rows {
            for (column, cell) in zip(self.widths.indices, row) {
                self.widths[column] = max(self.widths[column], Self.width(of: cell))
            }
        }
        for row in self.rows {
            let end = (row.lastIndex { !$0.isEmpty } ?? -1) + 1
            var line = ""
            for (column, cell) in row[..<end].enumerated() {
                line += cell
                guard column < end - 1 else { break }
                line += String(repeating: " ", count: max(self.widths[column] - Self.width(of: cell), 0) + 2)
            }
            Swift.print(line)
        }
        self.rows = []
        self.octets = 0
    }

    /// The width of a value, as far as others are padded to it.
    private static func width(of cell: String) -> Int { cell.prefix(self.widest).count }

    /// A value on one line.
    private func shown(_ text: String) -> String {
        let visible = self.isWhole ? text : LogText.visible(text)
        let line = visible.utf8.contains(UInt8(ascii: "\n")) ? visible.replacing("\n", with: " ") : visible
        return self.isWhole || line.count <= Self.widest ? line : line.prefix(Self.widest - 1) + "…"
    }
}
