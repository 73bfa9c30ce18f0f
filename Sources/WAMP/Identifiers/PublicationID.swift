/// The id of one published event: drawn at random by the broker (global scope).
package struct PublicationID: WAMPIdentifier {
    /// The number as it is on the wire, from 1 to 2^53.
    package let rawValue: Int64

    /// Takes a number that is known to be from 1 to 2^53.
    package init(checked rawValue: Int64) {
        assert(rawValue >= 1 && rawValue <= Self.greatestRawValue)
        self.rawValue = rawValue
    }
}
