/// The limits for received messages.
package struct DecodingLimits: Sendable, Hashable {
    /// The deepest nesting of lists and dictionaries in an element of the message.
    package var depth: Int
    /// The most octets of a message.
    package var size: Int

    /// The most octets of the JSON text of a message in another serializer. Binary grows by a third as base64. Only a
    /// crafted message grows beyond this limit (control characters become six octets).
    package var textSize: Int { min(2 * self.size, Int(UInt32.max)) }

    /// 512 levels; the 2^24 octets that a RawSocket message can have at most.
    package static let `default` = DecodingLimits(depth: 512, size: 1 << 24)

    /// Takes both limits.
    package init(depth: Int, size: Int) {
        self.depth = depth
        self.size = size
    }
}
