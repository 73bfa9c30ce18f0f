/// The id of a request within its session (session scope).
///
/// The side that sends the request counts it, and the answer repeats it.
package struct RequestID: WAMPIdentifier {
    /// The number as it is on the wire, from 1 to 2^53.
    package let rawValue: Int64

    /// Takes a number that is known to be from 1 to 2^53.
    package init(checked rawValue: Int64) {
        assert(rawValue >= 1 && rawValue <= Self.greatestRawValue)
        self.rawValue = rawValue
    }
}
