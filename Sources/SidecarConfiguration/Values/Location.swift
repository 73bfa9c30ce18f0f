/// A place in a text file: line and column, both from 1, columns counted in Unicode scalars.
package struct Location: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The line, from 1.
    package let line: Int

    /// The column, from 1.
    package let column: Int

    /// A place at a line and a column, both from 1.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The beginning of a file: for faults of the file as a whole.
    package static let start = Location(line: 1, column: 1)

    /// `line:column`, as in messages after the file's name.
    package var description: String { "\(self.line):\(self.column)" }

    /// In reading order.
    package static func < (left: Location, right: Location) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A value and its place in the file, so that a fault found later (no such function, a refused URI) can name the place.
package struct Located<Value: Sendable>: Sendable {
    /// The value, with variables expanded.
    package let value: Value

    /// Where the value begins.
    package let location: Location

    /// A value that was read at a place.
    package init(_ value: Value, at location: Location) {
        self.value = value
        self.location = location
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
