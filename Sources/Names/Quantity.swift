/// A number of things, with their noun: `1 procedure`, `2 procedures`.
package struct Quantity: Sendable, CustomStringConvertible {
    private let count: Int
    private let noun: String

    /// Takes a noun whose plural has an `s` behind it.
    package init(_ count: Int, _ noun: String) {
        self.count = count
        self.noun = noun
    }

    /// The number and the noun, in the plural unless it is one.
    package var description: String { "\(self.count) \(self.noun)\(self.count == 1 ? "" : "s")" }

    /// A number whose digits are in groups: `12,345`.
    package static func grouped(_ number: Int) -> String {
        var text = ""
        let digits = String(number.magnitude)
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return number < 0 ? "-" + text : text
    }
}
