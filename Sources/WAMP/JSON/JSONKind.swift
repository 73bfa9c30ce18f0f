/// The kinds of JSON values.
package enum JSONKind: UInt8, Sendable, Hashable {
    /// `null`
    case null
    /// `true` or `false`
    case bool
    /// Any number; also NaN and the infinities where they are tolerated.
    case number
    /// Text, or WAMP binary.
    case string
    /// A list.
    case array
    /// A dictionary.
    case object
}
