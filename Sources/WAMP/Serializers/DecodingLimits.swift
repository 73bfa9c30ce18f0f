/// How much of a received message is taken.
package struct DecodingLimits: Sendable, Hashable {
    /// How deep the lists and dictionaries of an element of the message may be nested.
    package var depth: Int
    /// How many octets a message may have.
    package var size: Int

    /// How many octets the JSON text of a message of another serializer may have: binary grows by a third as base64, but
    /// what grows beyond this (control characters become six) is made to.
    package var textSize: Int { min(2 * self.size, Int(UInt32.max)) }

    /// 512 levels; the 2^24 octets that a RawSocket message can have at most.
    package static let `default` = DecodingLimits(depth: 512, size: 1 << 24)

    /// Takes both.
    package init(depth: Int, size: Int) {
        self.depth = depth
        self.size = size
    }
}
