/// A version of this program, comparable with others: `0.10.0` is later than `0.9.1`.
package struct BinaryVersion: Comparable {
    private let numbers: [Int]

    /// Takes numbers between dots; a part that is not a number counts as 0.
    package init(_ text: String) {
        var numbers = text.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        while numbers.last == 0 { numbers.removeLast() }
        self.numbers = numbers
    }

    /// By the first number that differs.
    package static func < (left: Self, right: Self) -> Bool {
        left.numbers.lexicographicallyPrecedes(right.numbers)
    }
}
