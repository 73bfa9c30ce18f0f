/// A number of checked JSON text, in the forms that other formats have.
enum JSONNumber: Equatable {
    /// An integer from 0 to 2^64 - 1.
    case natural(UInt64)
    /// -1 - n: an integer from -2^64 to -1.
    case negative(UInt64)
    /// Any other number: with a fraction or an exponent, or too large for an integer.
    case double(Double)

    /// The digits of the least integer that has more than 64 bits.
    static let leastGreatDigits = 19

    /// The powers of ten that doubles hold exactly.
    private static let powers: InlineArray<23, Double> = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
    /// Doubles hold every integer up to this one.
    private static let greatestExact: UInt64 = 1 << 53

    /// Reads the text of a checked number.
    init(_ text: UnsafeRawBufferPointer) {
        var index = 0
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        var magnitude: UInt64 = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else {
                self = Self.fraction(text, from: index, integer: magnitude, isNegative) ?? .double(Self.double(text))
                return
            }
            let (product, overflowed) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(digit))
            guard !overflowed, !carried else {
                self = text.elementsEqual("-18446744073709551616".utf8) ? .negative(.max) : .double(Self.double(text))
                return
            }
            magnitude = sum
            index &+= 1
        }
        // Minus zero is an integer like any other here, as it is to PostgreSQL.
        self = isNegative && magnitude > 0 ? .negative(magnitude &- 1) : .natural(magnitude)
    }

    /// Whether the text of a checked number is an integer that has more than 64 bits, with its sign or without one.
    static func isGreatInteger(_ text: UnsafeRawBufferPointer) -> Bool {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = UnsafeRawBufferPointer(rebasing: text.dropFirst(isNegative ? 1 : 0))
        guard digits.count >= self.leastGreatDigits, digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
            return false
        }
        switch JSONNumber(digits) {
        case .natural(let magnitude): return isNegative && magnitude > Int64.min.magnitude
        case .negative, .double: return true
        }
    }

    /// The usual number with a fraction and no exponent: one division of two exact doubles gives the nearest one.
    ///
    /// - Parameters:
    ///   - start: where the digits of the integer end.
    /// - Returns: nil if one division is not enough.
    private static func fraction(
        _ text: UnsafeRawBufferPointer, from start: Int, integer: UInt64, _ isNegative: Bool
    ) -> JSONNumber? {
        guard text[start] == UInt8(ascii: "."), text.count <= 20 else { return nil }
        var digits = integer
        for index in (start + 1)..<text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            digits = digits &* 10 &+ UInt64(digit)
        }
        // With at most 19 digits nothing overflowed.
        guard digits <= self.greatestExact else { return nil }
        let magnitude = Double(digits) / self.powers[text.count - start - 1]
        return .double(isNegative ? -magnitude : magnitude)
    }

    /// Rounded to the nearest; a number that is too large becomes infinite.
    private static func double(_ text: UnsafeRawBufferPointer) -> Double {
        Double(String(decoding: text, as: UTF8.self)) ?? .nan
    }
}
