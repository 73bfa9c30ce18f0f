/// The id of one published event: drawn at random by the broker (global scope). It only names the event, and is taken as it comes.
package struct PublicationID: WAMPIdentifier {
    /// The number as it is on the wire, mostly from 1 to 2^53; as a number without sign.
    package let rawValue: Int64

    /// Takes the bits of any number without sign.
    package init(checked rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The number in decimal.
    package var description: String { String(UInt64(bitPattern: self.rawValue)) }
}
