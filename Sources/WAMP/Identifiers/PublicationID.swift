/// The id of one published event: drawn at random by the broker (global scope). It only names the event, so any value
/// is accepted.
package struct PublicationID: WAMPIdentifier {
    /// The number as it is on the wire, read without a sign; mostly from 1 to 2^53.
    package let rawValue: Int64

    /// Takes the bits of any unsigned number.
    package init(checked rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// The number in decimal.
    package var description: String { String(UInt64(bitPattern: self.rawValue)) }
}
