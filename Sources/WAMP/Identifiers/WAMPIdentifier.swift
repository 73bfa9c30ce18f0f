/// What the five kinds of WAMP ids have in common: an integer from 1 to 2^53 (specification section "IDs").
///
/// Each kind is a separate type, so that a registration's id is never taken for a request's.
package protocol WAMPIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number as it is on the wire, from 1 to ``greatestRawValue``.
    var rawValue: Int64 { get }
    /// Takes a number that is known to be in range, e.g. because the message's shape was checked.
    init(checked rawValue: Int64)
}

extension WAMPIdentifier {
    /// The greatest id, 2^53: doubles hold every integer up to it.
    package static var greatestRawValue: Int64 { 9_007_199_254_740_992 }

    /// Takes any number; nil unless it is from 1 to 2^53.
    package init?(_ rawValue: Int64) {
        guard rawValue >= 1, rawValue <= Self.greatestRawValue else { return nil }
        self.init(checked: rawValue)
    }

    /// The number in decimal.
    package var description: String { String(self.rawValue) }

    /// By number.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
