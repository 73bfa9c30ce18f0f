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

    /// Where a file begins: for faults that are about the whole of it.
    package static let start = Location(line: 1, column: 1)

    /// `line:column`, as it stands behind the file's name in messages.
    package var description: String { "\(self.line):\(self.column)" }

    /// In reading order.
    package static func < (left: Location, right: Location) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A value and where in the file it stands, so that what is found out later (no such function, a refused URI) can
/// still name the place. Two are equal if their values are, wherever they stand.
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

extension Located: Equatable where Value: Equatable {
    package static func == (left: Self, right: Self) -> Bool { left.value == right.value }
}

extension Located: Hashable where Value: Hashable {
    package func hash(into hasher: inout Hasher) { hasher.combine(self.value) }
}
