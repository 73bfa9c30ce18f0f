/// A value of a message's details or options, as a tree.
///
/// Payloads never become one: they stay bytes (see ``Payload``).
package enum Value: Hashable, Sendable {
    /// JSON's null.
    case null
    /// True or false; never 0 or 1, which make routers drop the connection.
    case bool(Bool)
    /// An integer of 64 bits.
    case integer(Int64)
    /// Any other number, including integers beyond 64 bits (rounded).
    case double(Double)
    /// Text.
    case string(String)
    /// Bytes; in JSON a string of U+0000 and base64.
    case binary([UInt8])
    /// Values in order.
    case list([Value])
    /// Values by name.
    case dictionary([String: Value])
}
