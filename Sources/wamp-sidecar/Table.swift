import Postgres
import Sidecar

/// Rows for people: columns one under the other.
struct Table {
    /// What a value is cut to on a terminal.
    private static let widest = 60

    /// The table, without a line break at its end.
    let text: String

    /// - Parameter isWhole: whether values are as they are, for whatever reads a pipe: neither cut nor made harmless for a
    ///   terminal.
    init(_ rows: Rows, isWhole: Bool) {
        let cells = [rows.columns] + rows.values.map { $0.map { Self.shown($0 ?? "", isWhole: isWhole) } }
        let widths = rows.columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        let lines = cells.map { row in
            let padded = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count)
            }
            return String(padded.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
        self.text = lines.joined(separator: "\n")
    }

    /// A value on one line.
    private static func shown(_ text: String, isWhole: Bool) -> String {
        let line = (isWhole ? text : LogText.visible(text)).replacing("\n", with: " ")
        return isWhole || line.count <= self.widest ? line : line.prefix(self.widest - 1) + "…"
    }
}
